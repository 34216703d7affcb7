"""Judges beside the models under test: how they are asked, what they hold up, and what becomes of their failures."""

from __future__ import annotations

import json
import os
import re
import signal

import anyio
import httpx
import pytest

from evalkit.pacing.budget import Budget
from evalkit.running import runner
from tests.stage import Asked, Run, ok, refusal, stage_run

pytestmark = pytest.mark.anyio

_MARK = re.compile(r'"mark" is "([0-9a-f]{16})"')
JUDGE = {"provider": "test", "api": "chat"}
PRICE = {"input": 1.0, "output": 10.0}


def is_judging(asked: Asked) -> bool:
    return asked.said[0].startswith("system: You ")


def verdict(asked: Asked, **fields) -> httpx.Response:
    """A good one, unless `fields` say otherwise."""
    found = _MARK.search(asked.said[0])
    assert found is not None
    given = {"reason": "So.", **({"better": "tie"} if '"better"' in asked.said[0] else {"score": 0.9}), **fields}
    return ok(json.dumps({"mark": found[1], **given}), prompt_tokens=100, completion_tokens=10, total_tokens=110)


async def fair(asked: Asked) -> httpx.Response:
    return (
        verdict(asked)
        if is_judging(asked)
        else ok(f"{asked.model} on {asked.text}", prompt_tokens=5, completion_tokens=1)
    )


def judged_run(folder, models=("a",), judges=("j",), cases=1, checks=None, **suite) -> Run:
    checks = checks or [{"judge": {"rubric": "Is it good?"}}]
    asked = [{"id": f"c{n}", "vars": {"q": f"q{n}"}, "checks": checks} for n in range(1, cases + 1)]
    settings = {model: {"price": PRICE, "max_attempts": 2} for model in models} | suite.pop("settings", {})
    listed = [{"id": judge, **JUDGE, "price": PRICE, "max_attempts": 2} | suite.pop(judge, {}) for judge in judges]
    run = stage_run(folder, settings, judges=listed, cases=asked, **suite)
    run.stage.script = fair
    return run


async def test_a_judge_s_tokens_and_cost_stand_with_its_opinion_and_not_with_the_answer(tmp_path):
    run = judged_run(tmp_path)
    await run.go()
    [record] = run.records
    [score] = record.scores
    [opinion] = score.opinions
    assert (record.passed, score.value, score.reason) == (True, 0.9, "j 0.9: So.")
    assert (opinion.model, opinion.response.usage.input_tokens, opinion.cached) == ("j", 100, False)
    assert opinion.cost_usd == pytest.approx(200e-6)
    assert record.cost_usd == pytest.approx(15e-6)
    assert record.response.usage.input_tokens == 5
    assert re.fullmatch("judge [0-9a-f]{32}", opinion.question)


async def test_a_judge_that_is_under_test_too_is_asked_in_its_own_lane(tmp_path):
    judged = {"vars": {"q": "judged"}, "models": ["a"], "checks": [{"judge": {"rubric": "r", "model": "b"}}]}
    plain = {"vars": {"q": "plain"}, "checks": [{"contains": "plain"}]}
    cases = [{"id": f"{case['vars']['q']}{n}", **case} for n in range(6) for case in (judged, plain)]
    run = stage_run(tmp_path, {"a": {}, "b": {"max_concurrency": 1}}, cases=cases)
    run.stage.script = fair
    await run.go()
    assert (len(run.of("a")), len(run.of("b"))) == (12, 6)
    assert all(record.passed for record in run.records)
    assert (run.stage.times("b"), run.stage.peak["b"]) == (12, 1)


async def test_models_judge_each_other_where_no_judge_is_named(tmp_path):
    run = stage_run(tmp_path, {"a": {}, "b": {}}, cases=[{"vars": {"q": "q"}, "checks": [{"judge": "good?"}]}])
    run.stage.script = fair
    await run.go()
    assert {record.model: record.scores[0].opinions[0].model for record in run.records} == {"a": "b", "b": "a"}
    assert run.plan.judging.notes == (
        "no judge is named, so models are judged by different ones (a by b; b by a): to compare them, name one",
    )


