"""Rows of a Parquet file, a batch at a time, as the plain values that a suite is made of."""

from __future__ import annotations

import datetime
import decimal
import math
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from evalkit.registry import Extra
from evalkit.suite.numbers import scalar

EXTRA = Extra("parquet", "pyarrow")
_ROWS = 1024
"""Of a batch: what is held of a file at once."""


class ParquetInvalid(Exception):
    """A file that cannot be read on, or (with `row`, counted from 1) a value that no suite can hold."""

    def __init__(self, message: str, row: int | None = None) -> None:
        super().__init__(message)
        self.row = row


def is_installed() -> bool:
    """Whether Parquet can be read here."""
    return find_spec(EXTRA.package) is not None


def read_parquet(path: Path) -> Iterator[list[Any]]:
    """The names of the columns, and then row by row their values. Raises ParquetInvalid."""
    import pyarrow.parquet  # a tenth of a second and 100 MB: only for who has such files

    with _told(), pyarrow.parquet.ParquetFile(path) as file:
        names: list[Any] = list(file.schema_arrow.names)
        yield names
        number = 0
        for batch in file.iter_batches(batch_size=_ROWS):
            for cells in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                number += 1
                yield [_plain(cell, name, number) for name, cell in zip(names, cells, strict=True)]


@contextmanager
def _told() -> Iterator[None]:
    import pyarrow

    try:
        yield
    except (pyarrow.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.strerror:  # pyarrow raises it for some of what it finds inside, too
            raise ParquetInvalid(f"cannot be read: {error.strerror}") from error
        raise ParquetInvalid(f"not Parquet that can be read: {str(error).splitlines()[0]}") from error


def _plain(value: Any, column: str, row: int) -> Any:
    """A value as YAML would have it: times as ISO 8601, decimals as they are spelt, what is no number as nothing."""
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return None if math.isnan(value) else value
    if isinstance(value, decimal.Decimal):
        return scalar(f"{value:f}")
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(name): _plain(item, column, row) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item, column, row) for item in value]
    raise ParquetInvalid(
        f"column '{column}' holds {type(value).__name__}, which is no text, number, list or mapping", row
    )
