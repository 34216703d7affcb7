"""Checks made of others."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.checks.composition import AllOf, AnyOf, AtLeast
from evalkit.checks.negation import Not
from evalkit.errors import CheckFailedToRun
from evalkit.findings import reaching
from evalkit.registry import CHECKS
from evalkit.types import Check, Context, Finding, Opinion, Response, Usage

ANSWER = Response(text="Paris", model="m", finish_reason="stop", outcome="ok", usage=Usage())
CONTEXT = Context(output="Paris", response=ANSWER)


@dataclass
class Part:
    """A check that finds what it is told to."""

    passed: bool = True
    value: float = 1.0
    raises: Exception | None = None
    reason: str = "because"
    opinions: tuple[Opinion, ...] = ()
    operational: bool = False
    blocking: bool = False
    asked: int = 0

    def find(self, context):
        self.asked += 1
        if self.raises:
            raise self.raises
        return Finding(passed=self.passed, value=self.value, reason=self.reason, opinions=self.opinions)


class Waiting(Part):
    """One that must wait for others, as a judge does."""

    async def find(self, context):
        await asyncio.sleep(0)
        return super().find(context)


class Begun(Part):
    """One of somebody else's, that hands out a coroutine."""

    def find(self, context):
        return self._later(context)

    async def _later(self, context):
        return super().find(context)


def drive(finding: Awaitable[Finding]) -> Finding:
    """Awaits by hand: nothing here waits for longer than a turn, and a loop for each would take most of the time."""
    waiting = finding.__await__()
    try:
        while True:
            next(waiting)
    except StopIteration as done:
        return done.value


def found(check: Check) -> Finding:
    finding = check.find(CONTEXT)
    if isinstance(finding, Finding):
        return finding

    return drive(finding)


def yes(**more: Any) -> Part:
    return Part(**more)


def no(**more: Any) -> Part:
    return Part(**{"passed": False, "value": 0.0, **more})


def broken(**more: Any) -> Part:
    return Part(**{"raises": ZeroDivisionError("division by zero"), **more})


def composed(kind: str, parts: list[Any]) -> Check:
    if kind == "all":
        return AllOf(checks=parts)
    return AnyOf(checks=parts) if kind == "any" else AtLeast(n=int(kind), checks=parts)


@pytest.mark.parametrize(
    ("kind", "parts", "passed", "value"),
    [
        ("all", [yes(), yes()], True, 1),
        ("all", [yes(), no()], False, 0),
        ("all", [yes()], True, 1),
        ("all", [yes(value=0.9), yes(value=0.7), yes()], True, 0.7),
        ("all", [yes(value=0.3), no(value=0.6), no(value=0.5)], False, 0.5),
        ("any", [no(), yes()], True, 1),
        ("any", [no(), no()], False, 0),
        ("any", [yes(value=0.7), yes(value=0.9), no(value=0.95)], True, 0.9),
        ("any", [no(value=0.3), no(value=0.4)], False, 0.4),
        ("2", [yes(), no(), yes()], True, 1),
        ("2", [yes(), no(), no()], False, 0),
        ("2", [yes(value=0.9), yes(value=0.8), yes(value=0.7)], True, 0.8),
        ("2", [yes(value=0.9), no(value=0.4), no(value=0.2)], False, 0.4),
        ("1", [no(), yes()], True, 1),
        ("3", [yes(), yes(), yes(value=0.5)], True, 0.5),
    ],
)
def test_a_composition_has_the_verdict_and_the_value_of_the_part_that_decides(kind, parts, passed, value):
    finding = found(composed(kind, parts))
    assert (finding.passed, finding.value) == (passed, value)


@pytest.mark.parametrize(
    ("kind", "parts", "passed", "value"),
    [
        ("any", [yes(), broken()], True, 1),
        ("any", [broken(), yes(value=0.6)], True, 0.6),
        ("all", [no(), broken()], False, 0),
        ("all", [broken(), no(value=0.4), yes()], False, 0.4),
        ("2", [yes(value=0.8), broken(), yes(value=0.7)], True, 0.7),
        ("2", [no(value=0.1), broken(), no(value=0.2)], False, 0.2),
        ("1", [broken(), broken(), yes()], True, 1),
    ],
)
def test_an_error_does_not_matter_where_the_others_decide(kind, parts, passed, value):
    finding = found(composed(kind, parts))
    assert (finding.passed, finding.value) == (passed, value)
    assert "could not be checked" in finding.reason


