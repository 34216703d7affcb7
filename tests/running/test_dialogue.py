"""Conversations: what is sent in each turn, what ends them, and what is kept of them."""

from __future__ import annotations

import json
import os
import signal

import anyio
import httpx
import pytest

from evalkit.gateway import retry
from evalkit.pacing.lane import ROUNDS
from evalkit.running.sums import _timing
from evalkit.types import Timing
from tests.stage import Asked, ok, refusal, stage_run

pytestmark = pytest.mark.anyio

SYSTEM = [{"name": "p", "system": "Be brief.", "user": "{{ q }}"}]


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "BASE_S", 0.01)


def talk(*turns, **case):
    """A conversation of texts, or of turns with all that they may have."""
    return {"id": "talk", "turns": list(turns), "checks": [{"regex": "."}], **case}


def answers(*texts: str, **usage: int):
    """A model that says one after another, and then begins again."""

    async def script(asked: Asked):
        return ok(texts[(asked.number - 1) % len(texts)], **usage)

    return script


def verdicts(record) -> list[tuple]:
    return [(score.turn, score.check, score.passed) for score in record.scores]


async def test_each_turn_is_sent_with_all_that_was_said_before(tmp_path):
    run = stage_run(tmp_path, {"a": {}}, prompts=SYSTEM, cases=[talk("one", "two", "three")])
    run.stage.script = answers("1", "2", "3")
    await run.go()
    assert [asked.said for asked in run.stage.asked] == [
        ("system: Be brief.", "user: one"),
        ("system: Be brief.", "user: one", "assistant: 1", "user: two"),
        ("system: Be brief.", "user: one", "assistant: 1", "user: two", "assistant: 2", "user: three"),
    ]
    [record] = run.records
    assert (record.response.text, record.passed, record.error) == ("3", True, None)
    assert [turn.response.text for turn in record.turns] == ["1", "2", "3"]
    assert [len(turn.request["messages"]) for turn in record.turns] == [2, 4, 6]
    assert record.request == record.turns[-1].request


async def test_the_model_s_own_words_go_on_as_it_said_them_whatever_the_transform(tmp_path):
    case = talk("one", {"user": "two", "checks": [{"equals": "B"}]}, transform="{{ output | trim | upper }}")
    run = stage_run(tmp_path, {"a": {}}, cases=[case])
    run.stage.script = answers("  a\n", "  b\n")
    await run.go()
    assert run.stage.asked[1].said[1] == "assistant:   a\n"
    assert run.records[0].passed is True


async def test_checks_look_at_their_own_turn_and_those_of_the_case_at_the_last_answer(tmp_path):
    turns = [{"user": "one", "checks": [{"equals": "1"}]}, {"user": "two", "checks": [{"equals": "x"}]}]
    run = stage_run(tmp_path, {"a": {}}, cases=[talk(*turns, checks=[{"equals": "2"}])])
    run.stage.script = answers("1", "2")
    await run.go()
    [record] = run.records
    assert verdicts(record) == [(0, "equals", True), (1, "equals", False), (None, "equals", True)]
    assert (record.passed, record.score) == (False, pytest.approx(2 / 3))


async def test_a_conversation_reaches_its_threshold_by_all_of_its_checks(tmp_path):
    turns = [{"user": "one", "checks": [{"equals": "1"}]}, {"user": "two", "checks": [{"equals": "x"}]}]
    run = stage_run(tmp_path, {"a": {}}, cases=[talk(*turns, threshold=0.6)])
    run.stage.script = answers("1", "2")
    await run.go()
    assert (run.records[0].passed, run.records[0].score) == (True, pytest.approx(2 / 3))


async def test_each_turn_may_expect_its_own_answer_and_else_that_of_the_case(tmp_path):
    check = [{"equals": "{{ expected }}"}]
    turns = [{"user": "one", "expected": "1", "checks": check}, {"user": "two", "checks": check}]
    run = stage_run(tmp_path, {"a": {}}, cases=[talk(*turns, expected="2", checks=check)])
    run.stage.script = answers("1", "2")
    await run.go(stand_in=True)
    assert verdicts(run.records[0]) == [(0, "equals", True), (1, "equals", True), (None, "equals", True)]
    assert [asked.headers["x-evalkit-expected"] for asked in run.stage.asked] == ["1", "2"]
    assert run.records[0].expected == "2"


async def test_what_the_last_turn_expects_is_expected_of_the_whole(tmp_path):
    check = [{"equals": "{{ expected }}"}]
    turns = ["one", {"user": "two", "expected": "2"}]
    run = stage_run(tmp_path, {"a": {}}, cases=[talk(*turns, checks=check)])
    run.stage.script = answers("1", "2")
    await run.go(stand_in=True)
    assert (run.records[0].passed, run.records[0].expected) == (True, "2")
    assert "x-evalkit-expected" not in run.stage.asked[0].headers
    assert run.stage.asked[1].headers["x-evalkit-expected"] == "2"


