"""Checks that compare a short answer with gold answers as the SQuAD benchmark does.

Normalisation, exact match and F1 are those of its evaluation script (Rajpurkar et al. 2016 and 2018).
"""

from __future__ import annotations

import re
import string
from collections import Counter
from dataclasses import dataclass

from evalkit.checks.contract import (
    BuiltInCheck,
    argument,
    listed,
    require_share,
    require_some,
    shown,
    texts_of,
    verdict,
)
from evalkit.checks.words import characters_apart
from evalkit.registry import CHECKS
from evalkit.types import Context, Finding

_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)
_ARTICLES = re.compile(r"(?:a(?<!\wa)n?|t(?<!\wt)he)\b")
r"""The script's `\b(a|an|the)\b`, with its first letter first: that is twice as quick to look for."""


def normalise(text: str) -> str:
    """Lower case, without ASCII punctuation, the articles a, an, the, and white space but single blanks."""
    return " ".join(tokens(text))


def tokens(text: str) -> list[str]:
    """The words that are left after normalisation."""
    return _ARTICLES.sub(" ", text.lower().translate(_NO_PUNCTUATION)).split()


def token_f1(gold: list[str], answer: list[str]) -> float:
    """2PR / (P + R) over the tokens in common, each as often as both have it; P is their share of the answer's tokens,
    R of the gold ones. Where one side has no token, 1 if the other has none either, else 0.
    """
    if not gold or not answer:
        return float(gold == answer)
    common = (Counter(gold) & Counter(answer)).total()
    return 2 * common / (len(gold) + len(answer))


@dataclass(frozen=True, slots=True, kw_only=True)
class _AgainstGold(BuiltInCheck):
    """What compares with the nearest of several gold answers."""

    answers: list[str] | str = argument("The gold answer, or a list of those that are right.")

    def __post_init__(self) -> None:
        require_some(*texts_of(self.answers))
        for gold in texts_of(self.answers):
            if not normalise(gold):
                raise ValueError(f"normalisation leaves nothing of {shown(gold)}; 'choice' or 'equals' will do")


@CHECKS.register("exact_match")
@dataclass(frozen=True, slots=True, kw_only=True)
class ExactMatch(_AgainstGold):
    """The whole answer is one of the gold answers, normalised as in SQuAD: case, punctuation, articles, white space.

    ASCII punctuation alone is ignored, as in the published script.
    """

    def find(self, context: Context) -> Finding:
        """Compares."""
        answer = normalise(context.output)
        if any(normalise(gold) == answer for gold in texts_of(self.answers)):
            return verdict(passed=True, reason=f"is {shown(answer)}")
        return verdict(passed=False, reason=f"{shown(answer)} is none of {listed(texts_of(self.answers))}")


@CHECKS.register("f1")
@dataclass(frozen=True, slots=True, kw_only=True)
class F1(_AgainstGold):
    """The words that the answer shares with a gold answer, as F1 of SQuAD, reach the threshold.

    Normalised like `exact_match`; of several gold answers the nearest counts. Words are parted by white space, as
    published: `cjk_characters` has every Chinese and Japanese character count as a word, as in MLQA.
    """

    threshold: float = argument("The lowest F1 that passes, from 0 to 1.", default=0.5)
    cjk_characters: bool = argument("Whether each Chinese or Japanese character counts as a word.", default=False)

    def __post_init__(self) -> None:
        _AgainstGold.__post_init__(self)
        require_share("threshold", self.threshold)

    def find(self, context: Context) -> Finding:
        """Compares with every gold answer."""
        answer = self._tokens(context.output)
        best, gold = max(
            ((token_f1(self._tokens(gold), answer), gold) for gold in texts_of(self.answers)), key=lambda it: it[0]
        )
        reason = f"F1 {best:.3f} with {shown(gold)}, threshold {self.threshold:g}"
        return verdict(passed=best >= self.threshold, reason=reason, value=best)

    def _tokens(self, text: str) -> list[str]:
        return tokens(characters_apart(text) if self.cjk_characters else text)
