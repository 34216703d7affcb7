"""A baseline is a sorted file of what a run came to, and one side of a comparison."""

from __future__ import annotations

import json

import pytest

from evalkit.baselines import baseline_of, merged, read_baseline, side_of_baseline, write_baseline
from evalkit.compare import compare_runs
from evalkit.errors import UsageError
from tests.analysis.run_folder import manifest, write
from tests.compare.sides import side, trials


@pytest.fixture
def kept(tmp_path):
    """A baseline file made of these records."""

    def made(records, name="run", **options):
        file = tmp_path / f"{name}.json"
        folder = write(tmp_path / name, records, manifest(id=name))
        write_baseline(file, baseline_of(folder, **options))
        return file

    return made


def test_it_has_one_trial_a_line_sorted_by_case(kept):
    records = [*trials("+-", start=10), *trials("+!", start=1)]
    lines = kept(records).read_text("utf-8").split('"trials": [\n')[1].removesuffix("\n]}\n").splitlines()
    found = [json.loads(line.removesuffix(",")) for line in lines]
    assert [trial["case_id"] for trial in found] == ["c1", "c2", "c10", "c11"]
    assert (found[1]["error"], found[1]["passed"]) == ("timeout", None)
    assert len(found[2].pop("answer")) == 16
    assert found[2] == {
        "case_id": "c10", "prompt": "terse", "model": "gpt-4o", "repeat": 0, "passed": True, "score": 1.0,
        "outcome": "ok", "answered_by": "gpt-4o", "key": "c10/terse/gpt-4o/0",
    }  # fmt: skip


def test_the_same_run_makes_the_same_file(kept):
    records = trials("+-+")
    assert kept(records).read_bytes() == kept(list(reversed(records))).read_bytes()


def test_another_answer_has_another_digest(kept):
    answers = [read_baseline(kept(trials(mark), mark)).trials[0].answer for mark in "+-+"]
    assert answers[0] == answers[2] != answers[1]


def test_latencies_are_kept_only_if_asked_for(kept):
    assert read_baseline(kept(trials("+"))).trials[0].latency_s is None
    assert read_baseline(kept(trials("+"), with_latency=True)).trials[0].latency_s == 0.5


def test_compared_with_its_own_run_nothing_changed(kept, tmp_path):
    records = [*trials("+-!+" * 30), *trials("+-", start=500, xfail="bug 12"), *trials("++", start=600, cluster="a")]
    file = kept(records)
    (pair,) = compare_runs(side_of_baseline(file), side(tmp_path / "again", records)).pairs
    assert (pair.delta, pair.flips, pair.only_in_base, pair.only_in_new) == (0.0, (), (), ())
    assert (pair.base_errors, pair.new_errors, len(pair.xfail)) == (30, 30, 2)


def test_what_changed_since_is_found(kept, tmp_path):
    (pair,) = compare_runs(side_of_baseline(kept(trials("++-"))), side(tmp_path / "again", trials("-++"))).pairs
    assert [(flip.case_id, flip.kind) for flip in pair.flips] == [("c0", "broken"), ("c2", "fixed")]


def test_merging_keeps_what_the_new_run_does_not_have(kept):
    old, new = read_baseline(kept(trials("+++"), "old")), read_baseline(kept(trials("-"), "new"))
    assert [trial.passed for trial in merged(old, new).trials] == [False, True, True]
    assert merged(old, new).run == "new"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not a baseline"),
        ("[1, 2]", "not a baseline"),
        ('{"suite": "x"}', "not a baseline"),
        ("\xff\xfe", "not a baseline"),
        ('{"evalkit_baseline": 2, "suite": "x", "suite_digest": "", "run": "r", "started_at": "", "stand_in": false}',
         "a baseline of format 2"),
    ],
)  # fmt: skip
def test_a_file_that_is_none_is_refused_with_what_to_do(tmp_path, text, said):
    file = tmp_path / "b.json"
    file.write_text(text, encoding="latin-1")
    with pytest.raises(UsageError) as caught:
        read_baseline(file)
    assert str(caught.value).startswith(f"{file}: {said}")


def test_a_trial_that_stands_there_twice_is_refused(kept):
    file = kept(trials("++"))
    text = file.read_text("utf-8")
    line = text.split('"trials": [\n')[1].splitlines()[0]
    file.write_text(text.replace(line, f"{line}\n{line}", 1), encoding="utf-8")
    with pytest.raises(UsageError, match="case 'c0', prompt 'terse', model 'gpt-4o', repeat 0 stands there twice"):
        read_baseline(file)


def test_a_run_without_trials_makes_no_baseline(tmp_path):
    with pytest.raises(UsageError, match="no trial has ended in this run"):
        baseline_of(write(tmp_path / "run", [], manifest()))


def test_there_is_no_baseline_where_there_is_no_file(tmp_path):
    with pytest.raises(UsageError, match="no baseline: it cannot be read"):
        read_baseline(tmp_path / "none.json")
