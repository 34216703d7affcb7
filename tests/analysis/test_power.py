"""The power that is promised is the power that comparisons have."""

from __future__ import annotations

import math

import pytest
from scipy.stats import binom

from evalkit.analysis.power import cases_needed, power_of, smallest_difference
from tests.analysis.truths import Change


def mcnemar_power(cases, delta, flips):
    """Every outcome of n cases, one after the other."""
    better, worse = delta + (1 - delta) * flips / 2, (1 - delta) * flips / 2
    power = 0.0
    for differing in range(cases + 1):
        chance = binom.pmf(differing, cases, better + worse)
        for up in range(differing + 1):
            p = min(1.0, 2 * binom.cdf(min(up, differing - up), differing, 0.5))
            if p <= 0.05:
                power += chance * binom.pmf(up, differing, better / (better + worse))
    return power


@pytest.mark.parametrize(("cases", "delta", "flips"), [(6, 0.9, 0.1), (24, 0.35, 0.1), (40, 0.2, 0.3), (60, 0.1, 0.02)])
def test_the_power_of_single_answers_is_that_of_the_exact_mcnemar_test(cases, delta, flips):
    assert power_of(cases, delta, flips=flips) == pytest.approx(mcnemar_power(cases, delta, flips), abs=1e-6)


@pytest.mark.parametrize("repeats", [1, 3])
@pytest.mark.parametrize("flips", [0.02, 0.2])
@pytest.mark.parametrize("cases", [20, 50, 200])
def test_comparisons_find_what_was_promised(cases, flips, repeats):
    change = Change(cases, repeats, flips, smallest_difference(cases, flips=flips, repeats=repeats))
    times = 400
    assert change.promised == pytest.approx(0.8, abs=1e-6)
    assert change.found(times) == pytest.approx(0.8, abs=0.03 + 3 * math.sqrt(0.8 * 0.2 / times))


@pytest.mark.parametrize("repeats", [1, 3, 10])
def test_for_many_cases_the_power_is_miller_s(repeats):
    """n = (z_{α/2} + z_β)²(ω² + (σ²_A + σ²_B)/K)/δ² (arXiv:2411.00640)."""
    delta, flips = 0.02, 0.2
    variance = delta * (1 - delta) + (1 - delta) * flips / repeats
    miller = (1.959964 + 0.841621) ** 2 * variance / delta**2
    assert cases_needed(delta, flips=flips, repeats=repeats) == pytest.approx(miller, rel=0.08)


def test_what_is_needed_is_enough_and_one_case_less_is_not():
    for repeats in (1, 3):
        n = cases_needed(0.1, flips=0.2, repeats=repeats)
        assert power_of(n, 0.1, flips=0.2, repeats=repeats) >= 0.8
        assert power_of(n - 1, 0.1, flips=0.2, repeats=repeats) < 0.8


def test_more_cases_repeats_or_less_chance_show_smaller_differences():
    assert smallest_difference(100, flips=0.2) < smallest_difference(50, flips=0.2)
    assert smallest_difference(100, flips=0.2, repeats=3) < smallest_difference(100, flips=0.2)
    assert smallest_difference(100, flips=0.1) < smallest_difference(100, flips=0.2)


@pytest.mark.parametrize("cases", [0, 1, 5])
def test_so_few_cases_show_no_difference_at_all(cases):
    assert smallest_difference(cases, flips=0.1) is None


def test_a_difference_that_no_suite_can_show_needs_no_number_of_cases():
    assert cases_needed(0.0001, flips=0.3) is None
