"""From the verdicts on the turns of a conversation, and on the whole of it, to one."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from evalkit.checks.scoring import OUTCOME, Verdict, judge
from evalkit.types import Score


def at_turn(verdict: Verdict, turn: int) -> tuple[Score, ...]:
    """The scores of one turn, counted from 0."""
    return tuple(replace(score, turn=turn) for score in verdict.scores)


def judge_conversation(scores: Iterable[Score], *, threshold: float | None) -> Verdict:
    """The verdict on all checks of all turns, and of the whole, together.

    An answer that is missing in any turn fails the conversation with a score of 0, as it does a single question.
    """
    verdict = judge(scores, threshold=threshold)
    if any(score.check == OUTCOME for score in verdict.scores):
        return replace(verdict, passed=False, score=0.0)
    return verdict
