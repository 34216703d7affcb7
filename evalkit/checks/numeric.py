"""The check that reads a number out of the answer."""

from __future__ import annotations

import math
import re
from collections import deque
from dataclasses import dataclass
from decimal import Context as Arithmetic
from decimal import Decimal
from typing import ClassVar

from evalkit.checks.contract import BuiltInCheck, argument, shown, verdict, visible
from evalkit.registry import CHECKS
from evalkit.types import Context, Finding

_MINUS, _PLUS, _POINTS, _GROUPING, _CURRENCY = "-−－﹣", "+＋", ".．٫", ",\u00a0\u2009\u202f", "$€£¥₹₩₽￥＄￡"
_LETTER = "A-Za-zÀ-ÖØ-öø-ɏͰ-ӿ_"
"""Latin, Greek and Cyrillic: a digit after one of them is part of a word. Chinese sets no blank before a number."""
_DIGIT = re.compile(r"\d")
_WORD = re.compile(rf"[^ \t\r\n]+(?:(?<=[{_CURRENCY}])[ ][^ \t\r\n]+)*")
_NUMBER = re.compile(
    rf"""
    ((?<![{_LETTER}\d)\]}}.]) [{_MINUS}{_PLUS}] ([{_CURRENCY}][ \u00a0]?)?)?   # a sign is no dash between two things
    (
        (?<!\d\.)                                                              # not the end of 1.2.3
        ( (?<![{_LETTER}\d]) | (?<=(?<![A-Za-z])[A-Z]{{3}}) )                  # in no word, but after USD
        ( \d{{1,3}}([{_GROUPING}]\d{{3}})+(?!\d) | \d++ ) ([{_POINTS}]\d++)?
    |
        (?<![{_LETTER}\d.]) [{_POINTS}]\d++
    )
    ([eE][{_MINUS}{_PLUS}]?\d{{1,9}}(?!\d))?
    """,
    re.VERBOSE,
)
_PLAIN = str.maketrans(
    {**dict.fromkeys(_MINUS, "-"), **dict.fromkeys(_PLUS, "+"), **dict.fromkeys(_POINTS, ".")}
    | dict.fromkeys(_GROUPING + _CURRENCY + " ")
)
_EXACT = Arithmetic(prec=1000)
"""More digits than the sum of any two floats has."""


@CHECKS.register("number")
@dataclass(frozen=True, slots=True, kw_only=True)
class Number(BuiltInCheck):
    """The last number in the answer is this one, within the tolerance.

    Read as numbers: `1,234.5` (a comma or a hard space between groups of three digits), `-$5`, `−5`, `1e3`, `.5`,
    `１２．５`; a unit or a percent sign after it is ignored, so `12%` is 12. A decimal comma is not understood. Digits
    of a word (`CO2`) are no number, those after a currency's code (`USD118`) are. The dash of a range (`10-12`) is no
    minus. An answer without a number fails. The comparison is exact: 118.4 and 118.41 differ by 0.01;
    `value` is kept to 15 significant digits.
    """

    blocking: ClassVar[bool] = True

    value: float = argument("The number that is expected.")
    tolerance: float = argument("How far off it may be, in its own unit.", default=0.0)
    relative_tolerance: float = argument("How far off it may be, as a share of the value: 0.01 is 1 %.", default=0.0)

    def __post_init__(self) -> None:
        if not math.isfinite(self.value):
            raise ValueError(f"value must be a finite number, not {self.value}")
        for name in ("tolerance", "relative_tolerance"):
            if not 0 <= getattr(self, name) < math.inf:
                raise ValueError(f"{name} must be a finite number of at least 0, not {getattr(self, name)}")

    def find(self, context: Context) -> Finding:
        """Compares the answer's last number; the larger of the two tolerances counts."""
        written = _last_number(context.output)
        if written is None:
            return verdict(passed=False, reason=f"no number in {shown(context.output)}, expected {self.value:.15g}")
        value, off = _decimal(self.value), self._tolerance()
        passed = _EXACT.subtract(value, off) <= Decimal(written.translate(_PLAIN)) <= _EXACT.add(value, off)
        margin = f" ± {float(off):g}" if off else ""
        return verdict(passed=passed, reason=f"answered {visible(written)}, expected {self.value:.15g}{margin}")

    def _tolerance(self) -> Decimal:
        share = _EXACT.multiply(_decimal(self.relative_tolerance), _decimal(abs(self.value)))
        return max(_decimal(self.tolerance), share)


def _decimal(number: float) -> Decimal:
    """A number as it is spelt: 118.4, not the binary fraction next to it."""
    return Decimal(repr(number))


def _last_number(text: str) -> str | None:
    """Goes through the words from the end: a number never spans two, and mostly stands in one of the last."""
    for word in reversed(_WORD.findall(text)):
        if _DIGIT.search(word):
            for last in deque(_NUMBER.finditer(word), maxlen=1):
                return last.group()
    return None
