"""The estimate of a run: known answers, sources, bounds, judges, time, and what makes it uncertain."""

from __future__ import annotations

import pytest

from evalkit.costs.request_tokens import request_tokens
from evalkit.costs.worst_case import worst_case_usd
from evalkit.estimate.estimating import uncertainty_of
from evalkit.estimate.judging import JUDGES
from evalkit.estimate.outputs import ANSWERS, THINKING
from evalkit.estimate.simulation import random_for
from tests.estimate.plans import estimate_of, estimator_of, history_of, plan_of, sample


def known(plan, *, output_tokens=1200, input_tokens=1200, **more):
    """A history that knows every trial of the first model."""
    model = plan.models[0]
    samples = [
        sample(
            key=trial.key,
            case_id=trial.case_id,
            prompt=trial.prompt,
            input_tokens=input_tokens,
            output_tokens=output_tokens,
            **more,
        )
        for trial in plan.trials(model)
    ]
    return history_of(*samples, model_name=model.name)


def test_what_is_known_for_certain_costs_just_that(tmp_path):
    plan, census = plan_of(tmp_path)
    (model,) = estimate_of(plan, census, known(plan)).models
    assert model.cost_usd.median == pytest.approx(3 * 1200 * 10 / 1e6, rel=0.01)
    assert (model.input_tokens.low, model.input_tokens.high) == (3600, 3600)
    assert model.output_tokens.median == 3600
    assert model.sources["input_tokens"] == model.sources["output_tokens"] == "history"
    assert model.cost_per_trial_usd.median == pytest.approx(model.cost_usd.median / 3)
    assert model.cost_per_1k_trials_usd.median == pytest.approx(model.cost_usd.median / 3 * 1000)


def test_input_is_counted_by_the_models_own_tokenizer(tmp_path):
    plan, census = plan_of(tmp_path)
    (model,) = estimate_of(plan, census).models
    spans = [request_tokens(trial.request, trial.model) for trial in plan.trials(plan.models[0])]
    assert model.input_tokens.low == sum(span.low for span in spans)
    assert model.input_tokens.median == pytest.approx(sum(span.expected for span in spans), abs=2)
    assert model.input_tokens.high == sum(span.high for span in spans)
    assert model.sources["input_tokens"] == "counted"


def test_the_worst_case_is_that_of_every_request_once(tmp_path):
    plan, census = plan_of(tmp_path, defaults={"repeat": 2})
    (model,) = estimate_of(plan, census).models
    worst = [worst_case_usd(trial.model, trial.request) for trial in plan.trials(plan.models[0])]
    assert len(worst) == 6
    assert model.cost_usd.worst == pytest.approx(sum(worst))
    assert model.output_tokens.worst == 6 * 16_384
    assert model.cost_usd.low <= model.cost_usd.median <= model.cost_usd.high <= model.cost_usd.worst


def test_a_cap_bounds_the_answers_and_is_named_as_their_source(tmp_path):
    plan, census = plan_of(tmp_path, defaults={"params": {"max_output_tokens": 30}})
    (model,) = estimate_of(plan, census).models
    assert model.output_tokens.worst == 90
    assert model.output_tokens.high <= 90
    assert model.sources["output_tokens"] == "cap"
    assert "cut off at the cap of 30 tokens" in model.basis["output_tokens"]


def test_without_cap_or_history_a_prior_is_named(tmp_path):
    plan, census = plan_of(tmp_path)
    (model,) = estimate_of(plan, census).models
    assert model.sources["output_tokens"] == "prior"
    assert model.reasoning_tokens is None
    assert model.uncertainty[0].source == ANSWERS


def test_of_a_model_that_thinks_the_thinking_is_apart_and_most_uncertain(tmp_path):
    plan, census = plan_of(tmp_path, models=["o3"])
    (model,) = estimate_of(plan, census).models
    assert model.reasoning_tokens.median > 0
    assert model.output_tokens.median == pytest.approx(
        model.visible_tokens.median + model.reasoning_tokens.median, rel=0.5
    )
    assert model.uncertainty[0].source == THINKING


