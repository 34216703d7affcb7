"""How comparisons are spelt: differences with their signs, intervals that keep them, verdicts as marks."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from evalkit.report import cells
from evalkit.types import Comparison, Flip, Pair, PairedFigure

__all__ = [
    "LEGEND",
    "MARKS",
    "TONES",
    "Cell",
    "changes",
    "evidence",
    "families",
    "headline",
    "kinds",
    "label",
    "points",
    "points_interval",
    "reason",
    "remarks",
]

MARKS = {
    "regressed": "✗ REGRESSED",
    "improved": "✓ IMPROVED",
    "no_difference": "= NO DIFFERENCE",
    "inconclusive": "? INCONCLUSIVE",
}
TONES = {"regressed": "fail", "improved": "pass", "no_difference": "faint", "inconclusive": "warn"}
LEGEND = (
    "Δ from: the smallest true difference that n cases show in 4 of 5 runs; decided by n: so many cases tell a "
    "difference of {margin} points from none in 4 of 5 runs"
)
_MOST_DIGITS = 4
_LARGE = 2.0
"""Relative changes from here on are told as multiples."""
_LISTED = 10


class Cell(NamedTuple):
    """A column of the table of pairs."""

    group: str
    heading: str
    name: str
    """The heading where there are no groups."""
    spell: Callable[[Pair], str]
    tone: Callable[[Pair], str] = lambda _: ""


def points(share: float | None) -> str:
    """`+1.7` for 0.0167; the unit stands in the heading."""
    return cells.UNKNOWN if share is None else _signed(100 * share, 1)


def points_interval(low: float | None, high: float | None) -> str:
    """`-18 to +22`, rounded outwards, with as many decimals as it takes to see on which side of 0 each end lies."""
    if low is None or high is None:
        return cells.UNKNOWN
    digits = 0 if high - low >= 0.1 else 1
    while digits < _MOST_DIGITS and not all(_keeps_side(end, way, digits) for end, way in ((low, -1), (high, 1))):
        digits += 1
    return f"{_signed(_outwards(low, -1, digits), digits)} to {_signed(_outwards(high, 1, digits), digits)}"


def label(pair: Pair, comparison: Comparison) -> str:
    """`gpt-4o [terse]`; between models or prompts, `gpt-4o → o3 [terse]`."""
    prompts = {each.prompt for each in comparison.pairs}
    if comparison.kind == "runs":
        return f"{pair.model} [{pair.prompt}]" if len(prompts) > 1 else str(pair.model)
    both = f"{pair.base} → {pair.new}"
    rest = pair.prompt if comparison.kind == "models" else pair.model
    alone = len({each.prompt if comparison.kind == "models" else each.model for each in comparison.pairs}) == 1
    return both if alone else f"{both} [{rest}]"


def families(comparison: Comparison) -> str:
    """How the intervals are meant."""
    made = sum(pair.low != pair.high for pair in comparison.pairs)  # else nothing was left to chance
    holm = f", by Holm over {made} comparisons" if made > 1 else ""
    return f"Differences in points, new - base; intervals at {100 * (1 - comparison.alpha):.0f} %{holm}."


def evidence() -> tuple[Cell, ...]:
    """The columns of the table of pairs."""
    rate, shows = "pass rate, %", "what n shows"
    return (
        Cell("cases", "n", "n", lambda pair: f"{pair.n:,}"),
        Cell(rate, "base", "base, %", lambda pair: cells.percent(pair.base_rate)),
        Cell(rate, "new", "new, %", lambda pair: cells.percent(pair.new_rate)),
        Cell("difference, points", "Δ", "Δ, points", lambda pair: points(pair.delta)),
        Cell("difference, points", "interval", "interval", lambda pair: points_interval(pair.low, pair.high)),
        Cell("difference, points", "p", "p", lambda pair: _p(pair.p_value)),
        Cell(
            "difference, points",
            "verdict",
            "verdict",
            lambda pair: MARKS[pair.verdict],
            lambda pair: TONES[pair.verdict],
        ),
        Cell(shows, "Δ from", "shows Δ from", _smallest),
        Cell(shows, "decided by n", "decided by n", lambda pair: f"≈{pair.n_to_decide:,}" if pair.n_to_decide else ""),
    )


def kinds(comparison: Comparison) -> dict[str, str]:
    """What became of a case → its heading, the worst first."""
    if comparison.kind == "runs":
        return {"broken": "Broken", "flaky": "Flaky", "fixed": "Fixed"}
    return {"broken": "Only the first passes", "flaky": "Flaky on a side", "fixed": "Only the second passes"}


def changes(pairs: Sequence[Pair]) -> list[tuple[str, Callable[[Pair], str]]]:
    """The other figures that any of the pairs has: heading and cell."""
    names = {
        "score": "score",
        "latency_s": "latency",
        "ttft_s": "first token",
        "input_tokens": "input tokens",
        "output_tokens": "output tokens",
        "cost_usd": "cost",
    }
    told = {figure.metric for pair in pairs for figure in pair.figures if not _repeats_pass_rate(figure, pair)}
    return [(name, _cell_of(metric)) for metric, name in names.items() if metric in told]


def headline(comparison: Comparison) -> str:
    """`of 6 comparisons, 1 regressed, 5 inconclusive`."""
    words = {"regressed": "regressed", "improved": "improved", "no_difference": "without a difference",
             "inconclusive": "inconclusive"}  # fmt: skip
    counts = ((word, sum(pair.verdict == verdict for pair in comparison.pairs)) for verdict, word in words.items())
    return f"of {cells.plural(len(comparison.pairs), 'comparison')}, " + ", ".join(
        f"{n} {word}" for word, n in counts if n
    )


def reason(flip: Flip, pair: Pair) -> str:
    """Why a case came out otherwise; that its question is another one now, where that is not so of all."""
    told = flip.same_question is False and any(each.same_question for each in pair.flips)
    return f"{'asked otherwise; ' if told else ''}{flip.reason or ''}".rstrip("; ")


def remarks(comparison: Comparison) -> Iterator[str]:
    """What the tables do not show, one sentence each; names in them come from suites."""
    yield from comparison.notes
    for pair in comparison.pairs:
        yield from _of_pair(label(pair, comparison), pair)
    yield from _alone(comparison, "only_in_base", comparison.base)
    yield from _alone(comparison, "only_in_new", comparison.new)
    expected = sorted({case for pair in comparison.pairs for case in pair.xfail})
    if expected:
        yield f"{cells.plural(len(expected), 'case')} expected to fail and left out: {_names(expected)}."


def _of_pair(name: str, pair: Pair) -> Iterator[str]:
    if pair.bounds:
        errors = f"{cells.plural(pair.base_errors, 'error')} on the base side, {pair.new_errors:,} on the new"
        bounds = points_interval(*pair.bounds)
        yield f"{name}: {errors}; with answers instead, the difference could be anything from {bounds} points."
    if pair.unpaired:
        yield f"{name}: {cells.plural(pair.unpaired, 'trial')} without a counterpart of the same repeat left out."
    if pair.same_answers:
        yield f"{name}: {cells.plural(pair.same_answers, 'trial')} unchanged, and asked once for both sides."
    if not pair.n:
        yield f"{name}: no trial was scored on both sides."


def _alone(comparison: Comparison, field: str, side: str) -> Iterator[str]:
    found = sorted({case for pair in comparison.pairs for case in getattr(pair, field)})
    if found:
        yield f"{cells.plural(len(found), 'case')} only in {side}, counted nowhere: {_names(found)}."


def _names(cases: Sequence[str]) -> str:
    rest = f", and {len(cases) - _LISTED:,} more" if len(cases) > _LISTED else ""
    return ", ".join(cases[:_LISTED]) + rest


def _repeats_pass_rate(figure: PairedFigure, pair: Pair) -> bool:
    """Whether a score tells what the pass rate tells already."""
    same = (figure.base, figure.new, figure.n) == (pair.base_rate, pair.new_rate, pair.n)
    return figure.metric == "score" and same


def _cell_of(metric: str) -> Callable[[Pair], str]:
    def spell(pair: Pair) -> str:
        figure = next((figure for figure in pair.figures if figure.metric == metric), None)
        if figure is None or figure.delta is None:
            return cells.UNKNOWN
        n = "" if figure.n == pair.n else f" n={figure.n:,}"
        if metric == "score":
            return f"{points(figure.delta)} points ({points_interval(figure.low, figure.high)}){n}"
        if figure.delta == figure.low == figure.high == 0:
            return f"same{n}"
        if figure.relative is None:
            return cells.UNKNOWN
        return f"{_relative(figure)}{n}"

    return spell


def _relative(figure: PairedFigure) -> str:
    """`+7.5 % (-5 to +22)`; from the threefold on `×4.3 (×3.1 to ×5.2)`."""
    change = figure.relative or 0.0
    if change < _LARGE:
        ends = points_interval(figure.relative_low, figure.relative_high)
        return f"{_signed(100 * change, 1)} % ({ends})"
    ends = " to ".join(_times(end) for end in (figure.relative_low, figure.relative_high))
    return f"{_times(change)} ({ends})"


def _times(change: float | None) -> str:
    return cells.UNKNOWN if change is None else f"×{1 + change:.3g}"


def _smallest(pair: Pair) -> str:
    return cells.UNKNOWN if pair.mde is None else f"±{100 * pair.mde:.1f}"


def _p(value: float | None) -> str:
    if value is None:
        return cells.UNKNOWN
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def _signed(value: float, digits: int) -> str:
    shown = f"{value:+.{digits}f}"
    return f"{0:.{digits}f}" if float(shown) == 0 else shown


def _outwards(end: float, way: int, digits: int) -> float:
    scale = float(10**digits)
    scaled = round(100 * end * scale, 6)
    return (math.floor(scaled) if way < 0 else math.ceil(scaled)) / scale


def _keeps_side(end: float, way: int, digits: int) -> bool:
    """Whether rounding outwards leaves an end on its side of 0."""
    shown = _outwards(end, way, digits)
    return (shown > 0) - (shown < 0) == (end > 0) - (end < 0)
