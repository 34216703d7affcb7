"""What a number in digits looks like, in the spellings of many countries: one regular expression, made of its parts.

It reads a text in the plain form that `plain` gives it, where every sign has one character. All its repetitions are
possessive or bounded, so that it takes linear time.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from evalkit.checks.chinese_numerals import MYRIADS

DecimalMark = Literal[".", ","]

SCALES = {
    "thousand": 3, "tausend": 3, "lakh": 5, "lakhs": 5, "million": 6, "millions": 6, "millionen": 6, "mio": 6,
    "millones": 6, "crore": 7, "crores": 7, "billion": 9, "billions": 9, "bn": 9, "milliarde": 9, "milliarden": 9,
    "milliard": 9, "milliards": 9, "mrd": 9, "trillion": 12, "trillions": 12, "百": 2, "千": 3, **MYRIADS,
}  # fmt: skip
"""Word after a number → the power of ten by which it multiplies it. Billions are those of English."""
VULGAR = "½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅐⅛⅜⅝⅞⅑⅒"
RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺"

_HARD_BLANKS, _APOSTROPHES = "\u00a0\u2009\u202f", "'’٬"
_PLAIN = str.maketrans(
    dict.fromkeys("−－﹣", "-")
    | dict.fromkeys("＋", "+")
    | dict.fromkeys("．", ".")
    | dict.fromkeys("€£¥₹₩₽￥＄￡", "$")
    | dict.fromkeys("％﹪٪", "%")
    | dict.fromkeys(_HARD_BLANKS, "\u00a0")
    | dict.fromkeys(_APOSTROPHES, "'")
)
_WIDE_COMMA = re.compile("(?<=[０-９])，(?=[０-９])")
"""Between other digits it is the comma of Chinese sentences."""
_TEX_COMMA = re.compile(r"(?<=\d)(?:\{,\}|,\\!)(?=\d)")
_TEX_BLANK = re.compile(r"(?<=\d)\\,(?=\d{3}(?!\d))")
_TEX_FRACTION = re.compile(r"\\[cdt]?frac ?(?:(\d)|\{ ?(-?) ?(\d{1,15}) ?\}) ?(?:(\d)|\{ ?(\d{1,15}) ?\})")
_LETTER = "A-Za-zÀ-ÖØ-öø-ɏͰ-ӿ_"
"""Latin, Greek and Cyrillic: a digit after one of them is part of a word. Chinese sets no blank before a number."""
_BETWEEN = "[.,'\u00a0٫]"
"""What may stand between two digits of one number."""

_SIGN = rf"(?P<sign>(?<![{_LETTER}\d)\]}}.]) [-+] (?:\$[\ \u00a0]?)?)?"
"""A minus, not the dash between two things: `-5`, `-$5`, `x=-5`, and neither `10-12` nor `(3)-4`."""
_NO_POWER = "".join(rf"(?<![{_LETTER}一-鿿}}]{power})" for power in (r"\^", r"\^-", r"\^\{", r"\^\{-"))
"""Not that of a unit: `m^2`, `s^{-1}`, `\\text{cm}^3`."""
_START = rf"(?: (?<![{_LETTER}\d]) {_NO_POWER} | (?<=(?<![A-Za-z])[A-Z]{{3}}) )"
"""In no word (`CO2`), but after a currency's code (`USD118`)."""
_FIRST = rf"(?<!\d{_BETWEEN})"
_BELOW = r"0*[1-9]\d{0,14}+"
_TEX = rf"\\[dt]?frac\{{\d{{1,15}}\}}\{{{_BELOW}\}}"
_SLASH = rf"(?<!\d/)(?<!\d[.,]) \d{{1,15}}+ [\ ]?[/⁄][\ ]? {_BELOW} (?!{_BETWEEN}?\d)(?!/\d)"
_FRACTION = rf"""
    (?: {_START} (?P<whole>(?<!\d[.,])\d{{1,9}}+) (?: [\ ]?(?=[{VULGAR}\\]) | [\ \u00a0](?=\d) ) )?
    (?P<fraction> [{VULGAR}] | {_TEX} | {_START} {_SLASH} )
"""
"""`1/2`, `½`, `1 1/2`, `3½`, a `frac` of LaTeX; a date (`3/4/2025`) is none."""
_COMPOUND = rf"""
    {_START} (?P<compound> \d{{1,4}}+ (?: [亿億]\d{{1,4}}+[万萬](?:\d{{4}})? | [亿億万萬]\d{{4}} | [万萬]\d千 ) ) (?!\d)
"""
"""`1亿2000万`, `3万5000`, `3万5千`."""