def test_thinking_that_is_not_told_apart_is_unknown_not_none(tmp_path):
    plan, census = plan_of(tmp_path, models=[{"name": "m", "id": "o3"}])
    told = estimate_of(plan, census, known(plan, reasoning_tokens=1000)).models[0]
    assert (told.visible_tokens.median, told.reasoning_tokens.median) == (600, 3000)
    untold = estimate_of(plan, census, known(plan)).models[0]
    assert (untold.visible_tokens, untold.reasoning_tokens) == (None, None)
    assert untold.output_tokens.median == 3600


def test_a_pilot_is_named_as_the_source(tmp_path):
    plan, census = plan_of(tmp_path)
    history = history_of(*(sample(output_tokens=n) for n in (10, 20, 30)), pilot=True)
    (model,) = estimate_of(plan, census, history).models
    assert model.sources["output_tokens"] == "pilot"
    assert model.sources["input_tokens"] == "counted"
    assert any("only 3 answers" in note for note in model.notes)


def test_what_nobody_prices_is_unpriced_and_the_total_unknown(tmp_path):
    plan, census = plan_of(tmp_path, models=["gpt-4o", {"id": "nobodys", "provider": "gptproto", "api": "chat"}])
    estimate = estimate_of(plan, census)
    priced, unpriced = estimate.models
    assert unpriced.cost_usd is None
    assert unpriced.cost_per_trial_usd is None
    assert unpriced.input_tokens.median > 0
    assert estimate.unpriced == ("nobodys",)
    assert estimate.total_cost_usd is None
    assert estimate.priced_cost_usd.median == pytest.approx(priced.cost_usd.median)


def test_the_total_is_over_all_models(tmp_path):
    plan, census = plan_of(tmp_path, models=["gpt-4o", "gpt-4.1"])
    estimate = estimate_of(plan, census)
    medians = sum(model.cost_usd.median for model in estimate.models)
    assert estimate.total_cost_usd.median == pytest.approx(medians, rel=0.15)
    assert estimate.total_cost_usd.worst == pytest.approx(sum(model.cost_usd.worst for model in estimate.models))


def test_the_same_seed_gives_the_same_figures_and_another_one_others(tmp_path):
    plan, census = plan_of(tmp_path)
    one, again, other = (estimate_of(plan, census, seed=seed) for seed in (0, 0, 1))
    assert one == again
    assert one.total_cost_usd != other.total_cost_usd


def test_a_conversation_sends_every_turn_with_all_that_was_said_before(tmp_path):
    cases = [{"id": "talk", "turns": ["Hello.", "Go on.", "And then?"], "checks": "none"}]
    plan, census = plan_of(tmp_path, cases=cases)
    history = history_of(*(sample(turn=turn, output_tokens=100, key="other") for turn in range(3)))
    (model,) = estimate_of(plan, census, history).models
    assert (model.trials, model.requests) == (1, 3)
    alone = sum(row.input.expected for row in estimator_of(plan, census).known["m"].asked.requests)
    assert model.input_tokens.median == pytest.approx(alone + 100 + 200, abs=5)


def test_of_a_conversation_that_is_known_nothing_is_counted_twice(tmp_path):
    cases = [{"id": "talk", "turns": ["Hello.", "Go on."], "checks": "none"}]
    plan, census = plan_of(tmp_path, cases=cases)
    (trial,) = plan.trials(plan.models[0])
    history = history_of(sample(key=trial.key, input_tokens=10), sample(key=trial.key, turn=1, input_tokens=50))
    (model,) = estimate_of(plan, census, history).models
    assert model.input_tokens.median == 60


