"""The check `number`: which number an answer gives, and when it is near enough."""

from __future__ import annotations

import math

import pytest

from evalkit.checks.number_reading import last_number
from evalkit.registry import CHECKS

MEGABYTE = "lorem ipsum " * 90_000


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        ("The total is 118.4", 118.4),
        ("It is $1,234.50.", 1234.5),
        ("1,234,567", 1234567),
        ("3 apples and 4 pears make 7", 7),
        ("−5", -5),
        ("-5", -5),
        ("+5", 5),
        ("－５", -5),
        ("-$5", -5),
        ("$-5", -5),
        ("−€ 5", -5),
        ("x=-3", -3),
        ("10-12", 12),
        ("10–12", 12),
        ("from (3)-4", 4),
        ("1e3", 1000),
        ("1.5E+3", 1500),
        ("2e-3", 0.002),
        ("2e−3", 0.002),
        (".5", 0.5),
        ("the answer is...5", 5),
        ("5.", 5),
        ("1.5 kg", 1.5),
        ("1.5kg", 1.5),
        ("12%", 12),
        ("１２．５", 12.5),
        ("١٢٫٥", 12.5),
        ("答案是118.4元。", 118.4),
        ("答案是-5", -5),
        ("等于.5", 0.5),
        ("1\u00a0234\u202f567.5", 1234567.5),
        ("1,5", 5),
        ("1,2345", 2345),
        ("1.2.3", 1.2),
        ("5 g of CO2", 5),
        ("USD118.40", 118.4),
        ("\\boxed{42}", 42),
        ("**42**", 42),
        ("12:30", 30),
        ("The answer:\n\n42\n\nHope this helps!", 42),
        ("0.1", 0.1),
        ("-0", 0),
        (MEGABYTE + "42", 42),
        ("42 " + MEGABYTE, 42),
        ("1 " * 500_000, 1),
        ("a" + ",111" * 250_000 + " 7", 7),
    ],
)
def test_the_last_number_of_the_answer_counts(find, answer, value):
    finding = find("number", answer, value=value)
    assert finding.passed, finding.reason
    assert finding.value == 1
    assert not find("number", answer, value=value + 1).passed


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "none",
        "CO2",
        "H₂O",
        "v1",
        "½",
        "²",
        "−",
        "$",
        "e5",
        "NaN",
        "inf",
        MEGABYTE,
        "-" * 1_000_000,
        "." * 1_000_000,
    ],
)
def test_an_answer_without_a_number_fails(find, answer):
    finding = find("number", answer, value=5)
    assert (finding.passed, finding.value) == (False, 0)
    assert "no number in" in finding.reason


@pytest.mark.parametrize(
    ("answer", "arguments", "passed"),
    [
        ("118.41", {"value": 118.4, "tolerance": 0.01}, True),
        ("118.39", {"value": 118.4, "tolerance": 0.01}, True),
        ("118.411", {"value": 118.4, "tolerance": 0.01}, False),
        ("118.4000000000000000000000001", {"value": 118.4}, False),
        ("0.3", {"value": 0.1, "tolerance": 0.2}, True),
        ("101", {"value": 100, "relative_tolerance": 0.01}, True),
        ("101.1", {"value": 100, "relative_tolerance": 0.01}, False),
        ("-101", {"value": -100, "relative_tolerance": 0.01}, True),
        ("102", {"value": 100, "tolerance": 2, "relative_tolerance": 0.01}, True),
        ("0.001", {"value": 0, "relative_tolerance": 0.5}, False),
        ("1e999999999", {"value": 5, "tolerance": 1e300}, False),
        ("1e-999999999", {"value": 0}, False),
        ("1e-999999999", {"value": 0, "tolerance": 1e-300}, True),
        ("9" * 1_000_000, {"value": 9}, False),
        ("123456789012345", {"value": 123456789012346}, False),
        ("1e308", {"value": 1e308, "tolerance": 5e-324}, True),
    ],
)
def test_the_tolerance_is_exact(find, answer, arguments, passed):
    finding = find("number", answer, **arguments)
    assert finding.passed is passed
    assert len(finding.reason) < 400


def test_the_reason_gives_both_numbers_and_the_tolerance(find):
    finding = find("number", "about $1,234.50", value=1200, tolerance=10)
    assert finding.reason == "answered 1,234.50, expected 1200 ± 10"


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"value": math.nan}, "value"),
        ({"value": math.inf}, "value"),
        ({"value": 1, "tolerance": -0.1}, "tolerance"),
        ({"value": 1, "tolerance": math.nan}, "tolerance"),
        ({"value": 1, "relative_tolerance": -1}, "relative_tolerance"),
        ({"value": 1, "relative_tolerance": math.inf}, "relative_tolerance"),
    ],
)
def test_a_number_or_tolerance_that_is_none_is_refused(arguments, name):
    with pytest.raises(ValueError, match=f"^{name} must be a finite number"):
        CHECKS["number"](**arguments)


@pytest.mark.parametrize(
    "text", ["a" + "1" * 10**6, "e1" * 500_000, "111,1111" * 125_000, "-$" * 500_000, "1." * 500_000]
)
@pytest.mark.timeout(20)
def test_a_hostile_megabyte_is_read_in_linear_time(text):
    last_number(text)
