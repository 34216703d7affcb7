"""Reads an answer as JSON, strictly, and compares what it says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

from evalkit.checks.fences import fences
from evalkit.checks.normal_form import comparable

Within = Literal["whole", "fence", "prose"]
"""Where in an answer it must stand: the answer is nothing else; or it may stand in a code fence; or anywhere."""
WITHIN = "Where it may stand: it is the whole answer; or also in a code fence; or also anywhere in prose."
_OPENING = re.compile(r"""\{\s*["}]|\[\s*[]\[{"0-9tfn-]""")
"""How an object or an array begins."""
_ATTEMPTS = 1000
"""In vain, after which prose is given up; each costs time in proportion to the text, if only to count its lines."""


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


def parse_within(text: str, within: Within) -> Any:
    """The value that stands in `text`. Raises `NotJSON`.

    The whole text is tried first; then code fences, of which the last that holds JSON counts; then, in prose, objects
    and arrays, of which the longest counts, and the last of those that are as long.
    """
    try:
        return parse(text)
    except NotJSON as error:
        whole = error
    if within == "whole":
        raise whole
    for fence in reversed(fences(text)):
        try:
            return parse(fence.code)
        except NotJSON as error:
            whole = NotJSON(f"in the code fence: {error}")
    if within == "fence":
        raise whole
    return _longest(text)


def objects_in(text: str) -> Iterator[Any]:
    """The objects and arrays that stand in prose, in order; none that lies within another."""
    return (found.value for found in _in_prose(text))


class _Found(NamedTuple):
    length: int
    value: Any


def _longest(text: str) -> Any:
    longest: _Found | None = None
    for found in _in_prose(text):
        if longest is None or found.length >= longest.length:
            longest = found
    if longest is None:
        raise NotJSON("no object or array in it")
    return longest.value


def _in_prose(text: str) -> Iterator[_Found]:
    """Objects and arrays that do not lie within each other. Gives up when it has read the text ten times over."""
    start, in_vain, left = 0, 0, 10 * len(text)
    while in_vain < _ATTEMPTS and left > 0 and (opening := _OPENING.search(text, start)):
        at = opening.start()
        try:
            value, end = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError, NotJSON) as error:
            left -= error.pos - at if isinstance(error, json.JSONDecodeError) else 0
            in_vain += 1
            start = at + 1
        else:
            yield _Found(end - at, value)
            start = end


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
