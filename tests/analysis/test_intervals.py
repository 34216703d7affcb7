"""Intervals are those of trusted libraries, stay where figures can be, and hold the truth as often as they say."""

from __future__ import annotations

import math

import numpy as np
import pytest
import statsmodels.api
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta

from evalkit.analysis.intervals import (
    RESAMPLES,
    design_effect,
    mean_interval,
    quantile_interval,
    ratio_interval,
)
from evalkit.analysis.intervals import _weights as resamples
from evalkit.analysis.statistics import wilson
from tests.analysis.truths import World, coverage, worlds

HUNDRED = range(100)


def random_clusters(random, n):
    """Numbers without gaps, a few cases each."""
    return np.unique(random.integers(0, max(2, n // 3), n), return_inverse=True)[1]


# --- shares and scores ---


def test_cases_that_pass_or_fail_have_wilsons_interval():
    for seed in HUNDRED:
        random = np.random.default_rng(seed)
        passed = (random.random(random.integers(1, 200)) < random.random()).astype(float)
        assert mean_interval(passed) == wilson(passed.sum(), len(passed))


def test_the_clustered_variance_is_that_of_statsmodels():
    for seed in HUNDRED:
        random = np.random.default_rng(seed)
        n = int(random.integers(6, 120))
        clusters, values = random_clusters(random, n), random.random(n)
        fitted = statsmodels.api.OLS(values, np.ones(n)).fit(cov_type="cluster", cov_kwds={"groups": clusters})
        mean, sizes = values.mean(), np.bincount(clusters)
        means = np.bincount(clusters, weights=values) / sizes
        telling, worst = min((means < 1).sum(), (means > 0).sum()), (sizes**2).sum() / n
        measured = fitted.bse[0] ** 2 / (mean * (1 - mean) / n)
        assert design_effect(values, clusters) == pytest.approx((telling * measured + worst) / (telling + 1))


def test_repeats_that_agree_change_nothing_and_others_narrow_the_interval():
    agreeing = np.array([1.0, 1.0, 1.0, 0.0, 0.0] * 6)
    assert mean_interval(agreeing) == wilson(18, 30)
    low, high = mean_interval(np.full(30, 0.6) + np.tile([-0.1, 0.1], 15))
    assert low > wilson(18, 30)[0]
    assert high < wilson(18, 30)[1]
    trials = wilson(180, 300)
    assert (low, high) == pytest.approx(trials, abs=0.03)  # ten repeats of coins: about as many trials


def test_clusters_whose_cases_are_alike_count_as_one_case_each():
    values, clusters = np.repeat([1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0, 1.0], 5), np.repeat(np.arange(8), 5)
    low, high = mean_interval(values, clusters)
    assert (low, high) == pytest.approx(wilson(6, 8), abs=0.03)
    assert high - low > 1.5 * np.subtract(*wilson(30, 40)[::-1])


def test_clusters_that_all_passed_count_as_one_case_each():
    assert mean_interval(np.ones(40), np.repeat(np.arange(8), 5)) == wilson(8, 8)


def test_one_cluster_is_one_case():
    assert mean_interval(np.array([1.0, 0.0, 1.0, 1.0]), np.zeros(4, dtype=int)) == pytest.approx(wilson(0.75, 1))


@given(st.lists(st.sampled_from([0.0, 1 / 3, 0.5, 2 / 3, 1.0]), min_size=1, max_size=60), st.integers(1, 8))
def test_an_interval_lies_between_0_and_1_and_around_its_mean(values, size):
    values = np.array(values)
    for clusters in (None, np.arange(len(values)) // size):
        low, high = mean_interval(values, clusters)
        assert 0 <= low <= values.mean() + 1e-12
        assert values.mean() - 1e-12 <= high <= 1
        assert high > low


def test_nothing_has_no_interval():
    assert mean_interval(np.array([])) is None
    assert quantile_interval(np.array([]), 0.5) == (None, None)
    assert ratio_interval(np.array([]), np.array([])) == (None, None)


# --- percentiles ---


def test_the_interval_of_a_percentile_holds_it_as_surely_as_beta_quantiles_say():
    """P(X₍l₎ < quantile) is the distribution function of Beta(l, n − l + 1) at the quantile's share."""
    for seed in HUNDRED:
        random = np.random.default_rng(seed)
        n, q = int(random.integers(6, 2000)), float(random.choice([0.5, 0.9, 0.95, 0.99]))
        values = random.lognormal(size=n)
        low, high = quantile_interval(values, q)
        ranks = [None if end is None else int((values <= end).sum()) for end in (low, high)]
        before, after = (0.0 if rank is None else beta.cdf(q, rank, n - rank + 1) for rank in ranks)
        if ranks[0] is None:
            before = 1.0
        assert before - after >= 0.95 - 1e-9


def test_repeats_of_a_case_widen_the_interval_of_a_percentile():
    once = np.random.default_rng(1).lognormal(size=60)
    alone = quantile_interval(once, 0.5)
    thrice = quantile_interval(np.repeat(once, 3), 0.5, np.repeat(np.arange(60), 3))
    taken_alone = quantile_interval(np.repeat(once, 3), 0.5)
    assert thrice == pytest.approx(alone, rel=0.2)
    assert thrice[1] - thrice[0] > 1.3 * (taken_alone[1] - taken_alone[0])


# --- costs ---


def slow_ratio_interval(amounts, counts):
    """The bootstrap-t, one resample after another."""
    units = len(amounts)

    def log_ratio(weights):
        a, b = (weights * amounts).sum(), (weights * counts).sum()
        if a <= 0 or b <= 0:
            return math.nan, math.nan
        parts = amounts / a - counts / b
        return math.log(a / b), math.sqrt((weights * parts**2).sum() * units / (units - 1))

    value, error = log_ratio(np.ones(units))
    drawn = [log_ratio(weights) for weights in resamples(units)]
    t = [(log - value) / spread for log, spread in drawn if spread > 0]
    low, high = np.quantile(t, [0.025, 0.975])
    bounded = np.mean([not math.isnan(log) for log, _ in drawn]) >= 0.975
    return math.exp(value - high * error), math.exp(value - low * error) if bounded else None


def test_the_bootstrap_is_the_one_written_out():
    for seed in range(25):
        random = np.random.default_rng(seed)
        n = int(random.integers(5, 40))
        amounts, counts = random.lognormal(0, 1, n), (random.random(n) < 0.6).astype(float)
        if counts.sum():
            assert ratio_interval(amounts, counts) == pytest.approx(slow_ratio_interval(amounts, counts))


def test_the_bootstrap_draws_units_alike_and_always_the_same():
    drawn = resamples(12)
    assert drawn.shape == (RESAMPLES, 12)
    assert (drawn.sum(axis=1) == 12).all()
    assert drawn.mean(axis=0) == pytest.approx(np.ones(12), abs=0.1)
    resamples.cache_clear()
    assert (resamples(12) == drawn).all()


def test_few_units_say_nothing_about_the_cost_of_others():
    assert ratio_interval(np.array([1.0, 2.0, 3.0, 4.0]), np.ones(4)) == (None, None)
    assert None not in ratio_interval(np.array([1.0, 2.0, 3.0, 4.0, 5.0]), np.ones(5))


def test_costs_that_never_differ_are_known():
    assert ratio_interval(np.full(9, 0.5), np.ones(9)) == (0.5, 0.5)
    assert ratio_interval(np.zeros(9), np.ones(9)) == (None, None)


def test_where_a_run_like_this_might_as_well_have_had_no_pass_the_cost_per_pass_has_no_upper_end():
    low, high = ratio_interval(np.linspace(1, 2, 20), np.array([1.0] + [0.0] * 19))
    assert 0 < low < 30
    assert high is None


def test_one_cost_apart_from_all_others_leaves_the_interval_open():
    low, high = ratio_interval(np.array([0.9] + [0.1] * 7), np.ones(8))
    assert 0 < low <= 0.2
    assert high is None


def test_costs_of_many_cases_need_no_resampling_and_agree_with_it():
    costs = np.random.default_rng(3).lognormal(0, 0.8, 1001)
    normal = ratio_interval(costs, np.ones(1001))
    resampled = ratio_interval(costs[:1000], np.ones(1000))
    assert normal == pytest.approx(resampled, rel=0.02)


# --- how often they hold the truth ---

CHOSEN = [
    ("pass rate", "80 % pass", 20),
    ("pass rate", "50 % pass, 3 repeats that agree 0.2", 20),
    ("pass rate", "80 % pass, 5 repeats that agree 0.5", 2000),
    ("pass rate", "95 % pass, 3 repeats that agree 0.8", 100),
    ("pass rate, clusters", "80 % pass, 10 clusters of 2 that agree 0.6", 20),
    ("pass rate, clusters", "50 % pass, 20 clusters of 5 that agree 0.6", 100),
    ("pass rate, clusters", "80 % pass, 400 clusters of 5 that agree 0.4, 3 repeats", 2000),
    ("score", "0, ½ and 1, many ties", 20),
    ("score", "mostly 0 or 1 (beta 0.5, 0.1)", 2000),
    ("pass@3", "80 % pass, repeats that agree 0.7", 100),
    ("flake rate", "80 % pass, repeats that agree 0.3", 20),
    ("p50", "log-normal times", 20),
    ("p95", "log-normal times", 100),
    ("p95", "5 repeats, 80 % of the variance between cases", 100),
    ("cost per case", "log-normal, σ = 0.3", 20),
    ("cost per case", "log-normal, σ = 0.8", 2000),
    ("cost per pass", "log-normal, σ = 0.8, 70 % pass", 100),
]
WORLDS = {(world.interval, world.truth, world.cases): world for world in worlds()}


@pytest.mark.parametrize("place", CHOSEN, ids=[f"{interval}-{truth}-{cases}" for interval, truth, cases in CHOSEN])
def test_an_interval_holds_the_truth_as_often_as_it_says(place):
    times = 600
    allowed = 0.02 + 3 * math.sqrt(0.05 * 0.95 / times)
    assert coverage(WORLDS[place], times) == pytest.approx(0.95, abs=allowed)


def test_an_interval_that_is_too_narrow_would_be_found_out():
    trials = World("pass rate", "repeats taken for cases", 60, too_narrow)
    assert coverage(trials, 600) < 0.9


def too_narrow(random):
    passed = np.repeat((random.random(20) < 0.8).astype(float), 3)
    low, high = wilson(passed.sum(), 60)
    return low <= 0.8 <= high
