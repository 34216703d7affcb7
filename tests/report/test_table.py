"""Tables fit, and what is shortened can still be told apart."""

from __future__ import annotations

import pytest

from evalkit.display import width
from evalkit.report.table import Column, Group, draw, shorten, wrap


def group(title, *headings, cell="12,345"):
    return Group(title=title, members=tuple(Column(heading=heading, cells=[cell, "–"]) for heading in headings))


def test_a_wide_table_is_stacked_between_its_groups():
    blocks = [[group("trials", "n", "pass")], [group("tokens", "in", "out")]]
    assert list(draw(["gpt-4o", "o3"], blocks, 30, str)) == [
        "        trials ───────",
        "             n    pass",
        "gpt-4o  12,345  12,345",
        "o3           –       –",
        "",
        "        tokens ───────",
        "            in     out",
        "gpt-4o  12,345  12,345",
        "o3           –       –",
    ]


def test_a_table_that_fits_stays_in_one_piece():
    lines = list(draw(["gpt-4o", "o3"], [[group("trials", "n")], [group("tokens", "in")]], 40, str))
    assert lines[2] == "gpt-4o  12,345  12,345"


def test_a_group_is_as_wide_as_its_title():
    lines = list(draw(["a", "b"], [[group("latency, s", "p50", cell="1"), group("n", "n", cell="2")]], 40, str))
    assert lines[0] == "   latency, s  n"
    assert lines[2] == "a           1  2"


def test_a_group_wider_than_the_room_is_cut_between_its_columns():
    lines = list(draw(["a", "b"], [[group("tokens", "in", "out", "reason", "cached")]], 24, str))
    assert {width(line) for line in lines} <= set(range(25))
    assert sum(line.startswith("a") for line in lines) == 2


def test_a_table_without_rows_has_no_lines():
    assert list(draw([], [[group("trials", "n")]], 80, str)) == []


def test_groups_that_belong_together_stay_together_when_a_table_is_cut():
    quality, spending = [group("trials", "n")], [group("cost", "total"), group("tokens", "in")]
    assert list(draw(["o3"], [quality, spending], 25, str)) == [
        "    trials",
        "         n",
        "o3  12,345",
        "",
        "    cost ─  tokens",
        "     total      in",
        "o3  12,345  12,345",
    ]


@pytest.mark.parametrize(
    ("columns", "label", "lines"),
    [
        (97, "doubao-1-5-vision-pro-32k-250115", 4),
        (96, "doubao-1-5-vision-pro-32k-250115", 9),  # a part for each block
        (60, "doubao-1-5…32k-250115", 9),  # so still, for a shorter name
        (52, "doubao-1-5…2k-250115", 14),  # more parts with any name
    ],
)
def test_a_name_is_shortened_where_a_block_would_be_cut(columns, label, lines):
    cell = "123,456,789"
    quality = [group("trials", "n", "pass", cell=cell), group("score", "mean", cell=cell)]
    spending = [group("tokens", "in", "out", cell=cell)]
    drawn = list(draw(["doubao-1-5-vision-pro-32k-250115", "o3"], [quality, spending], columns, str))
    assert (drawn[2].split()[0], len(drawn)) == (label, lines)


def test_names_that_differ_still_do_when_shortened():
    names = [f"doubao-1-5-{kind}-pro-32k-250115-and-so-on" for kind in ("vision", "motion")]
    cell = "123,456,789"
    quality = [group("trials", "n", "pass", cell=cell), group("score", "mean", cell=cell)]
    drawn = list(draw(names, [quality, [group("tokens", "in", cell=cell)]], 61, str))
    assert drawn[2].split()[0] != drawn[3].split()[0]


@pytest.mark.parametrize("columns", range(1, 40))
def test_a_shortened_name_fits_and_keeps_both_ends(columns):
    name = "doubao-1-5-视觉-pro-32k-250115"
    short = shorten(name, columns)
    assert width(short) <= columns
    if 5 <= columns < width(name):
        assert short[0] == "d"
        assert short[-1] == "5"
        assert "…" in short


def test_a_wrapped_text_loses_nothing_but_what_no_line_can_hold():
    text = "the quick 棕色的 fox jumps over a wordthatistoolongforanyline again"
    lines = list(wrap(text, 16, first="· ", rest="  "))
    assert all(width(line) <= 16 for line in lines)
    assert " ".join(line[2:] for line in lines) == text.replace("wordthatistoolongforanyline", "wordthatistoo…")
    assert [line[:2] for line in lines] == ["· "] + ["  "] * (len(lines) - 1)
    assert list(wrap("", 16)) == []
