"""Gates on what changed against a baseline: `delta.` and `new_failures`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from evalkit.gates.conditions import Judged, Result, holds, splits
from evalkit.types import Comparison, Gate, PairedFigure

__all__ = ["figures_for", "is_change", "judge_change"]

NO_BASELINE = "there is no baseline: run with --baseline FILE|RUN|git:REF"
_COUNT = "new_failures"
_PREFIX = "delta."


def is_change(gate: Gate) -> bool:
    """Whether a gate needs a baseline."""
    return gate.metric.startswith(_PREFIX) or gate.metric == _COUNT


def figures_for(gates: Iterable[Gate]) -> list[tuple[str, str | None]]:
    """What a comparison is to work out for these gates: metric and model."""
    return [(gate.metric.removeprefix(_PREFIX), gate.model) for gate in gates if is_change(gate)]


def judge_change(gate: Gate, comparison: Comparison | None) -> Judged:
    """A gate passes when the whole interval satisfies it, fails when none of it does, and else is inconclusive.

    A count has no interval: it is what it is, unless errors may hide more.
    """
    if comparison is None:
        return Judged("inconclusive", reasons=(NO_BASELINE,))
    figure = _figure(gate, comparison)
    if figure is None or not figure.n:
        where = f"of {gate.model} " if gate.model else ""
        return Judged("inconclusive", reasons=(f"no trial {where}has it on both sides",))
    judged = _count(gate, figure) if _metric(gate) == _COUNT else _difference(gate, figure)
    return judged.adding(_missing(gate, comparison))


def _metric(gate: Gate) -> str:
    return gate.metric.removeprefix(_PREFIX)


def _figure(gate: Gate, comparison: Comparison) -> PairedFigure | None:
    figures = (figure for scope in comparison.scopes if scope.model == gate.model for figure in scope.figures)
    return next((figure for figure in figures if figure.metric == _metric(gate)), None)


def _count(gate: Gate, figure: PairedFigure) -> Judged:
    value = figure.new or 0.0
    hidden = figure.uncertain
    open_ = bool(hidden) and splits(gate, value, value + hidden)
    reasons = (f"{hidden} more that passed before have errors now",) if hidden else ()
    result: Result = "inconclusive" if open_ else "pass" if holds(gate, value) else "fail"
    return Judged(result, value=value, n=figure.n, reasons=reasons)


def _difference(gate: Gate, figure: PairedFigure) -> Judged:
    if gate.unit == "%":
        value, low, high = figure.relative, figure.relative_low, figure.relative_high
    else:
        value, low, high = figure.delta, figure.low, figure.high
    if value is None:
        return Judged("inconclusive", n=figure.n, reasons=("the baseline's value is 0: nothing is a share of it",))
    if low is None or high is None:
        return Judged("inconclusive", value=value, n=figure.n, reasons=("too few cases for an interval",))
    if not splits(gate, low, high):
        result: Result = "pass" if holds(gate, value) else "fail"
        doubtful = figure.bounds is not None and splits(gate, *figure.bounds)
        reasons = (_if_answered(figure.bounds),) if doubtful and figure.bounds else ()
        return Judged(result, value, low, high, figure.n, reasons=reasons, in_doubt=doubtful)
    return Judged("inconclusive", value, low, high, figure.n, reasons=("the interval lies on both sides of the limit",))


def _if_answered(bounds: tuple[float, float]) -> str:
    low, high = (f"{100 * end:+.1f}" for end in bounds)
    return f"with answers instead of errors it could be anything from {low} to {high} points"


def _missing(gate: Gate, comparison: Comparison) -> Iterator[str]:
    pairs = [pair for pair in comparison.pairs if gate.model in (None, pair.model)]
    gone = {case for pair in pairs for case in pair.only_in_base}
    if gone:
        cases = "1 case" if len(gone) == 1 else f"{len(gone)} cases"
        yield f"{cases} of the baseline not among them"
