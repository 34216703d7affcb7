"""The 95 % interval holds the truth in 93 % of tries or more, after 10, 30 and 100 answers; in small here."""

from __future__ import annotations

import numpy as np
import pytest

from evalkit.estimate.measured import draw_measured, measured
from evalkit.estimate.spreads import ends
from tests.estimate.coverage import FUTURE, TRUTHS, covered, lognormal, tokens

REPETITIONS = 40
LEAST = 0.84
"""Of 40 tries with a probability of 0.95 each, fewer lie inside once in 200."""


@pytest.mark.parametrize("pilot", [10, 100])
@pytest.mark.parametrize("truth", ["lognormal, σ 1.1", "gamma, shape 1", "mixture, 30 % 8 times longer"])
def test_what_comes_lies_inside(truth, pilot):
    inside, _ = covered(TRUTHS[truth], pilot, REPETITIONS, draws=400)
    assert inside >= LEAST


def test_more_answers_make_it_narrower():
    ratios = [covered(TRUTHS["lognormal, σ 1.1"], pilot, 10, draws=400)[1] for pilot in (10, 30, 100)]
    assert ratios[0] > 1.5 * ratios[1] > 1.5 * ratios[2]


def test_a_t_interval_alone_would_promise_too_much():
    """The guard's guard: such a truth can tell a bad interval from a good one."""
    rng = np.random.default_rng(5)
    inside = 0
    for _ in range(400):
        pilot = tokens(lognormal(1.1), rng, 10)
        mean, error = pilot.mean(), pilot.std(ddof=1) / np.sqrt(10)
        inside += abs(tokens(lognormal(1.1), rng, FUTURE).mean() - mean) <= 2.26 * error  # Student's t
    assert inside / 400 < LEAST


def test_what_never_varied_is_taken_as_it_was():
    known = measured(np.full(50, 1200.0), None)
    visible, reasoning = draw_measured(known, 400, 256, np.random.default_rng(0), even=True)
    low, high = ends(visible.mean(axis=1))
    assert low == pytest.approx(1200, rel=0.03)
    assert high == pytest.approx(1200, rel=0.12)  # the answer that was not seen
    assert np.median(visible.mean(axis=1)) == pytest.approx(1200, rel=0.005)
    assert not reasoning.any()


def test_one_answer_is_better_than_none_and_leaves_much_open():
    known = measured(np.array([100.0]), None)
    visible, _ = draw_measured(known, 4000, 1, np.random.default_rng(0), even=False)
    low, high = ends(visible[:, 0])
    assert low < 30
    assert high > 300
    assert np.median(visible) == pytest.approx(100, rel=0.1)


def test_an_answer_weighs_as_often_as_its_case_comes():
    values = np.array([10.0] * 20 + [1000.0] * 20)
    weights = np.array([9.0] * 20 + [1.0] * 20)
    known = measured(values, None, weights)
    visible, _ = draw_measured(known, 2000, 256, np.random.default_rng(0), even=True)
    empirical = visible[1000:].mean(axis=1)
    assert np.median(empirical) == pytest.approx(0.9 * 10 + 0.1 * 1000, rel=0.3)


def test_thinking_and_speaking_that_go_together_are_drawn_together():
    rng = np.random.default_rng(0)
    level = rng.standard_normal(200)
    known = measured(100 * np.exp(level), 1000 * np.exp(level))
    visible, reasoning = draw_measured(known, 400, 50, rng, even=False)
    assert np.corrcoef(np.log1p(visible).ravel(), np.log1p(reasoning).ravel())[0, 1] > 0.9


def test_ten_thousand_answers_take_no_longer_than_five_hundred():
    known = measured(np.arange(1.0, 10_001.0), None)
    visible, _ = draw_measured(known, 400, 256, np.random.default_rng(0), even=True)
    empirical = visible[200:].mean(axis=1)
    assert np.median(empirical) == pytest.approx(5000, rel=0.02)
    assert empirical.std() < 100  # the error of a mean of 10,000 answers, not of 500
