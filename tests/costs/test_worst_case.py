"""A budget is told the most that a call can cost: every token at its dearest, the longest answer there is."""

from __future__ import annotations

import pytest

from evalkit.apis.messages import DEFAULT_CAP
from evalkit.costs.limits import SENT_CAPS, answers_to, cap_of, limits_of
from evalkit.costs.prices import cost_usd
from evalkit.costs.priors import output_prior, reasons
from evalkit.costs.request_tokens import request_tokens
from evalkit.costs.worst_case import worst_case_usd, worst_input_tokens, worst_output_tokens
from evalkit.suite.presets import PRESETS
from evalkit.types import Price, PriceTier, Usage
from tests.costs.asked import model, request

PRICE = Price(input=2.0, output=8.0)


def test_a_cap_bounds_the_answer():
    asked = request("Hi", max_output_tokens=100)
    tokens = request_tokens(asked, model("gpt-4o"))
    usd = worst_case_usd(model("gpt-4o", price=PRICE), asked)
    assert usd == pytest.approx((tokens.worst * 2 + 100 * 8) / 1e6)


def test_without_a_cap_the_longest_answer_of_the_model_is_taken():
    assert worst_output_tokens(model("gpt-4o"), request("Hi")) == 16_384
    assert worst_output_tokens(model("o3"), request("Hi")) == 100_000
    assert worst_output_tokens(model("a model that nobody knows"), request("Hi")) == 131_072


def test_a_cap_beyond_what_the_model_can_is_no_cap():
    assert worst_output_tokens(model("gpt-4o"), request("Hi", max_output_tokens=10**9)) == 16_384


def test_thinking_that_no_cap_holds_back_comes_on_top():
    assert worst_output_tokens(model("doubao-seed-1.6"), request("Hi", max_output_tokens=100)) == 100 + 32_768


def test_the_cap_of_the_messages_api_is_the_one_that_is_sent():
    assert SENT_CAPS == {"messages": DEFAULT_CAP}
    assert worst_output_tokens(model("claude-sonnet-4", api="messages"), request("Hi")) == DEFAULT_CAP
    assert worst_output_tokens(model("claude-sonnet-4"), request("Hi")) == 64_000


def test_a_cap_may_stand_in_the_extra_body_and_is_what_goes_out():
    assert cap_of(request("Hi", max_output_tokens=5, extra_body={"max_tokens": 7})) == 7
    assert cap_of(request("Hi", extra_body={"max_completion_tokens": 7})) == 7
    assert cap_of(request("Hi", extra_body={"max_tokens": "7"})) is None
    assert cap_of(request("Hi")) is None


def test_several_answers_cost_several_times():
    assert answers_to(request("Hi", extra_body={"n": 3})) == 3
    assert answers_to(request("Hi", extra_body={"n": True})) == 1
    assert worst_output_tokens(model("gpt-4o"), request("Hi", max_output_tokens=10, extra_body={"n": 3})) == 30


def test_an_unpriced_model_has_no_worst_case():
    assert worst_case_usd(model("a model that nobody knows"), request("Hi")) is None


def test_a_dearer_tier_counts_only_where_it_can_be_reached():
    tiered = Price(input=1, output=10, tiers=(PriceTier(above_input_tokens=200_000, input=2, output=15),))
    short, long = request("Hi", max_output_tokens=10), request("1 2 " * 60_000, max_output_tokens=10)
    asked = model("gemini-2.5-pro", price=tiered)
    used = request_tokens(long, asked)
    assert worst_case_usd(asked, short) < (200 * 1 + 10 * 10) / 1e6
    assert worst_case_usd(asked, long) == pytest.approx((used.worst * 2 + 10 * 15) / 1e6)


def test_more_input_than_a_model_takes_is_never_charged():
    asked = model("doubao-1-5-vision-pro-32k-250115")
    tokens = request_tokens(request("中" * 20_000), asked)
    assert tokens.worst > 60_000 > 32_768 > tokens.high
    assert worst_input_tokens(asked, tokens) == 32_768


def test_what_is_known_better_stands_in():
    asked = model("gpt-4o", price=PRICE)
    tokens = request_tokens(request("Hi"), asked)
    usd = worst_case_usd(asked, request("Hi"), price=Price(input=0, output=1), tokens=tokens, output_tokens=50)
    assert usd == pytest.approx(50 / 1e6)


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.example)
def test_the_worst_case_is_never_below_a_likely_cost(preset):
    asked = model(preset.example)
    one = request("Who are you? " * 50)
    tokens = request_tokens(one, asked)
    price = Price(input=3, output=15)
    likely = cost_usd(Usage(input_tokens=tokens.high, output_tokens=5_000), price)
    worst = worst_case_usd(asked, one, price=price)
    assert worst > likely


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.example)
def test_every_model_of_the_presets_has_documented_limits(preset):
    limits = limits_of(preset.example)
    assert 1_000 < limits.output <= limits.context < 10**7
    assert limits is not limits_of("a model that nobody knows")


@pytest.mark.parametrize(
    ("model_id", "params", "thinks"),
    [
        ("gpt-4o", {}, False), ("o3", {}, True), ("o4-mini", {}, True), ("gpt-5", {}, True),
        ("gpt-5-chat-latest", {}, False), ("gemini-2.5-pro", {}, True), ("gemini-2.5-flash-lite", {}, False),
        ("gemini-2.0-flash", {}, False),
        ("doubao-seed-1.6", {}, True), ("doubao-1-5-vision-pro-32k-250115", {}, False), ("grok-4", {}, True),
        ("claude-sonnet-4", {}, False), ("claude-sonnet-4", {"extra_body": {"thinking": {"type": "enabled"}}}, True),
        ("doubao-seed-1.6", {"extra_body": {"thinking": {"type": "disabled"}}}, False),
        ("gpt-5.1", {"reasoning_effort": "none"}, False), ("qwen3-235b-a22b-thinking-2507", {}, True),
    ],
)  # fmt: skip
def test_models_that_think_are_known(model_id, params, thinks):
    assert reasons(model_id, params) is thinks
    assert (output_prior(model(model_id), request("Hi", **params)).reasoning is not None) is thinks


def test_more_effort_means_more_thinking():
    medians = [
        output_prior(model("o3"), request("Hi", reasoning_effort=effort)).reasoning.median
        for effort in ("minimal", "low", "medium", "high")
    ]
    assert medians == sorted(set(medians))


def test_an_expected_answer_tells_how_long_answers_will_be():
    word = output_prior(model("gpt-4o"), request("Hi"), expected_tokens=1).visible
    page = output_prior(model("gpt-4o"), request("Hi"), expected_tokens=500).visible
    assert word.median < output_prior(model("gpt-4o"), request("Hi")).visible.median < page.median
