"""The figures that are compared, and how each is read from paired trials: pass rate, score, latency, tokens, cost."""

from __future__ import annotations

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from evalkit.analysis.paired import PairedUnits
from evalkit.analysis.paired_resampling import Statistic, cost_per_pass, percentile, resample_difference
from evalkit.analysis.pairing import SCORED, Paired
from evalkit.types import PairedFigure

__all__ = ["SHARES", "TOLD", "difference_bounds", "paired_figure", "paired_units", "scope_figure"]

Rows = NDArray[np.bool_]
Floats = NDArray[np.float64]

SHARES = frozenset({"pass_rate", "score", "error_rate"})
"""Figures between 0 and 1."""
TOLD = ("score", "latency_s", "ttft_s", "input_tokens", "output_tokens", "cost_usd")
"""What stands beside the pass rate of every pair."""
_TIMES = ("latency_s", "ttft_s")
_SUMS = ("input_tokens", "output_tokens", "cost_usd")
_LEAST = {"p50": 2, "p90": 10, "p95": 20, "p99": 100}
"""Percentile → the fewest answers that it is told of."""


def paired_units(paired: Paired, metric: str) -> PairedUnits | None:
    """One figure as units; None where no trial has it on both sides."""
    rows, base, new = _sides_of(paired, metric)
    return paired.units(base, new, rows)


def paired_figure(metric: str, units: PairedUnits | None, alpha: float, *, scale: float = 1.0) -> PairedFigure:
    """The means a case on both sides, `scale` times, and their difference with its interval at 1 − alpha."""
    if units is None:
        return PairedFigure(metric=metric, n=0)
    low, high = units.interval(alpha, share=metric in SHARES)
    base, relative = units.base_mean, units.relative_interval(alpha)
    return PairedFigure(
        metric=metric,
        n=units.n,
        base=base * scale,
        new=units.new_mean * scale,
        delta=units.difference * scale,
        low=_finite(low * scale),
        high=_finite(high * scale),
        p_value=units.p_value,
        relative=units.difference / base if base else None,
        relative_low=relative[0] if relative else None,
        relative_high=relative[1] if relative else None,
    )


def scope_figure(paired: Paired, metric: str, alpha: float) -> PairedFigure:
    """A figure by the name that gates have for it; sums are over all paired trials. n counts cases."""
    if metric == "new_failures":
        return _new_failures(paired)
    if metric == "cost_per_pass_usd":
        return _cost_per_pass(paired, alpha)
    if metric[:3] in _LEAST:
        return _percentile(paired, metric, alpha)
    units = paired_units(paired, metric)
    trials = float(_sides_of(paired, metric)[0].sum()) if metric in _SUMS else 1.0
    figure = paired_figure(metric, units, alpha, scale=trials)
    return replace(figure, bounds=difference_bounds(paired, metric))


def difference_bounds(paired: Paired, metric: str) -> tuple[float, float] | None:
    """The difference if all trials with errors had come out worst for it, and best; None without errors.

    Only of `pass_rate` and `score`: of these an answer that never came could have been anything from 0 to 1.
    """
    if metric not in ("pass_rate", "score"):
        return None
    told = (*SCORED, "error")
    rows = paired.both & paired.is_status("base", *told) & paired.is_status("new", *told)
    broken = {side: paired.is_status(side, "error") for side in ("base", "new")}
    if not (rows & (broken["base"] | broken["new"])).any():
        return None
    values = {side: _quality(paired, metric, side) for side in ("base", "new")}

    def difference(base_error: float, new_error: float) -> float:
        cases = paired.cases(rows)
        base = np.where(broken["base"], base_error, values["base"])[rows]
        new = np.where(broken["new"], new_error, values["new"])[rows]
        return float(np.nanmean(cases.means(new) - cases.means(base)))

    return difference(1.0, 0.0), difference(0.0, 1.0)


# --- where figures come from -------------------------------------------------------------------------------------


