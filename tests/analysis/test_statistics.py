"""The formulas agree with libraries that are trusted for them."""

from __future__ import annotations

import pytest
from scipy.stats import binom, binomtest

from evalkit.analysis.statistics import quantile_ranks, wilson


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
def test_the_wilson_interval_is_scipys(confidence):
    for n in (*range(1, 26), 60, 97, 300, 10_000):
        for passed in {0, 1, n // 3, n // 2, n - 1, n}:
            expected = binomtest(passed, n).proportion_ci(confidence, method="wilson")
            assert wilson(passed, n, confidence) == pytest.approx((expected.low, expected.high), abs=1e-12), (passed, n)


def test_the_wilson_interval_ends_at_0_and_1_exactly():
    assert wilson(0, 7)[0] == 0.0
    assert wilson(7, 7)[1] == 1.0


def test_the_wilson_interval_takes_shares_of_a_case():
    assert wilson(3, 10) < wilson(3.5, 10) < wilson(4, 10)


def test_an_interval_over_nothing_is_unknown():
    assert wilson(0, 0) is None


def test_the_wilson_interval_takes_an_effective_number_of_cases():
    low, high = wilson(0.8 * 12.5, 12.5)
    assert wilson(0.8 * 12, 12)[0] < low < wilson(0.8 * 13, 13)[0]
    assert wilson(0.8 * 13, 13)[1] < high < wilson(0.8 * 12, 12)[1]


def held(n, q, low, high):
    """How surely the values of these ranks hold the q-quantile."""
    return (binom.cdf(high - 1, n, q) if high else 1) - (binom.cdf(low - 1, n, q) if low else 0)


@pytest.mark.parametrize("q", [0.5, 0.9, 0.95, 0.99])
@pytest.mark.parametrize("n", [6, 20, 29, 59, 73, 300, 1000, 20_000, 1_000_000])
def test_the_ranks_around_a_quantile_hold_it_as_often_as_promised(n, q):
    low, high = quantile_ranks(n, q)
    assert held(n, q, low, high) >= 0.95 - 1e-9
    if low and high and n > 50:
        assert held(n, q, low, high) <= 0.97 + binom.pmf(round(n * q), n, q) / 2


@pytest.mark.parametrize("q", [0.5, 0.9, 0.95, 0.05])
def test_no_nearer_ranks_hold_it_as_surely(q):
    for n in (30, 60, 73):
        low, high = quantile_ranks(n, q)
        if None in (low, high):
            continue
        below = binom.cdf(range(-1, n + 1), n, q)  # below[k]: P(Bin < k)
        pairs = ((one, other) for one in range(1, n) for other in range(one + 1, n + 1))
        sure = [(b - a, below[a] - below[b]) for a, b in pairs if below[b] - below[a] >= 0.95]
        assert (high - low, below[low] - below[high]) == pytest.approx(min(sure))


def test_an_open_end_leaves_all_that_may_go_wrong_to_the_other():
    assert quantile_ranks(20, 0.95) == (17, None)
    assert held(20, 0.95, 17, None) >= 0.95 > held(20, 0.95, 18, None)
    assert quantile_ranks(20, 0.05) == (None, 4)
    assert quantile_ranks(1, 0.5) == (None, None)


@pytest.mark.parametrize(("q", "least"), [(0.5, 6), (0.9, 29), (0.95, 59), (0.99, 299)])
def test_a_percentile_has_both_ends_from_the_n_on_that_allows_it(q, least):
    assert None in quantile_ranks(least - 1, q)
    assert None not in quantile_ranks(least, q)
