"""Percentiles are numpy's, each with an interval of two of the values."""

from __future__ import annotations

import numpy as np
import pytest

from evalkit.analysis.percentiles import percentiles


@pytest.mark.parametrize("n", [2, 9, 10, 19, 20, 99, 100, 1234])
def test_percentiles_are_numpys_linear_ones(n):
    values = np.random.default_rng(n).lognormal(size=n)
    found = percentiles(values)
    for q, value, least in ((50, found.p50, 2), (90, found.p90, 10), (95, found.p95, 20), (99, found.p99, 100)):
        expected = pytest.approx(float(np.percentile(values, q))) if n >= least else None
        assert value == expected, q


@pytest.mark.parametrize("values", [[], [1.0]])
def test_too_few_values_have_no_percentile(values):
    found = percentiles(np.array(values))
    assert (found.n, found.p50, found.p99) == (len(values), None, None)
