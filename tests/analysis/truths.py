"""Worlds whose truth is known, to try how often an interval holds it and a comparison finds it."""

from __future__ import annotations

import itertools
import math
import zlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from evalkit.analysis.intervals import mean_interval, quantile_interval, ratio_interval
from evalkit.analysis.paired import PairedUnits
from evalkit.analysis.power import ALPHA, power_of, smallest_difference
from evalkit.analysis.repeats import pass_at_k

Random = np.random.Generator


class World(NamedTuple):
    """One way in which figures come about, and one interval that is put on them."""

    interval: str
    truth: str
    cases: int
    holds: Callable[[Random], bool]
    """Whether the interval of one drawn run holds the truth."""


def coverage(world: World, times: int, seed: int = 1) -> float:
    """How often the interval holds the truth."""
    random = np.random.default_rng([seed, world.cases, zlib.crc32(f"{world.interval}: {world.truth}".encode())])
    return sum(world.holds(random) for _ in range(times)) / times


def worlds() -> Iterator[World]:
    """All that `make simulate-statistics` tries."""
    yield from _rates()
    yield from _clustered_rates()
    yield from _scores()
    yield from _of_repeats()
    yield from _percentiles()
    yield from _costs()


def _held(ends, truth: float) -> bool:
    low, high = ends or (None, None)
    return (low is None or low <= truth + 1e-12) and (high is None or truth - 1e-12 <= high)


def skills(random: Random, n: int, rate: float, alike: float):
    """How likely each case is to pass: beta, with the mean `rate`; `alike` is how much two answers to it agree."""
    if alike == 0:
        return np.full(n, rate)
    return random.beta(rate * (1 / alike - 1), (1 - rate) * (1 / alike - 1), n)


def _rates() -> Iterator[World]:
    for rate, n in itertools.product((0.5, 0.8, 0.95), (20, 100, 2000)):
        for repeats, alike in ((1, 0.0), (3, 0.2), (3, 0.8), (5, 0.5)):

            def holds(random, rate=rate, n=n, repeats=repeats, alike=alike):
                passed = random.binomial(repeats, skills(random, n, rate, alike)) / repeats
                return _held(mean_interval(passed), rate)

            told = f"{100 * rate:.0f} % pass" + (f", {repeats} repeats that agree {alike:g}" if repeats > 1 else "")
            yield World("pass rate", told, n, holds)


def _clustered_rates() -> Iterator[World]:
    for rate, (clusters, size) in itertools.product((0.5, 0.8, 0.95), ((5, 4), (10, 2), (20, 5), (400, 5))):
        for repeats, alike in ((1, 0.2), (1, 0.6), (3, 0.4)):

            def holds(random, rate=rate, clusters=clusters, size=size, repeats=repeats, alike=alike):
                each = np.repeat(skills(random, clusters, rate, alike), size)
                passed = random.binomial(repeats, each) / repeats
                return _held(mean_interval(passed, np.repeat(np.arange(clusters), size)), rate)

            told = f"{100 * rate:.0f} % pass, {clusters} clusters of {size} that agree {alike:g}"
            told += f", {repeats} repeats" if repeats > 1 else ""
            yield World("pass rate, clusters", told, clusters * size, holds)


SCORES = {
    "between 0 and 1 (beta 8, 2)": (lambda random, n: random.beta(8, 2, n), 0.8),
    "mostly 0 or 1 (beta 0.5, 0.1)": (lambda random, n: random.beta(0.5, 0.1, n), 5 / 6),
    "0, ½ and 1, many ties": (lambda random, n: random.choice([0, 0.5, 1], n, p=[0.1, 0.2, 0.7]), 0.8),
    "all 0.9, but 5 % are 0": (lambda random, n: np.where(random.random(n) < 0.05, 0.0, 0.9), 0.855),
}


def _scores() -> Iterator[World]:
    for (told, (draw, mean)), n in itertools.product(SCORES.items(), (20, 100, 2000)):
        yield World(
            "score", told, n, lambda random, draw=draw, mean=mean, n=n: _held(mean_interval(draw(random, n)), mean)
        )


