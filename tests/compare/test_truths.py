"""Comparisons say no more than is true: tried on worlds whose truth is known, at a reduced size.

`make simulate-statistics` tries all of them in full; docs/statistics.md has what it found.
"""

from __future__ import annotations

import pytest
from scipy.stats import binom

from tests.compare.truths import (
    Amounts,
    Design,
    changed,
    coverage,
    cries_wolf,
    false_alarms,
    finds_the_drop,
    promised,
    unchanged,
)

TIMES = 300


def most(share: float, times: int) -> float:
    """What a share of so many tries exceeds by chance once in 10,000."""
    return binom.ppf(1 - 1e-4, times, share) / times


@pytest.mark.parametrize("design", [design for design in unchanged() if design.cases <= 100], ids=str)
def test_a_difference_is_seen_where_there_is_none_in_at_most_5_per_cent(design):
    assert false_alarms(design, TIMES) <= most(0.05, TIMES)


@pytest.mark.parametrize("design", [design for design in changed() if design.cases == 100], ids=str)
def test_the_interval_holds_the_true_difference(design):
    assert 1 - coverage(design, TIMES) <= most(0.07, TIMES)


def test_with_2_000_cases_all_of_this_is_true_as_well():
    assert false_alarms(Design(2_000), 60) <= most(0.05, 60)
    assert 1 - coverage(Design(2_000, repeats=3, broken=0.1), 60) <= most(0.07, 60)


def test_an_interval_that_forgot_clusters_would_be_found_out():
    """The trial itself can fail: five cases that always agree, counted as five."""
    design = Design(100, cluster=5, alike=0.95)
    loose = Design(100, cluster=5, alike=0.95)

    def apart(random):
        units = loose.units(random)
        return type(units)(units.base.repeat(5) / 5, units.new.repeat(5) / 5, units.cases.repeat(5) / 5,
                           units.certain.repeat(5))  # fmt: skip

    import numpy as np

    random = np.random.default_rng(1)
    alarms = sum(apart(random).interval(0.05, share=True)[0] > 0 for _ in range(TIMES))
    assert alarms / TIMES > 2 * false_alarms(design, TIMES)


@pytest.mark.parametrize("figure", ["mean", "mean, relative", "p50", "cost per pass"])
def test_intervals_of_amounts_hold_the_truth(figure):
    times = 20 if figure in ("p50", "cost per pass") else TIMES
    assert 1 - Amounts(figure, 100).coverage(times) <= most(0.08, times)


def test_two_offline_runs_of_the_same_skills_differ_in_at_most_5_per_cent_of_seeds():
    seeds = 24
    wolves = sum(cries_wolf(seed, ("gpt-4o", "o3", "o4-mini"), 24) for seed in range(seeds))
    assert wolves / seeds <= most(0.05, seeds)


def test_a_drop_of_ten_points_is_found_as_often_as_promised():
    seeds, cases = 30, 120
    found = sum(finds_the_drop(seed, cases) for seed in range(seeds))
    low, high = binom.ppf([1e-3, 1 - 1e-3], seeds, promised(cases))
    assert low <= found <= high