def _raised(name: str) -> str:
    """`^3`, `**3`, `^{-3}` in the group `name`; `⁻³` in `name_small`."""
    return rf"""
        (?: [\ ]?(?:\^|\*\*)[\ ]? [{{(]? (?P<{name}>[-+]?\d{{1,9}}+)(?!\d) [)}}]?
          | (?P<{name}_small>[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]{{1,9}}+) )
    """


_TEN = rf"{_START} (?P<ten>10) {_raised('ten_to')}"
_POWER = rf"""
    (?: [eE](?P<e>[-+]?\d{{1,9}}+)(?!\d)
      | [\ ]?(?:[×xX*·⋅]|\\times|\\cdot)[\ ]?10 {_raised("times_ten_to")} )
"""
"""`e3`, `E-3`, `×10^3`, `· 10⁻³`, and the `times 10^{-3}` of LaTeX."""
_LATIN_SCALES = "|".join(sorted((word for word in SCALES if word.isascii()), key=len, reverse=True))
_SCALE = rf"""
    (?P<scale>
        [\ \u00a0]?(?i:{_LATIN_SCALES})(?![{_LETTER}\d])
    |
        [\ ]? (?: (?:百(?!分)|千(?![克米瓦卡帕焦字赫]))?+ [万萬亿億兆]{{1,2}}+(?!一)  # no 千克, which is a kilogram
                | 百(?!分) | 千(?![克米瓦卡帕焦字赫]) )
    )
"""
_PERCENT = r"(?P<percent> [\ \u00a0]?(?:\\?%|(?i:per[ ]?cent|prozent)\b) )"


def plain(text: str) -> str:
    """`text` with one character each for minus, plus, currencies, hard blanks and apostrophes; of the same length."""
    return (text if text.isascii() else _WIDE_COMMA.sub(",", text)).translate(_PLAIN)


def without_tex(text: str) -> str:
    """`text` with the marks between digits that LaTeX has its own way to write (`1{,}234`, `1,\\!234`, `1\\,234`) as
    others write them, and its fractions (`\\frac12`, `\\frac{-1}{2}`) in one form.
    """
    if "\\" not in text and "{,}" not in text:
        return text
    text = _TEX_FRACTION.sub(r"\2\\frac{\1\3}{\4\5}", _TEX_COMMA.sub(",", text))
    return _TEX_BLANK.sub("\u00a0", text)


def _decimals(decimal: DecimalMark) -> str:
    """A number with its decimals, in the group for its spelling: how `decimal` would have it, or the other way round.

    Where `decimal` is a point, `1,234` and `1.234` are native; `1.234,5`, `1.234.567` and `1,5` can only be foreign.
    """
    point, comma = (r"[.٫]", ",") if decimal == "." else (r"[,٫]", r"\.")
    end = rf"(?!{_BETWEEN}?\d)"
    no_list = (r"(?<![\[({])", r"(?![\])}])") if decimal == "." else ("", "")  # [1,5] and (1,5) are two numbers
    return rf"""
    (?:
        {_START} {_FIRST} (?P<native>
            (?!0) \d{{1,3}}+ (?: (?:{comma}|['\u00a0])\d{{3}} )++ (?!{comma}?\d) (?:{point}\d++)?
        |   \d{{1,2}}+ (?:{comma}\d{{2}}(?!\d))++ {comma}\d{{3}}(?!\d) (?:{point}\d++)?
        )
    |
        {_START} {_FIRST} (?P<foreign>
            (?!0) \d{{1,3}}+ (?: (?:{point}|['\u00a0])\d{{3}} )++ {comma}\d++ {end}
        |   (?!0) \d{{1,3}}+ (?:{point}\d{{3}}){{2,}}+ {end}
        |   {no_list[0]} \d++{comma}\d++ {end}
        |   \d++{comma}\d++ {end} {no_list[1]}
        )
    |
        {_START} (?<!\d[.٫]) (?P<plain> \d++ (?:{point}\d++)? )
    |
        (?<![{_LETTER}\d.]) (?P<bare> [.٫]\d++ )
    )
    """


@lru_cache
def number_pattern(decimal: DecimalMark) -> re.Pattern[str]:
    """The expression. `decimal` is the mark before decimals where a number could be read in two ways."""
    number = rf"{_FRACTION} | {_COMPOUND} | {_TEN} | {_decimals(decimal)} {_POWER}? {_SCALE}?"
    return re.compile(rf"(?=[-+.٫\d{VULGAR}\\]) {_SIGN} (?:{number}) {_PERCENT}?", re.VERBOSE)