def _of_repeats() -> Iterator[World]:
    for n, alike in itertools.product((20, 100, 2000), (0.3, 0.7)):
        a, b = 0.8 * (1 / alike - 1), 0.2 * (1 / alike - 1)
        none, all_ = _beta_moment(b, a, 3), _beta_moment(a, b, 3)

        def at_least_one(random, n=n, alike=alike, truth=1 - none):
            passed = random.binomial(3, skills(random, n, 0.8, alike))
            return _held(mean_interval(np.array([pass_at_k(3, int(each), 3) for each in passed])), truth)

        def flaky(random, n=n, alike=alike, truth=1 - none - all_):
            passed = random.binomial(3, skills(random, n, 0.8, alike))
            return _held(mean_interval(((passed > 0) & (passed < 3)).astype(float)), truth)

        yield World("pass@3", f"80 % pass, repeats that agree {alike:g}", n, at_least_one)
        yield World("flake rate", f"80 % pass, repeats that agree {alike:g}", n, flaky)


def _beta_moment(a: float, b: float, power: int) -> float:
    return math.prod((a + k) / (a + b + k) for k in range(power))


def _percentiles() -> Iterator[World]:
    for q, n in itertools.product((0.5, 0.95), (20, 100, 2000)):
        truth = math.exp(_normal_quantile(q))
        yield World(
            f"p{100 * q:.0f}",
            "log-normal times",
            n,
            lambda random, q=q, n=n, truth=truth: _held(quantile_interval(random.lognormal(0, 1, n), q), truth),
        )
        for share in (0.3, 0.8):

            def holds(random, q=q, n=n, truth=truth, share=share):
                cases, between = n // 5, random.normal(0, math.sqrt(share), n // 5)
                logs = np.repeat(between, 5) + random.normal(0, math.sqrt(1 - share), cases * 5)
                return _held(quantile_interval(np.exp(logs), q, np.repeat(np.arange(cases), 5)), truth)

            if n > 20:
                yield World(
                    f"p{100 * q:.0f}", f"5 repeats, {100 * share:.0f} % of the variance between cases", n, holds
                )


def _normal_quantile(q: float) -> float:
    from scipy.special import ndtri

    return float(ndtri(q))


def _costs() -> Iterator[World]:
    for sigma, n in itertools.product((0.3, 0.8, 1.2), (20, 100, 500, 2000)):

        def per_case(random, sigma=sigma, n=n):
            return _held(ratio_interval(random.lognormal(0, sigma, n), np.ones(n)), math.exp(sigma**2 / 2))

        def per_pass(random, sigma=sigma, n=n):
            passed = (random.random(n) < 0.7).astype(float)
            return _held(ratio_interval(random.lognormal(0, sigma, n), passed), math.exp(sigma**2 / 2) / 0.7)

        yield World("cost per case", f"log-normal, σ = {sigma}", n, per_case)
        yield World("cost per pass", f"log-normal, σ = {sigma}, 70 % pass", n, per_pass)
    for clusters, size in ((20, 5), (400, 5)):

        def clustered(random, clusters=clusters, size=size):
            each = np.repeat(random.normal(0, 0.6, clusters), size) + random.normal(0, 0.5, clusters * size)
            totals = np.exp(each).reshape(clusters, size).sum(axis=1)
            return _held(ratio_interval(totals, np.full(clusters, float(size))), math.exp((0.36 + 0.25) / 2))

        yield World("cost per case, clusters", f"log-normal, {clusters} clusters of {size}", clusters * size, clustered)


class Change(NamedTuple):
    """A comparison whose outcome is known: a share `delta` of the cases fails before and passes after."""

    cases: int
    repeats: int
    flips: float
    delta: float

    @property
    def promised(self) -> float:
        """What `evalkit power` says."""
        return power_of(self.cases, self.delta, flips=self.flips, repeats=self.repeats)

    def found(self, times: int, seed: int = 1) -> float:
        """How often the comparison's interval leaves out 0, on the right side."""
        random = np.random.default_rng([seed, self.cases, self.repeats])
        return sum(self._is_found(random) for _ in range(times)) / times

    def _is_found(self, random: Random) -> bool:
        base = np.where(random.random(self.cases) < 2 * self.flips, 0.5, 1.0)  # coins flip half of the time
        new = base.copy()
        changed = random.random(self.cases) < self.delta
        base[changed], new[changed] = 0.0, 1.0
        before, after = (random.binomial(self.repeats, side) / self.repeats for side in (base, new))
        units = PairedUnits(before, after, np.ones(self.cases), np.zeros(self.cases, dtype=bool))
        return units.interval(ALPHA, share=True)[0] > 0


def changes() -> Iterator[Change]:
    """Each at the smallest difference that its design is said to show."""
    for cases, repeats, flips in itertools.product((20, 50, 200, 2000), (1, 3, 5), (0.05, 0.2)):
        smallest = smallest_difference(cases, flips=flips, repeats=repeats)
        if smallest is not None:
            yield Change(cases, repeats, flips, smallest)
