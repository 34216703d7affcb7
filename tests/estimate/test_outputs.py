"""Draws of answers: of few each by itself, of many their sum, with the same middle and the same spread."""

from __future__ import annotations

import numpy as np
import pytest

from evalkit.costs.priors import Length, OutputPrior
from evalkit.costs.spans import within
from evalkit.estimate.outputs import ANSWERS, MOST_COLUMNS, Levels, draw_outputs
from evalkit.estimate.requests import PARTS
from evalkit.estimate.simulation import Billing, simulate, within_limits
from evalkit.types import Price
from tests.estimate.plans import asked_of, row, with_parts

NO_LEVEL = Levels(np.zeros(4000), np.zeros(4000))
PLAIN = OutputPrior(visible=Length(median=100, suite_sigma=0.0, trial_sigma=1.0), reasoning=None, basis="")
ONES = np.ones(1)


def total(number: int, **changes):
    asked = asked_of(row(prior=PLAIN, repeats=float(number), most_output=10**9, **changes))
    return draw_outputs(asked, {}, NO_LEVEL, np.random.default_rng(1)).sum_visible(ONES)


@pytest.mark.parametrize("number", [MOST_COLUMNS, 50 * MOST_COLUMNS])
def test_the_sum_of_lognormals_has_their_mean_and_spread(number):
    sums = total(number)
    mean = 100 * np.exp(0.5)
    sigma = mean * np.sqrt(np.e - 1)
    assert sums.mean() == pytest.approx(number * mean, rel=0.01)
    assert sums.std() == pytest.approx(np.sqrt(number) * sigma, rel=0.2)


def test_a_cap_holds_for_each_answer_and_thinking_takes_it_first():
    prior = OutputPrior(
        visible=Length(median=500, suite_sigma=0.0, trial_sigma=1.0),
        reasoning=Length(median=500, suite_sigma=0.0, trial_sigma=1.0),
        basis="",
    )
    asked = asked_of(row(prior=prior, repeats=20.0, most_output=600))
    drawn = draw_outputs(asked, {}, NO_LEVEL, np.random.default_rng(1))
    assert (drawn.visible + drawn.reasoning).max() <= 600
    assert drawn.reasoning.max() == 600
    assert (drawn.visible[drawn.reasoning == 600] == 0).all()


def test_several_answers_to_one_request_are_all_billed():
    asked = asked_of(row(prior=PLAIN, repeats=10_000.0, answers=3, most_output=10**9))
    drawn = draw_outputs(asked, {}, NO_LEVEL, np.random.default_rng(1))
    assert drawn.sum_visible(ONES).mean() == pytest.approx(3 * total(10_000).mean(), rel=0.01)


def test_what_is_frozen_does_not_vary():
    asked = asked_of(row(prior=PLAIN, repeats=10.0))
    assert draw_outputs(asked, {}, NO_LEVEL, np.random.default_rng(1), frozen=ANSWERS).sum_visible(ONES).std() < 1e-9


def test_limits_are_the_ends_of_the_interval():
    drawn = within_limits(np.array([10.0, 20.0, 60.0]), np.random.default_rng(0).random(20_000))
    assert np.quantile(drawn, [0.025, 0.5, 0.975]) == pytest.approx([10, 20, 60], abs=0.6)
    assert (drawn.min(), drawn.max()) == (10, 60)


@pytest.mark.parametrize("part", PARTS)
def test_every_kind_of_input_makes_the_cost_uncertain_and_can_be_frozen(part):
    asked = asked_of(row(parts=with_parts(**{part: within(100, 200, 400)}), prior=PLAIN, most_output=0))
    billing = Billing(price=Price(input=2.0, output=8.0), retry_rate=0.0)
    free, frozen = (simulate(asked, {}, billing, NO_LEVEL, seed=0, frozen=each).cost_usd for each in (None, part))
    assert np.quantile(free, [0.025, 0.975]) == pytest.approx([200e-6, 800e-6], rel=0.01)
    assert frozen.std() < 1e-12
    assert frozen[0] == pytest.approx(400e-6)
