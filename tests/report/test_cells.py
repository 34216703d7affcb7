"""Figures are short and honest, names harmless."""

from __future__ import annotations

import pytest

from evalkit.report.cells import aligned, interval, legend, one_line, percent, plural, score, seconds, tokens, usd


@pytest.mark.parametrize("spell", [percent, score, seconds, tokens, usd, lambda unknown: interval(unknown, unknown)])
def test_unknown_is_a_dash(spell):
    assert spell(None) == "–"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0.00"),
        (0.0000831, "0.0000831"),
        (0.0021, "0.00210"),
        (0.0999, "0.0999"),
        (0.1, "0.100"),
        (0.41, "0.410"),
        (1.5, "1.50"),
        (12345.678, "12,345.68"),
    ],
)
def test_dollars_never_lose_their_leading_digits(value, shown):
    assert usd(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0"),
        (29_338, "29,338"),
        (99_999, "99,999"),
        (123_456, "123k"),
        (999_499, "999k"),
        (999_500, "1M"),
        (29_338_000, "29.3M"),
        (4_200_000_000, "4.2G"),
    ],
)
def test_large_sums_of_tokens_are_shortened(value, shown):
    assert tokens(value) == shown


@pytest.mark.parametrize(
    ("low", "high", "shown"),
    [(0.4869, 0.9743, "48–98"), (0.0, 1.0, "0–100"), (0.9061, 0.9173, "90.6–91.8"), (0.99961, 1.0, "99.9–100.0")],
)
def test_an_interval_is_rounded_outwards(low, high, shown):
    assert interval(low, high) == shown


@pytest.mark.parametrize(("value", "shown"), [(0.614, "0.61"), (13.26, "13.3"), (612.4, "612"), (0.0, "0.00")])
def test_seconds_keep_three_digits(value, shown):
    assert seconds(value) == shown


def test_a_text_cannot_steer_the_terminal_or_break_its_line():
    assert one_line("a\x1b[31m\nb\r\u2028c\x00\u202e") == "a�[31m b c��"
    assert one_line("  发票 \t👩\u200d💻 ") == "发票 👩\u200d💻"


def test_decimal_points_stand_below_each_other():
    figures = aligned(["0.00210", "12.3", "612", "–", "≥1.5"])
    assert [figure.rjust(10) for figure in figures] == [
        "   0.00210",
        "  12.3    ",
        " 612      ",
        "   –      ",
        "  ≥1.5    ",
    ]
    assert aligned([]) == []


@pytest.mark.parametrize(
    ("shown", "told"),
    [
        (["1", "59–91"], ""),
        (["–"], "– is unknown, or of too few answers"),
        (["≥5", "–"], "– is unknown, or of too few answers; ≥ marks a sum of which a part is unknown"),
    ],
)
def test_marks_are_explained_where_they_occur(shown, told):
    assert legend(shown) == told


def test_one_is_no_plural():
    assert (plural(1, "trial"), plural(0, "trial"), plural(12_000, "trial")) == ("1 trial", "0 trials", "12,000 trials")
