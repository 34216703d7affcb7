"""Intervals and levels of paired comparisons, held against libraries and published figures."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.stats import binom, binomtest, ttest_1samp
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import NormalIndPower

from evalkit.analysis.paired import (
    PairedUnits,
    cases_to_decide,
    holm_levels,
    smallest_shown,
    t_value,
    tango,
)

ALPHAS = (0.05, 0.05 / 3, 0.05 / 10, 0.05 / 45)


def units(base, new, cases=None, certain=None):
    base, new = np.asarray(base, dtype=float), np.asarray(new, dtype=float)
    return PairedUnits(
        base=base,
        new=new,
        cases=np.ones(len(base)) if cases is None else np.asarray(cases, dtype=float),
        certain=np.zeros(len(base), dtype=bool) if certain is None else np.asarray(certain),
    )


def answers(better, worse, n):
    """So many of n cases fixed, so many broken."""
    base = [0.0] * better + [1.0] * (n - better)
    return units(base, [1.0] * better + [0.0] * worse + [1.0] * (n - better - worse))


def test_tangos_interval_is_the_published_one():
    # Fagerland, Lydersen & Laake 2014 (Stat. Med. 33:2850–2875), airway hyper-responsiveness: 1 and 7 of 21 changed
    assert tango(1, 7, 21, 0.05) == pytest.approx((-0.517, -0.026), abs=0.0005)


def test_tangos_interval_holds_just_the_differences_whose_likeliest_variance_makes_them_likely():
    chance = np.random.default_rng(4)
    for n, better, worse in zip(chance.integers(20, 200, 100), *chance.integers(1, 10, (2, 100)), strict=True):
        for end in tango(float(better), float(worse), float(n), 0.05):
            share = _likeliest(int(better), int(worse), int(n), end)
            variance = n * (2 * share + end * (1 - end))
            assert abs(better - worse - n * end) / variance**0.5 == pytest.approx(1.959964, abs=1e-3)


def _likeliest(better, worse, n, delta):
    """The share of `worse` of greatest likelihood under a difference, by search in place of the formula."""

    def unlikely(share):
        rest = 1 - 2 * share - delta
        return -(better * np.log(share + delta) + worse * np.log(share) + (n - better - worse) * np.log(rest))

    lowest = max(0.0, -delta) + 1e-12
    return minimize_scalar(unlikely, bounds=(lowest, (1 - delta) / 2 - 1e-12), method="bounded",
                           options={"xatol": 1e-12}).x  # fmt: skip


@pytest.mark.parametrize("n", [6, 20, 60, 2_000])
@pytest.mark.parametrize("alpha", ALPHAS)
def test_the_interval_leaves_out_0_just_where_the_exact_test_rejects(n, alpha):
    rejected = 0
    for changed in range(min(n, 60) + 1):
        edge = next((worse for worse in range(changed + 1) if binomtest(worse, max(1, changed)).pvalue > alpha), 0)
        for worse in {max(0, edge - 1), edge, changed - edge}:
            found = answers(changed - worse, worse, n)
            low, high = found.interval(alpha, share=True)
            assert (low > 0 or high < 0) == (found.p_value <= alpha), (changed, worse)
            assert low <= found.difference <= high
            rejected += found.p_value <= alpha
    assert rejected or n == 6


def test_where_nothing_changed_the_interval_is_as_wide_as_the_cases_are_few():
    assert answers(0, 0, 20).interval(0.05, share=True) == pytest.approx((-0.1611, 0.1611), abs=1e-4)
    assert answers(0, 0, 2_000).interval(0.05, share=True)[1] < 0.002


def test_for_amounts_it_is_the_t_interval_of_scipy():
    chance = np.random.default_rng(6)
    for _ in range(100):
        n = int(chance.integers(5, 60))
        base, new = chance.normal(1, 1, n), chance.normal(3, 1, n)
        expected = ttest_1samp(new - base, 0).confidence_interval(0.95)
        found = units(base, new).interval(0.05, share=False)
        assert found == pytest.approx((min(expected.low, 0) if units(base, new).p_value > 0.05 else expected.low,
                                       expected.high))  # fmt: skip


def test_clusters_of_one_size_count_as_one_case_each():
    chance = np.random.default_rng(7)
    base, new = chance.normal(size=(2, 12))
    alone = units(base, new + 2)
    together = units(base * 4, (new + 2) * 4, cases=[4] * 12)
    assert together.interval(0.05, share=False) == pytest.approx(alone.interval(0.05, share=False))
    assert together.n == 48


def test_repeats_narrow_the_interval_and_clusters_widen_it():
    chance = np.random.default_rng(8)
    base, new = (chance.random(60) for _ in range(2))
    single = units(base > 0.5, new > 0.5).interval(0.05, share=True)
    repeated = units(np.round(base * 5) / 5, np.round(new * 5) / 5).interval(0.05, share=True)
    assert repeated[1] - repeated[0] < single[1] - single[0]
    alike = np.repeat((np.arange(15) % 3 == 0).astype(float), 1)
    clustered = units(alike * 4, (1 - alike) * 4, cases=[4] * 15).interval(0.05, share=True)
    loose = units(np.repeat(alike, 4), np.repeat(1 - alike, 4)).interval(0.05, share=True)
    assert clustered[1] - clustered[0] > loose[1] - loose[0]


def test_repeats_of_which_hardly_any_changed_do_not_pass_for_certainty():
    found = units([1.0] * 30, [1.0] * 29 + [0.8]).interval(0.05, share=True)
    assert found[0] < -0.02


def test_one_cluster_alone_says_nothing():
    assert units([3], [1], cases=[4]).interval(0.05, share=True) == (-1.0, 1.0)


def test_what_is_certain_is_no_matter_of_chance():
    everything = units([1, 0, 1], [1, 0, 1], certain=[True] * 3)
    assert (everything.settled, everything.p_value) == (True, 1.0)
    assert everything.interval(0.05, share=True) == (0.0, 0.0)
    half = units([1] * 40, [1] * 20 + [0] * 8 + [1] * 12, certain=[True] * 20 + [False] * 20)
    alone = units([1] * 20, [0] * 8 + [1] * 12)
    assert half.interval(0.05, share=True) == pytest.approx([end / 2 for end in alone.interval(0.05, share=True)])
    assert half.difference == -0.2


def test_the_relative_interval_is_where_a_paired_t_test_of_the_ratio_ends():
    chance = np.random.default_rng(9)
    for _ in range(100):
        n = int(chance.integers(8, 80))
        base = chance.lognormal(0, 0.5, n)
        new = base * chance.lognormal(0.1, 0.3, n)
        for ratio in (1 + end for end in units(base, new).relative_interval(0.05)):
            statistic = ttest_1samp(new - ratio * base, 0).statistic
            assert abs(statistic) == pytest.approx(t_value(0.05, n - 1), rel=1e-6)


def test_a_change_relative_to_nothing_has_no_interval():
    assert units([0, 0, 0], [1, 2, 3]).relative_interval(0.05) is None
    assert units([1.0], [2.0]).relative_interval(0.05) is None
    assert units([5, -4, 3, -4], [1, 2, 3, 4]).relative_interval(0.05) is None


def test_holms_levels_reject_what_statsmodels_rejects():
    chance = np.random.default_rng(11)
    for _ in range(20):
        p_values = list(chance.random(int(chance.integers(1, 12))) ** 4)
        levels = holm_levels(p_values, 0.05)
        expected = multipletests(p_values, 0.05, method="holm")[0]
        assert [p <= level for p, level in zip(p_values, levels, strict=True)] == list(expected)


def test_a_single_comparison_has_all_of_alpha():
    assert holm_levels([0.5], 0.05) == [0.05]
    assert holm_levels([], 0.05) == []


def test_what_is_not_rejected_shares_the_level_at_which_holm_stopped():
    assert holm_levels([0.04, 0.001, 0.5], 0.05) == pytest.approx([0.025, 0.05 / 3, 0.025])


def test_the_smallest_difference_shown_is_that_of_miller():
    power = NormalIndPower().power(smallest_shown(0.03, 0.05) / 0.03, 1, 0.05, ratio=0)
    assert power == pytest.approx(0.8, abs=1e-3)


def test_an_amount_never_falls_by_more_than_all_of_it():
    few = units([3.0, 1.0, 2.0], [0.1, 0.9, 0.2])
    assert few.relative_interval(0.05) is None or few.relative_interval(0.05)[0] >= -1
    low, high = units([3.0, 3.1, 2.9, 3.0], [0.1, 0.9, 0.0, 0.2]).relative_interval(0.05)
    assert low == -1
    assert -1 < high < 0


def test_a_smallest_difference_is_never_one_that_could_not_be_found():
    for n in (6, 10, 20, 100):
        shown = answers(0, 0, n).smallest_shown(0.05)
        assert binom.sf(5, n, shown) == pytest.approx(0.8)  # six flips of one kind: p = 2/64
    assert answers(0, 0, 5).smallest_shown(0.05) is None
    assert answers(0, 0, 6).smallest_shown(0.05 / 3) is None


def test_so_many_cases_decide_with_the_power_that_is_promised():
    error, n, margin = 0.04, 100, 0.05
    needed = cases_to_decide(answers(8, 8, n), error, margin, 0.05)
    chance = np.random.default_rng(10)
    half = 1.959964 * error * (n / needed) ** 0.5
    for truth in (0.0, margin):
        seen = truth + chance.normal(0, error * (n / needed) ** 0.5, 20_000)
        decided = (np.abs(seen) - half > 0) if truth else (np.abs(seen) + half < margin)
        assert decided.mean() >= 0.79


def test_no_number_of_cases_makes_a_difference_smaller_than_nothing():
    assert cases_to_decide(answers(8, 8, 100), 0.04, 0.0, 0.05) is None
    assert cases_to_decide(answers(8, 8, 100), 0.0001, 0.05, 0.05) == 101


def test_few_cases_never_decide_that_nothing_changed():
    repeated = units([1.0] * 30, [1.0] * 29 + [0.8])
    assert cases_to_decide(repeated, 0.007, 0.05, 0.05) == 73
    clusters = units([4.0] * 10, [4.0] * 9 + [3.0], cases=[4] * 10)
    assert cases_to_decide(clusters, 0.007, 0.05, 0.05) == 4 * 73


def test_of_few_cases_a_change_that_breaks_some_altogether_may_have_touched_none():
    for n, within in ((72, False), (73, True)):
        low, high = units([1.0] * (n - 1) + [0.8], [1.0] * (n - 2) + [0.8, 1.0]).interval(0.05, share=True)
        assert (low > -0.05 and high < 0.05) is within
