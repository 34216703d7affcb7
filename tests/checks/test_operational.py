"""Checks of latency, cost and finish reason."""

from __future__ import annotations

import math

import pytest

from evalkit.errors import CheckFailedToRun
from evalkit.registry import CHECKS
from evalkit.types import Context, Response, Usage


def context(*, text="x", finish_reason="stop", latency_s=None, cost_usd=None):
    response = Response(text=text, model="m", finish_reason=finish_reason, outcome="ok", usage=Usage())
    return Context(output=text, response=response, latency_s=latency_s, cost_usd=cost_usd)


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


def test_the_reason_gives_the_measure_and_the_limit_with_their_unit():
    late = CHECKS["max_latency_s"](seconds=1.5).find(context(latency_s=2.34567))
    cheap = CHECKS["max_cost_usd"](usd=0.01).find(context(cost_usd=0.0021))
    assert late.reason == "2.35 s, over the limit of 1.5 s"
    assert cheap.reason == "0.0021 USD, within the limit of 0.01 USD"


@pytest.mark.parametrize(("name", "argument"), [("max_latency_s", "seconds"), ("max_cost_usd", "usd")])
def test_what_is_unknown_cannot_be_checked(name, argument):
    with pytest.raises(CheckFailedToRun, match="unknown"):
        CHECKS[name](**{argument: 1}).find(context())


@pytest.mark.parametrize("limit", [-1, math.nan, math.inf])
@pytest.mark.parametrize(("name", "argument"), [("max_latency_s", "seconds"), ("max_cost_usd", "usd")])
def test_a_limit_that_is_none_is_refused(name, argument, limit):
    with pytest.raises(ValueError, match=f"{argument} must be a finite number"):
        CHECKS[name](**{argument: limit})
