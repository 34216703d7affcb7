"""Differences of percentiles and of cost per pass, with intervals that resampling gives."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import bootstrap

from evalkit.analysis.paired_resampling import cost_per_pass, percentile, resample_difference


@pytest.mark.parametrize("q", [0.5, 0.9, 0.95, 0.99])
def test_a_weighted_percentile_is_numpys_of_values_written_out_so_often(q):
    chance = np.random.default_rng(1)
    for n in (2, 7, 40):
        values, weights = chance.lognormal(size=n), chance.integers(0, 4, n).astype(float)
        weights[0] += 1
        written_out = np.repeat(values, weights.astype(int))
        assert percentile(values, q)(weights) == pytest.approx(np.quantile(written_out, q))


def test_cost_per_pass_is_the_sum_of_costs_over_that_of_passes():
    statistic = cost_per_pass(np.array([1.0, 2.0, 5.0]), np.array([1.0, 0.0, 1.0]))
    assert statistic(np.ones(3)) == 4.0
    assert np.isnan(statistic(np.array([0.0, 3.0, 0.0])))


def test_the_interval_is_scipys_percentile_bootstrap_moved_outwards():
    chance = np.random.default_rng(2)
    base = chance.lognormal(size=150)
    new = base + chance.normal(0.3, 0.4, 150)
    found = resample_difference(percentile(base, 0.5), percentile(new, 0.5), np.arange(150), 0.05)
    expected = bootstrap(
        (base, new),
        lambda one, other, axis: np.median(other, axis=axis) - np.median(one, axis=axis),
        paired=True, method="percentile", n_resamples=4_000, rng=np.random.default_rng(3),
    ).confidence_interval  # fmt: skip
    assert found.ends == pytest.approx((expected.low, expected.high), abs=0.06)
    assert found.ends[0] < found.difference < found.ends[1]


def test_it_says_the_same_each_time():
    values = np.random.default_rng(4).lognormal(size=(2, 30))
    once, again = (
        resample_difference(percentile(values[0], 0.9), percentile(values[1], 0.9), np.arange(30), 0.05)
        for _ in range(2)
    )
    assert once == again


def test_few_units_say_nothing_however_many_trials_they_hold():
    values = np.random.default_rng(5).lognormal(size=(2, 40))
    found = resample_difference(percentile(values[0], 0.5), percentile(values[1], 0.5), np.arange(40) % 4, 0.05)
    assert (found.ends, found.relative) == (None, None)
    assert found.difference == pytest.approx(np.median(values[1]) - np.median(values[0]))


def test_trials_of_one_unit_are_drawn_together():
    chance = np.random.default_rng(6)
    shift = np.repeat(chance.normal(0, 1, 15), 10)
    base, new = chance.normal(10, 0.1, 150), chance.normal(10, 0.1, 150) + shift
    apart = resample_difference(percentile(base, 0.5), percentile(new, 0.5), np.arange(150), 0.05).ends
    together = resample_difference(percentile(base, 0.5), percentile(new, 0.5), np.arange(150) // 10, 0.05).ends
    assert together[1] - together[0] > 2 * (apart[1] - apart[0])


def test_resamples_without_a_pass_leave_the_interval_open():
    costs, passed = np.ones(8), np.array([1.0] + [0.0] * 7)
    found = resample_difference(cost_per_pass(costs, passed), cost_per_pass(costs, passed), np.arange(8), 0.05)
    assert found.ends is None
