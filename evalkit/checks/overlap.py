"""Checks that score the answer as a translation, by the reference implementation of BLEU and chrF, sacrebleu."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import ClassVar, Literal

from evalkit.checks.contract import BuiltInCheck, argument, require_share, require_some, shown, texts_of, verdict
from evalkit.registry import CHECKS, Extra
from evalkit.types import Context, Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class _AgainstReferences(BuiltInCheck):
    """What compares with all references at once."""

    blocking: ClassVar[bool] = True
    extra: ClassVar[Extra | None] = Extra("metrics", "sacrebleu")

    reference: list[str] | str = argument("The reference translation, or a list of them.")
    threshold: float = argument("The lowest score that passes, from 0 to 1.", default=0.5)
    ignore_case: bool = argument("Whether upper and lower case count as equal.", default=False)

    def __post_init__(self) -> None:
        require_some(*(text.strip() for text in texts_of(self.reference)))
        require_share("threshold", self.threshold)
        # Here, in one thread: its modules import each other, and two threads that begin it at once lock each other out.
        importlib.import_module("sacrebleu.metrics")

    def _finding(self, name: str, score: float, output: str) -> Finding:
        """From a score of 0 to 100, which rounding may leave a hair above."""
        value = min(score / 100, 1.0)
        reason = f"{name} {value:.3f}, threshold {self.threshold:g}: answered {shown(output)}"
        return verdict(passed=value >= self.threshold, reason=reason, value=value)


@CHECKS.register("bleu")
@dataclass(frozen=True, slots=True, kw_only=True)
class Bleu(_AgainstReferences):
    """The answer's BLEU against the references, as sacrebleu computes it for a sentence, reaches the threshold.

    From 0 to 1, where papers write 0 to 100. Exponential smoothing; where an answer has fewer than four words, the
    n-grams that it has count (`effective_order`). A mean over cases is no corpus BLEU.
    """

    tokenize: Literal["13a", "intl", "zh", "char", "none"] = argument(
        "How texts are cut into words: 13a for most languages, zh for Chinese, char for each character.", default="13a"
    )

    def find(self, context: Context) -> Finding:
        """Scores the answer."""
        from sacrebleu.metrics.bleu import BLEU

        metric = BLEU(lowercase=self.ignore_case, tokenize=self.tokenize, effective_order=True)
        score = metric.sentence_score(context.output, texts_of(self.reference)).score
        return self._finding("BLEU", score, context.output)


@CHECKS.register("chrf")
@dataclass(frozen=True, slots=True, kw_only=True)
class Chrf(_AgainstReferences):
    """The answer's chrF against the references, as sacrebleu computes it for a sentence, reaches the threshold.

    From 0 to 1, where papers write 0 to 100. F2 over runs of one to six characters, in any script; `word_order: 2`
    makes it chrF++.
    """

    word_order: Literal[0, 1, 2] = argument("The longest run of words that counts too; 2 is chrF++.", default=0)

    def find(self, context: Context) -> Finding:
        """Scores the answer."""
        from sacrebleu.metrics.chrf import CHRF

        metric = CHRF(lowercase=self.ignore_case, word_order=self.word_order)
        score = metric.sentence_score(context.output, texts_of(self.reference)).score
        return self._finding("chrF++" if self.word_order == 2 else "chrF", score, context.output)
