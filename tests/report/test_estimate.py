"""Estimates as people and programs read them: on terminals of any width, as Markdown, CSV and JSON."""

from __future__ import annotations

import json

import msgspec
import pytest

from evalkit.display import width
from evalkit.report.estimate_export import as_csv, as_json
from evalkit.report.estimate_markdown import as_markdown
from evalkit.report.estimate_table import render_estimate
from evalkit.report.estimate_words import duration, headline, uncertain
from evalkit.types import (
    CostEstimate,
    ModelEstimate,
    Rollout,
    RolloutModel,
    RolloutMonth,
    Spread,
    UncertaintyShare,
)


def spread(median: float, worst: float | None = None) -> Spread:
    return Spread(low=median / 2, median=median, high=2 * median, worst=worst)


def model(name: str = "gpt-4o", cost: float | None = 0.5, **more) -> ModelEstimate:
    usd = None if cost is None else spread(cost, 9.0)
    values = {
        "model": name, "trials": 100, "requests": 100, "input_tokens": spread(10_000, 20_000),
        "output_tokens": spread(5_000, 99_000), "visible_tokens": spread(5_000, 99_000), "cost_usd": usd,
        "cost_per_trial_usd": usd and spread(cost / 100), "cost_per_1k_trials_usd": usd and spread(10 * cost),
        "time_s": spread(60), "sources": {"input_tokens": "counted", "output_tokens": "prior", "time_s": "prior"},
        "basis": {"input_tokens": "exact (o200k_base)", "output_tokens": "a prior for any answer"}, **more,
    }  # fmt: skip
    return ModelEstimate(**values)


def estimate(*models: ModelEstimate, **more) -> CostEstimate:
    values = {
        "suite": "quick", "trials": 100, "models": models or (model(),), "total_cost_usd": spread(0.5, 9.0),
        "priced_cost_usd": spread(0.5, 9.0), "time_s": spread(60), "leaves_out": ("what nobody knows",),
        "uncertainty": (UncertaintyShare(source="length of answers", share=0.9),), **more,
    }  # fmt: skip
    return CostEstimate(**values)


def rolled(name: str, share: float = 1.0, cost: float | None = 600.0) -> RolloutModel:
    usd = None if cost is None else spread(cost)
    return RolloutModel(
        model=name, share=share, requests_per_day=50_000 * share, input_tokens_per_request=spread(1200),
        output_tokens_per_request=spread(1200), cost_per_request_usd=usd, input_tokens_per_month=spread(1.8e9),
        output_tokens_per_month=spread(1.8e9), cost_per_day_usd=usd, cost_per_month_usd=usd, cost_usd=usd,
    )  # fmt: skip


def rollout(months: int = 2, *, mix: bool = True) -> Rollout:
    usd = spread(600) if mix else None
    tokens = spread(1.8e9) if mix else None
    return Rollout(
        requests_per_day=50_000, growth_per_month=0.1, days_per_month=30.4, mix={"gpt-4o": 1.0} if mix else {},
        months=tuple(
            RolloutMonth(month=n + 1, requests=1.5e6, input_tokens=tokens, output_tokens=tokens, cost_usd=usd)
            for n in range(months)
        ),
        cached_input_share=0.3, retry_rate=0.02, requests_from="cases", models=(rolled("gpt-4o"),),
        what_if=(rolled("gpt-4o"), rolled("o3", cost=None)), cost_per_day_usd=usd, cost_per_month_usd=usd,
        total_cost_usd=usd, notes=("of the rollout",),
    )  # fmt: skip


@pytest.mark.parametrize("columns", [40, 60, 80, 100, 120, 200])
def test_no_line_is_wider_than_its_terminal(columns):
    models = model(), model("doubao-1-5-vision-pro-32k-250115", None), model("模型" * 12, reasoning_tokens=spread(9e6))
    text = render_estimate(estimate(*models, unpriced=("x",), rollout=rollout(14)), columns)
    assert max(map(width, text.splitlines())) <= columns


def test_the_first_line_says_what_it_probably_costs():
    assert headline(estimate()) == "100 trials, probably 0.50 USD (95 %: 0.25–1.00), at most 9.00"
    assert headline(estimate(unpriced=("a", "b"))).endswith("; without a, b: unpriced")
    assert headline(estimate(priced_cost_usd=None, unpriced=("a",))) == "100 trials; a: unpriced"


def test_what_makes_it_uncertain_is_named_with_its_share():
    shares = (UncertaintyShare(source="length of thinking", share=0.7), UncertaintyShare(source="pictures", share=0.2))
    assert uncertain(shares) == (
        "Most uncertain: length of thinking (70 % of the variance of the cost; then pictures 20 %)."
    )
    assert uncertain(()) == ""


def test_an_unknown_cost_is_a_dash_and_no_zero():
    (line,) = [
        line for line in render_estimate(estimate(model(cost=None)), 200).splitlines() if line.startswith("gpt-4o")
    ]
    assert line.split()[6:9] == ["–", "–", "–"]


def test_a_judge_is_said_to_be_one():
    told = estimate(judges=(model("o3"),))
    assert "o3 (judge)" in render_estimate(told, 120)
    assert "`o3 (judge)`" in as_markdown(told)
    assert "\no3,judge,100" in as_csv(told)


def test_the_stand_in_is_said_in_every_form_for_people():
    for text in (render_estimate(estimate(stand_in=True), 120), as_markdown(estimate(stand_in=True))):
        assert "say nothing about any model" in text


def test_a_note_of_several_models_stands_once():
    told = render_estimate(estimate(model("a", notes=("odd",)), model("b", notes=("odd",))), 120)
    assert "· a, b: odd" in told


def test_a_rollout_shows_traffic_months_and_what_if():
    text = render_estimate(estimate(rollout=rollout()), 120)
    for words in ("50,000 requests a day, growing by 10 % a month", "30 % of the input cached", "2 % billed once more",
                  "month 2", "What if one model answered all of it:", "· of the rollout"):  # fmt: skip
        assert words in text
    assert "+2 more months" in render_estimate(estimate(rollout=rollout(14)), 120)


def test_without_a_mix_there_is_no_sum():
    text = render_estimate(estimate(rollout=rollout(mix=False)), 120)
    assert "no mix of models is given" in " ".join(text.split())
    assert "month 1" not in text


def test_json_is_what_was_estimated():
    told = estimate(rollout=rollout())
    assert msgspec.json.decode(as_json(told), type=CostEstimate) == told
    assert json.loads(as_json(told))["total_cost_usd"] == {"low": 0.25, "median": 0.5, "high": 1.0, "worst": 9.0}


def test_markup_in_names_stays_text():
    assert "`a\\|b`" in as_markdown(estimate(model("a|b")))
    assert "\\*x\\*" in as_markdown(estimate(suite="*x*"))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.84, "0.8 s"), (50, "50 s"), (119, "119 s"), (300, "5.0 min"), (5400, "90 min"), (9000, "2.5 h"), (2e6, "23 d")],
)
def test_a_duration_is_told_in_its_own_unit(seconds, text):
    assert duration(seconds) == text
