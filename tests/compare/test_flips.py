"""A case that came out otherwise is shown with both answers and what differs."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from evalkit.analysis.sides import side_of_trials
from evalkit.compare import compare_runs
from evalkit.compare.flips import TOLD
from tests.analysis.run_folder import answer, record
from tests.compare.sides import side, trials


def flips(base, new):
    (pair,) = compare_runs(base, new).pairs
    return pair.flips


def test_a_flip_has_both_answers_the_reason_and_a_diff(tmp_path):
    now = record(False, case_id="c0", response=answer("Sure.\nLyon"), reason="expected 'Paris', got 'Lyon'")
    before = record(True, case_id="c0", response=answer("Sure.\nParis"))
    (flip,) = flips(side(tmp_path / "old", [before]), side(tmp_path / "new", [now]))
    assert (flip.base_text, flip.new_text) == ("Sure.\nParis", "Sure.\nLyon")
    assert flip.diff == "@@ -1,2 +1,2 @@\n Sure.\n-Paris\n+Lyon"
    assert flip.reason == "icontains: expected 'Paris', got 'Lyon'"
    assert flip.same_question is True


def test_what_is_fixed_says_what_was_wrong_before(tmp_path):
    before = record(False, case_id="c0", reason="expected 'Paris', got 'Lyon'")
    (flip,) = flips(side(tmp_path / "old", [before]), side(tmp_path / "new", trials("+")))
    assert (flip.kind, flip.reason) == ("fixed", "icontains: expected 'Paris', got 'Lyon'")


def test_another_question_is_told(tmp_path):
    base, new = side(tmp_path / "old", trials("+")), side(tmp_path / "new", [replace(trials("-")[0], key="other")])
    assert [flip.same_question for flip in flips(base, new)] == [False]


def test_of_a_flaky_case_a_repeat_that_differs_is_shown(tmp_path):
    base, new = side(tmp_path / "old", trials("+++", repeats=3)), side(tmp_path / "new", trials("++-", repeats=3))
    (flip,) = flips(base, new)
    assert (flip.kind, flip.base_text, flip.new_text) == ("flaky", "Paris", "Lyon")


def test_a_baseline_without_answers_leaves_them_out(tmp_path):
    run = side(tmp_path / "old", trials("+"))
    stored = side_of_trials("baseline.json", run.manifest, run.trials.astype(object).to_dict("records"))
    (flip,) = flips(replace_manifest(stored), side(tmp_path / "new", trials("-")))
    assert (flip.base_text, flip.new_text, flip.diff) == (None, "Lyon", None)


def replace_manifest(stored):
    import dataclasses

    return dataclasses.replace(stored, manifest=replace(stored.manifest, id="baseline"))


def test_the_same_answer_judged_otherwise_has_an_empty_diff(tmp_path):
    before = record(True, case_id="c0", response=answer("Lyon"))
    (flip,) = flips(side(tmp_path / "old", [before]), side(tmp_path / "new", trials("-")))
    assert flip.diff == ""


def test_of_very_many_only_the_first_are_shown_with_answers(tmp_path):
    found = flips(side(tmp_path / "old", trials("+" * (TOLD + 5))), side(tmp_path / "new", trials("-" * (TOLD + 5))))
    assert len(found) == TOLD + 5
    assert [flip.base_text is None for flip in found] == [False] * TOLD + [True] * 5


@pytest.mark.parametrize("size", [30_000])
def test_long_answers_are_cut_before_they_are_compared(tmp_path, size):
    before = record(True, case_id="c0", response=answer("a\n" * size))
    now = record(False, case_id="c0", response=answer("b\n" * size))
    (flip,) = flips(side(tmp_path / "old", [before]), side(tmp_path / "new", [now]))
    assert len(flip.base_text) == 20_000
