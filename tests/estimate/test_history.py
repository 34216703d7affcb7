"""What earlier runs tell: lengths by model and prompt, billed input, seconds, verdicts; and what is of no use."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from evalkit.errors import UsageError
from evalkit.estimate.history import PILOT, read_history
from evalkit.types import Exchange, Opinion, Response, Score, Timing, Usage
from tests.analysis.run_folder import asked, manifest, record, write

NOW = {"gpt-4o": asked("gpt-4o")}
TIMING = Timing(queue_s=0.0, backoff_s=0.0, latency_s=2.0, e2e_s=2.0)


def answer(input_tokens: int | None, output_tokens: int, reasoning_tokens: int | None = None) -> Response:
    usage = Usage(input_tokens=input_tokens, output_tokens=output_tokens, reasoning_tokens=reasoning_tokens)
    return Response(text="hi", model=None, finish_reason="stop", outcome="ok", usage=usage)


def read(folder, *records, now=NOW, judges=None, keys=None, **about):
    run = write(folder / "run", records, manifest(**about))
    return read_history([run], now, judges, keys=keys)


def test_answers_are_known_by_model_and_prompt(tmp_path):
    history = read(
        tmp_path,
        replace(record(), response=answer(10, 20)),
        replace(record(prompt="long"), response=answer(10, 400, 300)),
    )
    past = history.of("gpt-4o")
    assert (past.source, len(past.samples)) == ("history", 2)
    assert list(past.lengths("terse").visible) == [20]
    assert past.lengths("terse").reasoning is None
    assert (list(past.lengths("long").visible), list(past.lengths("long").reasoning)) == ([100], [300])
    assert past.lengths("other") is None
    assert past.lengths(None).n == 2


def test_the_newest_record_of_a_trial_counts_and_errors_do_not(tmp_path):
    first = replace(record(key="k"), response=answer(10, 20))
    history = read(tmp_path, first, replace(first, response=answer(10, 30)), replace(record(), response=None))
    assert [sample.output_tokens for sample in history.of("gpt-4o").samples] == [30]


def test_an_answer_that_does_not_tell_its_tokens_tells_nothing(tmp_path):
    with pytest.raises(UsageError, match="has no answer of gpt-4o with tokens"):
        read(tmp_path, replace(record(), response=answer(None, 20)))


def test_a_run_of_another_suites_models_is_refused(tmp_path):
    with pytest.raises(UsageError) as told:
        read(tmp_path, replace(record(), response=answer(10, 20)), now={"o3": asked("o3")})
    assert "a run of 'quickstart', has no answer of o3 with tokens: it asked gpt-4o" in str(told.value)


def test_a_model_is_known_again_by_its_id_under_another_name(tmp_path):
    renamed = {"mine": replace(asked("gpt-4o"), name="mine")}
    assert read(tmp_path, replace(record(), response=answer(10, 20)), now=renamed).of("mine") is not None


def test_two_names_of_one_model_both_know_what_was_asked_under_one(tmp_path):
    both = {"gpt-4o": asked("gpt-4o"), "other": replace(asked("gpt-4o"), name="other")}
    history = read(tmp_path, replace(record(), response=answer(10, 20)), now=both)
    assert len(history.of("gpt-4o").samples) == len(history.of("other").samples) == 1


def test_another_effort_tells_nothing_of_this_one_and_that_is_said(tmp_path):
    harder = {"gpt-4o": replace(asked("gpt-4o"), params={"reasoning_effort": "high"})}
    history = read(tmp_path, replace(record(), response=answer(10, 20)), now=harder, keys=frozenset({"x"}))
    assert history.of("gpt-4o") is None
    assert "asked it at another effort" in history.notes[0]


def test_turns_are_known_each_by_itself(tmp_path):
    turns = tuple(
        Exchange(response=answer(n, n), error=None, timing=TIMING, attempts=1, cost_usd=None) for n in (10, 30)
    )
    history = read(tmp_path, replace(record(key="k"), response=answer(40, 40), turns=turns))
    past = history.of("gpt-4o")
    assert past.inputs() == {("k", 0): 10, ("k", 1): 30}
    assert list(past.latencies()) == [2.0, 2.0]


def test_verdicts_are_known_by_judge(tmp_path):
    opinion = Opinion(model="o3", response=answer(500, 80, 60), cost_usd=0.01)
    scored = replace(
        record(), response=answer(10, 20), scores=(Score(check="judge", value=1.0, passed=True, opinions=(opinion,)),)
    )
    past = read(tmp_path, scored, judges={"o3": "o3"}).of_judge("o3")
    assert [(sample.input_tokens, sample.output_tokens) for sample in past.samples] == [(500, 80)]


def test_cached_input_is_told_only_where_there_was_some(tmp_path):
    cached = replace(answer(1000, 20), usage=Usage(input_tokens=1000, output_tokens=20, cached_input_tokens=250))
    past = read(tmp_path, replace(record(), response=cached)).of("gpt-4o")
    assert [list(column) for column in past.cached()] == [[250], [1000]]
    assert read(tmp_path / "b", replace(record(), response=answer(1000, 20))).of("gpt-4o").cached() is None


def test_with_keys_only_prompts_that_are_still_asked_so_are_believed(tmp_path):
    same = replace(record(key="same", prompt="terse"), response=answer(10, 20))
    other = replace(record(key="other", prompt="terse"), response=answer(10, 30))
    changed = replace(record(key="old words", prompt="long"), response=answer(10, 400))
    past = read(tmp_path, same, other, changed, keys=frozenset({"same", "new words"})).of("gpt-4o")
    assert sorted(sample.output_tokens for sample in past.samples) == [20, 30]
    assert read(tmp_path / "b", changed, keys=frozenset({"same"})).of("gpt-4o") is None


def test_pilots_and_the_stand_in_are_told_as_such(tmp_path):
    told = replace(record(), response=answer(10, 20))
    history = read(tmp_path, told, selection={PILOT: 10}, stand_in=True)
    assert (history.of("gpt-4o").source, history.stand_in) == ("pilot", True)


def test_several_runs_are_taken_together(tmp_path):
    runs = [write(tmp_path / name, [replace(record(), response=answer(10, 20))], manifest(id=name)) for name in "ab"]
    past = read_history(runs, NOW).of("gpt-4o")
    assert (len(past.samples), list(past.runs)) == (2, ["a", "b"])


def test_what_is_no_run_is_told(tmp_path):
    with pytest.raises(UsageError, match="no run folder"):
        read_history([tmp_path / "nowhere"], NOW)
