"""Checks of how near the answer comes to a reference text: by edit distance and by ROUGE."""

from __future__ import annotations

import importlib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar, Literal

from evalkit.checks.contract import BuiltInCheck, argument, require_share, require_some, shown, texts_of, verdict
from evalkit.checks.normal_form import comparable
from evalkit.checks.words import CJK
from evalkit.errors import CheckFailedToRun
from evalkit.registry import CHECKS
from evalkit.types import Context, Finding

_PRODUCT_AT_MOST = 10_000_000_000
"""Of two lengths; comparing takes time in proportion to it, for this one about half a second."""
_LATIN = re.compile("[a-z0-9]+")
_LATIN_OR_CJK = re.compile(f"[a-z0-9]+|[{CJK}]")
Measure = Literal["f1", "precision", "recall"]


@CHECKS.register("similarity")
@dataclass(frozen=True, slots=True, kw_only=True)
class Similarity(BuiltInCheck):
    """The answer is as near to the text, by Levenshtein distance, as the threshold says.

    1 − distance / length of the longer one, in characters; the distance counts characters that are inserted, left out
    or replaced. White space around both is ignored.
    """

    blocking: ClassVar[bool] = True

    text: str = argument("The text that the answer should resemble.")
    threshold: float = argument("The lowest similarity that passes, from 0 to 1.", default=0.8)
    ignore_case: bool = argument("Whether upper and lower case count as equal; ß equals ss.", default=False)

    def __post_init__(self) -> None:
        require_some(self.text.strip())
        require_share("threshold", self.threshold)
        _load_package()

    def find(self, context: Context) -> Finding:
        """Measures the distance. Raises CheckFailedToRun where both texts are too long for that."""
        from rapidfuzz.distance import Levenshtein

        text, answer = self._comparable(self.text), self._comparable(context.output)
        _refuse_endless(text, answer, "characters")
        longest = max(len(text), len(answer))
        near = (longest - Levenshtein.distance(text, answer)) / longest
        reason = f"similarity {near:.3f}, threshold {self.threshold:g}: answered {shown(answer)}, text {shown(text)}"
        return verdict(passed=near >= self.threshold, reason=reason, value=near)

    def _comparable(self, text: str) -> str:
        return comparable(text.strip(), ignore_case=self.ignore_case)


@CHECKS.register("rouge")
@dataclass(frozen=True, slots=True, kw_only=True)
class Rouge(BuiltInCheck):
    """The words and their order that the answer shares with a reference, as ROUGE (Lin 2004), reach the threshold.

    As the package `rouge-score` computes it, without stemming: words are runs of the letters a to z and digits in
    lower case, and nothing else is seen. Of several references the nearest counts.
    """

    blocking: ClassVar[bool] = True

    reference: list[str] | str = argument("The reference text, or a list of them.")
    type: Literal["rouge1", "rouge2", "rougeL"] = argument(
        "What is compared: single words, pairs of words, or the longest common subsequence.", default="rougeL"
    )
    measure: Measure = argument("F1, or the share of the answer (precision) or reference (recall).", default="f1")
    threshold: float = argument("The lowest value that passes, from 0 to 1.", default=0.5)
    cjk_characters: bool = argument("Whether each Chinese or Japanese character counts as a word.", default=False)

    def __post_init__(self) -> None:
        require_some(*texts_of(self.reference))
        require_share("threshold", self.threshold)
        _load_package()
        for reference in texts_of(self.reference):
            if not self._tokens(reference):
                raise ValueError(
                    f"ROUGE sees Latin letters and digits alone, and there is none in {shown(reference)}; "
                    "cjk_characters has it see Chinese and Japanese ones, and 'chrf' sees all"
                )

    def find(self, context: Context) -> Finding:
        """Compares with every reference. Raises CheckFailedToRun where the texts are too long for that."""
        answer = self._tokens(context.output)
        references = [self._tokens(reference) for reference in texts_of(self.reference)]
        best = max(self._score(reference, answer) for reference in references)
        reason = (
            f"{self.type} {self.measure} {best:.3f}, threshold {self.threshold:g}: answered {shown(context.output)}"
        )
        return verdict(passed=best >= self.threshold, reason=reason, value=best)

    def _tokens(self, text: str) -> list[str]:
        return (_LATIN_OR_CJK if self.cjk_characters else _LATIN).findall(text.lower())

    def _score(self, reference: list[str], answer: list[str]) -> float:
        if self.type == "rougeL":
            common, sizes = _common_subsequence(reference, answer), (len(reference), len(answer))
        else:
            common, sizes = _common(_grams(reference, self.type), _grams(answer, self.type))
        if not common:
            return 0.0
        of_reference, of_answer = sizes
        if self.measure == "f1":
            return 2 * common / (of_reference + of_answer)
        return common / (of_answer if self.measure == "precision" else of_reference)


def _load_package() -> None:
    """Before there are threads that could import it at once, and no answer waits for it."""
    importlib.import_module("rapidfuzz.distance")


def _grams(tokens: list[str], rouge: str) -> Counter[object]:
    return Counter(tokens if rouge == "rouge1" else pairwise(tokens))


def _common(reference: Counter[object], answer: Counter[object]) -> tuple[int, tuple[int, int]]:
    return (reference & answer).total(), (reference.total(), answer.total())


def _common_subsequence(one: list[str], other: list[str]) -> int:
    """Its length. `rouge-score` fills a table in Python for it: 11 s for 100 words against 250,000, here 0.06 s."""
    from rapidfuzz.distance import LCSseq

    _refuse_endless(one, other, "words")
    return LCSseq.similarity(one, other)


def _refuse_endless(one: Sequence[str], other: Sequence[str], unit: str) -> None:
    if len(one) * len(other) > _PRODUCT_AT_MOST:
        raise CheckFailedToRun(f"too long to compare: {len(one):,} {unit} with {len(other):,}")