async def test_the_record_sums_up_what_the_turns_took(tmp_path):
    price = {"input": 1.0, "output": 10.0}
    run = stage_run(tmp_path, {"a": {"price": price}}, cases=[talk("one", "two")])
    run.stage.script = answers("1", "2", prompt_tokens=10, completion_tokens=5, total_tokens=15)
    await run.go()
    [record] = run.records
    usage = record.response.usage
    assert (usage.input_tokens, usage.output_tokens, usage.total_tokens, usage.reasoning_tokens) == (20, 10, 30, None)
    assert [turn.cost_usd for turn in record.turns] == [pytest.approx(60e-6)] * 2
    assert record.cost_usd == pytest.approx(120e-6)
    assert record.attempts == 2
    for name in ("latency_s", "e2e_s", "queue_s", "backoff_s"):
        assert getattr(record.timing, name) == pytest.approx(sum(getattr(turn.timing, name) for turn in record.turns))


async def test_a_sum_with_an_unknown_part_is_unknown(tmp_path):
    run = stage_run(tmp_path, {"a": {"price": {"input": 1, "output": 1}}}, cases=[talk("one", "two")])

    async def script(asked: Asked):
        return ok("1", prompt_tokens=10, completion_tokens=5) if asked.number == 1 else ok("2")

    run.stage.script = script
    await run.go()
    [record] = run.records
    assert (record.response.usage.input_tokens, record.cost_usd) == (None, None)
    assert record.turns[0].cost_usd == pytest.approx(15e-6)


async def test_a_turn_that_fails_for_good_ends_the_conversation_as_an_error_and_keeps_what_was_paid(tmp_path):
    price = {"input": 1.0, "output": 1.0}
    run = stage_run(tmp_path, {"a": {"max_attempts": 2, "price": price}}, cases=[talk("one", "two", "three")])

    async def script(asked: Asked):
        return refusal(503, "overloaded") if asked.text == "two" else ok("1", prompt_tokens=10, completion_tokens=5)

    run.stage.script = script
    await run.go()
    [record] = run.records
    assert (record.response, record.passed, record.score, record.scores) == (None, None, None, ())
    assert (record.error.kind, record.error.status) == ("server", 503)
    assert record.error.message.startswith("turn 2 of 3: ")
    assert [turn.response and turn.response.text for turn in record.turns] == ["1", None]
    assert record.turns[1].error.kind == "server"
    assert not record.turns[1].error.message.startswith("turn")
    assert (record.attempts, record.turns[1].attempts) == (1 + 2 * ROUNDS, 2 * ROUNDS)
    assert record.cost_usd == pytest.approx(15e-6)
    assert record.timing.latency_s is None
    assert "three" not in {asked.text for asked in run.stage.asked}


async def test_a_first_turn_that_fails_is_told_as_such(tmp_path):
    run = stage_run(tmp_path, {"a": {}, "b": {}}, cases=[talk("one", "two")])

    async def script(asked: Asked):
        return refusal(413, "too long") if asked.model == "a" else ok()

    run.stage.script = script
    await run.go()
    [record] = run.of("a")
    assert record.error.message.startswith("turn 1 of 2: ")
    assert (len(record.turns), record.cost_usd) == (1, None)


async def test_a_turn_that_fails_for_now_is_asked_again_alone(tmp_path):
    run = stage_run(tmp_path, {"a": {}}, cases=[talk("one", "two")])

    async def script(asked: Asked):
        return refusal(500) if asked.number == 2 else ok(f"{asked.number}")

    run.stage.script = script
    await run.go()
    assert [asked.text for asked in run.stage.asked] == ["one", "two", "two"]
    assert [turn.attempts for turn in run.records[0].turns] == [1, 2]
    assert run.records[0].passed is True


REFUSED = {"message": {"role": "assistant", "content": None, "refusal": "I will not."}, "finish_reason": "stop"}
BLOCKED = {"message": {"role": "assistant", "content": ""}, "finish_reason": "content_filter"}
CUT_OFF = {"message": {"role": "assistant", "content": ""}, "finish_reason": "length"}
HALF = {"message": {"role": "assistant", "content": "Half a"}, "finish_reason": "length"}
CALL = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
CALLED = {"message": {"role": "assistant", "content": None, "tool_calls": [CALL]}, "finish_reason": "tool_calls"}


def middle(choice):
    """Plays one answer in the second turn."""

    async def script(asked: Asked):
        return httpx.Response(200, json={"choices": [choice]}) if asked.text == "two" else ok()

    return script


