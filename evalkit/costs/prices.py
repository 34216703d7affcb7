"""What a model's tokens cost on GPTProto, and what an answer has cost.

The table is `gptproto_prices.json` beside this file, dated and with its source. An entry has the fields of
`types.Price`; others are passed over, so that a price which rises above a number of input tokens can be written there
as `tiers` before it is read here. GPTProto publishes none today, not even for gemini-2.5-pro, whose list price has one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import msgspec

from evalkit.types import Model, Price, Usage

__all__ = ["PRICES_DATE", "cost_usd", "price_for", "price_of"]

_DAY = r"(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])"
_SNAPSHOT = re.compile(rf"-(20\d\d-\d\d-\d\d|(20)?\d\d{_DAY}|{_DAY})$")
"""A date at the end of an id: -2024-08-06, -20250514, -250115, -0709."""


class _Table(msgspec.Struct, frozen=True):
    date: str
    source: str
    models: Mapping[str, Price]


_TABLE = msgspec.json.decode(Path(__file__).with_name("gptproto_prices.json").read_bytes(), type=_Table)

PRICES_DATE = _TABLE.date
"""The day the built-in prices were published, ISO 8601."""


def price_of(model_id: str, own: Price | None = None) -> Price | None:
    """The price of a model: the suite's `own`, else the table's under the very id, else under the id without its date.

    `doubao-1-5-vision-pro-32k-250115` costs what `doubao-1-5-vision-pro-32k` costs; `gpt-4o-mini` is no `gpt-4o`.
    None: unpriced.
    """
    return own or _TABLE.models.get(model_id) or _TABLE.models.get(_SNAPSHOT.sub("", model_id))


def price_for(model: Model) -> Price | None:
    """The price of a model of a suite; of a target that is no model, its own alone, whatever it is called."""
    return price_of(model.id, model.price) if model.provider.target is None else model.price


def cost_usd(usage: Usage, price: Price | None) -> float | None:
    """USD for the tokens of one answer, not rounded; None where the price, the input or the output is unknown.

    Reasoning tokens are part of the output. Where the cached part or its rate is unknown, all input is charged at the
    input rate: an upper bound.
    """
    if price is None or usage.input_tokens is None or usage.output_tokens is None:
        return None
    cached_rate = price.input if price.cached_input is None else price.cached_input
    cached = min(usage.cached_input_tokens or 0, usage.input_tokens)
    fresh = usage.input_tokens - cached
    return (fresh * price.input + cached * cached_rate + usage.output_tokens * price.output) / 1_000_000