def test_cached_input_is_cheaper_by_the_share_that_was_measured(tmp_path):
    price = {"input": 2, "output": 8, "cached_input": 0.5}
    plan, census = plan_of(tmp_path, models=[{"name": "m", "id": "gpt-4o", "price": price}])
    (model,) = estimate_of(plan, census, known(plan, cached_input_tokens=600)).models
    expected = 3 * (600 * 2 + 600 * 0.5 + 1200 * 8) / 1e6
    assert model.cost_usd.median == pytest.approx(expected, rel=0.01)


def test_a_request_above_a_tier_is_charged_at_its_rates_whole(tmp_path):
    plan, census = plan_of(tmp_path, models=[{"name": "m", "id": "gemini-2.5-pro"}])
    low = estimate_of(plan, census, known(plan, input_tokens=200_000, output_tokens=0)).models[0]
    high = estimate_of(plan, census, known(plan, input_tokens=200_001, output_tokens=0)).models[0]
    assert low.cost_usd.low == pytest.approx(3 * 0.2 * 0.75, rel=0.01)
    assert high.cost_usd.low == pytest.approx(3 * 0.2 * 2.5, rel=0.01)


def test_repeats_cost_as_often(tmp_path):
    once, often = (estimate_of(*plan_of(tmp_path, defaults={"repeat": n})).models[0] for n in (1, 50))
    assert often.trials == 50 * once.trials
    assert often.input_tokens.median == pytest.approx(50 * once.input_tokens.median, rel=0.02)


def test_a_larger_plan_is_narrower_for_its_size_where_much_is_known(tmp_path):
    small, large = (plan_of(tmp_path, defaults={"repeat": n}) for n in (1, 200))
    history = history_of(*(sample(output_tokens=n) for n in range(10, 400)))
    widths = []
    for plan, census in (small, large):
        cost = estimate_of(plan, census, history).models[0].output_tokens
        widths.append((cost.high - cost.low) / cost.median)
    assert widths[1] < widths[0] / 2


def test_judges_have_lines_of_their_own_and_are_in_the_total(tmp_path):
    case = {"id": "a", "vars": {"q": "hi"}, "checks": [{"judge": {"rubric": "kind", "model": "o3"}}]}
    plan, census = plan_of(tmp_path, cases=[case], defaults={"repeat": 3})
    estimate = estimate_of(plan, census)
    (judge,) = estimate.judges
    assert (judge.model, judge.trials) == ("o3", 3)
    assert judge.cost_usd.low > 0
    assert estimate.total_cost_usd.median > estimate.models[0].cost_usd.median
    assert {share.source for share in estimate.uncertainty} & {JUDGES, THINKING}


def test_time_keeps_the_rate_limits_and_falls_with_concurrency(tmp_path):
    slow = plan_of(tmp_path, models=[{"name": "m", "id": "gpt-4o", "rpm": 1}])
    assert estimate_of(*slow).time_s.low >= 3 * 60
    plan, census = plan_of(tmp_path, defaults={"repeat": 100})
    one, ten = (estimate_of(plan, census, concurrency=n).time_s.median for n in (1, 10))
    assert one == pytest.approx(10 * ten, rel=0.1)


def test_time_is_as_measured_where_it_was(tmp_path):
    plan, census = plan_of(tmp_path)
    (model,) = estimate_of(plan, census, known(plan, latency_s=7.0), concurrency=1).models
    assert model.time_s.median == pytest.approx(21, rel=0.1)
    assert model.sources["time_s"] == "history"


def test_shares_of_variance_are_what_goes_where_a_source_is_frozen():
    big, small = (random_for(0, name).standard_normal(10_000) for name in ("a", "b"))
    whole = 2 * big + small
    shares = uncertainty_of(whole + 100, {"big": small + 100, "small": 2 * big + 100, "none": whole + 100})
    assert [share.source for share in shares] == ["big", "small"]
    assert shares[0].share == pytest.approx(0.8, abs=0.03)
    assert uncertainty_of(big * 0 + 5, {"big": big * 0 + 5}) == ()
