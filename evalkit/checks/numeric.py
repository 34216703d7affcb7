"""The check that reads a number out of the answer."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import MAX_EMAX, MIN_EMIN, Decimal
from decimal import Context as Arithmetic
from typing import ClassVar

from evalkit.checks.contract import BuiltInCheck, argument, shown, verdict, visible
from evalkit.checks.number_pattern import DecimalMark
from evalkit.checks.number_reading import Reading, last_number, only_number
from evalkit.registry import CHECKS
from evalkit.types import Context, Finding

_EXACT = Arithmetic(prec=1000, Emax=MAX_EMAX, Emin=MIN_EMIN)
"""More digits than the sum of any two floats has."""
_PLAIN = re.compile(r"[-+]?[0-9]{1,1000}(?:\.[0-9]{1,1000})?(?:[eE][-+]?[0-9]{1,9})?")
"""As YAML, JSON and CSV spell numbers, wherever they are from."""


@CHECKS.register("number")
@dataclass(frozen=True, slots=True, kw_only=True)
class Number(BuiltInCheck):
    r"""The last number in the answer is this one, within the tolerance.

    Read as numbers: `1,234.5`, `1.234,5`, `12,34,567`, `1'234.5`, and hard blanks between groups of three digits;
    `-$5`, `−5`, `.5`, `1e3`, `1.5 × 10³`, `1/2`, `1 ½`, `\frac{1}{2}`, `3 million`, `1.2万`, `三百二十五`, `１２．５`.
    A unit after it is ignored, and so is a percent sign: `12%` is 12. Where a comma or a point alone could be both,
    `decimal` decides: `1,234` is 1234 and `1.234` is not; `1,5` can only be 1.5, but in brackets it is two numbers.
    Digits of a word (`CO2`) are no number, those after a currency's code (`USD118`) are. The dash of a range (`10-12`)
    is no minus. One Chinese digit by itself counts where there is no other number. An answer without a number fails.
    The comparison is exact: 118.4 and 118.41 differ by 0.01; `value` is kept to 15 significant digits.
    """

    blocking: ClassVar[bool] = True

    value: float | str = argument("The number that is expected; a text with one number in it is read like an answer.")
    tolerance: float = argument("How far off it may be, in its own unit.", default=0.0)
    relative_tolerance: float = argument("How far off it may be, as a share of the value: 0.01 is 1 %.", default=0.0)
    decimal: DecimalMark = argument("The mark before decimals: a point, or a comma as in German.", default=".")
    percent_as_share: bool = argument("Whether 12% is 0.12 instead of 12.", default=False)

    def __post_init__(self) -> None:
        self._expected()
        for name in ("tolerance", "relative_tolerance"):
            if not 0 <= getattr(self, name) < math.inf:
                raise ValueError(f"{name} must be a finite number of at least 0, not {getattr(self, name)}")

    def find(self, context: Context) -> Finding:
        """Compares the answer's last number; the larger of the two tolerances counts."""
        wanted = visible(self.value) if isinstance(self.value, str) else f"{self.value:.15g}"
        found = last_number(context.output, self.decimal)
        if found is None:
            return verdict(passed=False, reason=f"no number in {shown(context.output)}, expected {wanted}")
        expected = self._expected()
        off = self._off(expected)
        margin = f" ± {float(_EXACT.divide(off, expected.denominator)):g}" if off else ""
        passed = self._is_near(found, expected, off)
        return verdict(passed=passed, reason=f"answered {visible(found.text)}, expected {wanted}{margin}")

    def _expected(self) -> Reading:
        """The value, read. Raises ValueError where it is no number."""
        if not isinstance(self.value, str):
            if not math.isfinite(self.value):
                raise ValueError(f"value must be a finite number, not {self.value}")
            return _plain(repr(self.value))
        text = self.value.strip()
        reading = _plain(text) if _PLAIN.fullmatch(text) else only_number(text, self.decimal)
        if reading is None:
            raise ValueError(f"value must be a number, or a text with one number in it, not {shown(self.value)}")
        return reading

    def _off(self, expected: Reading) -> Decimal:
        """The larger tolerance, times the expected value's denominator."""
        share = _EXACT.multiply(_decimal(self.relative_tolerance), abs(self._numerator(expected)))
        return max(_EXACT.multiply(_decimal(self.tolerance), expected.denominator), share)

    def _numerator(self, reading: Reading) -> Decimal:
        as_share = self.percent_as_share and reading.percent
        return _EXACT.scaleb(reading.numerator, -2) if as_share else reading.numerator

    def _is_near(self, found: Reading, expected: Reading, off: Decimal) -> bool:
        """Whether the two differ by at most `off / expected.denominator`; both sides times both denominators."""
        wanted, answered = self._numerator(expected), self._numerator(found)
        if expected.denominator != 1:
            answered = _EXACT.multiply(answered, expected.denominator)
        low, high = _EXACT.subtract(wanted, off), _EXACT.add(wanted, off)
        return _EXACT.multiply(low, found.denominator) <= answered <= _EXACT.multiply(high, found.denominator)


def _plain(text: str) -> Reading:
    return Reading(text=text, numerator=Decimal(text))


def _decimal(number: float) -> Decimal:
    """A number as it is spelt: 118.4, not the binary fraction next to it."""
    return Decimal(repr(number))
