"""Columns that grow value by value and end as pandas arrays: a few bytes a value, so that a million rows fit."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from pandas.api.extensions import ExtensionArray

__all__ = ["Column", "new_column"]


class Column(Protocol):
    """A column under construction."""

    def add(self, value: Any) -> None:
        """Appends a value; None is unknown."""
        ...

    def finish(self) -> ExtensionArray:
        """All values, as the array of its dtype."""
        ...


class _Numbers:
    """Int64, Float64 or boolean: plain values beside a mask of the unknown ones."""

    def __init__(self, dtype: str) -> None:
        self._dtype = dtype
        self._values = array({"Int64": "q", "Float64": "d", "boolean": "b"}[dtype])
        self._unknown = array("b")

    def add(self, value: float | None) -> None:
        self._values.append(0 if value is None else value)  # type: ignore[arg-type]  # whole numbers for Int64
        self._unknown.append(value is None)

    def finish(self) -> ExtensionArray:
        import numpy as np
        import pandas as pd

        kinds: dict[str, tuple[Any, Any]] = {
            "Int64": (pd.arrays.IntegerArray, np.int64),
            "Float64": (pd.arrays.FloatingArray, np.float64),
            "boolean": (pd.arrays.BooleanArray, np.bool_),
        }
        make, kind = kinds[self._dtype]
        finished: ExtensionArray = make(np.array(self._values, dtype=kind), np.array(self._unknown, dtype=np.bool_))
        return finished


class _Words:
    """Texts of which most stand there many times, each kept once."""

    def __init__(self) -> None:
        self._places: dict[str | None, int] = {}
        self._codes = array("q")

    def add(self, value: str | None) -> None:
        self._codes.append(self._places.setdefault(value, len(self._places)))

    def finish(self) -> ExtensionArray:
        import numpy as np
        import pandas as pd

        words = np.array([*self._places, None], dtype=object)
        return pd.array(words[np.array(self._codes, dtype=np.int64)], dtype="string")


class _Texts:
    """Texts of which most differ."""

    def __init__(self) -> None:
        self._values: list[str | None] = []

    def add(self, value: str | None) -> None:
        self._values.append(value)

    def finish(self) -> ExtensionArray:
        import pandas as pd

        return pd.array(self._values, dtype="string")


def new_column(dtype: str, *, repetitive: bool = False) -> Column:
    """An empty column of `string`, `Int64`, `Float64` or `boolean`; `repetitive` texts are kept once each."""
    if dtype == "string":
        return _Words() if repetitive else _Texts()
    return _Numbers(dtype)