@pytest.mark.parametrize(
    ("choice", "accept", "reason"),
    [
        (REFUSED, [], "refused: 'I will not.'"),
        (BLOCKED, [], "blocked by a content policy"),
        (CUT_OFF, [], "cut off before any text; a larger max_output_tokens may help"),
        (BLOCKED, ["content_policy"], "the conversation cannot go on: the answer has no text"),
        (CUT_OFF, ["length"], "the conversation cannot go on: the answer has no text"),
        (CALLED, [], "the conversation cannot go on: the answer calls a tool, whose result is not scripted"),
    ],
    ids=["refused", "blocked", "cut-off", "blocked-accepted", "cut-off-accepted", "tool"],
)
async def test_an_answer_that_nothing_can_follow_ends_the_conversation_and_fails_it(tmp_path, choice, accept, reason):
    case = talk({"user": "one", "checks": [{"equals": "yes"}]}, "two", "three", accept=accept, threshold=0)
    run = stage_run(tmp_path, {"a": {}}, cases=[case])
    run.stage.script = middle(choice)
    await run.go()
    [record] = run.records
    assert [asked.text for asked in run.stage.asked] == ["one", "two"]
    assert (record.passed, record.score, record.error) == (False, 0.0, None)
    assert [(score.check, score.turn, score.reason) for score in record.scores] == [("outcome", 1, reason)]
    assert record.response.outcome == record.turns[1].response.outcome


@pytest.mark.parametrize(("choice", "accept"), [(REFUSED, ["refusal"]), (HALF, [])], ids=["refusal", "half"])
async def test_an_answer_with_words_that_may_pass_is_gone_on_from(tmp_path, choice, accept):
    run = stage_run(tmp_path, {"a": {}}, cases=[talk("one", "two", "three", accept=accept)])
    run.stage.script = middle(choice)
    await run.go()
    words = "I will not." if accept else "Half a"
    assert run.stage.asked[2].said[-2:] == (f"assistant: {words}", "user: three")
    assert run.records[0].passed is True


@pytest.mark.parametrize("checks", [[{"not": {"contains": "Lyon"}}], []], ids=["of the case", "of turns alone"])
async def test_a_conversation_whose_last_answer_is_missing_never_passes(tmp_path, checks):
    case = talk({"user": "one", "checks": [{"not": {"contains": "Lyon"}}]}, "two", checks=checks)
    run = stage_run(tmp_path, {"a": {}}, cases=[case])
    run.stage.script = middle(REFUSED)
    await run.go()
    assert run.records[0].passed is False


async def test_a_conversation_that_nobody_checks_is_unscored_whatever_was_answered(tmp_path):
    run = stage_run(tmp_path, {"a": {}}, cases=[talk("one", "two", checks="none")])
    run.stage.script = middle(REFUSED)
    await run.go()
    assert (run.records[0].passed, run.records[0].scores) == (None, ())


async def test_an_only_turn_is_a_question_with_checks_of_its_own(tmp_path):
    run = stage_run(tmp_path, {"a": {}}, cases=[talk({"user": "one", "checks": [{"equals": "no"}]}, checks=[])])
    await run.go()
    [record] = run.records
    assert (verdicts(record), record.passed, record.turns) == ([(0, "equals", False)], False, ())


async def test_operational_checks_of_the_case_look_at_the_sums(tmp_path):
    check = [{"max_output_tokens": 9}]
    case = talk({"user": "one", "checks": check}, {"user": "two", "checks": check}, checks=[*check, {"regex": "."}])
    run = stage_run(tmp_path, {"a": {}}, cases=[case])
    run.stage.script = answers("1", "2", prompt_tokens=1, completion_tokens=5)
    await run.go()
    found = verdicts(run.records[0])
    assert [passed for _, name, passed in found if name == "max_output_tokens"] == [True, True, False]


async def test_turns_of_one_model_share_its_places(tmp_path):
    cases = [talk("one", "two", "three", id=f"t{number}") for number in range(6)]
    run = stage_run(tmp_path, {"a": {"max_concurrency": 2}}, cases=cases)
    together = anyio.Event()

    async def script(asked: Asked):
        if run.stage.under_way["a"] == 2:
            together.set()
        if asked.number > 3:  # the first conversation goes alone
            await together.wait()
            await anyio.wait_all_tasks_blocked()  # whoever may still come, comes now
        return ok()

    run.stage.script = script
    await run.go()
    assert run.stage.peak["a"] == 2
    assert len(run.stage.asked) == 18
    assert [record.passed for record in run.records] == [True] * 6


