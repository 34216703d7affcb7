"""The formulas behind the figures: intervals and percentiles."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING

from evalkit.types import Percentiles

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["percentiles", "wilson"]

_SMALLEST_N = {0.50: 2, 0.90: 10, 0.95: 20, 0.99: 100}
"""1/(1−q): with fewer values the q-quantile is hardly more than the largest one."""


def wilson(passed: float, n: int, confidence: float = 0.95) -> tuple[float, float] | None:
    """The Wilson score interval of a pass rate over `n` independent cases, from 0 to 1; None where there are none.

    `passed` is the sum of the shares that passed of each: a whole number where no case was repeated.

    (p̂ + z²/2n ± z·sqrt(p̂(1−p̂)/n + z²/4n²)) / (1 + z²/n), as Bowyer et al. advise for small n (arXiv:2503.01747).
    """
    if n == 0:
        return None
    rate, z = passed / n, NormalDist().inv_cdf((1 + confidence) / 2)
    middle = rate + z * z / (2 * n)
    half = z * math.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    low = 0.0 if passed == 0 else (middle - half) / scale
    high = 1.0 if passed == n else (middle + half) / scale
    return low, high


def percentiles(seconds: pd.Series[float]) -> Percentiles:
    """Linear percentiles of the known values; each left out where they are too few for it."""
    known = seconds.dropna()
    n = len(known)
    p50, p90, p95, p99 = (float(known.quantile(q)) if n >= least else None for q, least in _SMALLEST_N.items())
    return Percentiles(p50=p50, p90=p90, p95=p95, p99=p99, n=n)
