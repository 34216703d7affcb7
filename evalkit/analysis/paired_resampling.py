"""Differences of figures that are no means, such as percentiles: by resampling whole units of both sides together."""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from evalkit.analysis.paired import t_value

__all__ = ["Resampled", "cost_per_pass", "percentile", "resample_difference"]

Floats = NDArray[np.float64]
Statistic = Callable[[Floats], float]
"""Of a weight for every trial; NaN where there is nothing to divide by."""

RESAMPLES = 1_000
_SEED = 20_240_411
_FEWEST_UNITS = 5


class Resampled(NamedTuple):
    """A difference new − base and its interval; the interval is None where too few units say nothing about it."""

    base: float
    new: float
    ends: tuple[float, float] | None
    relative: tuple[float, float] | None

    @property
    def difference(self) -> float:
        """new − base."""
        return self.new - self.base


def resample_difference(base: Statistic, new: Statistic, units: NDArray[np.intp], alpha: float) -> Resampled:
    """Of two statistics of the same trials; `units` has the number of each trial's unit.

    The percentile bootstrap over units, with a fixed seed and its quantiles moved outwards as t stands to z: without
    that it is too narrow for few units (Hesterberg 2015, Am. Stat. 69:371–386, §3.3).
    """
    n = int(units.max()) + 1
    every = np.ones(len(units))
    before, after = base(every), new(every)
    if n < _FEWEST_UNITS:
        return Resampled(before, after, None, None)
    source = np.random.default_rng([_SEED, n])
    drawn = (np.bincount(source.integers(0, n, n), minlength=n)[units].astype(float) for _ in range(RESAMPLES))
    both = np.array([(base(weights), new(weights)) for weights in drawn])
    return Resampled(before, after, _ends(both[:, 1] - both[:, 0], n, alpha), _ratio(both, n, alpha))


def percentile(values: Floats, q: float) -> Statistic:
    """The weighted q-quantile, linear between values as numpy's is."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]

    def of(weights: Floats) -> float:
        counted = np.cumsum(weights[order])
        place = q * (counted[-1] - 1)
        low, high = (np.searchsorted(counted, edge, side="right") for edge in (math.floor(place), math.ceil(place)))
        share = place - math.floor(place)
        return float(ordered[low] * (1 - share) + ordered[min(high, len(ordered) - 1)] * share)

    return of


def cost_per_pass(costs: Floats, passed: Floats) -> Statistic:
    """Σ cost / Σ passed."""

    def of(weights: Floats) -> float:
        passes = float((weights * passed).sum())
        return float((weights * costs).sum()) / passes if passes else math.nan

    return of


def _ends(values: Floats, units: int, alpha: float) -> tuple[float, float] | None:
    """None where resamples without a value could move an end."""
    known = values[np.isfinite(values)]
    tail = _tail(units, alpha)
    if len(values) - len(known) > tail * len(values):
        return None
    low, high = np.quantile(known, [tail, 1 - tail])
    return float(low), float(high)


def _ratio(both: Floats, units: int, alpha: float) -> tuple[float, float] | None:
    with np.errstate(divide="ignore", invalid="ignore"):
        return _ends(both[:, 1] / both[:, 0] - 1, units, alpha)


def _tail(units: int, alpha: float) -> float:
    """Φ(−t·sqrt(n/(n−1))): the quantile that is as far out in resamples as t is."""
    reach = t_value(alpha, units - 1) * math.sqrt(units / (units - 1))
    return NormalDist().cdf(-reach)
