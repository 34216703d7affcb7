"""`evalkit.load_run` is the way in for notebooks: frames of one run or several, with every figure."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import evalkit
from evalkit.analysis.frames import MORE_COLUMNS, RECORD_COLUMNS, SCORE_COLUMNS
from evalkit.errors import StorageError, UsageError
from tests.analysis.run_folder import answer, errored, manifest, record, write


@pytest.fixture
def two(tmp_path):
    """Two runs of two trials each."""
    return [
        write(tmp_path / name, [record(case_id="a"), record(case_id="b", passed=name == "new")], manifest(id=name))
        for name in ("old", "new")
    ]


def test_a_run_has_records_scores_and_a_summary(two):
    run = evalkit.load_run(two[0])
    assert list(run.records.columns) == ["run", *RECORD_COLUMNS]
    assert run.records["passed"].tolist() == [True, False]
    assert run.scores["check"].tolist() == ["icontains", "icontains"]
    (row,) = run.summary().to_dict("records")
    assert (row["run"], row["model"], row["n"], row["pass_rate"]) == ("old", "gpt-4o", 2, 0.5)
    assert row["pass_rate_low"] < 0.5 < row["pass_rate_high"]


def test_several_runs_stand_below_each_other(two):
    runs = evalkit.load_run(*map(str, two))
    assert runs.records.groupby("run")["passed"].sum().to_dict() == {"old": 1, "new": 2}
    assert runs.summary()[["run", "passed"]].to_numpy().tolist() == [["old", 1], ["new", 2]]
    assert runs.scores["run"].tolist() == ["old", "old", "new", "new"]
    assert [manifest.id for manifest in runs.manifests] == ["old", "new"]


def test_the_manifest_of_a_run_names_it_too(two):
    assert len(evalkit.load_run(two[0] / "run.json").records) == 2


def test_only_the_columns_asked_for_are_kept(two):
    records = evalkit.load_run(two[0], columns=["model", "cost_usd"]).records
    assert list(records.columns) == ["run", "model", "cost_usd"]


def test_answers_come_when_they_are_asked_for(tmp_path):
    folder = write(tmp_path, [record(response=answer("Paris"), expected="paris")])
    row = evalkit.load_run(folder, text=True).records.iloc[0]
    assert (row["text"], row["expected"]) == ("Paris", "paris")


def test_the_summary_has_its_dtypes_also_without_rows(tmp_path):
    empty = evalkit.load_run(write(tmp_path / "a", [])).summary()
    full = evalkit.load_run(write(tmp_path / "b", [record(latency_s=1.0), errored()])).summary()
    assert len(empty) == 0
    assert empty.dtypes.to_dict() == full.dtypes.to_dict()
    kinds = {name: str(full[name].dtype) for name in ("model", "n", "pass_rate", "p50_latency_s_low", "n_latency_s")}
    assert kinds == {
        "model": "string",
        "n": "Int64",
        "pass_rate": "Float64",
        "p50_latency_s_low": "Float64",
        "n_latency_s": "Int64",
    }


def test_what_is_no_run_or_no_column_is_said_at_once(tmp_path, two):
    with pytest.raises(UsageError, match="nowhere"):
        evalkit.load_run(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="unknown column 'modle'; did you mean 'model'"):
        evalkit.load_run(two[0], columns=["modle"])
    with pytest.raises(UsageError, match="needs the path"):
        evalkit.load_run()


def test_a_damaged_record_is_said_when_it_is_read(two):
    file = two[0] / "records.jsonl"
    file.write_bytes(file.read_bytes().replace(b'"passed":true', b'"passed":null', 1))
    with pytest.raises(StorageError, match=r"records.jsonl:1"):
        _ = evalkit.load_run(two[0]).records


def test_an_attribute_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="load_ran"):
        _ = evalkit.load_ran  # type: ignore[attr-defined]


def test_importing_the_package_loads_no_pandas():
    program = "import sys, evalkit; print('pandas' in sys.modules, callable(evalkit.load_run), 'pandas' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split()[:2] == ["False", "True"]


def test_the_page_on_frames_has_every_column_with_its_dtype():
    page = (Path(evalkit.__file__).parent.parent / "docs" / "frames.md").read_text("utf-8")
    records, scores = (
        re.findall(r"^\| `(\w+)` \| (\w+) \|", part, re.MULTILINE)
        for part in page.split("## `records`")[1].split("## ")
    )
    told = {"run": "string", **{name: spec.dtype for name, spec in (RECORD_COLUMNS | MORE_COLUMNS).items()}}
    assert records == list(told.items())
    assert scores == [(name, spec.dtype) for name, spec in SCORE_COLUMNS.items()]
