"""JSON text to plain values, as strictly as YAML: no duplicate keys, no NaN, no endless nesting, numbers as spelt."""

from __future__ import annotations

import json
from typing import Any

from evalkit.suite.numbers import spelt_float, spelt_int
from evalkit.suite.source import MAX_DEPTH


class JSONInvalid(ValueError):
    """A text that is no JSON, or JSON that cannot be used."""


def parse_json(line: bytes) -> Any:
    """The value of one line of JSON. Raises JSONInvalid."""
    try:
        value = _DECODER.decode(line.decode("utf-8").strip())
    except UnicodeDecodeError as error:
        raise JSONInvalid(f"not UTF-8: byte 0x{line[error.start]:02x}") from error
    except RecursionError as error:
        raise JSONInvalid(_TOO_DEEP) from error
    except ValueError as error:
        raise JSONInvalid(f"not JSON: {_told(error)}") from error
    if line.count(b"[") + line.count(b"{") > MAX_DEPTH and _depth(value) > MAX_DEPTH:
        raise JSONInvalid(_TOO_DEEP)
    if b"\\u" in line:
        _refuse_lone_surrogates(value)
    return value


_TOO_DEEP = f"nested deeper than {MAX_DEPTH} levels"


def _told(error: ValueError) -> str:
    """An error of Python's reader, without the line that counts from the start of this text."""
    return f"{error.msg} at column {error.colno}" if isinstance(error, json.JSONDecodeError) else str(error)


def _depth(value: Any) -> int:
    """Levels of lists and mappings."""
    depth, level = 0, [value]
    while level:
        depth += 1
        containers = [item for item in level if isinstance(item, (dict, list))]
        level = [child for item in containers for child in (item.values() if isinstance(item, dict) else item)]
    return depth


def _refuse_lone_surrogates(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError as error:
        raise JSONInvalid("half of a surrogate pair (\\ud800 to \\udfff) is no text that can be sent") from error


def _refuse_constant(word: str) -> Any:
    raise ValueError(f"{word} is no JSON number")


def _integer(text: str) -> int:
    try:
        return spelt_int(text)
    except ValueError as error:
        raise ValueError(f"a number of {len(text):,} digits") from error


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) != len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"duplicate key '{next(key for key in keys if keys.count(key) > 1)}'")
    return row


_DECODER = json.JSONDecoder(
    parse_int=_integer,
    parse_float=spelt_float,
    parse_constant=_refuse_constant,
    object_pairs_hook=_without_duplicates,
)
