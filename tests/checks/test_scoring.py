"""From checks to a trial's verdict."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import anyio
import msgspec
import pytest

from evalkit.checks.scoring import LONG_ANSWER, judge, score_trial
from evalkit.errors import CheckFailedToRun
from evalkit.registry import CHECKS
from evalkit.types import (
    BoundCheck,
    Finding,
    Model,
    Opinion,
    Provider,
    Request,
    Response,
    Score,
    ToolCall,
    Trial,
    Usage,
)

MODEL = Model(
    name="m", id="m", api="chat", family="gpt", provider=Provider(name="p", base_url="http://x", api_key_env=None)
)


@dataclass
class Scripted:
    """A check that finds what it is told to."""

    value: float = 1.0
    passed: bool = True
    reason: str = "because"
    raises: BaseException | None = None
    blocking: bool = False
    operational: bool = False
    seen: Any = None

    def find(self, context):
        self.seen = context
        if self.raises:
            raise self.raises
        return Finding(passed=self.passed, value=self.value, reason=self.reason)


RIGHT, WRONG = Scripted(), Scripted(value=0.0, passed=False)


def bound(check, weight=1.0, name="scripted"):
    return BoundCheck(name=name, bind=lambda output: check, weight=weight)


def trial(*checks, **changes):
    request = Request(model="m", messages=())
    checks = tuple(check if isinstance(check, BoundCheck) else bound(check) for check in checks)
    return Trial(key="k", case_id="c", prompt="p", model=MODEL, repeat=0, request=request, checks=checks, **changes)


def response(text="Paris", outcome="ok", **changes):
    return Response(text=text, model="m", finish_reason="stop", outcome=outcome, usage=Usage(), **changes)


class Threads:
    """Counts what was handed to it, and runs it at once."""

    def __init__(self):
        self.calls = 0

    async def __call__(self, func, /):
        self.calls += 1
        return func()


def scored(of, answer=None, *, threads=None, latency_s=None, cost_usd=None):
    async def run():
        measured = {"latency_s": latency_s, "cost_usd": cost_usd}
        return await score_trial(of, answer or response(), **measured, run_blocking=threads or Threads())

    return anyio.run(run)


def test_a_trial_passes_when_no_check_fails():
    verdict = scored(trial(RIGHT, RIGHT))
    assert (verdict.passed, verdict.score) == (True, 1.0)
    assert verdict.scores[0] == Score(check="scripted", value=1.0, passed=True, reason="because")


def test_one_failed_check_fails_the_trial():
    verdict = scored(trial(RIGHT, WRONG))
    assert (verdict.passed, verdict.score) == (False, 0.5)


@pytest.mark.parametrize("outcome", ["ok", "length"])
def test_an_answer_of_tool_calls_alone_is_checked(outcome):
    calls = (ToolCall(id="t", name="look_up", arguments="{}"),)
    check = Scripted()
    assert scored(trial(check), response("", outcome, tool_calls=calls)).passed
    assert check.seen.response.tool_calls == calls


def test_the_score_is_the_mean_weighted_by_the_checks():
    assert scored(trial(bound(RIGHT, 3), bound(WRONG, 1))).score == 0.75
    assert scored(trial(Scripted(value=0.2), bound(Scripted(value=0.8), 2))).score == pytest.approx(0.6)


@pytest.mark.parametrize(("threshold", "passed"), [(0.75, True), (0.76, False), (0.0, True), (1.0, False)])
def test_with_a_threshold_the_score_decides(threshold, passed):
    assert scored(trial(bound(RIGHT, 3), bound(WRONG, 1), threshold=threshold)).passed is passed


def test_a_threshold_is_reached_in_spite_of_rounding():
    checks = [bound(RIGHT, 0.1), bound(WRONG, 0.2), bound(RIGHT, 0.7)]
    verdict = scored(trial(*checks, threshold=0.8))
    assert verdict.score < 0.8
    assert verdict.passed


def test_a_check_that_raises_leaves_the_trial_without_verdict():
    verdict = scored(trial(Scripted(raises=ZeroDivisionError("division by zero")), RIGHT, WRONG))
    assert (verdict.passed, verdict.score) == (None, None)
    assert verdict.scores[0] == Score(check="scripted", error="ZeroDivisionError: division by zero")
    assert [score.passed for score in verdict.scores[1:]] == [True, False]


def test_a_check_that_raises_is_never_passed_by_a_threshold():
    assert scored(trial(Scripted(raises=ValueError("x")), RIGHT, threshold=0.0)).passed is None


def test_arguments_that_cannot_be_rendered_are_the_checks_error():
    def bind(output):
        raise CheckFailedToRun(f"no template for {output}")

    verdict = scored(trial(BoundCheck(name="contains", bind=bind, weight=2)))
    assert verdict.scores == (Score(check="contains", error="no template for Paris", weight=2),)
    assert verdict.passed is None


def test_a_transform_that_raises_is_every_checks_error():
    def transform(output):
        raise KeyError("total")

    verdict = scored(trial(RIGHT, bound(WRONG, 2), transform=transform))
    assert [(score.error, score.weight) for score in verdict.scores] == [
        ("transform: KeyError: 'total'", 1),
        ("transform: KeyError: 'total'", 2),
    ]
    assert verdict.passed is None


def test_a_value_outside_0_to_1_is_an_error():
    for value in (1.5, -0.1, float("nan")):
        verdict = scored(trial(Scripted(value=value)))
        assert verdict.passed is None
        assert "does not lie between 0 and 1" in verdict.scores[0].error


def test_a_long_error_is_cut():
    assert len(scored(trial(Scripted(raises=ValueError("x" * 10**6)))).scores[0].error) == 1000


def test_cancelling_is_no_checks_error():
    with pytest.raises(asyncio.CancelledError):
        scored(trial(Scripted(raises=asyncio.CancelledError())))


def test_a_trial_without_checks_stays_without_verdict():
    for answer in (response(), response("", "refusal")):
        verdict = scored(trial(), answer)
        assert (verdict.passed, verdict.score, verdict.scores) == (None, None, ())


def test_a_check_of_weight_0_neither_fails_the_trial_nor_counts():
    verdict = scored(trial(RIGHT, bound(WRONG, 0)))
    assert (verdict.passed, verdict.score) == (True, 1.0)
    assert verdict.scores[1].passed is False


def test_where_all_weights_are_0_nothing_was_asked():
    verdict = scored(trial(bound(RIGHT, 0), threshold=0.5))
    assert (verdict.passed, verdict.score) == (None, None)
    assert verdict.scores[0].passed


def test_a_check_of_weight_0_that_raises_still_leaves_the_trial_without_verdict():
    assert scored(trial(RIGHT, bound(Scripted(raises=ValueError("x")), 0))).passed is None


@pytest.mark.parametrize(
    ("text", "outcome", "reason"),
    [
        ("I cannot help.", "refusal", "refused: 'I cannot help.'"),
        ("", "refusal", "refused without a word"),
        ("", "content_policy", "blocked by a content policy"),
        ("some text", "content_policy", "blocked by a content policy"),
        ("", "length", "cut off before any text; a larger max_output_tokens may help"),
        ("", "ok", "no text"),
        (" \n\u3000", "ok", "no text"),
    ],
)
def test_an_answer_that_is_missing_fails_without_being_checked(text, outcome, reason):
    inner = Scripted()
    verdict = scored(trial(CHECKS["not"](check=WRONG), inner, threshold=0.0), response(text, outcome))
    assert (verdict.passed, verdict.score) == (False, 0.0)
    assert verdict.scores == (Score(check="outcome", value=0.0, passed=False, reason=reason),)
    assert inner.seen is None


@pytest.mark.parametrize("text", ["", "No."])
@pytest.mark.parametrize("outcome", ["refusal", "content_policy", "length"])
def test_an_outcome_that_is_accepted_is_checked(text, outcome):
    verdict = scored(trial(RIGHT, accept=frozenset({outcome})), response(text, outcome))
    assert verdict.passed
    assert verdict.scores[0].check == "scripted"


def test_accepting_one_outcome_accepts_no_other():
    assert not scored(trial(RIGHT, accept=frozenset({"length"})), response("No.", "refusal")).passed


def test_no_text_is_accepted_by_nothing_where_the_outcome_is_ok():
    everything = frozenset({"ok", "length", "refusal", "content_policy"})
    assert scored(trial(RIGHT, accept=everything), response("")).passed is False


def test_an_answer_cut_off_but_with_text_is_checked():
    assert scored(trial(RIGHT), response("Par", "length")).passed


def test_the_checks_and_their_arguments_see_the_transformed_answer():
    inner, outputs = Scripted(), []

    def bind(output):
        outputs.append(output)
        return inner

    scored(trial(BoundCheck(name="x", bind=bind), transform=str.upper), response("Paris"), latency_s=0.5, cost_usd=0.01)
    assert outputs == ["PARIS"]
    assert (inner.seen.output, inner.seen.response.text) == ("PARIS", "Paris")
    assert (inner.seen.latency_s, inner.seen.cost_usd) == (0.5, 0.01)


def test_only_blocking_checks_leave_the_event_loop():
    threads = Threads()
    scored(trial(RIGHT, Scripted(blocking=True), RIGHT), threads=threads)
    assert threads.calls == 1


def test_what_a_check_says_can_always_be_stored():
    scores = scored(trial(Scripted(reason="\ud800"), Scripted(raises=ValueError("\udfff")))).scores
    assert (scores[0].reason, scores[1].error) == ("\\ud800", "ValueError: \\udfff")
    assert msgspec.json.encode(scores)


def test_the_verdict_can_be_had_from_stored_scores():
    scores = [Score(check="a", value=1.0, passed=True), Score(check="b", value=0.5, passed=False, weight=3)]
    assert judge(scores, threshold=0.6).passed
    assert judge(scores, threshold=None).passed is False
    assert judge([], threshold=None).passed is None


# --- what stands beside a check ------------------------------------------------------------------------------------


def beside(check, **more):
    return BoundCheck(name="scripted", bind=lambda output: check, **more)


def when(*words):
    return lambda output: output in words


@pytest.mark.parametrize(
    ("value", "passed", "threshold", "reached"),
    [(0.8, False, 0.7, True), (0.7, False, 0.7, True), (0.6, True, 0.7, False), (0.1 + 0.2, False, 0.3, True),
     (0.0, False, 0.0, True), (1.0, True, 1.0, True), (0.999, True, 1.0, False), (0.5, True, 0.5, True)],
)  # fmt: skip
def test_a_checks_threshold_decides_in_place_of_its_own_verdict(value, passed, threshold, reached):
    verdict = scored(trial(beside(Scripted(value=value, passed=passed), threshold=threshold)))
    assert (verdict.passed, verdict.score) == (reached, value)
    assert verdict.scores[0].reason == f"because; value {value:.3g}, threshold {threshold:g}"


def test_a_metric_is_kept_whatever_became_of_the_check():
    checks = [
        beside(RIGHT, metric="clarity"),
        beside(Scripted(raises=ValueError("x")), metric="clarity"),
        beside(RIGHT, metric="clarity", when=when("London")),
    ]
    assert [score.metric for score in scored(trial(*checks)).scores] == ["clarity"] * 3


def test_a_check_whose_condition_does_not_hold_is_skipped_and_no_part_of_the_score():
    check = Scripted(passed=False, value=0.0)
    verdict = scored(trial(RIGHT, beside(check, when=when("London"), weight=3)))
    assert (verdict.passed, verdict.score) == (True, 1.0)
    assert verdict.scores[1] == Score(
        check="scripted", skipped=True, weight=3, reason="not asked: its `when` does not hold"
    )
    assert check.seen is None
    assert scored(trial(RIGHT, beside(WRONG, when=when("Paris")))).score == 0.5


def test_where_all_checks_are_skipped_the_trial_is_without_verdict():
    verdict = scored(trial(beside(RIGHT, when=when("London")), beside(WRONG, when=when("Rome")), threshold=0.5))
    assert (verdict.passed, verdict.score) == (None, None)
    assert all(score.skipped for score in verdict.scores)


def test_a_condition_that_raises_is_its_checks_error():
    def when(output):
        raise KeyError("tag")

    verdict = scored(trial(RIGHT, beside(RIGHT, when=when)))
    assert verdict.passed is None
    assert verdict.scores[1].error == "KeyError: 'tag'"


def test_a_check_outside_the_score_fails_the_trial_without_a_share_in_it():
    late = beside(WRONG, in_score=False)
    assert (scored(trial(RIGHT, late)).passed, scored(trial(RIGHT, late)).score) == (False, 1.0)
    assert (scored(trial(WRONG, beside(RIGHT, in_score=False))).score) == 0.0
    assert scored(trial(RIGHT, late, threshold=0.5)).passed is False
    assert scored(trial(RIGHT, beside(RIGHT, in_score=False), threshold=0.5)).passed


def test_checks_outside_the_score_alone_are_no_verdict():
    assert scored(trial(beside(RIGHT, in_score=False))).passed is None
    skipped = beside(RIGHT, when=when("London"))
    assert scored(trial(skipped, beside(WRONG, in_score=False))).passed is None


# --- what waits, and what takes long -------------------------------------------------------------------------------


class Waiting(Scripted):
    async def find(self, context):
        await asyncio.sleep(0)
        return super().find(context)


def test_a_check_that_waits_is_scored_as_any_other():
    verdict = scored(trial(Waiting(), Waiting(value=0.5, passed=False), Waiting(raises=ValueError("x"))))
    assert [(score.value, score.passed, score.error) for score in verdict.scores] == [
        (1.0, True, None), (0.5, False, None), (None, None, "ValueError: x"),
    ]  # fmt: skip


def test_what_was_paid_for_an_error_is_kept_with_it():
    opinion = Opinion(model="judge", response=response("5/10"), cost_usd=0.1)
    failed = Waiting(raises=CheckFailedToRun("no verdict", opinions=[opinion]))
    assert scored(trial(failed)).scores[0].opinions == (opinion,)


def test_what_is_no_finding_is_an_error():
    class Odd(Scripted):
        def find(self, context):
            return True

    assert scored(trial(Odd())).scores[0].error == "it found a bool, which is no Finding"


def test_all_checks_of_a_long_answer_leave_the_event_loop_together():
    threads = Threads()
    scored(trial(RIGHT, WRONG, RIGHT), response("x" * LONG_ANSWER), threads=threads)
    assert threads.calls == 1
    scored(trial(RIGHT, WRONG, RIGHT), response("x" * (LONG_ANSWER - 1)), threads=threads)
    assert threads.calls == 1


def test_a_transform_that_leaves_nothing_leaves_no_answer():
    negative = CHECKS["not"](check=WRONG)
    verdict = scored(trial(negative, transform=lambda output: " \n"))
    assert (verdict.passed, verdict.score) == (False, 0.0)
    assert verdict.scores[0].reason == "the transform leaves nothing of 'Paris'"


def test_an_answer_of_tool_calls_alone_may_be_transformed():
    calls = (ToolCall(id="t", name="look_up", arguments="{}"),)
    assert scored(trial(RIGHT, transform=str.strip), response("", tool_calls=calls)).passed


@pytest.mark.parametrize(("text", "outcome"), [("", "ok"), ("No.", "refusal"), ("", "content_policy"), ("", "length")])
@pytest.mark.parametrize("name", ["all_of", "any_of"])
def test_no_composition_turns_a_missing_answer_into_a_pass(text, outcome, name):
    negative = CHECKS[name](checks=[CHECKS["not"](check=CHECKS["contains"](text="x")), CHECKS["not"](check=WRONG)])
    assert scored(trial(negative, CHECKS["not"](check=WRONG)), response(text, outcome)).passed is False
