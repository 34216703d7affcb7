"""Reads an answer as JSON, strictly, and compares what it says."""

from __future__ import annotations

import json
from typing import Any

from evalkit.checks.normal_form import comparable


class NotJSON(Exception):
    """Why a text is not JSON."""


def parse(text: str) -> Any:
    """The value that `text` spells, white space around it aside. Raises `NotJSON`.

    RFC 8259 without the leniency of Python: NaN and Infinity are no numbers. Of a key that stands twice the last
    value counts. Nesting and integers (of thousands of levels and digits) that Python does not read are not JSON.
    """
    text = text.strip()
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        fence = "; it stands in a code fence" if text.startswith("```") else ""
        raise NotJSON(f"{error.msg} at line {error.lineno} column {error.colno}{fence}") from error
    except RecursionError as error:
        raise NotJSON("nested too deeply") from error
    except ValueError as error:
        raise NotJSON("an integer has too many digits") from error


def same(expected: Any, actual: Any) -> bool:
    """Whether two JSON values are equal: 1 and 1.0 are, 1 and true are not, keys have no order, texts are NFC."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        return expected.keys() == actual.keys() and all(same(value, actual[key]) for key, value in expected.items())
    if isinstance(expected, list) and isinstance(actual, list):
        return len(expected) == len(actual) and all(map(same, expected, actual))
    if isinstance(expected, str) and isinstance(actual, str):
        return comparable(expected) == comparable(actual)
    return isinstance(expected, bool) == isinstance(actual, bool) and bool(expected == actual)


def _refuse_constant(name: str) -> None:
    raise NotJSON(f"{name} is no JSON number")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)