@pytest.mark.parametrize(("cases", "places"), [(3, 1), (150, 64)], ids=["one place", "more answers than seats"])
async def test_who_waits_for_a_judge_holds_up_no_model_under_test(tmp_path, monkeypatch, cases, places):
    monkeypatch.setattr(runner, "FIRST_ALONE_S", 0.01)
    limit = {"max_concurrency": places}
    run = judged_run(tmp_path, models=("a", "b"), cases=cases, settings={"a": limit, "b": limit})
    all_answered = anyio.Event()

    async def script(asked: Asked) -> httpx.Response:
        if is_judging(asked):
            await all_answered.wait()  # no verdict before each case has its answers
        elif run.stage.times("a") + run.stage.times("b") == 2 * cases:
            all_answered.set()
        return await fair(asked)

    run.stage.script = script
    await run.go()
    assert [record.passed for record in run.records] == [True] * 2 * cases


async def test_one_place_in_all_is_enough_for_models_and_judges(tmp_path):
    checks = [{"judge": {"rubric": "r", "models": ["j", "k"]}}, {"preference": {"against": "b", "model": "j"}}]
    run = judged_run(tmp_path, models=("a", "b"), judges=("j", "k"), cases=12, max_concurrency=1, checks=checks)
    await run.go()
    assert len(run.records) == 24
    assert run.stage.peak[""] == 1
    assert all(record.passed for record in run.records)


async def test_a_judge_s_first_question_goes_alone_so_that_a_wrong_id_costs_one_request(tmp_path):
    run = judged_run(tmp_path, cases=12)

    async def script(asked: Asked) -> httpx.Response:
        return refusal(404, "no such model") if asked.model == "j" else await fair(asked)

    run.stage.script = script
    ending = await run.go()
    assert run.stage.times("j") == 1
    assert ending.stopped["j"].kind == "not_found"
    assert [(record.passed, record.error) for record in run.records] == [(None, None)] * 12
    errors = {record.scores[0].error for record in run.records}
    assert any("judge j: not_found: " in error for error in errors)
    assert any("judge j was not asked: it was stopped: " in error for error in errors)
    assert all(record.scores[0].judge_failed for record in run.records)


async def test_a_judge_that_fails_for_now_is_asked_again_and_one_that_fails_for_good_is_an_error(tmp_path):
    run = judged_run(tmp_path, cases=2)
    times: dict[str, int] = {}

    async def script(asked: Asked) -> httpx.Response:
        if not is_judging(asked):
            return await fair(asked)
        case = "q1" if "q1" in asked.text else "q2"
        times[case] = times.get(case, 0) + 1
        return refusal(500) if case == "q2" or times[case] == 1 else verdict(asked)

    run.stage.script = script
    await run.go()
    by_case = {record.case_id: record for record in run.records}
    assert by_case["c1"].passed is True
    assert times["q1"] == 2
    assert by_case["c2"].passed is None
    assert by_case["c2"].scores[0].error.startswith("judge j: server: ")


async def test_a_malformed_verdict_is_paid_for_and_told(tmp_path):
    run = judged_run(tmp_path)

    async def script(asked: Asked) -> httpx.Response:
        return verdict(asked, score=11) if is_judging(asked) else await fair(asked)

    run.stage.script = script
    await run.go()
    [score] = run.records[0].scores
    assert (run.records[0].passed, score.passed, score.value) == (None, None, None)
    assert score.error == "judge j: no verdict, asked twice: 'score' is 11, and must lie between 0 and 1"
    assert [opinion.cost_usd for opinion in score.opinions] == [pytest.approx(200e-6)] * 2
    assert len({opinion.question for opinion in score.opinions}) == 2


