"""The sign-flip test: how often chance alone would make paired differences add up to as much, were there no effect.

Were base and new alike, each difference could as well have had the other sign. The distribution of the sum over all
2ⁿ signs is added up exactly, one difference at a time, where it lies on a lattice (shares of repeats do); differences
that do not are put on one so fine that p changes in its third digit at most. For single answers, that pass or fail,
this is the exact McNemar test: p = min(1, 2·P(Bin(b+c, ½) ≤ min(b, c))) (Dietterich 1998).
"""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

__all__ = ["sign_flip_p"]

_MOST_STEPS = 1 << 14
"""Lattice points that the absolute differences may sum to."""
_MOST_UNITS = 4_000
"""With more differences than this, their sum is normal to the fourth digit of p."""
_FINEST = 420
"""The smallest denominator that fractions of up to seven repeats have in common."""
_SAME = 1e-9


def sign_flip_p(differences: NDArray[np.float64]) -> float:
    """The two-sided p of a sum of independent paired differences; 1 where none differs."""
    largest = float(np.abs(differences).max(initial=0.0))
    changed = differences[np.abs(differences) > largest * _SAME]
    if not len(changed):
        return 1.0
    if len(changed) > _MOST_UNITS:
        z = abs(float(changed.sum())) / math.sqrt(float((changed**2).sum()))
        return 2 * NormalDist().cdf(-z)
    step = _step(np.abs(changed))
    steps = np.rint(np.abs(changed) / step).astype(np.int64)
    sums = np.abs(2 * np.arange(int(steps.sum()) + 1) - int(steps.sum()))
    reached = abs(int((np.sign(changed) * steps).sum()))  # on the same lattice: rounding must not put it out of reach
    return float(min(1.0, _chances(steps)[sums >= reached].sum()))


def _step(sizes: NDArray[np.float64]) -> float:
    """A step that all sizes are multiples of, where they are fractions; else as fine a one as there is room for."""
    coarsest = float(sizes.sum()) / _MOST_STEPS
    for parts in range(1, _FINEST + 1):
        scaled = sizes * parts
        if 1 / parts >= coarsest and np.abs(scaled - np.rint(scaled)).max() < _SAME * parts:
            return 1 / parts
    return coarsest


def _chances(steps: NDArray[np.int64]) -> NDArray[np.float64]:
    """P(T = t) for t from 0 to Σ steps, T being the sum of those steps whose sign is positive."""
    chances = np.zeros(int(steps.sum()) + 1)
    chances[0] = 1.0
    reach = 0
    for step in np.sort(steps):
        before = chances[: reach + 1].copy()
        reach += int(step)
        chances[: reach + 1] *= 0.5
        chances[step : reach + 1] += 0.5 * before
    return chances
