"""The check `number`: which number an answer gives, and when it is near enough."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
        ("1,5", 1.5),
        ("1,2345", 1.2345),
        ("1.2.3", 1.2),
        ("5 g of CO2", 5),
        ("USD118.40", 118.4),
        ("\\boxed{42}", 42),
        ("**42**", 42),
        (r"$\boxed{1{,}234{,}567}$", 1234567),
        (r"11,\!111", 11111),
        (r"12\,345", 12345),
        (r"3{,}14", 3.14),
        (r"\frac12", 0.5),
        (r"-\dfrac1{8}", -0.125),
        (r"\frac{-3}{4}", -0.75),
        (r"\cfrac{ 1 }{ 8 }", 0.125),
        ("3万5千人", 35000),
        ("25 m^2", 25),
        ("25 米^2", 25),
        (r"9.8\ \text{m s}^{-2}", 9.8),
        ("g = 9.8 m s^-2", 9.8),
        (r"$5\ \text{cm}^{3}$", 5),
        ("x^2 = 9", 9),
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


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        # thousands, as countries write them
        ("1.234,5", 1234.5),
        ("1.234.567", 1234567),
        ("1.234.567,89 €", 1234567.89),
        ("12,34,567.5", 1234567.5),
        ("₹1,23,45,678", 12345678),
        ("CHF 1'234.50", 1234.5),
        ("1’234’567", 1234567),
        ("1\u00a0234,5", 1234.5),
        ("１，２３４．５", 1234.5),
        ("0,125", 0.125),
        ("3,14159", 3.14159),
        ("1.000,00", 1000),
        # what looks like it, and is a list, a date or a version
        ("[1,5]", 5),
        ("(1,5)", 5),
        ("1,2,3", 3),
        ("[8,12]", 12),
        ("on 3/4/2025", 2025),
        ("2025-03-04", 4),
        # fractions
        ("1/2", 0.5),
        ("-3/4", -0.75),
        ("½", 0.5),
        ("1½", 1.5),
        ("2 ¾ cups", 2.75),
        ("1 1/2", 1.5),
        ("3⁄8", 0.375),
        (r"\frac{1}{4}", 0.25),
        (r"$-\dfrac{3}{4}$", -0.75),
        (r"1\frac{1}{2}", 1.5),
        ("1/0", 0),
        # powers of ten and words for them
        ("1.5 × 10^3", 1500),
        ("1.5x10^-3", 0.0015),
        (r"1.5 \times 10^{3}", 1500),
        ("2·10⁻³", 0.002),
        ("10^6", 1e6),
        ("10⁶", 1e6),
        ("3 million", 3e6),
        ("$1.2 billion", 1.2e9),
        ("5 lakh", 5e5),
        ("2 Mio. Euro", 2e6),
        ("5 millionaires", 5),
        # units
        ("12 %", 12),
        ("12％", 12),
        ("5 km/h", 5),
        ("30°C", 30),
        # Chinese
        ("三百二十五", 325),
        ("共三百二十五元。", 325),
        ("1.2万", 12000),
        ("3亿5000万元", 350_000_000),
        ("1.5万亿", 1.5e12),
        ("3万5000", 35000),
        ("5千克", 5),
        ("3千", 3000),
        ("两千零一", 2001),
        ("一万两千五", 12500),
        ("二〇二四年", 2024),
        ("零点五", 0.5),
        ("三点一四", 3.14),
        ("负五", -5),
        ("百分之十二", 12),
        ("三分之二", 2 / 3),
        ("壹佰贰拾叁", 123),
        ("十五", 15),
        ("三个", 3),
        ("第3题的答案是三百二十五", 325),
        ("三百二十五是第3题的答案", 3),
        ("答案是42，我们一起加油", 42),
        ("答案是42，十分简单", 42),
        ("三千" + "，一些字" * 80_000, 3000),
    ],
)
def test_numbers_are_read_as_people_write_them(find, answer, value):
    finding = find("number", answer, value=value, tolerance=1e-12)
    assert finding.passed, finding.reason
    assert not find("number", answer, value=value + 0.5).passed


@pytest.mark.parametrize("answer", ["一些", "统一", "万一", "三四个", "千万别", "十分", "一起", "第一", "x^", "/"])
def test_what_only_looks_like_a_chinese_number_is_none(answer):
    assert last_number(answer) is None


@pytest.mark.parametrize(
    ("answer", "point", "comma"),
    [
        ("1.234", 1.234, 1234),
        ("1,234", 1234, 1.234),
        ("1.5", 1.5, 1.5),
        ("1,5", 1.5, 1.5),
        ("1.234,5", 1234.5, 1234.5),
        ("1,234.5", 1234.5, 1234.5),
        ("(1,5)", 5, 1.5),
        ("1'234.5", 1234.5, 1234.5),
    ],
)
def test_the_decimal_mark_decides_where_a_number_can_be_read_in_two_ways(find, answer, point, comma):
    assert find("number", answer, value=point).passed
    assert find("number", answer, value=comma, decimal=",").passed


@pytest.mark.parametrize(
    ("answer", "arguments", "passed"),
    [
        ("12%", {"value": 0.12, "percent_as_share": True}, True),
        ("12%", {"value": 0.12}, False),
        ("0.12", {"value": "12%", "percent_as_share": True}, True),
        ("12", {"value": "12%"}, True),
        ("百分之十二", {"value": 0.12, "percent_as_share": True}, True),
        ("118.4", {"value": "118.40 EUR"}, True),
        ("0.333", {"value": "1/3"}, False),
        ("0.333", {"value": "1/3", "tolerance": 0.001}, True),
        ("2/6", {"value": "1/3"}, True),
        ("0.34", {"value": "1/3", "relative_tolerance": 0.02}, True),
        ("1234", {"value": "1,234"}, True),
        ("1.234", {"value": "1.234", "decimal": ","}, False),
        ("1.234", {"value": "1.234"}, True),
        ("325", {"value": "三百二十五"}, True),
        ("3", {"value": "三"}, True),
        ("1e999999999", {"value": "1/3"}, False),
    ],
)
def test_the_value_may_be_a_text_that_is_read_like_an_answer(find, answer, arguments, passed):
    assert find("number", answer, **arguments).passed is passed


@pytest.mark.parametrize("value", ["", "Paris", "3 or 4", "nan", "inf", "CO2"])
def test_a_value_that_is_not_one_number_is_refused(value):
    with pytest.raises(ValueError, match=r"^value must be a number, or a text with one number in it"):
        CHECKS["number"](value=value)


def grouped(number: int, separator: str) -> str:
    return f"{number:,}".replace(",", separator)


@given(st.integers(0, 10**15), st.integers(0, 999), st.sampled_from([",.", ".,", "'.", "\u00a0,", "\u202f."]))
def test_every_way_to_group_thousands_reads_back(whole, decimals, marks):
    text = f"{grouped(whole, marks[0])}{marks[1]}{decimals:03d}"
    found = last_number(text, marks[1])
    assert found is not None
    assert found.numerator == Decimal(f"{whole}.{decimals:03d}")


DIGITS, UNITS = "零一二三四五六七八九", ["", "十", "百", "千"]


def in_chinese(number: int) -> str:
    """Below 10,000: every digit with its unit, 零 for the gaps."""
    said, gap = "", False
    for place in reversed(range(4)):
        digit = number // 10**place % 10
        gap = gap or (digit == 0 and bool(said))
        if digit:
            said += ("零" if gap else "") + DIGITS[digit] + UNITS[place]
            gap = False
    return said


@given(st.integers(11, 9999), st.integers(0, 9999))
def test_every_chinese_numeral_reads_back(high, low):
    text = in_chinese(high) + "万" + (("零" if low < 1000 else "") + in_chinese(low) if low else "")
    assert int(last_number(f"共{text}元").numerator) == high * 10_000 + low


@given(st.text(alphabet="0123456789.,'’/ -−+$€%eE^×()[]{}½三十百千万亿点分之负第一millonfrac\\\n", max_size=60))
def test_any_mixture_is_read_without_a_crash(text):
    for mark in (".", ","):
        found = last_number(text, mark)
        assert found is None or (found.denominator > 0 and found.text.strip())


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
    "text",
    [
        "a" + "1" * 10**6,
        "e1" * 150_000,
        "111,1111" * 40_000,
        "-$" * 150_000,
        "1." * 150_000,
        "1/" * 150_000,
        "11," * 100_000,
        "1.111" * 60_000,
        "CO2 " * 80_000,
        "10^" * 100_000,
        "一三" * 150_000,
        "三百" * 150_000,
        "1 " * 150_000 + "CO2",
        "\\frac{1" * 50_000,
        "½" * 300_000,
    ],
)
@pytest.mark.timeout(30)
def test_hostile_text_is_read_in_linear_time(text):
    last_number(text)
