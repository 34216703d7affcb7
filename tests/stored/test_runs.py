"""The answers in a run folder."""

from __future__ import annotations

import pytest

from evalkit.errors import StorageError
from evalkit.journal import Journal
from evalkit.run_folder import RECORDS
from evalkit.stored.runs import RunAnswers
from evalkit.stored.source import FirstOf, NothingStored
from evalkit.types import Exchange, Fault, Opinion, Record, Response, Score, Timing, Usage
from tests.stored.trials import answer, trial

TIMING = Timing(queue_s=0.1, backoff_s=0.2, latency_s=0.3, e2e_s=0.6)
FAULT = Fault(kind="server", status=500, message="down")


def response(text: str = "yes") -> Response:
    return Response(text=text, model=None, finish_reason="stop", outcome="ok", usage=Usage())


def record(name: str = "a", **changes) -> Record:
    given = {
        "key": f"key of {name}", "case_id": name, "prompt": "p", "model": "m", "repeat": 0, "passed": True,
        "score": 1.0, "response": response(), "scores": (), "error": None, "timing": TIMING, "attempts": 2,
        "cached": False, "cost_usd": 0.5, "started_at": "2026-01-01T00:00:00.000Z",
    }  # fmt: skip
    return Record(**{**given, **changes})


def failed(name: str = "a", **changes) -> Record:
    return record(name, passed=None, score=None, response=None, error=FAULT, cost_usd=None, **changes)


@pytest.fixture
def stored(tmp_path):
    def answers(*records: Record, **how: bool) -> RunAnswers:
        with Journal(tmp_path) as journal:
            for each in records:
                journal.append(each)
        return RunAnswers(tmp_path, **how)

    return answers


def test_an_answer_comes_with_all_that_was_known_of_it(stored):
    found = stored(record()).find(trial("a"), trial("a"), "turn 0")
    assert (found.response, found.fault, found.timing, found.cost_usd, found.attempts, found.started_at) == (
        response(), None, TIMING, 0.5, 2, "2026-01-01T00:00:00.000Z",
    )  # fmt: skip
    assert found.cached


def test_nothing_is_known_of_other_trials_and_turns(stored):
    answers = stored(record())
    assert answers.find(trial("b"), trial("b"), "turn 0") is None
    assert answers.find(trial("a"), trial("a"), "turn 1") is None
    assert answers.find(trial("a"), trial("a"), "judge 1a") is None


def test_the_last_record_of_a_trial_counts(stored):
    answers = stored(failed(), record(response=response("second")))
    assert answers.find(trial("a"), trial("a"), "turn 0").response.text == "second"
    assert stored(failed()).find(trial("a"), trial("a"), "turn 0") is None


def test_faults_are_found_only_where_they_are_wanted(stored):
    assert stored(failed()).find(trial("a"), trial("a"), "turn 0") is None
    found = stored(with_faults=True).find(trial("a"), trial("a"), "turn 0")
    assert (found.response, found.fault) == (None, FAULT)


@pytest.mark.parametrize(
    ("of_this_run", "was_cached", "cached"), [(False, False, True), (True, False, False), (True, True, True)]
)
def test_what_this_very_run_was_answered_is_no_stored_answer(stored, of_this_run, was_cached, cached):
    answers = stored(record(cached=was_cached), of_this_run=of_this_run)
    assert answers.find(trial("a"), trial("a"), "turn 0").cached is cached


def test_turns_are_found_one_by_one_also_of_a_conversation_that_broke_off(stored):
    def turn(text: str | None) -> Exchange:
        said = None if text is None else response(text)
        error = FAULT if text is None else None
        return Exchange(response=said, error=error, timing=TIMING, attempts=1, cost_usd=0.1)

    answers = stored(failed(turns=(turn("one"), turn(None))))
    asked = trial("a")
    assert answers.find(asked, asked, "turn 0").response.text == "one"
    assert [answers.find(asked, asked, f"turn {number}") for number in (1, 2)] == [None, None]
    with_faults = stored(with_faults=True)
    assert with_faults.find(asked, asked, "turn 1").fault == FAULT
    assert with_faults.find(asked, asked, "turn 2") is None


def test_opinions_are_found_by_what_was_asked(stored):
    opinions = [
        Opinion(model="j", response=response(f"opinion {n}"), cost_usd=0.01, question=f"judge {n}") for n in range(3)
    ]
    scores = (
        Score(check="json"),
        Score(check="judge", opinions=(opinions[0],)),
        Score(check="judge", opinions=tuple(opinions[1:])),
    )
    answers = stored(record(scores=scores))
    found = answers.find(trial("a"), trial("a"), "judge 2")
    assert (found.response.text, found.cost_usd, found.cached) == ("opinion 2", 0.01, True)
    assert answers.find(trial("a"), trial("a"), "judge 3") is None


@pytest.mark.parametrize(
    ("kept", "broke_off"),
    [
        (record(), False),
        (record(passed=False), False),
        (record(passed=None, score=None), False),
        (failed(), True),
        (record(passed=None, score=None, scores=(Score(check="json", error="boom"),)), True),
    ],
    ids=["passed", "failed", "unscored", "error", "check error"],
)
def test_what_broke_off_has_no_verdict_that_it_could_have(stored, kept, broke_off):
    assert stored(kept).broke_off("key of a") is broke_off


def test_a_run_without_records_has_no_answers(tmp_path):
    assert RunAnswers(tmp_path).index == {}


def test_a_damaged_record_is_told_at_once(stored, tmp_path):
    stored(record("a"), record("b"))
    data = bytearray((tmp_path / RECORDS).read_bytes())
    data[20] ^= 1
    (tmp_path / RECORDS).write_bytes(data)
    with pytest.raises(StorageError, match=r"records\.jsonl:1"):
        RunAnswers(tmp_path)


def test_of_several_sources_the_first_that_knows_it_answers(stored):
    class Listening(NothingStored):
        heard: list[str]

        def keep(self, trial, asked, part, answer):
            heard.append(answer.response.text)

    heard: list[str] = []
    run = stored(record())
    both = FirstOf([Listening(), run, Listening()])
    assert both.find(trial("a"), trial("a"), "turn 0") == run.find(trial("a"), trial("a"), "turn 0")
    assert both.find(trial("b"), trial("b"), "turn 0") is None
    both.keep(trial("a"), trial("a"), "turn 0", answer("new"))
    assert heard == ["new", "new"]
