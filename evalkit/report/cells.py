"""How figures and names are spelt for people: short, aligned by their last digit, unknown as "–"."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

from evalkit.types import ModelSummary

__all__ = [
    "MARKS",
    "UNKNOWN",
    "interval",
    "one_line",
    "percent",
    "plural",
    "score",
    "score_interval",
    "seconds",
    "span",
    "tokens",
    "total",
    "usd",
    "usd_in_short",
]

UNKNOWN = "–"
PARTIAL = "≥"
MARKS = {"pass": "✓ PASS", "fail": "✗ FAIL", "inconclusive": "? INCONCLUSIVE"}

_LONGEST = 2_000
_JOINERS = "\u200c\u200d"


def one_line(text: str) -> str:
    """Text from a suite or an answer on one line, without what steers a terminal or turns the writing round."""
    kept = " ".join(text[:_LONGEST].split())
    return "".join(char if char.isprintable() or char in _JOINERS else "�" for char in kept)


def plural(n: int, noun: str) -> str:
    """`1 trial`, `12,000 trials`."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def score(value: float | None) -> str:
    """`0.917`."""
    return UNKNOWN if value is None else f"{value:.3f}"


def percent(rate: float | None) -> str:
    """`91.7` for 0.917; the % sign stands in the heading."""
    return UNKNOWN if rate is None else f"{100 * rate:.1f}"


def interval(low: float | None, high: float | None) -> str:
    """`81–97` in per cent, rounded outwards; with a decimal where it is narrow."""
    if low is None or high is None:
        return UNKNOWN
    digits = 0 if high - low >= 0.1 else 1
    scale = 10**digits
    shown = (math.floor(100 * low * scale) / scale, math.ceil(100 * high * scale) / scale)
    return "–".join(f"{end:.{digits}f}" for end in shown)


def score_interval(low: float | None, high: float | None) -> str:
    """`0.65–0.93`, rounded outwards."""
    if low is None or high is None:
        return UNKNOWN
    return f"{math.floor(100 * low) / 100:.2f}–{math.ceil(100 * high) / 100:.2f}"


def span(low: float | None, high: float | None, spell: Callable[[float], str]) -> str:
    """`0.03–0.05`; `>0.03` or `<0.05` where the other end is out of reach."""
    if low is None or high is None:
        return f">{spell(low)}" if low is not None else f"<{spell(high)}" if high is not None else UNKNOWN
    return f"{spell(low)}–{spell(high)}"


def seconds(value: float | None) -> str:
    """`0.61`, `13.3`, `612`; the unit stands in the heading."""
    if value is None:
        return UNKNOWN
    return f"{value:.{2 if value < 10 else 1 if value < 100 else 0}f}"


def tokens(value: int | None) -> str:
    """`29,338`; six digits and more as `293k` or `29.3M`."""
    if value is None:
        return UNKNOWN
    if value < 100_000:
        return f"{value:,}"
    return f"{value / 1e3:.0f}k" if value < 999_500 else f"{value / 1e6:.3g}M" if value < 1e9 else f"{value / 1e9:.3g}G"


def usd(value: float | None) -> str:
    """Dollars without their sign: two decimals from 1 on, three significant digits below, never an exponent."""
    if value is None:
        return UNKNOWN
    if value >= 1 or value == 0:
        return f"{value:,.2f}"
    return f"{value:.{2 - math.floor(math.log10(value))}f}"


def usd_in_short(value: float) -> str:
    """Dollars with two or three significant digits, for the ends of intervals: `0.068`, `4.14`, `1.23k`, `1.23M`."""
    if value == 0 or 1 <= value < 1000:
        return f"{value:.{2 if value < 10 else 1 if value < 100 else 0}f}"
    if value >= 1000:
        return f"{value / 1e3:.3g}k" if value < 999_500 else f"{value / 1e6:.3g}M"
    return f"{value:.{1 - math.floor(math.log10(value))}f}"


def legend(shown: Iterable[str]) -> str:
    """What the marks among these cells mean; "" where there are none."""
    marks = {cell[:1] for cell in shown}
    said = [f"{UNKNOWN} is unknown, or of too few answers"] if UNKNOWN in marks else []
    said += [f"{PARTIAL} marks a sum of which a part is unknown"] if PARTIAL in marks else []
    said += ["> and < mark intervals with one end, of too few answers for the other"] if marks & {">", "<"} else []
    return "; ".join(said)


def aligned(figures: Sequence[str]) -> list[str]:
    """Figures with blanks behind them, so that their decimal points stand below each other."""
    decimals = [len(figure) - figure.find(".") if "." in figure else 0 for figure in figures]
    most = max(decimals, default=0)
    return [figure + " " * (most - places) for figure, places in zip(figures, decimals, strict=True)]


def total(row: ModelSummary, field: str) -> str:
    """A sum of tokens or of `cost_usd`, marked `≥` where some answers did not say theirs."""
    value = getattr(row, field)
    shown = usd(value) if field == "cost_usd" else tokens(value)
    partial = value is not None and row.known[field] < sum(row.outcomes.values())
    return f"{PARTIAL}{shown}" if partial else shown
