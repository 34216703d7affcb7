"""Checks of latency, cost and finish reason."""

from __future__ import annotations

import dataclasses
import math

import pytest

from evalkit.errors import CheckFailedToRun
from evalkit.registry import CHECKS
from evalkit.types import Context, Response, Timing, Usage


def context(*, text="x", finish_reason="stop", usage=None, **measured):
    response = Response(text=text, model="m", finish_reason=finish_reason, outcome="ok", usage=usage or Usage())
    return Context(output=text, response=response, **measured)


def streamed(ttft_s, **more):
    return Timing(queue_s=0, backoff_s=0, latency_s=9, e2e_s=9, ttft_s=ttft_s, **more)


@pytest.mark.parametrize(
    ("reason", "reasons", "passed"),
    [
        ("stop", "stop", True),
        ("stop", ["stop"], True),
        ("completed", ["stop", "completed"], True),
        ("length", ["stop", "completed"], False),
        ("length", "stop", False),
        ("STOP", "stop", False),
        ("stop", "st", False),
        ("", "stop", False),
        ("停止", ["停止"], True),
        ("x" * 1_000_000, "stop", False),
    ],
)
def test_finish_reason_is_compared_as_the_api_spells_it(reason, reasons, passed):
    finding = CHECKS["finish_reason"](reasons=reasons).find(context(finish_reason=reason))
    assert (finding.passed, finding.value) == (passed, float(passed))
    assert len(finding.reason) < 400


def test_finish_reason_says_what_came_and_what_was_allowed():
    finding = CHECKS["finish_reason"](reasons=["stop", "end"]).find(context(finish_reason="length"))
    assert finding.reason == "finished by 'length', not 'stop', 'end'"


def test_a_response_without_a_finish_reason_cannot_be_checked_for_it():
    with pytest.raises(CheckFailedToRun, match="finish reason unknown"):
        CHECKS["finish_reason"](reasons="stop").find(context(finish_reason=None))


@pytest.mark.parametrize("reasons", ["", [], [""], ["stop", ""]])
def test_finish_reason_needs_a_reason(reasons):
    with pytest.raises(ValueError, match="name at least one finish reason"):
        CHECKS["finish_reason"](reasons=reasons)


LIMITS = [(0.0, 1.0, True), (1.0, 1.0, True), (1.0001, 1.0, False), (60, 0.5, False), (0.0, 0, True), (1e-9, 0, False),
          (1e9, 1e10, True), (1e300, 5, False)]  # fmt: skip


@pytest.mark.parametrize(("latency_s", "limit", "passed"), LIMITS)
def test_max_latency_s_passes_up_to_its_limit(latency_s, limit, passed):
    finding = CHECKS["max_latency_s"](seconds=limit).find(context(latency_s=latency_s))
    assert (finding.passed, finding.value) == (passed, float(passed))


@pytest.mark.parametrize(("cost_usd", "limit", "passed"), LIMITS)
def test_max_cost_usd_passes_up_to_its_limit(cost_usd, limit, passed):
    finding = CHECKS["max_cost_usd"](usd=limit).find(context(cost_usd=cost_usd))
    assert (finding.passed, finding.value) == (passed, float(passed))


@pytest.mark.parametrize(("ttft_s", "limit", "passed"), LIMITS)
def test_max_ttft_s_passes_up_to_its_limit(ttft_s, limit, passed):
    finding = CHECKS["max_ttft_s"](seconds=limit).find(context(timing=streamed(ttft_s), latency_s=99))
    assert (finding.passed, finding.value) == (passed, float(passed))


TOKENS = [(0, 0, True), (1, 1, True), (1, 0, False), (2, 1, False), (10, 100, True), (101, 100, False),
          (10**9, 10**9, True), (10**9 + 1, 10**9, False)]  # fmt: skip


@pytest.mark.parametrize(("name", "kind"), [("max_output_tokens", "output_tokens"),
                                            ("max_reasoning_tokens", "reasoning_tokens")])  # fmt: skip
