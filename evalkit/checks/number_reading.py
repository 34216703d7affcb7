"""Reads numbers out of a text, exactly and whatever their size."""

from __future__ import annotations

import re
import unicodedata
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from evalkit.checks.chinese_numerals import HINT, Numeral, lone_digits, numerals
from evalkit.checks.number_pattern import RAISED, SCALES, VULGAR, DecimalMark, number_pattern, plain, without_tex

T = TypeVar("T")
_WORD = re.compile(r"[^ \t\r\n]+")
_HINT = re.compile(rf"[\d{VULGAR}{HINT}]")
_WORDS_BEFORE, _WORDS_AFTER = 6, 2
"""How far a number can reach from its last digit, in words: `- $ 1 1/2`, `1.5 × 10 ^ 3`, `3 million`."""
_LOWERED = str.maketrans(RAISED, "0123456789-+")
_SEPARATORS = str.maketrans(dict.fromkeys("'\u00a0"))
_DIGITS = re.compile(r"\d+")
_COUNTED = re.compile(r"(\d+)([亿億万萬千]?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A number in a text: `numerator / denominator`."""

    text: str
    """As it stands there."""
    numerator: Decimal
    denominator: int = 1
    percent: bool = False
    """Whether a percent sign follows; the number is the one before it."""


def last_number(text: str, decimal: DecimalMark = ".") -> Reading | None:
    """The last number of a text; None where there is none. Takes linear time.

    A Chinese numeral of one character counts where there is no other number.
    """
    text = without_tex(text)
    words = [match.span() for match in _WORD.finditer(text)]
    at = len(words) - 1
    while at >= 0:
        if not _HINT.search(text, *words[at]):
            at -= 1
            continue
        first, last = max(0, at - _WORDS_BEFORE), min(len(words) - 1, at + _WORDS_AFTER)
        found = _last(text[words[first][0] : words[last][1]], decimal)
        if found is not None:
            return found
        at = min(first, at - 1)
    lone = None if text.isascii() else _last_of(lone_digits(text))
    return _chinese(lone) if lone else None


def only_number(text: str, decimal: DecimalMark = ".") -> Reading | None:
    """The number of a text that holds just one; None where it holds none or several."""
    text = without_tex(text)
    found = list(_numbers(text, decimal)) or list(map(_chinese, lone_digits(text)))
    return found[0] if len(found) == 1 else None


def _last(text: str, decimal: DecimalMark) -> Reading | None:
    """Reads the last number alone: there may be hundreds of thousands."""
    match = _last_of(number_pattern(decimal).finditer(plain(text)))
    numeral = None if text.isascii() else _last_of(numerals(text))
    if numeral and (match is None or match.end() < numeral.end):
        return _chinese(numeral)
    return _in_digits(match, text, decimal) if match else None


def _last_of(found: Iterable[T]) -> T | None:
    return next(iter(deque(found, maxlen=1)), None)


def _numbers(text: str, decimal: DecimalMark) -> Iterator[Reading]:
    for match in number_pattern(decimal).finditer(plain(text)):
        yield _in_digits(match, text, decimal)
    if not text.isascii():
        yield from map(_chinese, numerals(text))


def _chinese(numeral: Numeral) -> Reading:
    return Reading(
        text=numeral.text,
        numerator=Decimal(numeral.digits),
        denominator=numeral.denominator,
        percent=numeral.percent,
    )


def _in_digits(match: re.Match[str], text: str, decimal: DecimalMark) -> Reading:
    digits, denominator = _value(match, decimal)
    sign = "-" if (match["sign"] or "").startswith("-") else ""
    return Reading(
        text=text[match.start() : match.end()],
        numerator=Decimal(f"{sign}{digits}e{_exponent(match)}"),
        denominator=denominator,
        percent=match["percent"] is not None,
    )


def _value(match: re.Match[str], decimal: DecimalMark) -> tuple[str, int]:
    """The digits of the number without its sign and powers of ten, and its denominator."""
    if match["fraction"]:
        above, below = map(int, _DIGITS.findall(unicodedata.normalize("NFKC", match["fraction"])))
        return str(int(match["whole"] or 0) * below + above), below
    if match["compound"]:
        counted = _COUNTED.findall(match["compound"])
        return str(sum(int(digits) * 10 ** SCALES.get(unit, 0) for digits, unit in counted)), 1
    if match["ten"]:
        return "1", 1
    return _with_point(match, decimal), 1


def _with_point(match: re.Match[str], decimal: DecimalMark) -> str:
    """A decimal number as Python writes it."""
    digits = match["native"] or match["foreign"] or match["plain"] or match["bare"]
    foreign = match["foreign"] is not None
    point = decimal if not foreign else "," if decimal == "." else "."
    if match["bare"]:
        point = "."
    grouping = "," if point == "." else "."
    return digits.translate(_SEPARATORS).replace(grouping, "").replace(point, ".").replace("٫", ".")


def _exponent(match: re.Match[str]) -> int:
    power = match["e"] or match["ten_to"] or match["times_ten_to"]
    small = match["ten_to_small"] or match["times_ten_to_small"]
    scale = (match["scale"] or "").strip().lower()
    known = SCALES.get(scale)
    scaled = known if known is not None else sum(SCALES[char] for char in scale)
    return int(power or (small or "0").translate(_LOWERED)) + scaled
