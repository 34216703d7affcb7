"""What did not pass is named with its reason."""

from __future__ import annotations

from evalkit.analysis.failures import error_groups, failed_trials
from evalkit.analysis.frames import load_run
from evalkit.types import Score
from tests.analysis.run_folder import errored, record, unchecked, write


def test_a_failure_names_the_first_check_that_counts_against_it(tmp_path):
    scores = (
        Score(check="contains", value=1.0, passed=True, reason="found"),
        Score(check="starts_with", value=0.0, passed=False, reason="not counted", weight=0.0),
        Score(check="number", value=0.0, passed=False, reason="118.4 expected"),
        Score(check="regex", value=0.0, passed=False, reason="no match"),
    )
    records = [record(), record(False, case_id="a", scores=scores, repeat=2), errored()]
    (failed,) = failed_trials(load_run(write(tmp_path, records)), limit=10)
    assert (failed.case_id, failed.model, failed.prompt, failed.repeat) == ("a", "gpt-4o", "terse", 2)
    assert failed.case == "a #3"
    assert (failed.check, failed.reason) == ("number", "118.4 expected")


def test_a_failure_in_a_conversation_says_in_which_turn(tmp_path):
    scores = (
        Score(check="number", value=1.0, passed=True, reason="fine", turn=0),
        Score(check="number", value=0.0, passed=False, reason="118.4 expected", turn=1),
    )
    (failed,) = failed_trials(load_run(write(tmp_path, [record(False, scores=scores)])), limit=10)
    assert (failed.check, failed.reason) == ("number", "118.4 expected (turn 2)")


def test_a_failure_by_its_threshold_says_its_score(tmp_path):
    scores = (Score(check="number", value=0.5, passed=True, reason="half"),)
    (failed,) = failed_trials(load_run(write(tmp_path, [record(False, score=0.5, scores=scores)])), limit=10)
    assert (failed.check, failed.reason) == (None, "score 0.5 is below the threshold")


def test_failures_end_at_the_limit(tmp_path):
    records = [record(False, case_id=f"c{number}") for number in range(5)]
    assert [failed.case_id for failed in failed_trials(load_run(write(tmp_path, records)), limit=2)] == ["c0", "c1"]


def test_equal_errors_are_told_once_with_their_number(tmp_path):
    records = [
        unchecked("no such schema", case_id="a"),
        errored("rate_limit", "slow down", 429, case_id="b"),
        errored("rate_limit", "slow down", 429, case_id="c"),
        errored("rate_limit", "slow down", 429, case_id="d", model="o3"),
    ]
    groups = error_groups(load_run(write(tmp_path, records)), limit=10)
    assert [(group.model, group.kind, group.status, group.trials, group.case_id) for group in groups] == [
        ("gpt-4o", "rate_limit", 429, 2, "b"),
        ("gpt-4o", "check_error", None, 1, "a"),
        ("o3", "rate_limit", 429, 1, "d"),
    ]
    assert groups[1].message == "json_schema: no such schema"


def test_a_run_without_failures_has_none_to_tell(tmp_path):
    run = load_run(write(tmp_path, [record()]))
    assert (failed_trials(run, limit=10), error_groups(run, limit=10)) == ([], [])
    empty = load_run(write(tmp_path))
    assert (failed_trials(empty, limit=10), error_groups(empty, limit=10)) == ([], [])
