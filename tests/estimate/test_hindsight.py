"""The estimate beside what a run took."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from evalkit.estimate.hindsight import with_actual
from evalkit.types import ModelSummary, Percentiles
from tests.estimate.plans import estimate_of, plan_of


def took(answers=3, **figures):
    values = {"input_tokens": 30, "output_tokens": 60, "reasoning_tokens": None, "cost_usd": 0.0005, **figures}
    known = {name: 0 if value is None else answers for name, value in values.items()}
    return ModelSummary(
        model="m", prompt="default", n=answers, passed=answers, failed=0, errors=0, unscored=0, not_run=0,
        pass_rate=None, pass_rate_low=None, pass_rate_high=None, pass_rate_bounds=None, score=None, outcomes={},
        error_kinds={}, latency_s=Percentiles(), ttft_s=Percentiles(), cached_input_tokens=None,
        cost_per_pass_usd=None, known=known, answered_by=(), **values,
    )  # fmt: skip


@pytest.fixture
def estimate(tmp_path):
    return estimate_of(*plan_of(tmp_path))


def test_a_cost_inside_the_interval_is_told_with_its_bias(estimate):
    expected = estimate.models[0].cost_usd
    (model,) = with_actual(estimate, [took(cost_usd=1.5 * expected.median)]).models
    assert model.actual.inside is True
    assert model.actual.bias == pytest.approx(0.5)
    assert (model.actual.trials, model.actual.output_tokens) == (3, 60)


def test_a_cost_outside_is_told(estimate):
    expected = estimate.models[0].cost_usd
    assert with_actual(estimate, [took(cost_usd=2 * expected.high)]).models[0].actual.inside is False
    assert with_actual(estimate, [took(cost_usd=0.5 * expected.low)]).models[0].actual.inside is False


def test_of_a_part_of_the_trials_only_the_bias_is_told(estimate):
    expected = estimate.models[0].cost_usd
    (model,) = with_actual(estimate, [took(answers=1, cost_usd=expected.median / 3)]).models
    assert model.actual.inside is None
    assert model.actual.bias == pytest.approx(0, abs=1e-9)


def test_prompts_are_summed_up(estimate):
    once = took(answers=1, cost_usd=0.001)
    (model,) = with_actual(estimate, [once, replace(once, prompt="b"), replace(once, prompt="c")]).models
    assert model.actual.cost_usd == pytest.approx(0.003)
    assert model.actual.trials == 3


def test_what_was_not_answered_or_not_priced_is_not_compared(estimate):
    assert with_actual(estimate, []).models[0].actual is None
    assert with_actual(estimate, [took(answers=0)]).models[0].actual is None
    actual = with_actual(estimate, [took(cost_usd=None)]).models[0].actual
    assert (actual.cost_usd, actual.bias, actual.inside) == (None, None, None)
