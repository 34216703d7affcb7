"""Intervals of what is reported: shares and scores, percentiles, and costs. All at 95 %, all over independent units.

A unit is a case, or a cluster of cases that share something. Repeats of a case are averaged before anything is asked
about its neighbours, because they are no independent evidence (Miller 2024, arXiv:2411.00640). How often each interval
holds the truth was tried by simulation: docs/statistics.md.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from evalkit.analysis.statistics import CONFIDENCE, quantile_ranks, wilson, z_value

__all__ = ["FEWEST_UNITS", "Interval", "design_effect", "mean_interval", "quantile_interval", "ratio_interval"]

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]
Interval = tuple[float, float] | None
"""Its two ends; None where nothing can be said."""

FEWEST_UNITS = 5
"""With fewer units nothing is said about a mean cost: their spread says too little about that of others."""
RESAMPLES = 2_000
MOST_RESAMPLED = 1_000
"""With more units than this, the bootstrap's quantiles are those of the normal distribution."""
_FARTHEST = math.log(1e6)
"""An end a million times the figure says nothing any more."""
_SEED = 20_240_411


def mean_interval(values: Floats, clusters: Codes | None = None) -> Interval:
    """Of the mean of one value a case, each from 0 to 1; `clusters` has the number of each case's cluster.

    Wilson's with an effective number of cases, n / `design_effect`. For cases that passed or failed once each, that is
    Wilson's own. Unlike mean ± 1.96 SE it stays between 0 and 1, and does not shrink to nothing where all values agree.
    """
    n = len(values)
    if n == 0:
        return None
    mean = float(values.mean())
    if clusters is None and bool(np.isin(values, (0.0, 1.0)).all()):
        return wilson(float(values.sum()), n)
    effective = n / design_effect(values, clusters)
    return wilson(mean * effective, effective)


def design_effect(values: Floats, clusters: Codes | None = None) -> float:
    """How many of these cases weigh as much as one independent case that passes or fails: below 1 where repeats help.

    The clustered variance of the mean (Miller 2024) over that of a share, p̂(1−p̂)/n. Few units say little about
    variance, so the worst that can be (clusters whose cases are all alike: Σm²/Σm cases each) is averaged in with the
    weight of one unit, beside the number of units that did not all fail, or did not all pass, whichever are fewer.
    """
    n, mean = len(values), float(values.mean())
    clusters = np.arange(n) if clusters is None else clusters
    sizes = np.bincount(clusters).astype(float)
    totals = np.bincount(clusters, weights=values)
    units = len(sizes)
    worst = float((sizes**2).sum() / n)
    share_variance = mean * (1 - mean) / n
    if units < 2 or share_variance <= 0:
        return worst
    variance = units / (units - 1) * float(((totals - sizes * mean) ** 2).sum()) / n**2
    means = totals / sizes
    telling = int(min((means < 1).sum(), (means > 0).sum()))
    return (telling * variance / share_variance + worst) / (telling + 1)


def quantile_interval(values: Floats, q: float, clusters: Codes | None = None) -> tuple[float | None, float | None]:
    """Of the q-quantile: two of the values themselves (`quantile_ranks`); an end that is out of reach is None.

    Where values come in clusters, or a case has several, they count as n / `design_effect` of "at most the quantile"
    (Woodruff 1952).
    """
    n = len(values)
    if n == 0:
        return None, None
    ordered = np.sort(values)
    if clusters is None:
        low, high = quantile_ranks(n, q)
        return _at(ordered, low), _at(ordered, high)
    within = (values <= np.quantile(values, q)).astype(float)
    effective = min(n, max(1, int(n / design_effect(within, clusters))))
    low, high = quantile_ranks(effective, q)
    stretch = (n + 1) / (effective + 1)
    return (
        _at(ordered, low and max(1, math.floor(low * stretch))),
        _at(ordered, high and min(n, math.ceil(high * stretch))),
    )


def _at(ordered: Floats, rank: int | None) -> float | None:
    return None if rank is None else float(ordered[rank - 1])


_NO_SPREAD = 1e-6
"""A relative error below this is that of adding up equal amounts in floating point."""


def ratio_interval(amounts: Floats, counts: Floats) -> tuple[float | None, float | None]:
    """Of Σ amounts / Σ counts, such as cost per case or per pass; one amount (≥ 0) and one count a unit.

    The bootstrap-t on the logarithm of the ratio, over whole units, with a fixed seed (Efron & Tibshirani 1993, §12.5;
    the standard error by linearisation). Costs are skewed to the right, and the plain percentile bootstrap of 20 cases
    would hold the truth in 82–92 % of suites only. The upper end is None where nothing can be said of it, as where
    resamples too often have nothing to divide by; both are where there are fewer than `FEWEST_UNITS` units.
    """
    units = len(amounts)
    if units < FEWEST_UNITS or amounts.sum() <= 0 or counts.sum() <= 0:
        return None, None
    ratio = float(amounts.sum() / counts.sum())
    spread = _log_error(np.full((1, units), 1.0), amounts, counts)[1][0]
    if spread < _NO_SPREAD:
        return ratio, ratio
    if units > MOST_RESAMPLED:
        low, high = -z_value(), z_value()
        bounded = True
    else:
        low, high, bounded = _studentised(amounts, counts, math.log(ratio))
    above = -low * spread if bounded else math.inf
    return ratio * math.exp(-high * spread), ratio * math.exp(above) if above < _FARTHEST else None


def _studentised(amounts: Floats, counts: Floats, log_ratio: float) -> tuple[float, float, bool]:
    """The quantiles of (log ratio* − log ratio) / SE*, and whether nearly all resamples had a ratio."""
    logs, errors = _log_error(_weights(len(amounts)), amounts, counts)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = (logs - log_ratio) / errors
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(t[np.isfinite(t)], [tail, 1 - tail])
    return float(low), float(high), bool(np.isfinite(logs).mean() >= 1 - tail)


def _log_error(weights: Floats, amounts: Floats, counts: Floats) -> tuple[Floats, Floats]:
    """For each resample, the logarithm of its ratio and that one's standard error; not finite where there is none."""
    units = len(amounts)
    sums = weights @ np.column_stack([amounts, counts, amounts**2, amounts * counts, counts**2])
    a, b, aa, ab, bb = sums.T
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = aa / a**2 - 2 * ab / (a * b) + bb / b**2
        return np.log(a / b), np.sqrt(np.maximum(spread, 0) * units / (units - 1))


@lru_cache(maxsize=4)
def _weights(units: int) -> Floats:
    """How often each unit stands in each resample: `RESAMPLES` rows, always the same."""
    drawn = np.random.default_rng([_SEED, units]).integers(0, units, (RESAMPLES, units))
    rows = np.arange(RESAMPLES)[:, None] * units
    counted = np.bincount((drawn + rows).ravel(), minlength=RESAMPLES * units)
    return counted.reshape(RESAMPLES, units).astype(float)
