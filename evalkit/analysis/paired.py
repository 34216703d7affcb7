"""The statistics of paired comparisons: a difference with its interval, its p, Holm's levels, and what could be shown.

A unit is a case, or a cluster of cases that share something; the repeats of a case are averaged first (Miller 2024,
arXiv:2411.00640). Differences are new − base. How often each interval holds the truth, and how often a verdict is
wrong where nothing changed, was tried by simulation: docs/statistics.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from evalkit.analysis.sign_flips import sign_flip_p

__all__ = ["PairedUnits", "cases_to_decide", "fewest_flips", "holm_levels", "smallest_shown", "t_value", "tango"]

Floats = NDArray[np.float64]
Ends = tuple[float, float]

POWER = 0.8
_normal = NormalDist()
_HALVINGS = 60


@dataclass(frozen=True, eq=False)
class PairedUnits:
    """One figure on both sides, a row a unit: sums over the unit's cases, and how many they are.

    `certain` marks units whose difference is 0 and no matter of chance: one answer was judged on both sides, alike.
    """

    base: Floats
    new: Floats
    cases: Floats
    certain: NDArray[np.bool_]

    @property
    def n(self) -> int:
        """Cases."""
        return int(self.cases.sum())

    @property
    def base_mean(self) -> float:
        """A case, on the base side."""
        return float(self.base.sum() / self.cases.sum())

    @property
    def new_mean(self) -> float:
        """A case, on the new side."""
        return float(self.new.sum() / self.cases.sum())

    @property
    def difference(self) -> float:
        """Of the means."""
        return float((self.new - self.base).sum() / self.cases.sum())

    @property
    def settled(self) -> bool:
        """Whether nothing about the difference is left to chance."""
        return bool(self.certain.all())

    @cached_property
    def p_value(self) -> float:
        """Of the sign-flip test over units; for single answers that pass or fail, of the exact McNemar test."""
        return sign_flip_p(self._differences)

    def interval(self, alpha: float, *, share: bool) -> Ends:
        """Of the difference, at 1 − alpha. `share`: the figure lies between 0 and 1, as a pass rate does.

        It holds 0 wherever the sign-flip test does not reject at alpha, so that the two never disagree about that.
        Of shares it then leaves room for what so few units may not have shown yet: that a change breaks some of them
        altogether, and none of these.
        """
        differences, cases = self._differences, self.cases[~self.certain]
        if not len(differences):
            return 0.0, 0.0
        ends = _interval(differences, cases, alpha, share=share)
        if self.p_value > alpha:
            seen, unseen = float(differences.sum() / cases.sum()), _unseen(len(cases), alpha) if share else 0.0
            ends = min(ends[0], seen - unseen, 0.0), max(ends[1], seen + unseen, 0.0)
        if share:
            ends = max(ends[0], -1.0), min(ends[1], 1.0)
        weight = float(cases.sum() / self.cases.sum())
        return ends[0] * weight, ends[1] * weight

    def standard_error(self, alpha: float, *, share: bool) -> float:
        """As the interval at 1 − alpha implies it: where nothing differs by chance yet, it is still not 0."""
        differences, cases = self._differences, self.cases[~self.certain]
        if not len(differences):
            return 0.0
        low, high = _interval(differences, cases, alpha, share=share)
        return (high - low) / (2 * _z(alpha)) * float(cases.sum() / self.cases.sum())

    def smallest_shown(self, alpha: float) -> float | None:
        """The true difference of shares that is found with 80 % probability; None where no difference would be.

        By the standard error; never less than what makes enough units change, all of them one way, for the sign-flip
        test to reject. Also None where nothing is left to chance.
        """
        open_, least = self.cases[~self.certain], fewest_flips(alpha)
        if len(open_) < least:
            return None
        from scipy.special import betaincinv  # type: ignore[import-untyped]

        weight = float(open_.sum() / self.cases.sum())
        # the share at which P(Bin(units, share) ≥ least) is POWER
        enough = weight * float(betaincinv(least, len(open_) - least + 1, POWER))
        shown = max(enough, smallest_shown(self.standard_error(alpha, share=True), alpha))
        return shown if shown <= 1 else None

    def relative_interval(self, alpha: float) -> Ends | None:
        """Of (new mean / base mean) − 1, by Fieller's theorem over units; None where base may as well be 0.

        The ratios ρ for which the mean of new − ρ·base, a paired difference, is not significantly other than 0.
        """
        units = len(self.base)
        if units < 2:
            return None
        factor = t_value(alpha, units - 1) ** 2 * units / (units - 1)
        base, new = float(self.base.sum()), float(self.new.sum())
        e, d = self.base - self.cases * self.base_mean, self.new - self.cases * self.new_mean
        a = base**2 - factor * float((e**2).sum())
        b = base * new - factor * float((e * d).sum())
        c = new**2 - factor * float((d**2).sum())
        root = b * b - a * c
        if a <= 0 or root < 0:
            return None
        return max(0.0, (b - math.sqrt(root)) / a) - 1, (b + math.sqrt(root)) / a - 1

    @property
    def _differences(self) -> Floats:
        return (self.new - self.base)[~self.certain]


def holm_levels(p_values: Sequence[float], alpha: float) -> list[float]:
    """The level at which each hypothesis is tested so that all of them together err at most with `alpha` (Holm 1979).

    From the smallest p on: α/k, α/(k−1), …, until one is not rejected; that one and the others have its level. An
    interval at 1 − level leaves out 0 where, and only where, Holm rejects.
    """
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    levels = [alpha] * len(p_values)
    level = alpha
    for place, index in enumerate(order):
        if place == 0 or p_values[order[place - 1]] <= level:
            level = alpha / (len(order) - place)
        levels[index] = level
    return levels


def fewest_flips(alpha: float) -> int:
    """So many units must differ before even a unanimous sign-flip test rejects: 2·2⁻ⁿ ≤ alpha."""
    return math.ceil(1 - math.log2(alpha))


def smallest_shown(standard_error: float, alpha: float) -> float:
    """The difference that is found with 80 % probability: (z_{α/2} + z_β)·SE (Miller 2024)."""
    return (_z(alpha) + _normal.inv_cdf(POWER)) * standard_error


def cases_to_decide(units: PairedUnits, standard_error: float, margin: float, alpha: float) -> int | None:
    """How many cases would decide, with 80 % probability, whatever is true: no difference at all, or one of ± margin.

    An interval of n cases like these, so narrow that it lies within ± margin of a true 0: n·((z_{α/2} + z_{0.9})·SE /
    margin)². Never fewer than there are, nor than show a change that breaks a share of `margin` of the units (73 for 5
    points). None for a margin of 0, which no number of cases reaches.
    """
    if margin <= 0:
        return None
    n, z = units.n, _z(alpha)
    reach = z + _normal.inv_cdf((1 + POWER) / 2)
    unseen = z * z * (1 / margin - 1) * n / len(units.cases)
    return max(n + 1, math.ceil(unseen), math.ceil(n * (reach * standard_error / margin) ** 2))


# --- intervals ---------------------------------------------------------------------------------------------------


def _interval(differences: Floats, cases: Floats, alpha: float, *, share: bool) -> Ends:
    """Tango's for single answers that pass or fail; else the clustered t interval, for shares never inside Tango's.

    The second knows repeats, clusters and amounts of any size. Where few units differ it would be far too narrow, and
    nothing at all where none does: there Tango's takes over, on as many whole flips as the differences amount to.
    """
    if not share:
        return _clustered_t(differences, cases, alpha)
    tango = _tango_of_shares(differences, cases, alpha)
    if bool((cases == 1).all()) and bool(np.isin(differences, (-1.0, 0.0, 1.0)).all()):
        return tango
    spread = _clustered_t(differences, cases, alpha) if len(cases) > 1 else (-1.0, 1.0)
    return min(tango[0], spread[0]), max(tango[1], spread[1])


def _clustered_t(differences: Floats, cases: Floats, alpha: float) -> Ends:
    """mean ± t·SE, with the clustered SE (Miller 2024) and its correction for few units, G/(G − 1)."""
    units, n = len(differences), float(cases.sum())
    mean = float(differences.sum()) / n
    if units < 2:
        return -math.inf, math.inf
    variance = units / (units - 1) * float(((differences - mean * cases) ** 2).sum()) / n**2
    half = t_value(alpha, units - 1) * math.sqrt(variance)
    return mean - half, mean + half


def _tango_of_shares(differences: Floats, cases: Floats, alpha: float) -> Ends:
    """Tango's interval for units that may change by other amounts than 1, on effective counts.

    With w = Σd²/Σ|d|, Σd₊/w and Σd₋/w count whole flips of size w: their score test at 0 has the variance Σd², which
    is that of the sign-flip test. w is the size of a unit where none differs.
    """
    total = float(np.abs(differences).sum())
    size = float((differences**2).sum()) / total if total else float(cases.mean())
    better = float(differences[differences > 0].sum()) / size
    worse = -float(differences[differences < 0].sum()) / size
    units = max(float(len(differences)), better + worse)
    low, high = tango(better, worse, units, alpha)
    scale = size * units / float(cases.sum())
    return low * scale, high * scale


def tango(better: float, worse: float, n: float, alpha: float) -> Ends:
    """The score interval of a paired difference of shares, (better − worse)/n (Tango 1998, Stat. Med. 17:891–908).

    The differences δ whose score |better − worse − nδ| / sqrt(n(2q + δ(1 − δ))) is at most z, q being the share of
    `worse` that is likeliest under δ.
    """
    z, seen = _z(alpha), (better - worse) / n

    def rejected(delta: float) -> bool:
        b = -better - worse + (2 * n - better + worse) * delta
        c = -worse * delta * (1 - delta)
        q = (math.sqrt(max(0.0, b * b - 8 * n * c)) - b) / (4 * n)
        variance = max(0.0, n * (2 * q + delta * (1 - delta)))
        return abs(better - worse - n * delta) > z * math.sqrt(variance)

    return _edge(rejected, seen, -1.0), _edge(rejected, seen, 1.0)


def _unseen(units: int, alpha: float) -> float:
    """The largest share of units that may change altogether although none of these did: z²/(n + z²), as Tango's."""
    z = _z(alpha)
    return z * z / (units + z * z)


def _edge(rejected: Callable[[float], bool], inside: float, outside: float) -> float:
    """Where acceptance ends between a value that is accepted and the end of the range."""
    if not rejected(outside):
        return outside
    for _ in range(_HALVINGS):
        middle = (inside + outside) / 2
        if rejected(middle):
            outside = middle
        else:
            inside = middle
    return inside


def _z(alpha: float) -> float:
    return _normal.inv_cdf(1 - alpha / 2)


def t_value(alpha: float, degrees: int) -> float:
    """The two-sided quantile of Student's t distribution at 1 − alpha."""
    from scipy.special import stdtrit

    return float(-stdtrit(degrees, alpha / 2))