@pytest.mark.parametrize(
    ("kind", "parts"),
    [
        ("any", [no(), broken()]),
        ("any", [broken()]),
        ("all", [yes(), broken()]),
        ("all", [broken(), broken()]),
        ("2", [yes(), no(), broken()]),
        ("2", [yes(), broken(), broken()]),
        ("3", [yes(), yes(), broken()]),
    ],
)
def test_an_error_that_could_decide_is_an_error_of_the_whole(kind, parts):
    with pytest.raises(CheckFailedToRun, match=r"\d of \d could not be checked: ZeroDivisionError: division by zero"):
        found(composed(kind, parts))


@pytest.mark.parametrize(
    ("kind", "parts", "reason"),
    [
        ("all", [yes(reason="a"), no(reason="b"), yes(reason="c")], "2 of 3 passed, 3 needed: b"),
        ("all", [yes(reason="a"), yes(reason="b")], "2 of 2 passed, 2 needed: a; b"),
        ("any", [no(reason="a"), yes(reason="b")], "1 of 2 passed, 1 needed: b"),
        ("any", [no(reason="a"), no(reason="b")], "0 of 2 passed, 1 needed: a; b"),
        ("2", [yes(reason="a"), no(reason="b"), no(reason="c")], "1 of 3 passed, 2 needed: b; c"),
        ("any", [yes(reason="a"), broken()], "1 of 2 passed, 1 needed: a; 1 could not be checked"),
        ("any", [yes(reason="a"), Waiting()], "1 of 2 passed, 1 needed: a; 1 not asked"),
        ("all", [yes(reason=str(n)) for n in range(7)], "7 of 7 passed, 7 needed: 0; 1; 2; 3; 4; and 2 more"),
    ],
)
def test_the_reason_names_the_parts_that_decide(kind, parts, reason):
    assert found(composed(kind, parts)).reason == reason


@pytest.mark.parametrize("kind", [Waiting, Begun])
def test_what_must_wait_is_asked_last_and_only_where_the_others_leave_it_open(kind):
    judge = kind()
    assert found(AnyOf(checks=[judge, yes()])).passed
    assert not found(AllOf(checks=[judge, no()])).passed
    assert found(AnyOf(checks=[judge, Not(check=AllOf(checks=[kind(), no()]))])).passed
    assert judge.asked == 0
    assert found(AnyOf(checks=[judge, no()])).passed
    assert found(AllOf(checks=[yes(), judge])).passed
    assert judge.asked == 2


def test_those_that_wait_are_asked_until_the_verdict_stands():
    judges = [Waiting(passed=False, value=0.0), Waiting(), Waiting()]
    assert found(AnyOf(checks=judges)).passed
    assert [judge.asked for judge in judges] == [1, 1, 0]


def test_what_is_dropped_before_it_began_is_no_warning(recwarn):
    inner = AllOf(checks=[Not(check=Waiting()), Begun(), reaching(Waiting(), 0.5)])
    assert found(AnyOf(checks=[yes(), inner])).passed
    assert not recwarn.list


def test_an_error_of_one_that_waits_counts_as_any_other():
    assert found(AnyOf(checks=[Waiting(raises=ValueError("x")), Waiting()])).passed
    with pytest.raises(CheckFailedToRun, match="1 of 2 could not be checked: ValueError: x"):
        found(AllOf(checks=[Waiting(raises=ValueError("x")), Waiting()]))


def test_what_was_paid_for_is_kept_whatever_it_came_to():
    one, two = (Opinion(model=name, response=ANSWER, cost_usd=0.1) for name in ("one", "two"))
    failed = broken(raises=CheckFailedToRun("no verdict", opinions=[two]))
    assert found(AnyOf(checks=[yes(opinions=(one,)), failed])).opinions == (one, two)
    assert found(Not(check=AnyOf(checks=[yes(opinions=(one,)), failed]))).opinions == (one, two)
    with pytest.raises(CheckFailedToRun) as caught:
        found(AllOf(checks=[yes(opinions=(one,)), failed]))
    assert caught.value.opinions == (one, two)


@pytest.mark.parametrize("value", [1.5, -0.1, float("nan")])
def test_a_part_that_cannot_be_ranked_is_an_error(value):
    with pytest.raises(CheckFailedToRun, match="does not lie between 0 and 1"):
        found(AllOf(checks=[yes(value=value)]))


def test_a_part_that_finds_nothing_is_an_error():
    class Empty(Part):
        def find(self, context):
            return None

    with pytest.raises(CheckFailedToRun, match="a part found a NoneType, which is no Finding"):
        found(AllOf(checks=[Empty()]))


def test_cancelling_is_no_parts_error():
    with pytest.raises(asyncio.CancelledError):
        found(AnyOf(checks=[Waiting(raises=asyncio.CancelledError()), yes(value=0.0, passed=False)]))


