"""A run folder comes back as frames, damaged ones with their place."""

from __future__ import annotations

import msgspec
import pandas as pd
import pytest

from evalkit.analysis.frames import RECORD_COLUMNS, load_run
from evalkit.errors import StorageError, UsageError
from evalkit.types import Score
from tests.analysis.run_folder import answer, errored, manifest, record, unchecked, write


def test_a_record_becomes_a_row_with_its_units_and_dtypes(tmp_path):
    kept = record(case_id="a", usage={"input_tokens": 14, "output_tokens": 208}, cost_usd=0.0021, latency_s=0.61)
    records = load_run(write(tmp_path, [kept])).records
    row = records.iloc[0]
    assert list(records.columns) == ["run", *RECORD_COLUMNS]
    assert (row["run"], row["case_id"], row["status"]) == ("quickstart-20261121T184100Z", "a", "passed")
    assert (row["input_tokens"], row["output_tokens"], row["cost_usd"], row["latency_s"]) == (14, 208, 0.0021, 0.61)
    assert row["outcome"] == "ok"
    assert {str(records[name].dtype) for name in records.columns} == {"string", "Int64", "Float64", "boolean"}


def test_what_is_unknown_is_missing_and_neither_zero_nor_nan(tmp_path):
    row = load_run(write(tmp_path, [errored()])).records.iloc[0]
    for name in ("input_tokens", "reasoning_tokens", "cost_usd", "latency_s", "passed", "outcome", "answered_by"):
        assert row[name] is pd.NA, name


def test_the_frames_of_a_run_without_records_have_their_dtypes(tmp_path):
    run = load_run(write(tmp_path))
    assert len(run.records) == 0
    assert len(run.scores) == 0
    assert str(run.records["cost_usd"].dtype) == "Float64"


def test_a_run_that_has_kept_nothing_yet_has_no_rows(tmp_path):
    (write(tmp_path) / "records.jsonl").unlink()
    assert len(load_run(tmp_path).records) == 0


def test_the_last_line_of_a_key_wins(tmp_path):
    first = errored(case_id="a", key="k")
    later = record(False, case_id="a", key="k")
    run = load_run(write(tmp_path, [first, record(case_id="b"), later]))
    assert sorted(run.records["status"]) == ["failed", "passed"]
    assert len(run.scores) == 2


def test_of_an_edited_case_the_newest_record_counts(tmp_path):
    older = record(True, case_id="a", key="before the edit", cost_usd=0.5)
    newer = record(False, case_id="a", key="after it", cost_usd=0.25)
    other = record(True, case_id="a", repeat=1)
    run = load_run(write(tmp_path, [older, record(case_id="b"), newer, other]))
    assert run.records[["case_id", "repeat", "passed", "cost_usd"]].fillna(-1).to_numpy().tolist() == [
        ["b", 0, True, -1],
        ["a", 0, False, 0.25],
        ["a", 1, True, -1],
    ]
    assert run.scores["key"].tolist() == ["b/terse/gpt-4o/0", "after it", "a/terse/gpt-4o/1"]


def test_what_belongs_to_a_case_stands_beside_it(tmp_path):
    row = load_run(
        write(tmp_path, [record(False, tags=("a", "b"), cluster="c", xfail="bug", pass_if=0.5)]), text=True
    ).records.iloc[0]
    assert (row["tags"], row["cluster"], row["xfail"], row["pass_if"]) == ("a, b", "c", "bug", 0.5)
    assert row["status"] == "xfailed"
    assert row["failure"] is pd.NA


def test_only_the_columns_asked_for_are_read(tmp_path):
    run = load_run(write(tmp_path, [record(), record(False)]), columns=("score", "model"), scores=False)
    assert list(run.records.columns) == ["run", "score", "model"]
    assert len(run.scores) == 0


def test_every_check_becomes_a_row(tmp_path):
    scores = (
        Score(check="contains", value=1.0, passed=True, reason="found"),
        Score(check="number", value=0.0, passed=False, reason="118.4 expected", weight=2.0),
    )
    frame = load_run(write(tmp_path, [record(False, case_id="a", scores=scores), errored()])).scores
    assert frame[["case_id", "check", "passed", "weight"]].to_numpy().tolist() == [
        ["a", "contains", True, 1.0],
        ["a", "number", False, 2.0],
    ]
    assert frame["error"].isna().all()


def test_a_check_that_could_not_run_is_an_error_of_the_trial(tmp_path):
    row = load_run(write(tmp_path, [unchecked("no such schema")])).records.iloc[0]
    assert (row["status"], row["error_kind"]) == ("error", "check_error")
    assert row["error_message"] == "json_schema: no such schema"


def test_answers_are_read_only_when_asked_for(tmp_path):
    write(tmp_path, [record(response=answer("Paris, 巴黎")), errored()])
    assert "text" not in load_run(tmp_path).records
    texts = load_run(tmp_path, text=True).records["text"]
    assert texts[0] == "Paris, 巴黎"
    assert texts[1] is pd.NA


def test_a_torn_last_line_is_left_out(tmp_path):
    lines = (write(tmp_path, [record(), record()]) / "records.jsonl").read_bytes()
    for cut in (1, 10, 200):
        (tmp_path / "records.jsonl").write_bytes(lines[:-cut])
        assert len(load_run(tmp_path).records) == (2 if cut == 1 else 1), cut


def test_a_line_torn_inside_a_character_is_left_out(tmp_path):
    lines = (write(tmp_path, [record(), record(reason="巴黎")]) / "records.jsonl").read_bytes()
    (tmp_path / "records.jsonl").write_bytes(lines[: lines.index("巴".encode()) + 1])
    assert len(load_run(tmp_path).records) == 1


@pytest.mark.parametrize("damage", [b"{]\n", b"\n", b'{"key": 1}\n', b"\xff\xfe\n", b'{"key": "\xff"}\n'])
def test_a_damaged_line_further_up_is_named(tmp_path, damage):
    lines = (write(tmp_path, [record(), record()]) / "records.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "records.jsonl").write_bytes(lines[0] + damage + lines[1])
    with pytest.raises(StorageError) as caught:
        load_run(tmp_path)
    assert f"{tmp_path / 'records.jsonl'}:2: not a record" in str(caught.value)


@pytest.mark.parametrize("content", [None, b"", b"[]", b"\xff", b'{"id": 3}'])
def test_a_folder_that_is_no_run_says_so(tmp_path, content):
    if content is not None:
        (tmp_path / "run.json").write_bytes(content)
    with pytest.raises(UsageError) as caught:
        load_run(tmp_path)
    assert "run.json" in str(caught.value)


def test_a_path_that_is_not_there_says_so(tmp_path):
    with pytest.raises(UsageError) as caught:
        load_run(tmp_path / "nowhere")
    assert "nowhere" in str(caught.value)


def test_a_run_of_a_later_format_is_refused(tmp_path):
    write(tmp_path, run=msgspec.structs.replace(manifest(), format=2))
    with pytest.raises(UsageError) as caught:
        load_run(tmp_path)
    assert "format 2" in str(caught.value)