async def test_repeats_talk_apart(tmp_path):
    run = stage_run(tmp_path, {"a": {"max_concurrency": 1}}, cases=[talk("one", "two", repeat=2)])
    run.stage.script = answers("1", "2", "3", "4")
    await run.go()
    assert [asked.said for asked in run.stage.asked if asked.text == "two"] == [
        ("user: one", f"assistant: {said}", "user: two") for said in said_first(run)
    ]
    assert len({record.key for record in run.records}) == 2


def said_first(run) -> list[str]:
    return [record.turns[0].response.text for record in sorted(run.records, key=lambda record: record.repeat)]


async def test_what_was_paid_is_kept_when_a_signal_comes_between_two_turns(tmp_path):
    run = stage_run(tmp_path, {"a": {"price": {"input": 1, "output": 1}}}, cases=[talk("one", "two")])

    heard = anyio.Event()
    run.watched.when_interrupted = heard.set

    async def script(asked: Asked):
        os.kill(os.getpid(), signal.SIGUSR1)
        await heard.wait()
        return ok("1", prompt_tokens=10, completion_tokens=5)

    run.stage.script = script
    ending = await run.go(signals=(signal.SIGUSR1,))
    assert ending.signal_number == signal.SIGUSR1
    [record] = run.records
    assert (record.error.kind, record.response, record.passed) == ("cancelled", None, None)
    assert record.error.message == "turn 2 of 2 was not sent: the run or its model was stopped"
    assert [turn.response.text for turn in record.turns] == ["1"]
    assert record.cost_usd == pytest.approx(15e-6)


async def test_a_model_that_is_given_up_in_the_middle_is_asked_no_more(tmp_path):
    cases = [talk("one", "two", "three", id=f"t{number}") for number in range(8)]
    run = stage_run(tmp_path, {"a": {"max_concurrency": 2}}, cases=cases)

    async def script(asked: Asked):
        return refusal(404, "no such model") if asked.number >= 5 else ok()

    run.stage.script = script
    ending = await run.go()
    assert ending.stopped["a"].kind == "not_found"
    assert len(run.stage.asked) <= 6
    broken = [record for record in run.records if record.turns and record.error is not None]
    assert {record.error.kind for record in broken} <= {"not_found", "cancelled"}
    answered = sum(turn.response is not None for record in run.records for turn in record.turns)
    assert answered == 4  # all that was answered stands in some record


def asks_app(tmp_path, body: dict, **suite):
    """A suite over an application that is asked in a JSON of its own."""
    app = {"type": "http", "url": "http://127.0.0.1:9/ask", "body": body, "answer": "text", "api_key_env": "TEST_KEY"}
    return stage_run(tmp_path, {"app": {"api": None}}, providers={"test": app}, **suite)


async def test_an_application_is_handed_each_turn_with_what_was_said(tmp_path):
    bodies: list[dict] = []
    body = {"q": "{{ prompt }}", "history": "{{ messages | length }}"}
    run = asks_app(tmp_path, body, prompts=SYSTEM, cases=[talk("one", "two", checks=[{"equals": "2"}])])

    async def play(request: httpx.Request) -> httpx.Response:
        bodies.append(json.loads(request.content))
        return httpx.Response(200, json={"text": str(len(bodies))})

    run.stage.play = play
    await run.go()
    assert bodies == [{"q": "one", "history": 2}, {"q": "two", "history": 4}]
    assert run.records[0].passed is True
    assert [turn.request for turn in run.records[0].turns] == bodies


async def test_what_a_template_of_a_target_cannot_do_with_an_answer_is_its_trials_error(tmp_path):
    body = {"n": "{{ 1 / (messages[1].content | length - 3) if messages | length > 1 else 0 }}"}
    run = asks_app(tmp_path, body, cases=[talk("one", "two")])

    async def play(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"text": "abc"})

    run.stage.play = play
    await run.go()
    [record] = run.records
    assert (record.error.kind, len(record.turns)) == ("config", 1)
    assert record.error.message.startswith("turn 2 of 2 was not sent: ")


async def test_a_time_is_unknown_where_one_of_its_parts_is():
    known = Timing(queue_s=1.0, backoff_s=0.5, latency_s=2.0, e2e_s=3.5, ttft_s=0.1, ttfo_s=0.2, tpot_s=0.01)
    unknown = Timing(queue_s=1.0, backoff_s=0.0, latency_s=None, e2e_s=1.0)
    whole = _timing([known, unknown], is_whole=True)
    assert (whole.queue_s, whole.backoff_s, whole.e2e_s, whole.latency_s) == (2.0, 0.5, 4.5, None)
    assert (whole.ttft_s, whole.ttfo_s, whole.tpot_s) == (0.1, 0.2, None)
