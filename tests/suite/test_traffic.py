"""The notations of a rollout: requests a day, growth, shares."""

from __future__ import annotations

import pytest

from evalkit.suite.traffic import DAYS_A_MONTH, Traffic, parse_growth, parse_mix, parse_part, parse_requests


@pytest.mark.parametrize(
    ("text", "a_day"),
    [
        ("50000/day", 50_000),
        ("50,000/day", 50_000),
        ("50_000 / d", 50_000),
        ("50k requests per day", 50_000),
        ("1.5M/month", 1.5e6 / DAYS_A_MONTH),
        ("20/s", 20 * 86_400),
        ("7 requests a week", 1),
        ("1/hour", 24),
        ("365/years", 1),
    ],
)
def test_requests_are_told_a_day(text, a_day):
    assert parse_requests(text) == pytest.approx(a_day)


@pytest.mark.parametrize(
    "text", ["50000", 50000, "lots/day", "-5/day", "0/day", "5/fortnight", "1e99/day", "", "/day", None]
)
def test_what_is_no_traffic_is_told_with_what_would_be(text):
    with pytest.raises(ValueError) as told:
        parse_requests(text)
    assert "50000/day" in str(told.value) or "more than 0" in str(told.value)


@pytest.mark.parametrize(
    ("text", "monthly"),
    [
        ("10%/month", 0.1),
        ("10 %", 0.1),
        ("-5%/month", -0.05),
        ("0", 0.0),
        ("100%/year", 2 ** (1 / 12) - 1),
        ("33.1%/quarter", 0.1),
    ],
)
def test_growth_is_told_a_month_and_compounds(text, monthly):
    assert parse_growth(text) == pytest.approx(monthly)


@pytest.mark.parametrize("text", ["10", "0.1", "ten%", "-100%/month", "10%/fortnight", "99999%/week"])
def test_what_is_no_growth_is_told(text):
    with pytest.raises(ValueError):
        parse_growth(text)


@pytest.mark.parametrize(("text", "share"), [("30%", 0.3), (0.3, 0.3), ("0", 0.0), (1, 1.0), (".5", 0.5)])
def test_a_share_is_a_number_or_per_cent(text, share):
    assert parse_part(text, "it") == share


@pytest.mark.parametrize("text", ["130%", -0.1, "half", True, "1.5", "nan"])
def test_what_is_no_share_is_told_by_its_name(text):
    with pytest.raises(ValueError, match="it is a share from 0 to 1"):
        parse_part(text, "it")


def test_the_shares_of_a_mix_add_up():
    assert parse_mix({"a": "80%", "b": 0.2}) == {"a": 0.8, "b": pytest.approx(0.2)}
    with pytest.raises(ValueError, match=r"add up to 0\.9, not to 1"):
        parse_mix({"a": 0.8, "b": 0.1})


def test_a_case_weighs_as_its_tags_say_and_its_own_weight_goes_first():
    traffic = Traffic(requests_per_day=1, tag_weights={"geo": 3, "hard": 2}, case_weights={"paris": 5})
    assert traffic.weight("oslo", ()) == 1
    assert traffic.weight("oslo", ("geo", "easy")) == 3
    assert traffic.weight("oslo", ("geo", "hard")) == 6
    assert traffic.weight("paris", ("geo",)) == 5
    assert traffic.weight("paris[language=fr]", ("geo",)) == 5
