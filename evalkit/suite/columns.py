"""Rows of a table, CSV or Parquet, as mappings of cases: columns are vars, but for a few that are keys of a case."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from evalkit.suite.schema import DatasetFile
from evalkit.suite.templates import RESERVED

SEVERAL = "|"
"""Separates pictures and tags in one cell of text."""
KEYS = ("id", "expected", "images", "tags", "cluster")
"""Columns that are keys of a case; every other one is a var."""
NAMED = ("id", "images", "expected")
"""Keys whose column a dataset may call otherwise."""
Columns = list[tuple[str, str]]
"""For each column, the key of a case that it fills and its name; the key is `vars` for one that is a var."""


def read_columns(header: Sequence[str], given: DatasetFile) -> Columns:
    """What the columns of a table stand for. Raises ValueError where that cannot be."""
    doubled = next((name for name in header if header.count(name) > 1), None)
    if doubled is not None:
        raise ValueError(f"two columns are called '{doubled}'")
    special = {name: name for name in KEYS}
    for key in NAMED:
        column = getattr(given, key)
        if column is None:
            continue
        if column not in header:
            raise ValueError(f"no column '{column}' (the dataset's `{key}`)")
        special.pop(key, None)
        special[column] = key
    reserved = next((name for name in header if name in RESERVED and name not in special), None)
    if reserved is not None:
        raise ValueError(f"'{reserved}' is {RESERVED[reserved]} in templates: give this column another name")
    return [(special.get(name, "vars"), name) for name in header]


def case_of(columns: Columns, cells: Sequence[Any]) -> dict[str, Any]:
    """A row as the mapping of a case; an empty cell of a special column says nothing."""
    case: dict[str, Any] = {"vars": {}}
    for (key, name), cell in zip(columns, cells, strict=True):
        if key == "vars":
            case["vars"][name] = cell
        elif cell is None or cell == "":
            continue
        elif key in ("images", "tags") and isinstance(cell, str):
            case[key] = [part.strip() for part in cell.split(SEVERAL) if part.strip()]
        else:
            case[key] = cell
    return case
