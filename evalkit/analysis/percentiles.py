"""Percentiles of times, each with its interval."""

from __future__ import annotations

import numpy as np

from evalkit.analysis.intervals import Codes, Floats, quantile_interval
from evalkit.types import Percentiles

__all__ = ["percentiles"]

_SMALLEST_N = {"p50": 2, "p90": 10, "p95": 20, "p99": 100}
"""1/(1−q): with fewer values the q-quantile is hardly more than the largest one."""


def percentiles(seconds: Floats, clusters: Codes | None = None) -> Percentiles:
    """Linear percentiles with their intervals; each left out where the values are too few for it."""
    found: dict[str, float | None] = {}
    for name, least in _SMALLEST_N.items():
        if len(seconds) < least:
            continue
        q = int(name[1:]) / 100
        low, high = quantile_interval(seconds, q, clusters)
        found |= {name: float(np.quantile(seconds, q)), f"{name}_low": low, f"{name}_high": high}
    return Percentiles(n=len(seconds), **found)
