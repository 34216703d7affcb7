"""YAML 1.2 core scalars, and numbers that remember how they were spelt (`1.10`, `0123`)."""

from __future__ import annotations

import re
from typing import Any

_INT = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEX = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
_MAX_DIGITS = 4300  # where Python refuses to convert: such a "number" is text


class SpeltInt(int):
    """An integer that is written as it was spelt."""

    spelling: str

    def __str__(self) -> str:
        return self.spelling

    def __format__(self, spec: str) -> str:
        return int.__format__(self, spec) if spec else self.spelling


class SpeltFloat(float):
    """A decimal that is written as it was spelt."""

    spelling: str

    def __str__(self) -> str:
        return self.spelling

    def __format__(self, spec: str) -> str:
        return float.__format__(self, spec) if spec else self.spelling


def scalar(text: str) -> Any:
    """The value of a plain (unquoted) YAML scalar by the core schema: anything that is nothing else is text."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "0123456789+-." or len(text) > _MAX_DIGITS:
        return text
    if _INT.fullmatch(text):
        return spelt_int(text)
    if _OCTAL.fullmatch(text):
        return _spelt(SpeltInt(text, 8), text)
    if _HEX.fullmatch(text):
        return _spelt(SpeltInt(text, 16), text)
    if _FLOAT.fullmatch(text):
        return spelt_float(text)
    return text


def spelt_int(text: str) -> int:
    """A decimal integer; a plain `int` where that is spelt alike."""
    value = int(text)
    return value if str(value) == text else _spelt(SpeltInt(value), text)


def spelt_float(text: str) -> float:
    """A decimal; a plain `float` where that is spelt alike."""
    value = float(text)
    return value if repr(value) == text else _spelt(SpeltFloat(value), text)


def _spelt(number: Any, text: str) -> Any:
    number.spelling = text
    return number


def as_text(value: Any) -> str | None:
    """The text of a scalar as it was spelt in the suite; None where it is no scalar (or null)."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, float)):
        return str(value)
    return None


def unspelt(value: Any) -> Any:
    """`value` with ordinary numbers in place of the spelt ones, for bodies that go out as JSON."""
    if isinstance(value, dict):
        return {key: unspelt(item) for key, item in value.items()}
    if isinstance(value, list):
        return [unspelt(item) for item in value]
    if isinstance(value, SpeltInt):
        return int(value)
    if isinstance(value, SpeltFloat):
        return float(value)
    return value
