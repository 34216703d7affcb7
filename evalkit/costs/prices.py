"""What a model's tokens cost, and what an answer has cost.

Three layers, the first that knows the model: the suite's own price; GPTProto's table (`price_tables`); the makers' list
prices (`list_prices`). A model that none of them knows is unpriced: None, never 0.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from evalkit.costs import price_tables
from evalkit.types import Model, Price, PriceTier, Provider, Usage

__all__ = ["PRICES_DATE", "Layer", "Quote", "cost_usd", "price_for", "price_of", "prices_date", "quote", "rates_at"]

Layer = Literal["suite", "gptproto", "list"]

PRICES_DATE = price_tables.BUILT_IN.date
"""The day the table that comes along was published, ISO 8601; `prices_date()` tells that of the one in force."""


class Quote(msgspec.Struct, frozen=True, kw_only=True):
    """A price, and who says so."""

    price: Price
    layer: Layer
    date: str | None
    """Since when, or as of when it is known, ISO 8601; None for a suite's own."""
    source: str


def prices_date() -> str:
    """The day of GPTProto's table in force: the one that comes along, or a younger one that was fetched."""
    return price_tables.newest().date


def quote(model: Model | str, *, at: date | None = None) -> Quote | None:
    """A model's price on a day (default: today's), by a suite's model or by an id at GPTProto; None: unpriced.

    Of a target that is no model, the suite's price alone counts, whatever it is called. At the very address of a maker
    whose list prices are known, those count and GPTProto's do not.
    """
    if isinstance(model, str):
        return _at_gptproto(model, at)
    if model.price is not None:
        return Quote(price=model.price, layer="suite", date=None, source="the suite")
    if model.provider.target is not None:
        return None
    seller = _seller(model.provider)
    return _at_gptproto(model.id, at) if seller is None else _listed(model.id, at, seller)


def price_of(model_id: str, own: Price | None = None) -> Price | None:
    """The price of a model by its id: the suite's `own`, else that of the layers below. None: unpriced."""
    if own is not None:
        return own
    found = _at_gptproto(model_id, None)
    return found.price if found is not None else None


def price_for(model: Model) -> Price | None:
    """The price of a model of a suite; of a target that is no model, its own alone, whatever it is called."""
    found = quote(model)
    return found.price if found is not None else None


def rates_at(price: Price, input_tokens: int) -> Price | PriceTier:
    """The rates for the whole of a request with so many input tokens: those of the highest tier it is above."""
    reached = [tier for tier in price.tiers if input_tokens > tier.above_input_tokens]
    return max(reached, key=lambda tier: tier.above_input_tokens) if reached else price


def cost_usd(usage: Usage, price: Price | None, *, batch: bool = False) -> float | None:
    """USD for the tokens of one answer, not rounded; None where the price, the input or the output is unknown.

    Reasoning tokens are part of the output. Where the cached part or its rate is unknown, all input is charged at the
    input rate: an upper bound; so it is for a batch whose factor is unknown.
    """
    if price is None or usage.input_tokens is None or usage.output_tokens is None:
        return None
    rates = rates_at(price, usage.input_tokens)
    cached_rate = rates.input if rates.cached_input is None else rates.cached_input
    cached = min(usage.cached_input_tokens or 0, usage.input_tokens)
    fresh = usage.input_tokens - cached
    factor = price.batch if batch and price.batch is not None else 1.0
    return factor * (fresh * rates.input + cached * cached_rate + usage.output_tokens * rates.output) / 1_000_000


def _at_gptproto(model_id: str, at: date | None) -> Quote | None:
    found = price_tables.find(model_id, at)
    if found is None:
        return _listed(model_id, at, None)
    price, table = found
    return Quote(price=price, layer="gptproto", date=table.date, source=table.source)


def _listed(model_id: str, at: date | None, seller: str | None) -> Quote | None:
    from evalkit.costs.list_prices import list_price  # the package takes 0.2 s to import

    day = at or datetime.now(UTC).date()
    found = list_price(model_id, day, seller=seller)
    return Quote(price=found[0], layer="list", date=day.isoformat(), source=found[1]) if found is not None else None


def _seller(provider: Provider) -> str | None:
    """The maker whose own address this is; None for GPTProto, for this machine and for whoever else."""
    host = urlsplit(provider.base_url).hostname or ""
    if provider.name == "gptproto" or host.endswith("gptproto.com") or host in ("localhost", "127.0.0.1", "::1"):
        return None
    from evalkit.costs.list_prices import seller_at

    return seller_at(provider.base_url)
