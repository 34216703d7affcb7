"""Makes a table of prices of the gateway's catalogue, and believes none of its figures without looking at them."""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import msgspec

from evalkit.costs.price_tables import BUILT_IN, MAX_USD, PriceTable
from evalkit.types import Price

__all__ = ["CatalogueReading", "read_catalogue"]

NAME, INPUT, OUTPUT, CACHED = "modelName", "platformInputPrice", "platformOutPrice", "platformReadCachePrice"
_DEEPEST = 6
_MONEY = re.compile(r"(?:USD|US\$|\$)?\s*([0-9][0-9,]*(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?\s*(?:USD|\$)?")
_FACTOR = 20.0
"""Prices move, but not all of them twentyfold: then the unit is another one."""


class CatalogueReading(msgspec.Struct, frozen=True, kw_only=True):
    """What was found."""

    table: PriceTable
    left_out: Mapping[str, str]
    """Model → why it has no price in the table."""
    changed: Mapping[str, tuple[Price, Price]]
    """Model → its price in the table that comes along and now, where they differ."""


def read_catalogue(body: Any, *, day: date, source: str) -> CatalogueReading:
    """The prices in a decoded catalogue. Raises ValueError where there are none, or in another unit.

    It is a list of objects with the names above, at any place: other keys, and objects without a name, are passed over.
    """
    models: dict[str, Price] = {}
    left_out: dict[str, str] = {}
    for entry in _entries(body, _DEEPEST):
        name = str(entry[NAME]).strip().lower()
        try:
            price = _price(entry)
        except ValueError as error:
            left_out.setdefault(name, str(error))
            continue
        models[name] = _dearer(price, models.get(name))
    if not models:
        raise ValueError(f"there is no model with {INPUT} and {OUTPUT} in it ({len(left_out)} without)")
    changed = {
        name: (known, models[name]) for name, known in BUILT_IN.models.items() if _differs(known, models.get(name))
    }
    _demand_same_unit(models)
    table = PriceTable(date=day.isoformat(), source=source, models=dict(sorted(models.items())))
    return CatalogueReading(
        table=table, left_out={name: why for name, why in left_out.items() if name not in models}, changed=changed
    )


def _entries(body: Any, depth: int) -> Iterator[Mapping[str, Any]]:
    """All objects that name a model. A name that a terminal would obey is none."""
    if depth == 0:
        return
    if isinstance(body, Mapping):
        name = body.get(NAME)
        if isinstance(name, str) and name.strip() and name.isprintable():
            yield body
        else:
            for value in body.values():
                yield from _entries(value, depth - 1)
    elif isinstance(body, list):
        for value in body:
            yield from _entries(value, depth - 1)


def _price(entry: Mapping[str, Any]) -> Price:
    fresh, answer = _usd(entry, INPUT), _usd(entry, OUTPUT)
    if fresh is None or answer is None:
        raise ValueError(f"no {INPUT if fresh is None else OUTPUT}")
    if not fresh or not answer:
        raise ValueError("a price of 0, which may stand for a price by call or for none")
    return Price(input=fresh, output=answer, cached_input=_usd(entry, CACHED) or None)


def _usd(entry: Mapping[str, Any], key: str) -> float | None:
    """A price, written as a number or as text; None where it is missing or empty. Raises ValueError."""
    value: Any = entry.get(key)
    if value is None or (isinstance(value, str) and value.strip() in ("", "-", "–", "N/A", "null")):
        return None
    number = value if isinstance(value, (int, float)) and not isinstance(value, bool) else math.nan
    if isinstance(value, str) and _MONEY.fullmatch(value.strip()):
        number = float(value.strip().strip("USD$ ").replace(",", ""))
    if not 0 <= number <= MAX_USD:
        raise ValueError(f"{key} is {str(value)[:40]!r}, which is no price for 1,000,000 tokens")
    return float(number)


def _dearer(price: Price, other: Price | None) -> Price:
    """Of two entries for one model the dearer: nobody is told too little."""
    return price if other is None or price.output >= other.output else other


def _differs(known: Price, now: Price | None) -> bool:
    return now is not None and (known.input, known.output) != (now.input, now.output)


def _demand_same_unit(models: Mapping[str, Price]) -> None:
    ratios = [models[name].input / known.input for name, known in BUILT_IN.models.items() if name in models]
    if ratios and not 1 / _FACTOR <= (usual := statistics.median(ratios)) <= _FACTOR:
        raise ValueError(f"its prices are {usual:.3g} times those of {BUILT_IN.date}: they seem to be in another unit")