async def test_a_judge_is_sent_its_own_settings_and_none_of_the_suite_s(tmp_path):
    bodies: list[dict] = []
    run = judged_run(
        tmp_path,
        judges=("gpt-4o",),
        defaults={"params": {"temperature": 1, "max_output_tokens": 5, "stop": ["x"]}},
        **{"gpt-4o": {"params": {"temperature": 0, "stop": ["}"], "seed": 7}}},
    )
    play = run.stage.play

    async def spy(request: httpx.Request) -> httpx.Response:
        bodies.append(json.loads(request.content))
        return await play(request)

    run.stage.play = spy
    await run.go()
    judge = next(body for body in bodies if body["model"] == "gpt-4o")
    assert {name: value for name, value in judge.items() if name not in ("model", "messages", "response_format")} == {
        "temperature": 0, "seed": 7,
    }  # fmt: skip
    assert judge["response_format"]["json_schema"]["name"] == "evalkit_grade"
    assert next(body for body in bodies if body["model"] == "a")["max_tokens"] == 5


async def test_a_model_that_is_not_known_to_take_a_schema_is_told_it_in_words_alone(tmp_path):
    bodies: list[dict] = []
    run = judged_run(tmp_path)
    play = run.stage.play

    async def spy(request: httpx.Request) -> httpx.Response:
        bodies.append(json.loads(request.content))
        return await play(request)

    run.stage.play = spy
    await run.go()
    assert "response_format" not in bodies[1]
    assert "JSON Schema" in bodies[1]["messages"][0]["content"]


# --- comparing with each other's answers -----------------------------------------------------------------------------

AGAINST_A = [{"preference": {"against": "a"}}]
AGAINST_EACH_OTHER = [{"preference": {"against": "a"}}, {"preference": {"against": "b"}}]


def reasons(run: Run, model: str) -> set[str]:
    return {score.reason or score.error for record in run.of(model) for score in record.scores}


async def test_a_model_s_answers_are_compared_with_another_s_to_the_same_question(tmp_path):
    run = judged_run(tmp_path, models=("a", "b"), cases=3, checks=AGAINST_A)
    await run.go()
    assert reasons(run, "a") == {"a tie: the answers are the same"}
    assert reasons(run, "b") == {"j 0.5: a tie: So."}
    shown = [asked.text for asked in run.stage.asked if is_judging(asked)]
    assert len(shown) == 6
    for text in shown:
        assert {f"a on {case}" in text and f"b on {case}" in text for case in ("q1", "q2", "q3")} == {True, False}


@pytest.mark.parametrize("slow", ["a", "b"])
async def test_models_that_are_compared_with_each_other_do_not_wait_for_each_other_s_verdicts(tmp_path, slow):
    settings = {slow: {"max_concurrency": 1}}
    run = judged_run(tmp_path, models=("a", "b"), cases=40, checks=AGAINST_EACH_OTHER, settings=settings)
    await run.go()
    assert len(run.records) == 80
    assert all(record.passed for record in run.records)


@pytest.mark.parametrize("checks", [AGAINST_A, AGAINST_EACH_OTHER], ids=["one way", "both ways"])
async def test_a_rival_that_is_given_up_leaves_nobody_waiting(tmp_path, checks):
    run = judged_run(tmp_path, models=("a", "b"), cases=40, checks=checks)

    async def script(asked: Asked) -> httpx.Response:
        if asked.model == "a" and asked.number > 9:
            return refusal(404, "gone")
        return await fair(asked)

    run.stage.script = script
    ending = await run.go()
    assert ending.stopped["a"].kind == "not_found"
    b = run.of("b")
    assert len(b) == 40
    answered = {record.case_id for record in run.of("a") if record.response is not None}
    for record in b:
        assert (record.scores[0].error is None) == (record.case_id in answered)
    assert "'a' was not asked the same, or did not answer" in reasons(run, "b")


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (lambda: refusal(413, "too long"), "'a' gave no answer to compare with"),
        (lambda: ok(" "), "the answer of 'a' has no text to compare with"),
    ],
)
async def test_an_answer_that_is_missing_cannot_be_compared_with(tmp_path, reply, why):
    run = judged_run(tmp_path, models=("a", "b"), cases=2, checks=AGAINST_A, settings={"a": {"max_attempts": 1}})

    async def script(asked: Asked) -> httpx.Response:
        return reply() if asked.model == "a" and asked.text == "q2" else await fair(asked)

    run.stage.script = script
    await run.go()
    errors = {record.case_id: record.scores[0].error for record in run.of("b")}
    assert errors["c1"] is None
    assert why in errors["c2"]


