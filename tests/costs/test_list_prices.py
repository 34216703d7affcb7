"""The makers' own prices come from genai-prices: dated, with tiers and batch rates, and never by resemblance."""

from __future__ import annotations

from datetime import date

import pytest

from evalkit.costs.list_prices import list_price, seller_at

DAY = date(2026, 11, 1)


@pytest.mark.parametrize(
    ("model_id", "rates"),
    [
        ("gpt-4o", (2.5, 10, 1.25)),
        ("gpt-4.1", (2, 8, 0.5)),
        ("o3", (2, 8, 0.5)),
        ("o4-mini", (1.1, 4.4, 0.275)),
        ("gemini-2.5-pro", (1.25, 10, 0.125)),
        ("claude-sonnet-4", (3, 15, 0.3)),
        ("grok-4", (3, 15, 0.75)),
        ("doubao-seed-1.6", (0.25, 2, None)),
        ("GPT-4o-mini-2024-07-18", (0.15, 0.6, 0.075)),
    ],
)
def test_published_list_prices(model_id, rates):
    price, source = list_price(model_id, DAY)
    assert (price.input, price.output, price.cached_input) == rates
    assert "genai-prices" in source


def test_a_tier_holds_for_the_whole_of_a_long_request():
    price, _ = list_price("gemini-2.5-pro", DAY)
    (tier,) = price.tiers
    assert (tier.above_input_tokens, tier.input, tier.output, tier.cached_input) == (200_000, 2.5, 15, 0.25)


def test_prices_have_a_history():
    before, after = (list_price("o3", day)[0] for day in (date(2025, 6, 9), date(2025, 6, 10)))
    assert (before.input, before.output) == (10, 40)
    assert (after.input, after.output) == (2, 8)


def test_batches_have_a_factor_where_one_is_published():
    assert list_price("gpt-4o", DAY)[0].batch == 0.5
    assert list_price("grok-4", DAY)[0].batch is None


@pytest.mark.parametrize(
    "model_id", ["", "gpt", "gpt-4o-9999", "my-gpt-4o", "gpt-4o-image", "nobody's", "text-embedding-3-small"]
)
def test_what_resembles_a_model_or_has_no_price_for_answers_is_unpriced(model_id):
    assert list_price(model_id, DAY) is None


@pytest.mark.parametrize(
    ("base_url", "seller"),
    [
        ("https://api.openai.com/v1", "openai"),
        ("https://api.anthropic.com/v1", "anthropic"),
        ("https://openrouter.ai/api/v1", "openrouter"),
        ("https://gptproto.com/v1", None),
        ("http://10.0.0.7:8000/v1", None),
    ],
)
def test_who_sells_at_an_address(base_url, seller):
    assert seller_at(base_url) == seller


def test_a_seller_has_prices_of_its_own():
    ours = list_price("gpt-4o", DAY, seller="azure")
    assert ours is not None
    assert "Azure" in ours[1]
    assert list_price("gpt-4o", DAY, seller="anthropic") is None
