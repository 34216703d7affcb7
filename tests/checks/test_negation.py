"""The check `not`."""

from __future__ import annotations

import pytest

from evalkit.errors import CheckFailedToRun
from evalkit.registry import CHECKS


def made(name, **arguments):
    return CHECKS[name](**arguments)


@pytest.mark.parametrize(
    ("answer", "inner", "passed"),
    [
        ("Paris", ("contains", {"text": "Lyon"}), True),
        ("Lyon", ("contains", {"text": "Lyon"}), False),
        ("", ("contains", {"text": "Lyon"}), True),
        ("LYON", ("icontains", {"text": "lyon"}), False),
        ("cafe\u0301", ("contains", {"text": "é"}), False),
        ("{}", ("json", {}), False),
        ("no", ("json", {"valid": False}), False),
        ("x" * 1_000_000, ("contains", {"text": "y"}), True),
        ("nothing", ("number", {"value": 5}), True),
        ("北京", ("regex", {"pattern": r"\p{Latin}"}), True),
    ],
)
def test_not_passes_when_the_inner_check_does_not(find, answer, inner, passed):
    finding = find("not", answer, check=made(inner[0], **inner[1]))
    assert (finding.passed, finding.value) == (passed, float(passed))
    assert finding.reason.startswith("not wanted: ")


def test_not_turns_a_share_round(find):
    finding = find("not", "a", check=made("contains_all", texts=["a", "b", "c", "d"]))
    assert (finding.passed, finding.value) == (True, 0.75)


def test_not_twice_is_the_check_itself(find):
    assert find("not", "Paris", check=made("not", check=made("contains", text="Paris"))).passed


def test_an_inner_check_that_cannot_run_stays_an_error(find):
    with pytest.raises(CheckFailedToRun, match="cost unknown"):
        find("not", "Paris", check=made("max_cost_usd", usd=1))


@pytest.mark.parametrize(
    ("inner", "operational", "blocking"),
    [
        (("contains", {"text": "a"}), False, False),
        (("regex", {"pattern": "a"}), False, True),
        (("max_latency_s", {"seconds": 1}), True, False),
    ],
)
def test_not_is_operational_and_blocking_as_its_inner_check(inner, operational, blocking):
    check = made("not", check=made("not", check=made(inner[0], **inner[1])))
    assert (check.operational, check.blocking) == (operational, blocking)
