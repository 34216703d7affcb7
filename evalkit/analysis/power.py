"""What a comparison could show: its power, the smallest difference it finds, and the cases that a wanted one needs.

The model behind it: a change makes a share δ of the cases pass that failed before (or the other way round); of the
others, chance alone flips a share f between two answers. One difference a case, the mean of `repeats` answers on each
side, then has the variance of Miller (2024, arXiv:2411.00640), ω² + (σ²_A + σ²_B)/K = δ(1 − δ) + (1 − δ)·f/K.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from evalkit.analysis.statistics import z_value

__all__ = ["ALPHA", "POWER", "cases_needed", "power_of", "smallest_difference"]

ALPHA = 0.05
POWER = 0.8
MOST_CASES = 10_000_000
_FEWEST_FLIPS = math.ceil(1 - math.log2(ALPHA))
"""So many cases must differ before even a unanimous sign-flip test rejects: 2·2⁻⁶ < 5 %."""
_HALVINGS = 40

Floats = NDArray[np.float64]


def power_of(cases: int, delta: float, *, flips: float, repeats: float = 1) -> float:
    """How often `compare` finds a true difference of `delta`, two-sided at 5 %, as it tests: by the exact McNemar test,
    or for repeats by the sign-flip test.

    For single answers it is exact: over all numbers of cases that differ, and how these divide. For repeats, over all
    numbers of cases that really changed; what chance adds to their sum is taken as normal, with a step of 1/K.
    """
    if cases < 1 or delta <= 0:
        return 0.0
    return _single(cases, delta, flips) if repeats == 1 else _repeated(cases, delta, flips, repeats)


def smallest_difference(cases: int, *, flips: float, repeats: float = 1) -> float | None:
    """The smallest difference that is found with a power of 80 %; None where so few cases could not show any."""
    if power_of(cases, 1.0, flips=flips, repeats=repeats) < POWER:
        return None
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if power_of(cases, middle, flips=flips, repeats=repeats) < POWER:
            low = middle
        else:
            high = middle
    return high


def cases_needed(delta: float, *, flips: float, repeats: float = 1) -> int | None:
    """The cases with which a difference of `delta` is found with a power of 80 %; None beyond `MOST_CASES`."""
    most = 1
    while power_of(most, delta, flips=flips, repeats=repeats) < POWER:
        most *= 2
        if most > MOST_CASES:
            return None
    least = most // 2
    while most - least > 1:
        middle = (least + most) // 2
        if power_of(middle, delta, flips=flips, repeats=repeats) < POWER:
            least = middle
        else:
            most = middle
    return most


def _single(cases: int, delta: float, flips: float) -> float:
    from scipy.stats import binom  # type: ignore[import-untyped]

    differing = delta + (1 - delta) * flips
    better = min(1.0, (delta + (1 - delta) * flips / 2) / differing)
    counts = _likely(cases, differing)
    against = binom.ppf(ALPHA / 2, counts, 0.5)
    against -= binom.cdf(against, counts, 0.5) > ALPHA / 2  # the most that may speak against, for p ≤ α
    rejected = binom.sf(counts - against - 1, counts, better) + binom.cdf(against, counts, better)
    return float((binom.pmf(counts, cases, differing) * np.where(against >= 0, rejected, 0.0)).sum())


def _repeated(cases: int, delta: float, flips: float, repeats: float) -> float:
    from scipy.special import ndtr  # type: ignore[import-untyped]
    from scipy.stats import binom

    changed = _likely(cases, delta)
    others = cases - changed
    noise = others * flips / repeats
    with np.errstate(divide="ignore", invalid="ignore"):
        reach = (changed - 1 / repeats - z_value() * np.sqrt(changed + noise)) / np.sqrt(noise)
    enough = binom.sf(_FEWEST_FLIPS - 1 - changed, others, _share_that_differs(flips, repeats))
    return float((binom.pmf(changed, cases, delta) * ndtr(np.nan_to_num(reach, nan=-np.inf)) * enough).sum())


def _share_that_differs(flips: float, repeats: float) -> float:
    """Of the cases that did not change, those whose two means differ by chance: coins, 2f of them, tossed K times."""
    tosses = round(repeats)
    return min(1.0, 2 * flips) * float(1 - math.comb(2 * tosses, tosses) / 4**tosses)


def _likely(n: int, share: float) -> Floats:
    """The values of Bin(n, share) that matter."""
    spread = 10 + 9 * math.sqrt(n * share * (1 - share))
    return np.arange(max(0, math.floor(n * share - spread)), min(n, math.ceil(n * share + spread)) + 1, dtype=float)
