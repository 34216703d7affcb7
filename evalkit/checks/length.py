"""Checks of how long the answer is."""

from __future__ import annotations

import re
from dataclasses import dataclass

from evalkit.checks.contract import BuiltInCheck, argument, verdict
from evalkit.checks.normal_form import comparable
from evalkit.checks.words import count_words
from evalkit.registry import CHECKS
from evalkit.types import Context, Finding

_CLUSTERS_NEEDED = re.compile(
    "[^\t\n\x20-\u02ff\u0391-\u03ff\u0400-\u0482\u2010-\u2027\u20a0-\u20bf\u3000-\u3029\u3041-\u3096\u30a1-\u30ff"
    "\u4e00-\u9fff\uac00-\ud7a3\uff01-\uff5e]"
)
"""What may make one character out of several code points; texts without it are counted at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Count(BuiltInCheck):
    """What counts something and compares."""

    exact: int | None = argument("Just so many.", default=None)
    min: int | None = argument("At least so many.", default=None)
    max: int | None = argument("At most so many.", default=None)

    def __post_init__(self) -> None:
        given = [bound for bound in (self.exact, self.min, self.max) if bound is not None]
        if not given:
            raise ValueError("give a number: exact, min or max")
        if self.exact is not None and len(given) > 1:
            raise ValueError("exact stands alone, without min and max")
        if min(given) < 0 or given != sorted(given):
            raise ValueError(f"no count lies there: {self._wanted()}")

    def _compare(self, count: int, noun: str) -> Finding:
        low = self.exact if self.exact is not None else self.min
        high = self.exact if self.exact is not None else self.max
        passed = (low is None or count >= low) and (high is None or count <= high)
        wanted = "" if passed else f", wanted {self._wanted()}"
        return verdict(passed=passed, reason=f"{count} {noun}{'' if count == 1 else 's'}{wanted}")

    def _wanted(self) -> str:
        if self.exact is not None:
            return str(self.exact)
        bounds = (("at least", self.min), ("at most", self.max))
        return " and ".join(f"{name} {bound}" for name, bound in bounds if bound is not None)


@CHECKS.register("word_count")
@dataclass(frozen=True, slots=True, kw_only=True)
class WordCount(_Count):
    """The answer has so many words; each Chinese or Japanese character counts as one.

    A word is a run without white space that holds a letter or a digit: `well-known`, `don't` and `1,234.5` are one
    each, a bullet or a lone dash is none, and `—` and `…` part words.
    """

    def find(self, context: Context) -> Finding:
        """Counts."""
        return self._compare(count_words(comparable(context.output)), "word")


@CHECKS.register("char_count")
@dataclass(frozen=True, slots=True, kw_only=True)
class CharCount(_Count):
    """The answer has so many characters as a reader counts them, white space around it left out.

    `é` is one however it is encoded, and so is an emoji made of several (Unicode's extended grapheme clusters, UAX
    #29). White space within counts, a line break as one.
    """

    def find(self, context: Context) -> Finding:
        """Counts."""
        return self._compare(_characters(context.output.strip()), "character")


def _characters(text: str) -> int:
    if not _CLUSTERS_NEEDED.search(text):
        return len(text)
    import regex

    return sum(1 for _ in regex.finditer(r"\X", text))
