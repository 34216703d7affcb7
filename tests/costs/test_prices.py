"""Prices are found under the right id, and costs are what the table says."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.costs.prices import PRICES_DATE, cost_usd, price_for, price_of, quote, rates_at
from evalkit.types import FunctionTarget, Price, PriceTier, Provider, Usage
from tests.costs.asked import model

PRICE = Price(input=2.0, output=10.0, cached_input=0.5)


def test_the_table_is_dated():
    assert PRICES_DATE == "2026-09-25"


@pytest.mark.parametrize(
    ("model_id", "rates"),
    [
        ("gpt-4o", (1.75, 7, 0.875)),
        ("o4-mini", (0.99, 3.96, 0.2475)),
        ("o3", (1.8, 7.2, 0.45)),
        ("gemini-2.5-pro", (0.75, 6, 0.075)),
        ("doubao-1-5-vision-pro-32k-250115", (0.3642, 1.0928, None)),
        ("gpt-4o-2024-08-06", (1.75, 7, 0.875)),
        ("claude-sonnet-4-20250514", (2.7, 13.5, 0.27)),
        ("grok-4-0709", (1.8, 9, None)),
    ],
)
def test_a_dated_id_costs_what_its_model_costs(model_id, rates):
    price = price_of(model_id)
    assert price is not None
    assert (price.input, price.output, price.cached_input) == rates


@pytest.mark.parametrize("model_id", ["gpt-4o-9999", "my-gpt-4o", "gpt-4o-image", "", "gpt"])
def test_a_similar_id_has_no_price(model_id):
    assert price_of(model_id) is None


def test_the_price_of_the_suite_goes_before_the_table():
    assert price_of("gpt-4o", PRICE) is PRICE
    assert price_of("unheard-of", PRICE) is PRICE


def test_a_cost_charges_input_and_output_at_their_rates():
    assert cost_usd(Usage(input_tokens=1000, output_tokens=200), PRICE) == pytest.approx(0.004)


def test_the_cached_part_of_the_input_is_charged_at_its_own_rate():
    usage = Usage(input_tokens=1000, output_tokens=0, cached_input_tokens=400)
    assert cost_usd(usage, PRICE) == pytest.approx((600 * 2 + 400 * 0.5) / 1e6)


def test_the_cached_part_costs_the_input_rate_where_its_own_is_unknown():
    usage = Usage(input_tokens=1000, output_tokens=0, cached_input_tokens=400)
    assert cost_usd(usage, Price(input=2.0, output=10.0)) == pytest.approx(0.002)


def test_more_cached_tokens_than_input_never_make_a_negative_cost():
    usage = Usage(input_tokens=100, output_tokens=0, cached_input_tokens=400)
    assert cost_usd(usage, PRICE) == pytest.approx(100 * 0.5 / 1e6)


def test_reasoning_is_not_charged_twice():
    with_reasoning = Usage(input_tokens=10, output_tokens=200, reasoning_tokens=150)
    assert cost_usd(with_reasoning, PRICE) == cost_usd(Usage(input_tokens=10, output_tokens=200), PRICE)


@pytest.mark.parametrize(
    ("usage", "price"),
    [
        (Usage(input_tokens=10, output_tokens=10), None),
        (Usage(input_tokens=10), PRICE),
        (Usage(output_tokens=10), PRICE),
        (Usage(total_tokens=20), PRICE),
    ],
)
def test_an_unknown_part_makes_the_cost_unknown(usage, price):
    assert cost_usd(usage, price) is None


def test_a_free_answer_costs_zero_and_not_unknown():
    assert cost_usd(Usage(input_tokens=0, output_tokens=0), PRICE) == 0.0


# --- layers --------------------------------------------------------------------------------------------------------

TIERED = Price(
    input=1.25,
    output=10,
    cached_input=0.125,
    batch=0.5,
    tiers=(PriceTier(above_input_tokens=200_000, input=2.5, output=15, cached_input=0.25),),
)


@pytest.mark.parametrize(
    ("model_id", "layer"), [("gpt-4o", "gptproto"), ("gpt-4o-mini", "list"), ("gpt-5", "list"), ("nobody's", None)]
)
def test_a_quote_says_which_layer_it_is_from(model_id, layer):
    found = quote(model_id)
    assert (found.layer if found else None) == layer
    assert found is None or (found.date and found.source)


def test_the_suites_price_goes_before_both_layers_below():
    found = quote(model("gpt-4o", price=PRICE))
    assert (found.layer, found.price, found.date) == ("suite", PRICE, None)


def test_a_resembling_id_does_not_cost_what_the_model_costs():
    assert price_of("gpt-4o-mini").input == 0.15
    assert price_of("o3-mini").input == 1.1


def test_at_its_makers_own_address_a_model_costs_the_list_price():
    openai = Provider(name="openai", base_url="https://api.openai.com/v1", api_key_env="KEY")
    assert quote(model("gpt-4o", provider=openai)).price.input == 2.5
    assert quote(model("claude-sonnet-4", provider=openai)) is None


@pytest.mark.parametrize("base_url", ["http://127.0.0.1:9000/v1", "https://proxy.example.com/v1"])
def test_at_any_other_address_it_costs_what_it_costs_at_gptproto(base_url):
    other = Provider(name="local", base_url=base_url, api_key_env=None)
    assert quote(model("gpt-4o", provider=other)).layer == "gptproto"


def test_a_target_that_is_no_model_has_the_suites_price_or_none():
    app = Provider(name="app", base_url="", api_key_env=None, target=FunctionTarget(path=Path("a.py"), name="f"))
    assert price_for(model("gpt-4o", provider=app)) is None
    assert price_for(model("gpt-4o", provider=app, price=PRICE)) is PRICE


def test_before_gptprotos_first_table_the_list_price_of_the_day_counts():
    found = quote("o3", at=date(2025, 6, 1))
    assert (found.layer, found.price.output, found.date) == ("list", 40, "2025-06-01")


def test_long_requests_of_gemini_are_charged_a_tier_at_gptproto_too():
    assert quote("gemini-2.5-pro").price.tiers[0].above_input_tokens == 200_000


# --- tiers and batches ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tokens", "usd"),
    [
        (200_000, (200_000 * 1.25 + 1000 * 10) / 1e6),
        (200_001, (200_001 * 2.5 + 1000 * 15) / 1e6),
        (900_000, (900_000 * 2.5 + 1000 * 15) / 1e6),
    ],
)
def test_the_tier_holds_for_the_whole_request(tokens, usd):
    assert cost_usd(Usage(input_tokens=tokens, output_tokens=1000), TIERED) == pytest.approx(usd)


def test_the_tier_has_its_own_cached_rate():
    usage = Usage(input_tokens=300_000, output_tokens=0, cached_input_tokens=100_000)
    assert cost_usd(usage, TIERED) == pytest.approx((200_000 * 2.5 + 100_000 * 0.25) / 1e6)


def test_the_highest_tier_that_is_reached_holds_however_they_are_listed():
    tiers = tuple(PriceTier(above_input_tokens=above, input=rate, output=rate) for above, rate in ((50, 3), (10, 2)))
    price = Price(input=1, output=1, tiers=tiers)
    assert [rates_at(price, tokens).input for tokens in (10, 11, 50, 51)] == [1, 2, 2, 3]


def test_a_batch_costs_its_factor():
    usage = Usage(input_tokens=1000, output_tokens=1000)
    assert cost_usd(usage, TIERED, batch=True) == pytest.approx(0.5 * cost_usd(usage, TIERED))
    assert cost_usd(usage, PRICE, batch=True) == cost_usd(usage, PRICE)


@given(
    st.integers(0, 10**6),
    st.integers(0, 10**6),
    st.integers(0, 10**6),
    st.integers(0, 10**6),
    st.floats(0, 100),
    st.floats(0, 100),
)
def test_costs_grow_with_tokens_and_reasoning_changes_nothing(tokens, more, answer, thought, rate, answer_rate):
    price = Price(input=rate, output=answer_rate)
    usage = Usage(input_tokens=tokens, output_tokens=answer, reasoning_tokens=thought)
    usd = cost_usd(usage, price)
    assert usd >= 0
    assert cost_usd(Usage(input_tokens=tokens + more, output_tokens=answer), price) >= usd
    assert cost_usd(Usage(input_tokens=tokens, output_tokens=answer + more), price) >= usd