def _sides_of(paired: Paired, metric: str) -> tuple[Rows, Floats, Floats]:
    """The trials that have the figure on both sides, and it."""
    if metric == "error_rate":
        base, new = (paired.is_status(side, "error").astype(float) for side in ("base", "new"))
        return paired.both, base, new
    if metric in SHARES:
        base, new = (_quality(paired, metric, side) for side in ("base", "new"))
        return paired.scored & ~np.isnan(base) & ~np.isnan(new), base, new
    base, new = (paired.values(metric, side) for side in ("base", "new"))
    rows = paired.both & ~np.isnan(base) & ~np.isnan(new)
    return (rows & _fresh(paired) if metric in _TIMES else rows), base, new


def _quality(paired: Paired, metric: str, side: str) -> Floats:
    return paired.passed(side) if metric == "pass_rate" else paired.values("score", side)


def _fresh(paired: Paired) -> Rows:
    """Trials that were answered by a model on both sides, not from a store: only these have a latency that counts."""
    stored = paired.rows["cached_base"].fillna(value=False) | paired.rows["cached_new"].fillna(value=False)
    fresh: Rows = ~stored.to_numpy(dtype=bool)
    return fresh


def _percentile(paired: Paired, metric: str, alpha: float) -> PairedFigure:
    quantile, column = metric.split("_", 1)
    rows, base, new = _sides_of(paired, column)
    if rows.sum() < _LEAST[quantile]:
        return PairedFigure(metric=metric, n=int(rows.sum()))
    q = int(quantile[1:]) / 100
    return _resampled(paired, metric, rows, percentile(base[rows], q), percentile(new[rows], q), alpha)


def _cost_per_pass(paired: Paired, alpha: float) -> PairedFigure:
    costs = [paired.values("cost_usd", side) for side in ("base", "new")]
    rows = paired.scored & ~np.isnan(costs[0]) & ~np.isnan(costs[1])
    passed = [paired.passed(side)[rows] for side in ("base", "new")]
    if not (rows.any() and passed[0].any() and passed[1].any()):
        return PairedFigure(metric="cost_per_pass_usd", n=int(rows.sum()))
    base, new = (cost_per_pass(cost[rows], each) for cost, each in zip(costs, passed, strict=True))
    return _resampled(paired, "cost_per_pass_usd", rows, base, new, alpha)


def _resampled(paired: Paired, metric: str, rows: Rows, base: Statistic, new: Statistic, alpha: float) -> PairedFigure:
    cases = paired.cases(rows)
    found = resample_difference(base, new, cases.cluster_of_case[cases.of_row], alpha)
    ends, relative = found.ends or (None, None), found.relative or (None, None)
    return PairedFigure(
        metric=metric,
        n=cases.n,
        base=found.base,
        new=found.new,
        delta=found.difference,
        low=ends[0],
        high=ends[1],
        relative=found.difference / found.base if found.base else None,
        relative_low=relative[0],
        relative_high=relative[1],
    )


def _new_failures(paired: Paired) -> PairedFigure:
    """Cases that passed before and do not now, by their `pass_if`; without one, all repeats have to pass.

    `uncertain` are those that passed before, and now have errors that could have gone either way.
    """
    rows = paired.both
    if not rows.any():
        return PairedFigure(metric="new_failures", n=0)
    cases = paired.cases(rows)

    def share(side: str, *statuses: str) -> Floats:
        told = cases.sums(paired.is_status(side, *SCORED, "error")[rows].astype(float))
        found = cases.sums(paired.is_status(side, *statuses)[rows].astype(float))
        shares: Floats = np.divide(found, told, out=np.full(cases.n, np.nan), where=told > 0)
        return shares

    wanted = cases.means(np.nan_to_num(paired.values("pass_if", "new"), nan=1.0)[rows]) - 1e-9
    before = share("base", "passed") >= wanted
    best, least = share("new", "passed", "error"), share("new", "passed")
    failed, open_ = before & (best < wanted), before & (best >= wanted) & (least < wanted)
    count = float(failed.sum())
    return PairedFigure(metric="new_failures", n=cases.n, base=0.0, new=count, delta=count, uncertain=int(open_.sum()))


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
