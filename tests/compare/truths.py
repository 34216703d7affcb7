"""Comparisons whose truth is known: how often they cry wolf, hold the truth, and find what there is to find."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
from scipy.stats import multivariate_normal, norm

from evalkit.analysis.paired import PairedUnits
from evalkit.analysis.paired_resampling import cost_per_pass, percentile, resample_difference
from evalkit.analysis.power import power_of
from evalkit.analysis.sides import Side, side_of_trials
from evalkit.compare import compare_runs, compare_within
from evalkit.simulator.answers import is_right
from evalkit.simulator.profiles import PROFILES
from evalkit.simulator.question import Question, Turn
from tests.analysis.run_folder import manifest

ALPHA = 0.05
Random = np.random.Generator


class Design(NamedTuple):
    """What two versions of a prompt are tried on. `alike`: how much two answers to a case agree, beyond the rate."""

    cases: int
    repeats: int = 1
    cluster: int = 1
    """Cases that share how hard they are, and what a change does to them."""
    rate: float = 0.8
    alike: float = 0.5
    broken: float = 0.0
    """The share of clusters that a change breaks."""
    worse: float = 0.0
    """By how much all others pass less often, relative to before."""

    @property
    def truth(self) -> float:
        """The true difference."""
        return self.rate * ((1 - self.broken) * (1 - self.worse) - 1)

    def units(self, random: Random) -> PairedUnits:
        """Both sides of one comparison."""
        groups = self.cases // self.cluster
        shape = self.rate * (1 / self.alike - 1), (1 - self.rate) * (1 / self.alike - 1)
        before = np.repeat(random.beta(*shape, groups), self.cluster)
        kept = np.repeat(random.random(groups) >= self.broken, self.cluster)
        passed = [random.binomial(self.repeats, p) / self.repeats for p in (before, before * kept * (1 - self.worse))]
        sums = [side.reshape(groups, self.cluster).sum(axis=1) for side in passed]
        return PairedUnits(*sums, np.full(groups, float(self.cluster)), np.zeros(groups, dtype=bool))

    def __str__(self) -> str:
        told = [f"{100 * self.rate:g} % pass, answers agree {self.alike:g}"]
        told += [f"{self.repeats} repeats"] if self.repeats > 1 else []
        told += [f"clusters of {self.cluster}"] if self.cluster > 1 else []
        told += [f"{100 * self.broken:g} % broken"] if self.broken else []
        told += [f"all {100 * self.worse:g} % less often"] if self.worse else []
        return ", ".join(told)


def unchanged() -> Iterator[Design]:
    """Designs in which nothing changed."""
    for cases, (repeats, cluster), rate, alike in itertools.product(
        (20, 100, 2_000), ((1, 1), (3, 1), (1, 5), (3, 5)), (0.5, 0.95), (0.2, 0.8)
    ):
        yield Design(cases, repeats, cluster, rate, alike)


def changed() -> Iterator[Design]:
    """Designs in which something did: a few cases broken, or all a little worse."""
    for cases, (repeats, cluster), change in itertools.product(
        (20, 100, 2_000), ((1, 1), (3, 1), (1, 5), (3, 5)), ({"broken": 0.1}, {"worse": 0.15}, {"broken": 0.3})
    ):
        yield Design(cases, repeats, cluster, 0.8, 0.6, **change)


def false_alarms(design: Design, times: int, seed: int = 1) -> float:
    """How often a difference is seen where there is none."""
    return _share(design, times, seed, lambda units: not _holds(units, 0.0))


def coverage(design: Design, times: int, seed: int = 1) -> float:
    """How often the interval holds the true difference."""
    return _share(design, times, seed, lambda units: _holds(units, design.truth))


def _share(design: Design, times: int, seed: int, holds) -> float:
    random = np.random.default_rng([seed, design.cases, design.repeats, design.cluster])
    return sum(holds(design.units(random)) for _ in range(times)) / times


def _holds(units: PairedUnits, truth: float) -> bool:
    low, high = units.interval(ALPHA, share=True)
    return low - 1e-9 <= truth <= high + 1e-9


class Amounts(NamedTuple):
    """Skewed amounts on both sides, such as costs or latencies, and the interval of one of their differences."""

    figure: str
    cases: int
    cluster: int = 1
    growth: float = 1.2
    """What the newer side is a multiple of the older by."""

    def holds(self, random: Random) -> bool:
        """Whether the interval of one comparison holds the truth."""
        groups, size = self.cases // self.cluster, self.cluster
        hard = np.repeat(random.normal(0, 0.6, groups), size)
        base, new = (np.exp(hard + random.normal(0, 0.5, groups * size)) for _ in range(2))
        new *= self.growth
        ends, truth = _ENDS[self.figure](base, new, size, self.growth)
        return ends is not None and ends[0] <= truth <= ends[1]

    def coverage(self, times: int) -> float:
        """How often it does."""
        random = np.random.default_rng([2, self.cases, self.cluster])
        return sum(self.holds(random) for _ in range(times)) / times


_MEAN = float(np.exp((0.36 + 0.25) / 2))


def _units(base, new, size) -> PairedUnits:
    sums = (side.reshape(-1, size).sum(axis=1) for side in (base, new))
    return PairedUnits(*sums, np.full(len(base) // size, float(size)), np.zeros(len(base) // size, dtype=bool))


def _mean_ends(base, new, size, growth):
    return _units(base, new, size).interval(ALPHA, share=False), _MEAN * (growth - 1)


def _relative_ends(base, new, size, growth):
    return _units(base, new, size).relative_interval(ALPHA), growth - 1


def _percentile_ends(base, new, size, growth, q=0.5):
    truth = float(np.exp(np.sqrt(0.61) * {0.5: 0.0, 0.9: 1.2815516}[q])) * (growth - 1)
    units = np.repeat(np.arange(len(base) // size), size)
    return resample_difference(percentile(base, q), percentile(new, q), units, ALPHA).ends, truth


def _per_pass_ends(base, new, size, growth):
    passed = (np.arange(len(base)) % 5 > 0).astype(float)
    units = np.repeat(np.arange(len(base) // size), size)
    found = resample_difference(cost_per_pass(base, passed), cost_per_pass(new, passed), units, ALPHA)
    return found.ends, _MEAN * (growth - 1) / passed.mean()


_ENDS = {
    "mean": _mean_ends,
    "mean, relative": _relative_ends,
    "p50": _percentile_ends,
    "p90": partial(_percentile_ends, q=0.9),
    "cost per pass": _per_pass_ends,
}


def amounts() -> Iterator[Amounts]:
    """All that `make simulate-statistics` tries."""
    for figure, (cases, cluster) in itertools.product(_ENDS, ((20, 1), (100, 1), (100, 5), (1_000, 1))):
        yield Amounts(figure, cases, cluster)


# --- the stand-in gateway ----------------------------------------------------------------------------------------


def offline_run(seed: int, models: Sequence[str], cases: int, repeats: int = 1) -> Side:
    """What a run against the stand-in gateway comes to, without its sockets: right or wrong as it draws it."""
    trials = []
    for model, number, repeat in itertools.product(models, range(cases), range(repeats)):
        question = Question(profile=PROFILES[model], turns=(Turn(role="user", text=f"Question {number}?"),))
        right = is_right(question, seed=seed, expected="Paris", repeat=repeat)
        where = {"case_id": f"c{number}", "prompt": "brief", "model": model, "repeat": repeat}
        trials.append({**where, "key": "/".join(map(str, where.values())), "cached": False, "started_at": str(seed),
                       "status": "passed" if right else "failed", "score": float(right)})  # fmt: skip
    return side_of_trials(f"seed {seed}", manifest(id=f"seed {seed}", models=models, stand_in=True), trials)


def cries_wolf(seed: int, models: Sequence[str], cases: int, repeats: int = 1) -> bool:
    """Whether two runs of the same models are said to differ in any of them."""
    runs = (offline_run(2 * seed + side, models, cases, repeats) for side in (0, 1))
    return any(pair.verdict in ("improved", "regressed") for pair in compare_runs(*runs).pairs)


DROP = ("o3", "gpt-4o")
"""Two models of the stand-in whose skills are ten points apart."""


def finds_the_drop(seed: int, cases: int) -> bool:
    """Whether a run tells the two apart, and the right way round."""
    run = offline_run(seed, DROP, cases)
    (pair,) = compare_within(run, DROP, apart="model").pairs
    return pair.verdict == "regressed"


def promised(cases: int) -> float:
    """What `evalkit power` says of that: for their true difference, and as often as chance alone sets them apart.

    Half of what makes a case hard is the same for all models of the stand-in: both are right as often as two normal
    variables with a correlation of ½ lie below the quantiles of their skills.
    """
    skills = [PROFILES[model].skill for model in DROP]
    both = float(multivariate_normal(cov=[[1, 0.5], [0.5, 1]]).cdf(norm.ppf(skills)))
    delta, differing = skills[0] - skills[1], sum(skills) - 2 * both
    return power_of(cases, delta, flips=(differing - delta) / (1 - delta))
