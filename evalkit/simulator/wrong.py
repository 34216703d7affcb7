"""Makes a wrong answer that looks like the right one: a number for a number, a city for a city, JSON for JSON."""

from __future__ import annotations

import json
import re
from random import Random
from typing import Any

_NUMBER = re.compile(r"[^0-9]{0,8}[0-9][0-9,.]*(?:[eE][+-]?[0-9]+)?[^0-9]{0,8}")
_DATE_OR_TIME = re.compile(r"[0-9]+(?:[-/.:T ][0-9]+)+Z?")
_WORD = re.compile(r"[0-9][0-9.,]*[0-9]|\w+")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")

_KINDS = (
    "yes no",
    "true false",
    "pass fail",
    "A B C D E",
    "low medium high urgent",
    "positive negative neutral mixed",
    "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "January February March April May June July August September October November December",
    "red orange yellow green blue purple black white grey brown",
    "one two three four five six seven eight nine ten twelve",
    "circle square triangle rectangle hexagon ellipse star",
    "cat dog horse rabbit tiger elephant penguin whale",
    "Paris Lyon London Madrid Berlin Rome Vienna Lisbon Tokyo Beijing Canberra Sydney Ottawa Toronto Cairo",
    "France Spain Germany Italy Portugal Japan China Australia Canada Brazil Egypt India",
    "English French German Spanish Chinese Japanese Portuguese Arabic Hindi",
    "Mercury Venus Earth Mars Jupiter Saturn Uranus Neptune",
    "hydrogen helium carbon nitrogen oxygen sodium iron copper silver gold",
    "billing shipping returns technical account sales",
    "EUR USD GBP CNY JPY CHF",
    "是 否",
    "红色 橙色 黄色 绿色 蓝色 紫色 黑色 白色",
    "北京 上海 广州 深圳 成都 杭州 巴黎 伦敦 东京",
)
_POOLS = tuple(kind.split() for kind in _KINDS)
_WORDS = ("Granite", "Lantern", "Meadow", "Harbour", "Violin", "Compass", "Orchard", "Falcon", "Pepper", "Walnut")
_CJK_WORDS = ("苹果", "河流", "山谷", "钢琴", "灯塔", "桥梁", "竹林", "海港")


def wrong(expected: str, draw: Random) -> str:
    """A text of the kind of `expected` that neither contains it nor is contained in it, whatever its case."""
    document = _container(expected)
    made = _other_document(document, expected, draw) if document is not None else _other_text(expected, draw)
    return _one_letter_off(expected, draw) if _overlap(made, expected) else made


def _other_text(expected: str, draw: Random) -> str:
    if _NUMBER.fullmatch(expected):
        return _other_number(expected, draw)
    if _DATE_OR_TIME.fullmatch(expected):
        return _other_digit(expected, expected.rindex(re.findall("[0-9]", expected)[-1]), draw)
    words = _WORD.findall(expected)
    pool = _pool_of(expected)
    if pool is None and len(words) > 1:
        return _other_sentence(expected, words, draw)
    others = pool or (_CJK_WORDS if _CJK.search(expected) else _WORDS)
    fitting = [word for word in others if not _overlap(word, expected)]
    return _cased_like(expected, draw.choice(fitting)) if fitting else _one_letter_off(expected, draw)


def _pool_of(expected: str) -> list[str] | None:
    return next((pool for pool in _POOLS if expected.casefold() in map(str.casefold, pool)), None)


def _other_sentence(expected: str, words: list[str], draw: Random) -> str:
    """The same words but for a number, or else one of the longest."""
    longest = max(map(len, words))
    numbers = [word for word in words if word[0].isdecimal()]
    word = draw.choice(numbers or [word for word in words if len(word) == longest])
    return expected.replace(word, _other_text(word, draw), 1)


def _other_number(expected: str, draw: Random) -> str:
    """Another second digit that counts, or the first where there is only one: as long, and off by 3 % or more."""
    mantissa = re.split(r"(?<=[0-9])[eE]", expected)[0]
    digits = [found.start() for found in re.finditer("[0-9]", mantissa)]
    significant = [place for place in digits if mantissa[digits[0] : place + 1].strip("0,.")]
    return _other_digit(expected, (significant[:2] or digits)[-1], draw)


def _other_digit(expected: str, place: int, draw: Random) -> str:
    digit = (int(expected[place]) + draw.randint(3, 7)) % 10
    return f"{expected[:place]}{digit}{expected[place + 1 :]}"


def _one_letter_off(expected: str, draw: Random) -> str:
    """As long as `expected` and not the same, so that neither can contain the other."""
    letters = [place for place, char in enumerate(expected) if char.isalnum()] or range(len(expected))
    place = draw.choice(letters)
    letter = draw.choice([char for char in "aeionrst" if char != expected[place].casefold()])
    return expected[:place] + letter + expected[place + 1 :]


def _cased_like(expected: str, word: str) -> str:
    if expected.isupper() or expected.islower():
        return word.upper() if expected.isupper() else word.lower()
    return word[:1].upper() + word[1:]


def _overlap(one: str, other: str) -> bool:
    one, other = one.casefold().strip(), other.casefold().strip()
    return one in other or other in one


def _container(expected: str) -> dict[str, Any] | list[Any] | None:
    if expected.lstrip()[:1] not in {"{", "["}:
        return None
    try:
        document = json.loads(expected)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict | list) else None


def _other_document(document: dict[str, Any] | list[Any], expected: str, draw: Random) -> str:
    leaves = _leaves(document)
    if leaves:
        owner, key = draw.choice(leaves)
        owner[key] = _other_leaf(owner[key], draw)
    else:
        document = {"answer": None} if isinstance(document, dict) else [None]
    indent = 2 if "\n" in expected else None
    separators = None if indent or ", " in expected or ": " in expected else (",", ":")
    return json.dumps(document, ensure_ascii=False, indent=indent, separators=separators)


def _leaves(document: Any) -> list[tuple[Any, Any]]:
    """Every value that holds no other, as its owner and its key there."""
    found = []
    for key, value in list(document.items() if isinstance(document, dict) else enumerate(document)):
        found += _leaves(value) if isinstance(value, dict | list) else [(document, key)]
    return found


def _other_leaf(value: Any, draw: Random) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return json.loads(_other_number(json.dumps(value), draw))
    if value is None:
        return "unknown"
    return wrong(value, draw) if value.strip() else "unknown"
