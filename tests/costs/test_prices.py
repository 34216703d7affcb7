"""Prices are found under the right id, and costs are what the table says."""

from __future__ import annotations

import pytest

from evalkit.costs.prices import PRICES_DATE, cost_usd, price_of
from evalkit.types import Price, Usage

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
