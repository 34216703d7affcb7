"""Chinese numerals, as Chinese and Japanese write them: 三百二十五, 二〇二四, 三点一四, 百分之十二, 三分之一, 负五."""

from __future__ import annotations

import re
from collections.abc import Iterator

_ALIKE = ("零〇○", "一壹", "二贰貳两兩", "三叁參", "四肆", "五伍", "六陆陸", "七柒", "八捌", "九玖")
_DIGITS = {char: value for value, chars in enumerate(_ALIKE) for char in chars}
_TENS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
MYRIADS = {"万": 4, "萬": 4, "亿": 8, "億": 8, "兆": 12}
"""Character → the power of ten that it multiplies by."""
_D, _ALL = "".join(_DIGITS), "".join((*_DIGITS, *_TENS, *MYRIADS))

HINT = f"{_D}十拾"
"""What a numeral has at least one of, for a regular expression's brackets."""
_NUMERAL = re.compile(
    rf"""
    (?<![{_ALL}]) (?P<minus>[负負])?
    ((?P<denominator>[{_ALL}]{{1,40}}+)分之)?
    (?P<whole>[{_ALL}]{{1,40}}+) (?![{_ALL}])
    ([点點](?P<decimals>[{_D}]{{1,20}}+)(?![{_ALL}]))?
    """,
    re.VERBOSE,
)
_LONE = re.compile(
    rf"(?<![{_ALL}统統唯逐任同单單专專每另某之第])[{HINT}](?![{_ALL}些樣样起般定直旦致切下点點边邊路向共分足])"
)
"""A digit by itself, and not in one of the many words that have one: 一些, 统一, 十分."""

_SOME = "".join(char for char, value in _DIGITS.items() if value)
_SECTION = re.compile(
    rf"(?:([{_SOME}])[千仟])?[零〇○]?(?:([{_SOME}])[百佰])?[零〇○]?(([{_SOME}])?[十拾])?[零〇○]?([{_SOME}])?"
)
"""What stands below 万: thousands, hundreds, tens, ones."""


class Numeral:
    """A numeral in a text: `digits` is a decimal number as Python writes it, `denominator` what it is divided by."""

    __slots__ = ("denominator", "digits", "end", "percent", "text")

    def __init__(self, match: re.Match[str], digits: str, denominator: int = 1, *, percent: bool = False) -> None:
        self.text, self.end = match.group(), match.end()
        self.digits, self.denominator, self.percent = digits, denominator, percent


def numerals(text: str) -> Iterator[Numeral]:
    """The numerals of more than one character; 一 by itself is mostly part of a word (see `lone_digits`)."""
    for match in _NUMERAL.finditer(text):
        numeral = _read(match)
        if numeral is not None:
            yield numeral


def lone_digits(text: str) -> Iterator[Numeral]:
    """Numerals of one character, such as 三 in 三个, but for those in common words."""
    for match in _LONE.finditer(text):
        yield Numeral(match, str({**_DIGITS, **_TENS}[match.group()]))


def _read(match: re.Match[str]) -> Numeral | None:
    denominator, decimals = match["denominator"], match["decimals"]
    percent = denominator in ("百", "佰")
    partner = denominator or decimals or match["minus"]
    whole = 100 if percent and match["whole"] == denominator else _whole(match["whole"], alone=not partner)
    below = 1 if percent or not denominator else _whole(denominator, alone=False)
    if whole is None or not below:
        return None
    digits = f"{whole}.{_in_a_row(decimals)}" if decimals else str(whole)
    return Numeral(match, f"-{digits}" if match["minus"] else digits, below, percent=percent)


def _whole(run: str, *, alone: bool) -> int | None:
    """The value of a run of numerals; None of what is none (万一, 三四, 千万).

    `alone`: nothing beside it tells that it is a number, so that it takes two characters.
    """
    if all(char in _DIGITS for char in run):
        if len(run) == 1:
            return None if alone else _DIGITS[run]
        plain = any(_DIGITS[char] == 0 for char in run) or (len(run) >= 4 and not set("两兩") & set(run))
        return int(_in_a_row(run)) if plain else None
    if len(run) == 1 and (alone or run not in "十拾"):
        return None
    return _with_units(run)


def _in_a_row(run: str) -> str:
    return "".join(str(_DIGITS[char]) for char in run)


def _with_units(run: str) -> int | None:
    """三百二十五, 两千零一, 一万两千五 (12,500), 一万亿. None where digits or units follow each other wrongly."""
    for char in sorted(MYRIADS, key=lambda each: -MYRIADS[each]):
        if char in run:
            above, _, below = run.rpartition(char)
            return _above_and_below(above, below, 10 ** MYRIADS[char])
    section = _SECTION.fullmatch(run)
    if section is None:
        return None
    thousands, hundreds, tens, ones = (_DIGITS.get(section[group] or "", 0) for group in (1, 2, 4, 5))
    tens = 1 if section[3] and not tens else tens
    before = _TENS.get(run[-2:-1], 10)  # 一百五 is 150, 一百零五 is 105
    return thousands * 1000 + hundreds * 100 + tens * 10 + ones * before // 10


def _above_and_below(above: str, below: str, unit: int) -> int | None:
    """The value of `above` units and what is `below` one."""
    high = _whole(above, alone=False)
    if len(below) == 1 and below in _DIGITS:  # 三万五 is 35,000
        low: int | None = _DIGITS[below] * unit // 10
    else:
        low = _whole(below.lstrip("零〇○"), alone=False) if below else 0
    return high * unit + low if high and low is not None and low < unit else None
