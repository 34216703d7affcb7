"""GPTProto's prices: the dated table that comes along, and those that `evalkit prices refresh` has fetched since.

An entry has the fields of `types.Price`.
"""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import msgspec

from evalkit.errors import StorageError, UsageError
from evalkit.types import Price

MAX_USD = 10_000.0
"""Per 1,000,000 tokens; nothing costs that, so whoever says more has mistaken the unit."""

_DAY = r"(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])"
_SNAPSHOT = re.compile(rf"-(20\d\d-\d\d-\d\d|(20)?\d\d{_DAY}|{_DAY})$")
"""A date at the end of an id: -2024-08-06, -20250514, -250115, -0709."""
_FILE = "gptproto-prices-{date}.json"


class PriceTable(msgspec.Struct, frozen=True, kw_only=True):
    """What models cost from a day on."""

    date: str
    """ISO 8601."""
    source: str
    models: Mapping[str, Price]
    unit: str = "USD per 1,000,000 tokens"
    notes: tuple[str, ...] = ()

    def find(self, model_id: str) -> Price | None:
        """The price under the very id, else under the id without its date.

        `doubao-1-5-vision-pro-32k-250115` costs what `doubao-1-5-vision-pro-32k` costs; `gpt-4o-mini` is no `gpt-4o`.
        """
        return self.models.get(model_id) or self.models.get(_SNAPSHOT.sub("", model_id))


BUILT_IN = msgspec.json.decode(Path(__file__).with_name("gptproto_prices.json").read_bytes(), type=PriceTable)


def data_folder() -> Path:
    """Where a user's own tables are kept: below XDG_DATA_HOME, or below the home folder where that is not set."""
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "evalkit"


def table_at(day: date | None = None) -> PriceTable:
    """The table in force on a day (None: the newest): the last that is no younger, or the first there is.

    Raises UsageError for a fetched table that cannot be read.
    """
    tables = _all(data_folder())
    if day is None:
        return tables[-1]
    return next((table for table in reversed(tables) if table.date <= day.isoformat()), tables[0])


def find(model_id: str, day: date | None = None) -> tuple[Price, PriceTable] | None:
    """A model's price and the table it stands in: the one in force, else an older one that still has the model."""
    newest = table_at(day)
    for table in reversed(_all(data_folder())):
        if table.date <= newest.date and (price := table.find(model_id)):
            return _with_tiers(price, model_id), table
    return None


def keep(table: PriceTable, path: Path | None = None) -> Path:
    """Writes a fetched table, whole or not at all; returns where. Raises StorageError."""
    path = path or data_folder() / _FILE.format(date=table.date)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_bytes(msgspec.json.format(msgspec.json.encode(table), indent=1) + b"\n")
        unfinished.replace(path)
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror}") from error
    _all.cache_clear()
    return path


@functools.cache
def _all(folder: Path) -> tuple[PriceTable, ...]:
    """All tables, by date."""
    fetched = [_read(path) for path in sorted(folder.glob(_FILE.format(date="*")))]
    return tuple(sorted([BUILT_IN, *fetched], key=lambda table: table.date))


def _read(path: Path) -> PriceTable:
    try:
        table = msgspec.json.decode(path.read_bytes(), type=PriceTable)
        date.fromisoformat(table.date)
    except (OSError, ValueError) as error:
        message = error.strerror if isinstance(error, OSError) else str(error)
        raise UsageError(
            f"{path} is no table of prices: {message}; delete it, or run: evalkit prices refresh"
        ) from error
    return table


def _with_tiers(price: Price, model_id: str) -> Price:
    """The catalogue knows no tiers: a fetched price keeps those of the table that comes along."""
    known = BUILT_IN.find(model_id)
    if price.tiers or known is None or not known.tiers:
        return price
    return msgspec.structs.replace(price, tiers=known.tiers)