@pytest.mark.parametrize(("tokens", "limit", "passed"), TOKENS)
def test_a_limit_of_tokens_passes_up_to_itself(name, kind, tokens, limit, passed):
    finding = CHECKS[name](tokens=limit).find(context(usage=Usage(**{kind: tokens})))
    assert (finding.passed, finding.value) == (passed, float(passed))


@pytest.mark.parametrize(
    ("usage", "passed"),
    [
        (Usage(input_tokens=5, output_tokens=20, total_tokens=25), True),
        (Usage(input_tokens=5, output_tokens=100, total_tokens=105), True),
        (Usage(input_tokens=5, output_tokens=101, total_tokens=106), None),
        (Usage(input_tokens=5, output_tokens=20, total_tokens=425), None),
        (Usage(output_tokens=20), None),
        (Usage(input_tokens=5, output_tokens=20), None),
        (Usage(), None),
        (Usage(input_tokens=5, output_tokens=20, total_tokens=25, reasoning_tokens=101), False),
    ],
)
def test_reasoning_that_nobody_counted_passes_only_where_there_is_no_room_for_more(usage, passed):
    check = CHECKS["max_reasoning_tokens"](tokens=100)
    if passed is None:
        with pytest.raises(CheckFailedToRun, match="reasoning tokens unknown"):
            check.find(context(usage=usage))
    else:
        assert check.find(context(usage=usage)).passed is passed


@pytest.mark.parametrize(
    ("name", "argument", "measured", "reason"),
    [
        ("max_latency_s", 1.5, {"latency_s": 2.34567}, "2.35 s, over the limit of 1.5 s"),
        ("max_latency_s", 2, {"latency_s": 2.0004}, "2.0004 s, over the limit of 2 s"),
        ("max_latency_s", 5000, {"latency_s": 4321.5}, "4,322 s, within the limit of 5,000 s"),
        ("max_latency_s", 1, {"latency_s": 0.5, "cached": True},
         "0.5 s, within the limit of 1 s, when this stored answer was asked"),
        ("max_cost_usd", 0.01, {"cost_usd": 0.0021}, "0.0021 USD, within the limit of 0.01 USD"),
        ("max_ttft_s", 1, {"timing": streamed(0.25)}, "0.25 s, within the limit of 1 s"),
        ("max_ttft_s", 1, {"timing": streamed(2, buffered=True)},
         "2 s, over the limit of 1 s, the answer came in one piece"),
        ("max_output_tokens", 1000, {"usage": Usage(output_tokens=12345)},
         "12,345 output tokens, over the limit of 1,000 output tokens"),
        ("max_reasoning_tokens", 50, {"usage": Usage(input_tokens=1, output_tokens=9, total_tokens=10)},
         "at most 9 reasoning tokens, all there is besides the input"),
    ],
)  # fmt: skip
def test_the_reason_gives_the_measure_and_the_limit_with_their_unit(name, argument, measured, reason):
    first = dataclasses.fields(CHECKS[name])[0].name
    assert CHECKS[name](**{first: argument}).find(context(**measured)).reason == reason


ARGUMENTS = [("max_latency_s", "seconds"), ("max_ttft_s", "seconds"), ("max_cost_usd", "usd"),
             ("max_output_tokens", "tokens"), ("max_reasoning_tokens", "tokens")]  # fmt: skip


@pytest.mark.parametrize(("name", "argument"), ARGUMENTS)
def test_what_is_unknown_cannot_be_checked(name, argument):
    assert CHECKS[name].operational
    for timing in (None, streamed(None)):
        with pytest.raises(CheckFailedToRun, match="unknown"):
            CHECKS[name](**{argument: 1}).find(context(timing=timing))


@pytest.mark.parametrize("limit", [-1, math.nan, math.inf])
@pytest.mark.parametrize(("name", "argument"), ARGUMENTS)
def test_a_limit_that_is_none_is_refused(name, argument, limit):
    with pytest.raises(ValueError, match=f"{argument} must be a finite number"):
        CHECKS[name](**{argument: limit})
