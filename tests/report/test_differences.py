"""Differences are spelt so that nobody takes one side of 0 for the other."""

from __future__ import annotations

import pytest

from evalkit.report import differences
from evalkit.report.comparison_console import ComparisonConsole
from evalkit.report.comparison_markdown import comparison_markdown, comparison_section
from evalkit.report.matrix import matrices
from evalkit.types import Comparison, Flip, Pair, PairedFigure

FLIP = Flip(case_id="发票-1", from_state="pass", to_state="fail", kind="broken", base_passed="1/1", new_passed="0/1",
            reason="icontains: looked for '巴黎'", base_text="Paris | 巴黎", new_text="<b>Lyon</b>",
            diff="@@ -1 +1 @@\n-Paris | 巴黎\n+<b>Lyon</b>", same_question=True)  # fmt: skip


def pair(model="gpt-4o", prompt="terse", verdict="inconclusive", **fields):
    told = {"base_rate": 0.9, "new_rate": 0.88, "delta": -0.02, "low": -0.1, "high": 0.06, "p_value": 0.5,
            "mde": 0.11, "n_to_decide": 500}  # fmt: skip
    return Pair(**{"base": "old", "new": "new", "model": model, "prompt": prompt, "n": 60, "trials": 60,
                   "verdict": verdict, **told, **fields})  # fmt: skip


def comparison(*pairs, **fields):
    return Comparison(**{"base": "old", "new": "new", "base_stand_in": False, "new_stand_in": False, "pairs": pairs,
                         "verdict": pairs[0].verdict, "margin": 0.05, **fields})  # fmt: skip


@pytest.mark.parametrize(
    ("low", "high", "shown"),
    [
        (-0.184, 0.217, "-19 to +22"),
        (-0.02, 0.03, "-2.0 to +3.0"),
        (0.0004, 0.02, "+0.04 to +2.00"),
        (-0.3, -0.002, "-30.0 to -0.2"),
        (-0.3, -0.0000001, "-30.0000 to 0.0000"),
        (0.0, 0.0, "0.0 to 0.0"),
        (0.0, 0.4, "0 to +40"),
        (None, 0.4, "–"),
    ],
)
def test_an_interval_is_rounded_outwards_and_keeps_its_sides_of_0(low, high, shown):
    assert differences.points_interval(low, high) == shown


@pytest.mark.parametrize(("share", "shown"), [(0.0167, "+1.7"), (-0.0167, "-1.7"), (-0.0001, "0.0"), (None, "–")])
def test_points_have_a_sign_unless_they_are_none(share, shown):
    assert differences.points(share) == shown


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"delta": 0.1, "relative": 0.075, "relative_low": -0.05, "relative_high": 0.22}, "+7.5 % (-5 to +22)"),
        ({"delta": 1, "relative": 3.3, "relative_low": 2.1, "relative_high": 4.2}, "×4.3 (×3.1 to ×5.2)"),
        ({"delta": 0.0, "low": 0.0, "high": 0.0, "relative": 0.0}, "same"),
        ({"delta": 0.1, "relative": 0.1, "n": 55}, "+10.0 % (–) n=55"),
        ({"delta": None}, "–"),
        ({"delta": 0.1, "relative": None}, "–"),
    ],
)
def test_a_change_is_told_with_its_interval_and_its_own_n(fields, shown):
    figure = PairedFigure(**{"metric": "cost_usd", "n": 60, "base": 1.0, "new": 1.1, **fields})
    told = pair(figures=(figure,))
    ((name, spell),) = differences.changes([told])
    assert (name, spell(told)) == ("cost", shown)


def test_a_score_that_says_what_the_pass_rate_says_is_left_out():
    score = PairedFigure(metric="score", n=60, base=0.9, new=0.88, delta=-0.02)
    assert differences.changes([pair(figures=(score,))]) == []
    other = PairedFigure(metric="score", n=60, base=0.95, new=0.93, delta=-0.02, low=-0.05, high=0.01)
    ((name, spell),) = differences.changes([pair(figures=(other,))])
    assert (name, spell(pair(figures=(other,)))) == ("score", "-2.0 points (-5.0 to +1.0)")


def test_pairs_are_called_by_what_sets_them_apart():
    one, two = pair(), pair(prompt="long")
    assert differences.label(one, comparison(one)) == "gpt-4o"
    assert differences.label(one, comparison(one, two)) == "gpt-4o [terse]"
    within = pair(base="a", new="b", model=None)
    assert differences.label(within, comparison(within, kind="models")) == "a → b"