async def test_answers_are_compared_as_their_checks_see_them(tmp_path):
    checks = [{"preference": {"against": "a"}}]
    run = judged_run(tmp_path, models=("a", "b"), checks=checks, defaults={"transform": "{{ output | upper }}"})
    await run.go()
    text = next(asked.text for asked in run.stage.asked if is_judging(asked))
    assert "A ON Q1" in text
    assert "B ON Q1" in text


async def test_nothing_is_kept_of_answers_that_nobody_will_ask_for_any_more(tmp_path, monkeypatch):
    from evalkit.running.rivals import Rivals

    boards: list[Rivals] = []
    made = Rivals.__init__

    def noted(self, *arguments, **named):
        boards.append(self)
        made(self, *arguments, **named)

    monkeypatch.setattr(Rivals, "__init__", noted)
    run = judged_run(tmp_path, models=("a", "b", "c"), cases=30, checks=AGAINST_A)
    await run.go()
    assert [board._asked for board in boards] == [{}]


# --- endings ---------------------------------------------------------------------------------------------------------


async def test_a_signal_ends_the_waiting_for_judges_and_keeps_the_answers(tmp_path):
    run = judged_run(tmp_path, cases=3)
    heard = anyio.Event()
    run.watched.when_interrupted = heard.set

    async def script(asked: Asked) -> httpx.Response:
        if is_judging(asked):
            os.kill(os.getpid(), signal.SIGUSR1)
            await heard.wait()
        return await fair(asked)

    run.stage.script = script
    ending = await run.go(signals=(signal.SIGUSR1,))
    assert ending.signal_number == signal.SIGUSR1
    assert all(record.response is not None for record in run.records)
    told = {score.error for record in run.records for score in record.scores}
    assert told <= {None, "judge j was not asked: the run was interrupted"}
    assert run.records


async def test_judges_are_paid_from_the_same_budget(tmp_path):
    price = {"input": 0, "output": 1000}
    asked = {"params": {"max_output_tokens": 1}, "price": price}
    judging = {"params": {"max_output_tokens": 10}, "price": price}
    run = judged_run(tmp_path, cases=5, settings={"a": asked}, j=judging)
    budget = Budget(0.025)  # two verdicts of 0.01 and answers of 0.001
    ending = await run.go(budget=budget)
    assert ending.over_budget is not None
    verdicts = [record for record in run.records if record.passed]
    assert len(verdicts) == 2
    for record in run.records:
        if not record.passed:
            assert record.scores[0].error.startswith("judge j was not asked: the budget was at its end")
    spent = sum(record.cost_usd for record in run.records)
    spent += sum(opinion.cost_usd for record in run.records for opinion in record.scores[0].opinions)
    assert spent <= 0.025


async def test_a_judge_of_a_conversation_sees_the_turns_before(tmp_path):
    case = {
        "id": "talk",
        "turns": [{"user": "one", "checks": [{"judge": "first?"}]}, "two"],
        "checks": [{"judge": "whole?"}],
    }
    run = stage_run(tmp_path, {"a": {}}, judges=[{"id": "j", **JUDGE}], cases=[case])
    run.stage.script = fair
    await run.go()
    assert run.records[0].passed is True
    first, whole = (asked.text for asked in run.stage.asked if is_judging(asked))
    assert ("user: one" in first, "user: two" in first, "first?" in first) == (True, False, True)
    assert "user: one\n\nassistant: a on one\n\nuser: two" in whole
    assert [(score.check, score.turn) for score in run.records[0].scores] == [("judge", 0), ("judge", None)]


async def test_a_judge_inside_a_composition_is_asked_only_where_it_matters(tmp_path):
    checks = [{"any_of": [{"judge": "r"}, {"contains": "q1"}]}]
    run = judged_run(tmp_path, cases=2, checks=checks)
    await run.go()
    by_case = {record.case_id: record.scores[0] for record in run.records}
    assert (len(by_case["c1"].opinions), len(by_case["c2"].opinions)) == (0, 1)
    assert run.stage.times("j") == 1
