"""The sign-flip test is the exact McNemar test for single answers; for others, what libraries find by enumeration."""

from __future__ import annotations

import time

import numpy as np
import pytest
from scipy.stats import binomtest, permutation_test
from statsmodels.stats.contingency_tables import mcnemar

from evalkit.analysis.sign_flips import sign_flip_p


def flips(better, worse, same=3):
    return np.array([1.0] * better + [-1.0] * worse + [0.0] * same)


def test_for_single_answers_it_is_the_exact_mcnemar_test_of_scipy_and_statsmodels():
    chance = np.random.default_rng(1)
    for better, worse in chance.integers(0, 40, (100, 2)):
        found = sign_flip_p(flips(better, worse))
        table = [[3, int(worse)], [int(better), 3]]
        assert found == pytest.approx(mcnemar(table, exact=True).pvalue if better + worse else 1, abs=1e-12)
        assert found == pytest.approx(binomtest(int(better), int(better + worse)).pvalue if better + worse else 1)


def test_for_shares_of_repeats_it_is_the_enumeration_of_all_signs():
    chance = np.random.default_rng(2)
    for repeats in (2, 3, 5, 7):
        for _ in range(10):
            passed = chance.integers(-repeats, repeats + 1, 11).astype(float)  # whole numbers: scipy adds up floats
            expected = permutation_test((passed,), np.sum, permutation_type="samples", n_resamples=np.inf)
            assert sign_flip_p(passed / repeats) == pytest.approx(expected.pvalue, abs=1e-9)


def test_for_amounts_it_is_near_the_enumeration_of_all_signs():
    chance = np.random.default_rng(3)
    for _ in range(20):
        differences = chance.lognormal(size=12) * chance.choice([-1, 1], 12)
        expected = permutation_test((differences,), np.sum, permutation_type="samples", n_resamples=np.inf)
        assert sign_flip_p(differences) == pytest.approx(expected.pvalue, abs=0.003)


@pytest.mark.parametrize("n", [600, 3_000, 6_000])
def test_of_many_amounts_it_is_near_what_drawn_signs_say(n):
    chance = np.random.default_rng(n)
    differences = chance.lognormal(size=n) * chance.choice([-1, 1], n)
    signs = chance.choice(np.array([-1, 1], dtype=np.int8), (4_000, n))
    drawn = np.abs(signs @ differences) >= abs(differences.sum())
    assert sign_flip_p(differences) == pytest.approx(drawn.mean(), abs=0.03)


def test_fractions_of_unlike_repeats_have_a_common_step():
    thirds_and_quarters = np.array([1 / 3, 1 / 4, 2 / 3, -1 / 4, 1 / 12])
    signs = np.array(np.meshgrid(*[[-1, 1]] * 5)).reshape(5, -1).T
    expected = (np.abs(signs @ thirds_and_quarters) >= abs(thirds_and_quarters.sum()) - 1e-12).mean()
    assert sign_flip_p(thirds_and_quarters) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("differences", [[], [0.0], [0.0, 0.0, 0.0]])
def test_where_nothing_differs_there_is_nothing_to_reject(differences):
    assert sign_flip_p(np.array(differences)) == 1.0


def test_rounding_errors_are_no_differences():
    assert sign_flip_p(np.array([1.0, -1.0, 1e-17, 1e-17])) == 1.0


def test_neither_sign_nor_scale_matters():
    differences = np.array([0.2, 0.4, -0.6, 0.2, 0.8])
    assert sign_flip_p(differences) == sign_flip_p(-differences) == pytest.approx(sign_flip_p(differences * 5))


def test_thousands_of_differences_take_no_time_to_speak_of():
    differences = np.random.default_rng(5).normal(size=4_000)
    began = time.process_time()
    sign_flip_p(differences)
    assert time.process_time() - began < 2


@pytest.mark.parametrize("amount", [1.75e-5, 0.0123, 3.3, 417.0])
def test_equal_amounts_of_any_size_are_tested_as_flips_are(amount):
    noise = 1 + np.random.default_rng(7).normal(size=24) * 1e-13  # as differences of floats have it
    for better in (12, 17, 20, 24):
        signs = np.array([1.0] * better + [-1.0] * (24 - better))
        assert sign_flip_p(signs * amount * noise) == pytest.approx(sign_flip_p(signs), rel=1e-9)