@pytest.mark.parametrize("columns", [40, 60, 80, 120, 200])
def test_no_line_is_wider_than_the_terminal(columns):
    from evalkit.display import width

    figures = (PairedFigure(metric="cost_usd", n=60, base=1.0, new=9.0, delta=8.0, relative=8.0, relative_low=7.0,
                            relative_high=9.5),)  # fmt: skip
    pairs = [pair(model=f"模型-{number}-with-a-long-name", flips=(FLIP,), figures=figures) for number in range(4)]
    text = ComparisonConsole(columns=columns).render(comparison(*pairs, notes=("词 " * 200,)))
    assert max(map(width, text.splitlines())) <= columns


def test_colours_are_only_added():
    told = comparison(pair(verdict="regressed", flips=(FLIP,)))
    plain, coloured = (ComparisonConsole(color=color).render(told) for color in (False, True))
    import re

    assert coloured != plain
    assert re.sub(r"\x1b\[\d+m", "", coloured) == plain


def test_the_text_tells_what_broke_with_both_answers():
    text = ComparisonConsole(columns=100).render(comparison(pair(verdict="regressed", flips=(FLIP,))))
    assert "Broken (1)\n  发票-1 gpt-4o pass → fail: icontains: looked for '巴黎'\n" in text
    assert "      - Paris | 巴黎\n      + <b>Lyon</b>\n" in text
    assert text.endswith("✗ REGRESSED: of 1 comparison, 1 regressed\n")


def test_where_everything_is_asked_otherwise_it_is_not_said_of_each():
    from msgspec.structs import replace

    other = replace(FLIP, same_question=False)
    assert differences.reason(other, pair(flips=(other,))) == FLIP.reason
    assert differences.reason(other, pair(flips=(other, FLIP))) == f"asked otherwise; {FLIP.reason}"


def test_in_markdown_nothing_from_answers_is_markup():
    text = comparison_markdown(comparison(pair(verdict="regressed", flips=(FLIP,), base="a|b")))
    (row,) = (line for line in text.splitlines() if "发票-1" in line)
    assert row.count(" | ") == 5
    assert "`<b>Lyon</b>`" in row


def test_the_part_in_a_runs_report_keeps_to_its_room():
    pairs = [pair(model=f"m{number}", flips=(FLIP,) * 50) for number in range(50)]
    text = comparison_section(comparison(*pairs), 4_000)
    assert len(text.encode()) < 5_000
    assert text.endswith("The rest is in `comparison.json`.")


def test_what_does_not_count_is_said():
    told = pair(bounds=(-0.3, -0.1), base_errors=1, new_errors=2, unpaired=3, only_in_base=("c1",),
                only_in_new=tuple(f"d{number}" for number in range(12)), xfail=("x",), same_answers=4)  # fmt: skip
    assert list(differences.remarks(comparison(told))) == [
        "gpt-4o: 1 error on the base side, 2 on the new; with answers instead, the difference could be anything from "
        "-30 to -10 points.",
        "gpt-4o: 3 trials without a counterpart of the same repeat left out.",
        "gpt-4o: 4 trials unchanged, and asked once for both sides.",
        "1 case only in old, counted nowhere: c1.",
        "12 cases only in new, counted nowhere: d0, d1, d10, d11, d2, d3, d4, d5, d6, d7, and 2 more.",
        "1 case expected to fail and left out: x.",
    ]


def test_a_matrix_shows_each_model_against_each():
    verdicts = {("a", "b"): ("improved", 0.2), ("a", "c"): ("regressed", -0.1), ("b", "c"): ("no_difference", 0.0)}
    pairs = [pair(base=base, new=new, model=None, verdict=verdict, delta=delta)
             for (base, new), (verdict, delta) in verdicts.items()]  # fmt: skip
    ((title, names, rows),) = matrices(comparison(*pairs, kind="models"))
    assert "prompt terse" in title
    assert names == ["a", "b", "c"]
    assert rows == [
        ["·", "+20.0 ▲", "-10.0 ▼"],
        ["-20.0 ▼", "·", "0.0 ="],
        ["+10.0 ▲", "0.0 =", "·"],
    ]
    assert list(matrices(comparison(pairs[0], kind="models"))) == []
