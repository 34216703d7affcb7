"""The formulas behind the figures that need no library: the Wilson interval, and the ranks of order statistics."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate
from statistics import NormalDist

__all__ = ["CONFIDENCE", "quantile_ranks", "wilson", "z_value"]

CONFIDENCE = 0.95


def z_value(confidence: float = CONFIDENCE) -> float:
    """The two-sided quantile of the standard normal distribution: 1.96 for 95 %."""
    return NormalDist().inv_cdf((1 + confidence) / 2)


def wilson(passed: float, n: float, confidence: float = CONFIDENCE) -> tuple[float, float] | None:
    """The Wilson score interval of a share over `n` independent cases, from 0 to 1; None where there are none.

    `passed` is the sum of the shares that passed of each: a whole number where no case was repeated. `n` may be an
    effective number of cases, which need not be whole.

    (p̂ + z²/2n ± z·sqrt(p̂(1−p̂)/n + z²/4n²)) / (1 + z²/n), as Bowyer et al. advise for small n (arXiv:2503.01747).
    """
    if n == 0:
        return None
    rate, z = passed / n, z_value(confidence)
    middle = rate + z * z / (2 * n)
    half = z * math.sqrt(max(0.0, rate * (1 - rate)) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    low = 0.0 if passed == 0 else (middle - half) / scale
    high = 1.0 if passed == n else (middle + half) / scale
    return low, high


@lru_cache(maxsize=64)
def quantile_ranks(n: int, q: float, confidence: float = CONFIDENCE) -> tuple[int | None, int | None]:
    """The ranks (from 1) of the two values, of `n` sorted ones, between which the q-quantile lies.

    The l-th and the u-th value hold it with the probability P(l ≤ Bin(n, q) < u), whatever the distribution (David &
    Nagaraja 2003, §7.1). Of the pairs with at least `confidence` these are the nearest ranks; of equally near ones,
    those that hold it most surely. Where even the smallest and the largest value do not, the end that lacks more is
    None, and the other has all of what may go wrong to itself.
    """
    first, below = _binomial_cdf(n, q)
    if 1 - q**n - (1 - q) ** n >= confidence:
        return _nearest_ranks(first, below, n, confidence)
    if q >= 1 - q:
        return (first + bisect_right(below, 1 - confidence)) or None, None
    rank = first + bisect_left(below, confidence) + 1
    return None, rank if rank <= n else None


def _nearest_ranks(first: int, below: Sequence[float], n: int, confidence: float) -> tuple[int, int]:
    """By `below`, P(Bin ≤ k) for k from `first` on."""
    found: list[tuple[int, float, int]] = []
    for low in range(max(1, first), min(n, first + len(below))):
        before = below[low - 1 - first] if low > first else 0.0
        place = bisect_left(below, before + confidence)
        high = first + place + 1
        if place < len(below) and high <= n:
            found.append((high - low, before - below[place], low))
    width, _, low = min(found)
    return low, low + width


def _binomial_cdf(n: int, q: float) -> tuple[int, list[float]]:
    """P(Bin(n, q) ≤ k) for all k whose probability is not negligible, and the first of these k."""
    spread = 10 + 10 * math.sqrt(n * q * (1 - q))
    first, last = max(0, math.floor(n * q - spread)), min(n, math.ceil(n * q + spread))
    log_odds = math.log(q) - math.log1p(-q)
    log_p = math.lgamma(n + 1) - math.lgamma(first + 1) - math.lgamma(n - first + 1)
    log_p += first * math.log(q) + (n - first) * math.log1p(-q)
    steps = (math.log((n - k) / (k + 1)) + log_odds for k in range(first, last))
    return first, list(accumulate(map(math.exp, accumulate(steps, initial=log_p))))
