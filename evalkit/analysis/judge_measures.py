"""What a judge said of answers beside what people said of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from evalkit.analysis.agreement import Agreement, agreement_of, correlation, mean_absolute_error
from evalkit.checks.factuality import CLASSES, chosen
from evalkit.types import Opinion, Score

__all__ = ["Disagreement", "JudgeMeasure", "JudgeReport", "Kind", "Rated", "measure_of"]

Kind = Literal["verdict", "score", "class"]
"""Of labels: passed or not; a score from 0 to 1; one of factuality's classes."""
_VERDICTS = ("fail", "pass")
_ROUNDING = 1e-9


class Rated(msgspec.Struct, frozen=True, kw_only=True):
    """One answer, as both see it."""

    id: str
    line: int
    label: float | str
    """The human's score from 0 to 1, or class."""
    score: Score | None
    """The judge's; None where it was not asked."""


class Disagreement(msgspec.Struct, frozen=True, kw_only=True):
    """An answer of which a judge thought otherwise."""

    id: str
    line: int
    human: str
    judge: str
    reason: str


class JudgeMeasure(Agreement, frozen=True, kw_only=True):
    """One judge against the labels; n: the answers that it gave a verdict on."""

    judge: str
    errors: int
    """Answers that it gave no verdict on."""
    not_judged: int
    """Answers that it was not asked about: the run ended before."""
    mean_absolute_error: float | None
    """Of scores; None where labels are no scores."""
    correlation: float | None
    calls: int
    cost_usd: float | None
    """None where a price is unknown."""
    input_tokens: int | None
    output_tokens: int | None
    disagreements: tuple[Disagreement, ...]
    failures: tuple[str, ...]
    """What each error was."""


class JudgeReport(msgspec.Struct, frozen=True, kw_only=True):
    """What `evalkit judge-check` found."""

    file: str
    kind: Kind
    n: int
    """Labelled answers."""
    threshold: float | None
    """From which a score, the human's or the judge's, is a pass; None for classes."""
    stand_in: bool
    judges: tuple[JudgeMeasure, ...]


def measure_of(judge: str, rated: Sequence[Rated], *, kind: Kind, threshold: float) -> JudgeMeasure:
    """A judge against what people said."""
    judged = [(each, each.score) for each in rated if each.score is not None and each.score.value is not None]
    pairs = [(_human(each.label, threshold), _judge(score, kind, threshold)) for each, score in judged]
    values = [(float(each.label), score.value or 0.0) for each, score in judged] if kind == "score" else []
    opinions = [opinion for each in rated if each.score is not None for opinion in each.score.opinions]
    failed = [each for each in rated if each.score is not None and each.score.error is not None]
    return JudgeMeasure(
        **msgspec.structs.asdict(agreement_of(pairs, tuple(CLASSES) if kind == "class" else _VERDICTS)),
        judge=judge,
        errors=len(failed),
        not_judged=sum(each.score is None for each in rated),
        mean_absolute_error=mean_absolute_error(values),
        correlation=correlation(values),
        calls=len(opinions),
        cost_usd=_cost_usd(opinions),
        input_tokens=_tokens([opinion.response.usage.input_tokens for opinion in opinions]),
        output_tokens=_tokens([opinion.response.usage.output_tokens for opinion in opinions]),
        disagreements=tuple(
            Disagreement(id=each.id, line=each.line, human=human, judge=found, reason=score.reason)
            for (each, score), (human, found) in zip(judged, pairs, strict=True)
            if human != found
        ),
        failures=tuple(f"{each.id}: {each.score.error}" for each in failed if each.score is not None),
    )


def _human(label: float | str, threshold: float) -> str:
    return label if isinstance(label, str) else _passed(label, threshold)


def _judge(score: Score, kind: Kind, threshold: float) -> str:
    return chosen(score.opinions) if kind == "class" else _passed(score.value or 0.0, threshold)


def _passed(value: float, threshold: float) -> str:
    return "pass" if value >= threshold - _ROUNDING else "fail"


def _cost_usd(opinions: Sequence[Opinion]) -> float | None:
    costs = [opinion.cost_usd for opinion in opinions]
    known = [cost for cost in costs if cost is not None]
    return sum(known) if known and len(known) == len(costs) else None


def _tokens(counts: Sequence[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known and len(known) == len(counts) else None
