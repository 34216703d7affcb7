"""The formulas agree with libraries that are trusted for them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from evalkit.analysis.statistics import percentiles, wilson


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


@pytest.mark.parametrize("n", [2, 9, 10, 19, 20, 99, 100, 1234])
def test_percentiles_are_numpys_linear_ones(n):
    values = np.random.default_rng(n).lognormal(size=n)
    found = percentiles(pd.Series(values))
    for q, value, least in ((50, found.p50, 2), (90, found.p90, 10), (95, found.p95, 20), (99, found.p99, 100)):
        expected = pytest.approx(float(np.percentile(values, q))) if n >= least else None
        assert value == expected, q


def test_unknown_values_are_not_counted():
    found = percentiles(pd.Series([1.0, None, 3.0], dtype="Float64"))
    assert (found.n, found.p50) == (2, 2.0)


@pytest.mark.parametrize("values", [[], [1.0]])
def test_too_few_values_have_no_percentile(values):
    found = percentiles(pd.Series(values, dtype="Float64"))
    assert (found.n, found.p50, found.p99) == (len(values), None, None)
