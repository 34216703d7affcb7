"""Columns that grow batch by batch and end as pandas arrays: a few bytes a value, so that a million rows fit."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from pandas.api.extensions import ExtensionArray

__all__ = ["Column", "new_column"]


class Column(Protocol):
    """A column under construction."""

    def extend(self, values: Sequence[Any]) -> None:
        """Appends values; None is unknown."""
        ...

    def finish(self) -> ExtensionArray:
        """All values, as the array of its dtype; nothing can be appended any more."""
        ...


class _Numbers:
    """Int64, Float64 or boolean: plain values beside a mask of the unknown ones."""

    def __init__(self, dtype: str) -> None:
        self._dtype = dtype
        self._values: array[Any] = array({"Int64": "q", "Float64": "d", "boolean": "b"}[dtype])
        self._unknown = array("b")

    def extend(self, values: Sequence[float | None]) -> None:
        self._values.extend([0 if value is None else value for value in values])
        self._unknown.extend([value is None for value in values])

    def finish(self) -> ExtensionArray:
        import numpy as np
        import pandas as pd

        kinds: dict[str, tuple[Any, Any]] = {
            "Int64": (pd.arrays.IntegerArray, np.int64),
            "Float64": (pd.arrays.FloatingArray, np.float64),
            "boolean": (pd.arrays.BooleanArray, np.bool_),
        }
        make, kind = kinds[self._dtype]
        # The memory is handed over as it is: another copy of a million rows would not fit as easily.
        finished: ExtensionArray = make(
            np.frombuffer(self._values, dtype=kind), np.frombuffer(self._unknown, dtype=np.bool_)
        )
        return finished


class _Words:
    """Texts of which most stand there many times, each kept once."""

    def __init__(self) -> None:
        self._places: dict[str | None, int] = {}
        self._codes = array("i")

    def extend(self, values: Sequence[str | None]) -> None:
        places = self._places
        self._codes.extend([places.setdefault(value, len(places)) for value in values])

    def finish(self) -> ExtensionArray:
        import numpy as np
        import pandas as pd

        words = np.array([*self._places, None], dtype=object)
        return pd.array(words[np.frombuffer(self._codes, dtype=np.int32)], dtype="string")


class _Texts:
    """Texts of which most differ."""

    def __init__(self) -> None:
        self._values: list[str | None] = []

    def extend(self, values: Sequence[str | None]) -> None:
        self._values.extend(values)

    def finish(self) -> ExtensionArray:
        import pandas as pd

        return pd.array(self._values, dtype="string")


def new_column(dtype: str, *, repetitive: bool = False) -> Column:
    """An empty column of `string`, `Int64`, `Float64` or `boolean`; `repetitive` texts are kept once each."""
    if dtype == "string":
        return _Words() if repetitive else _Texts()
    return _Numbers(dtype)