@pytest.mark.parametrize("name", ["all_of", "any_of"])
def test_a_composition_of_nothing_is_refused(name):
    with pytest.raises(ValueError, match="the list of checks is empty; name at least one"):
        CHECKS[name](checks=[])


@pytest.mark.parametrize("n", [0, -1, 3])
def test_as_many_as_there_are_can_be_asked_for_at_most(n):
    with pytest.raises(ValueError, match=f"n must lie between 1 and the number of checks, 2; it is {n}"):
        AtLeast(n=n, checks=[yes(), no()])


@pytest.mark.parametrize(
    ("parts", "operational", "blocking"),
    [
        ([yes(), yes()], False, False),
        ([yes(operational=True), yes()], False, False),
        ([yes(operational=True), yes(operational=True)], True, False),
        ([yes(), yes(blocking=True)], False, True),
    ],
)
def test_a_composition_is_operational_as_all_and_blocking_as_any_of_its_parts(parts, operational, blocking):
    for check in (AllOf(checks=parts), AnyOf(checks=parts), AtLeast(n=1, checks=parts)):
        nested = Not(check=AnyOf(checks=[check]))
        assert (nested.operational, nested.blocking) == (operational, blocking)


def test_a_threshold_decides_in_place_of_the_check():
    low, high = reaching(no(value=0.6), 0.5), reaching(yes(value=0.6), 0.7)
    assert (found(low).passed, found(high).passed) == (True, False)
    assert found(high).reason == "because; value 0.6, threshold 0.7"
    assert found(reaching(Waiting(value=0.1 + 0.2), 0.3)).passed
    assert (high.operational, high.blocking) == (False, False)


# --- the algebra -------------------------------------------------------------------------------------------------

values = st.integers(min_value=0, max_value=8).map(lambda eighths: eighths / 8)  # exact in binary: 1 − (1 − v) is v
kinds = st.sampled_from([Part, Waiting])
findings = st.builds(lambda kind, passed, value: kind(passed=passed, value=value), kinds, st.booleans(), values)
errors = st.builds(lambda kind: kind(raises=ValueError("x")), kinds)
lists = st.lists(findings, min_size=1, max_size=5)


def outcome(check: Check) -> tuple[bool, float] | None:
    try:
        finding = found(check)
    except CheckFailedToRun:
        return None
    return finding.passed, finding.value


@given(lists)
def test_not_any_of_is_all_of_not(parts):
    turned = [Not(check=part) for part in parts]
    assert outcome(Not(check=AnyOf(checks=parts)))[0] == outcome(AllOf(checks=turned))[0]
    assert outcome(Not(check=AllOf(checks=parts)))[0] == outcome(AnyOf(checks=turned))[0]


@given(st.lists(st.builds(lambda passed, value: Part(passed=passed, value=value), st.booleans(), values), min_size=1))
def test_the_values_obey_it_too_where_all_parts_are_looked_at(parts):
    turned = [Not(check=part) for part in parts]
    assert outcome(Not(check=AnyOf(checks=parts))) == outcome(AllOf(checks=turned))
    assert outcome(Not(check=AllOf(checks=parts))) == outcome(AnyOf(checks=turned))


@given(lists, st.data())
def test_not_at_least_n_is_at_least_the_rest_of_not(parts, data):
    n = data.draw(st.integers(min_value=1, max_value=len(parts)))
    turned = [Not(check=part) for part in parts]
    rest = AtLeast(n=len(parts) - n + 1, checks=turned)
    assert outcome(Not(check=AtLeast(n=n, checks=parts)))[0] == outcome(rest)[0]


@given(lists)
def test_at_least_one_is_any_of_and_at_least_all_is_all_of(parts):
    assert outcome(AtLeast(n=1, checks=parts)) == outcome(AnyOf(checks=parts))
    assert outcome(AtLeast(n=len(parts), checks=parts)) == outcome(AllOf(checks=parts))


@given(st.lists(findings | errors, min_size=1, max_size=5), st.sampled_from(["all", "any", "1"]))
def test_a_verdict_in_spite_of_errors_holds_whatever_the_erring_parts_would_have_found(parts, kind):
    verdict = outcome(composed(kind, parts))
    erring = [index for index, part in enumerate(parts) if part.raises]
    possible = set()
    for filler in (Part(passed=True), Part(passed=False, value=0.0)):
        filled = [filler if index in erring else part for index, part in enumerate(parts)]
        possible.add(outcome(composed(kind, filled))[0])
    assert (verdict is None) == (len(possible) == 2)
    assert verdict is None or possible == {verdict[0]}
