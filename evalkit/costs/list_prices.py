"""What the makers of models charge themselves, from the genai-prices package: dated, with tiers and batch rates."""

from __future__ import annotations

import functools
from datetime import UTC, date, datetime, time
from importlib.metadata import version
from typing import Any

from evalkit.types import Price, PriceTier

_RESELLERS = {"qwen": "qwen/qwen", "doubao-seed-": "bytedance-seed/seed-"}
"""Beginning of an id → how OpenRouter spells it: their makers publish no prices in USD that the package knows."""
_HOURS = (time(0), time(6), time(12), time(18))
"""Some makers are cheaper at night: the dearest hour counts."""


def list_price(model_id: str, day: date, *, seller: str | None = None) -> tuple[Price, str] | None:
    """A model's list price on a day, with its source; None where there is none for input and output tokens.

    `seller`: whose price is wanted (`seller_at`); None: the maker's.
    """
    return _price(model_id.lower(), day, seller)


@functools.cache
def seller_at(base_url: str) -> str | None:
    """Who sells at a URL, where it is one whose prices are known: "openai" for https://api.openai.com/v1."""
    from genai_prices.data_snapshot import get_snapshot

    try:
        return get_snapshot().find_provider(None, None, base_url).id
    except LookupError:
        return None


@functools.cache
def _price(model_id: str, day: date, seller: str | None) -> tuple[Price, str] | None:
    found = _find(model_id, seller)
    if found is None:
        return None
    provider, model = found
    prices = [_as_price(model, datetime.combine(day, hour, UTC)) for hour in _HOURS]
    known = [price for price in prices if price is not None]
    if not known:
        return None
    source = f"{provider.name}'s list price (genai-prices {version('genai-prices')})"
    return max(known, key=lambda price: (price.output, price.input)), source


def _find(model_id: str, seller: str | None) -> tuple[Any, Any] | None:
    from genai_prices.data_snapshot import get_snapshot

    spellings = [(model_id, seller)]
    if seller is None:
        spellings += [
            (theirs + model_id.removeprefix(ours), "openrouter")
            for ours, theirs in _RESELLERS.items()
            if model_id.startswith(ours)
        ]
    for spelling, provider in spellings:
        try:
            return get_snapshot().find_provider_model(spelling, None, provider, None)
        except LookupError:
            continue
    return None


def _as_price(model: Any, moment: datetime) -> Price | None:
    standard = model.get_prices(moment)
    batch = model.get_prices(moment, {"processing": "batch"})
    fresh, answer, cached = standard.input_mtok, standard.output_mtok, standard.cache_read_mtok
    if fresh is None or answer is None:
        return None
    borders = sorted({tier.start for rates in (fresh, answer, cached) for tier in getattr(rates, "tiers", ())})
    return Price(
        input=_rate(fresh, 0),
        output=_rate(answer, 0),
        cached_input=None if cached is None else _rate(cached, 0),
        batch=_batch_factor(standard, batch),
        tiers=tuple(
            PriceTier(
                above_input_tokens=border,
                input=_rate(fresh, border + 1),
                output=_rate(answer, border + 1),
                cached_input=None if cached is None else _rate(cached, border + 1),
            )
            for border in borders
        ),
    )


def _rate(rates: Any, input_tokens: int) -> float:
    """USD per 1,000,000 tokens in a request with so many input tokens."""
    reached = [tier.price for tier in getattr(rates, "tiers", ()) if input_tokens > tier.start]
    return float(reached[-1] if reached else getattr(rates, "base", rates))


def _batch_factor(standard: Any, batch: Any) -> float | None:
    """The dearer of what batches pay for input and for output, as a share of the usual; None where no less."""
    pairs = [(batch.input_mtok, standard.input_mtok), (batch.output_mtok, standard.output_mtok)]
    factors = [_rate(ours, 0) / _rate(usual, 0) for ours, usual in pairs if ours is not None and _rate(usual, 0)]
    return round(max(factors), 6) if factors and max(factors) < 1 else None
