"""What an estimate says in sentences, for whichever report: the sum, its sources, what makes it uncertain."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from evalkit.report import cells
from evalkit.types import CostEstimate, ModelEstimate, Rollout, Spread, UncertaintyShare

__all__ = [
    "STAND_IN", "duration", "headline", "judged", "probably", "remarks", "rollout_headline", "sources",
    "uncertain",
]  # fmt: skip

STAND_IN = "Lengths were measured on the stand-in gateway's answers: they say nothing about any model."
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def remarks(estimate: CostEstimate) -> list[str]:
    """What else there is to say, once each, with the models it holds for; last, what the intervals leave out."""
    by_note: dict[str, list[str]] = {}
    for row in (*estimate.models, *estimate.judges):
        for note in row.notes:
            by_note.setdefault(note, []).append(judged(row, estimate))
    notes = [*estimate.notes, *(f"{', '.join(names)}: {note}" for note, names in by_note.items())]
    notes += estimate.rollout.notes if estimate.rollout is not None else ()
    return [*dict.fromkeys(notes), f"the intervals know nothing of {'; '.join(estimate.leaves_out)}"]


def duration(seconds: float) -> str:
    """`0.8 s`, `50 s`, `5 min`, `1.4 h`, `2.1 d`."""
    for size, unit in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}" if seconds >= 10 * size else f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"


def probably(spread: Spread, spell: Callable[[float], str]) -> str:
    """`0.24 (95 %: 0.067–1.32)`."""
    return f"{spell(spread.median)} (95 %: {spell(spread.low)}–{spell(spread.high)})"


def headline(estimate: CostEstimate) -> str:
    """`70 trials, probably 0.24 USD (95 %: 0.067–1.32), at most 23`; what has no price is named."""
    trials = cells.plural(estimate.trials, "trial")
    priced = estimate.priced_cost_usd
    unpriced = f"{', '.join(estimate.unpriced)}: unpriced"
    if priced is None:
        return f"{trials}; {unpriced}" if estimate.unpriced else trials
    most = f", at most {cells.usd_in_short(priced.worst)}" if priced.worst is not None else ""
    told = f"{trials}, probably {_usd(priced)}{most}"
    return f"{told}; without {unpriced}" if estimate.unpriced else told


def _usd(spread: Spread) -> str:
    low, high = cells.usd_in_short(spread.low), cells.usd_in_short(spread.high)
    return f"{cells.usd_in_short(spread.median)} USD (95 %: {low}–{high})"


def judged(row: ModelEstimate, estimate: CostEstimate) -> str:
    """A model's name; of a judge, said to be one."""
    return f"{row.model} (judge)" if any(row is judge for judge in estimate.judges) else row.model


def sources(estimate: CostEstimate) -> Iterator[str]:
    """Where figures come from: one sentence for each way, with the models it holds for."""
    rows = [*estimate.models, *estimate.judges]
    for key, title in (("input_tokens", "Input"), ("output_tokens", "Output"), ("price", "Prices"), ("time_s", "Time")):
        ways: dict[str, list[str]] = {}
        for row in rows:
            if key in row.basis:
                ways.setdefault(row.basis[key], []).append(judged(row, estimate))
        told = "; ".join(way if len(ways) == 1 else f"{', '.join(names)}: {way}" for way, names in ways.items())
        if told:
            yield f"{title}: {told}."


def uncertain(shares: Sequence[UncertaintyShare]) -> str:
    """What makes the sum most uncertain; "" where it is certain."""
    if not shares:
        return ""
    others = ", ".join(f"{each.source} {_percent(each.share)}" for each in shares[1:4])
    rest = f"; then {others}" if others else ""
    first = shares[0]
    return f"Most uncertain: {first.source} ({_percent(first.share)} of the variance of the cost{rest})."


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def rollout_headline(rollout: Rollout) -> str:
    """The traffic, and what it costs over all."""
    grown = rollout.growth_per_month
    growth = f", {'growing' if grown > 0 else 'shrinking'} by {abs(100 * grown):.3g} % a month" if grown else ""
    about = [f"{rollout.requests_per_day:,.6g} requests a day{growth}"]
    about += [f"{100 * rollout.cached_input_share:.3g} % of the input cached"] if rollout.cached_input_share else []
    about += [f"{100 * rollout.retry_rate:.3g} % billed once more"] if rollout.retry_rate else []
    told = f"Rollout ({rollout.requests_from}): {'; '.join(about)}"
    day, month, whole = rollout.cost_per_day_usd, rollout.cost_per_month_usd, rollout.total_cost_usd
    if day is None or month is None or whole is None:
        unpriced = [row.model for row in rollout.models if row.cost_usd is None] if rollout.mix else []
        return f"{told}; {', '.join(unpriced)} unpriced." if unpriced else f"{told}; no mix of models is given."
    months = len(rollout.months)
    total = f"; {months} months {_usd(whole)}" if months > 1 else ""
    return f"{told}. A day {_usd(day)}; the first month {_usd(month)}{total}."
