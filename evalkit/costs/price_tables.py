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
        """The price under the very id in lower case, else under the id without its date.

        `doubao-1-5-vision-pro-32k-250115` costs what `doubao-1-5-vision-pro-32k` costs; `gpt-4o-mini` is no `gpt-4o`.
        """
        name = model_id.lower()
        return self.models.get(name) or self.models.get(_SNAPSHOT.sub("", name))


BUILT_IN = msgspec.json.decode(Path(__file__).with_name("gptproto_prices.json").read_bytes(), type=PriceTable)


def data_folder() -> Path:
    """Where a user's own tables are kept: below XDG_DATA_HOME, or below the home folder where that is not set."""
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "evalkit"


def newest() -> PriceTable:
    """The table in force. Raises UsageError for a fetched table that cannot be read."""
    return _all(data_folder())[-1]


def find(model_id: str, day: date | None = None) -> tuple[Price, PriceTable] | None:
    """A model's price on a day (None: now), and the table it stands in: the last until then that has the model.

    What it cost before the first table is unknown. Raises UsageError for a fetched table that cannot be read.
    """
    for table in reversed(_all(data_folder())):
        price = table.find(model_id) if day is None or table.date <= day.isoformat() else None
        if price is not None:
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
