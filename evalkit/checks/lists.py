"""Checks that compare the answer with a list or a set of items."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

from evalkit.checks.contract import BuiltInCheck, argument, listed, shown, verdict
from evalkit.checks.fences import fences
from evalkit.checks.json_text import NotJSON, parse
from evalkit.checks.normal_form import comparable
from evalkit.registry import CHECKS
from evalkit.types import Context, Finding

_BULLET = re.compile(
    r"[ \t]*(?:[-*+•‣◦·–—][ \t]|\(?(?:[0-9]{1,4}|[a-z])[.)、][ \t]|[0-9]{1,4}、(?!\s*[0-9]|[^\n]*、))"
    r"[ \t]*(?P<item>[^\n]*)"
)
_SEPARATORS = ("\n", ";", "；", ",", "，", "、")
_COMMAS = {",", "，", "、"}
_AND = re.compile(r"\s{0,3}(?:\b(?:and|or|und|oder|et|y)\s|[和与與及])\s{0,3}")
_LEAD_IN = re.compile(r"\A[^\n]*[:：]\n")
_AROUND = " \t\r\n\"'“”‘’«»「」`*_"
_HEADING = re.compile(r"\A\s*+[^\n:：,，;；、]{1,80}+[:：](?=[^\n]*+\s*+\Z)")
"""Of a line that says what it lists: `Answer: a, b`."""
_BRACKETS = {"[": "]", "{": "}", "(": ")"}
_GROUPED = re.compile(r"-?[1-9][0-9]{0,2}(?:,[0-9]{3}){1,100}(?:\.[0-9]{1,300})?")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,300})(?:\.[0-9]{1,300})?")
Key = tuple[str, str | Decimal]


def items_in(text: str, separator: str | None = None, *, last_and: bool = True) -> list[Any]:
    """The items that an answer lists.

    A JSON array, also in a code fence; else, where any line is a bullet or numbered, those lines; else what stands
    between line breaks, or semicolons, or commas, whichever of these comes first in that order; or between
    `separator`s. A first line that ends with a colon, marks of quotation and emphasis around an item, and empty items
    are left out. With `last_and`, the last of items between commas is divided at its "and".
    """
    if separator is None:
        array = _array(text)
        if array is not None:
            return array
        bullets = [match["item"] for line in text.split("\n") if (match := _BULLET.fullmatch(line))]
        pieces = bullets or _pieces(text, last_and=last_and)
    else:
        pieces = text.split(separator)
    items = [piece.strip(_AROUND) for piece in pieces]
    return [item for item in items if item]


def _array(text: str) -> list[Any] | None:
    for candidate in (text, *(fence.code for fence in fences(text))):
        if candidate.lstrip()[:1] == "[":
            try:
                value = parse(candidate)
            except NotJSON:
                continue
            return value if isinstance(value, list) else None
    return None


def _pieces(text: str, *, last_and: bool) -> list[str]:
    text = _without_brackets(_LEAD_IN.sub("", text.strip().removesuffix(".").removesuffix("。")))
    separator = next((each for each in _SEPARATORS if each in text), None)
    pieces = text.split(separator) if separator else [text]
    if last_and and (separator is None or separator in _COMMAS):
        pieces[-1:] = _AND.split(pieces[-1])
    return pieces


def _without_brackets(text: str) -> str:
    """What stands in the one pair of brackets around a text, such as a set's or a Python list's; else the text."""
    inner = text.strip().strip("$").replace("\\{", "{").replace("\\}", "}")
    closing = _BRACKETS.get(inner[:1])
    if closing is None or not inner.endswith(closing) or inner.count(inner[0]) + inner.count(closing) != 2:
        return text
    return inner[1:-1]


def _key(item: Any, *, ignore_case: bool) -> Key:
    """What is equal for equal items: numbers by value, whether they came as JSON or as text, texts in their form."""
    if isinstance(item, str) or item is None or isinstance(item, bool):
        text = item if isinstance(item, str) else json.dumps(item)
    else:
        text = json.dumps(item, ensure_ascii=False, sort_keys=True)
    if _GROUPED.fullmatch(text):
        text = text.replace(",", "")
    if _NUMBER.fullmatch(text):
        return "number", Decimal(text).normalize()
    return "text", comparable(text.strip(), ignore_case=ignore_case)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Items(BuiltInCheck):
    """What compares items."""

    blocking: ClassVar[bool] = True

    items: list[Any] | str = argument("The items that are right; a text is read like an answer.")
    ignore_case: bool = argument("Whether upper and lower case count as equal; ß equals ss.", default=False)
    separator: str | None = argument("What stands between items; found by itself where left out.", default=None)

    def __post_init__(self) -> None:
        if self.separator == "":
            raise ValueError("the separator is empty; leave it out to have it found")
        if not self._expected():
            raise ValueError("the list of items is empty; 'equals: []' asks for an empty JSON list")

    def _sides(self, context: Context) -> tuple[list[Key], list[Key]]:
        """The expected items, and the answer's: "salt and pepper" as one or two, "Answer: salt" with or without what
        stands before the colon, whichever comes nearer.
        """
        expected = self._expected()
        readings = [
            self._keys(items_in(text, self.separator, last_and=last_and))
            for text in dict.fromkeys((context.output, _HEADING.sub("", context.output)))
            for last_and in (True, False)
        ]
        return expected, max(readings, key=lambda keys: _in_common(keys, expected))

    def _expected(self) -> list[Key]:
        items = items_in(self.items, self.separator) if isinstance(self.items, str) else self.items
        return self._keys(items)

    def _keys(self, items: list[Any]) -> list[Key]:
        return [_key(item, ignore_case=self.ignore_case) for item in items]


@CHECKS.register("set_equals")
@dataclass(frozen=True, slots=True, kw_only=True)
class SetEquals(_Items):
    """The answer lists just these items, in any order; its value is the share of all items that both have (Jaccard).

    Read from a JSON array, bullets or numbered lines, or items between line breaks, semicolons or commas (with a last
    "and"), whether or not brackets stand around them or "Answer:" before. Numbers are compared by value (`1,000` is
    1000), an item that stands twice counts once.
    """

    def find(self, context: Context) -> Finding:
        """Compares the two sets."""
        expected, answered = (dict.fromkeys(side) for side in self._sides(context))
        missing = [str(text) for kind, text in expected if (kind, text) not in answered]
        extra = [str(text) for kind, text in answered if (kind, text) not in expected]
        common = len(expected) - len(missing)
        wrong = [f"missing: {listed(missing)}"] if missing else []
        wrong += [f"not expected: {listed(extra)}"] if extra else []
        reason = "; ".join(wrong) or f"has all {len(expected)} and no other"
        return verdict(passed=not wrong, reason=reason, value=common / (len(expected) + len(extra)))


@CHECKS.register("list_equals")
@dataclass(frozen=True, slots=True, kw_only=True)
class ListEquals(_Items):
    """The answer lists just these items in this order; its value is the share of places that are right.

    Read like the items of `set_equals`; what stands twice counts twice.
    """

    def find(self, context: Context) -> Finding:
        """Compares item by item."""
        expected, answered = self._sides(context)
        right = sum(one == other for one, other in zip(expected, answered, strict=False))
        value = right / max(len(expected), len(answered))
        if expected == answered:
            return verdict(passed=True, reason=f"has all {len(expected)} in order")
        return verdict(passed=False, reason=_difference(expected, answered), value=value)


def _in_common(one: list[Key], other: list[Key]) -> int:
    return (Counter(one) & Counter(other)).total()


def _difference(expected: list[Key], answered: list[Key]) -> str:
    if not answered:
        return f"the answer lists nothing, expected {listed([str(key[1]) for key in expected])}"
    if Counter(expected) == Counter(answered):
        place = next(at for at, pair in enumerate(zip(expected, answered, strict=True)) if pair[0] != pair[1])
        return f"in another order: item {place + 1} is {_shown(answered, place)}, expected {_shown(expected, place)}"
    if len(expected) != len(answered):
        return f"number of items {len(answered)}, expected {len(expected)}: {listed([str(key[1]) for key in answered])}"
    place = next(at for at, pair in enumerate(zip(expected, answered, strict=True)) if pair[0] != pair[1])
    return f"item {place + 1} is {_shown(answered, place)}, expected {_shown(expected, place)}"


def _shown(keys: list[Key], place: int) -> str:
    return shown(str(keys[place][1]))
