"""The turns of a conversation as one answer: what was said last, and what all of it took.

A sum is unknown where any of its parts is; tokens and money are summed over the turns that were answered.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from msgspec.structs import replace

from evalkit.gateway.client import Reply
from evalkit.running.asking import Answered
from evalkit.types import Fault, Response, Timing, Usage

__all__ = ["summed"]

N = TypeVar("N", int, float)


def summed(turns: Sequence[Answered], fault: Fault | None = None) -> Answered:
    """All turns as one; with `fault`, there is no answer to it. Of a single question, what became of it."""
    if len(turns) == 1 and turns[0].reply.fault == fault:
        return turns[0]
    answers = [turn.reply.response for turn in turns if turn.reply.response is not None]
    timing = _timing([turn.timing for turn in turns], is_whole=fault is None)
    reply = Reply(
        response=_response(answers) if fault is None else None,
        fault=fault,
        latency_s=timing.latency_s,
        attempts=sum(turn.reply.attempts for turn in turns),
    )
    return Answered(
        reply=reply,
        timing=timing,
        started_at=turns[0].started_at,
        cost_usd=_sum(turn.cost_usd for turn in turns if turn.reply.response is not None),
        cached=all(turn.cached for turn in turns),
    )


def _response(answers: Sequence[Response]) -> Response:
    """The last answer, with the tokens and notes of all."""
    notes = tuple(dict.fromkeys(note for answer in answers for note in answer.notes))
    return replace(answers[-1], usage=_usage([answer.usage for answer in answers]), notes=notes)


def _usage(parts: Sequence[Usage]) -> Usage:
    rules = dict.fromkeys(part.rule for part in parts if part.rule is not None)
    return Usage(
        input_tokens=_sum(part.input_tokens for part in parts),
        output_tokens=_sum(part.output_tokens for part in parts),
        reasoning_tokens=_sum(part.reasoning_tokens for part in parts),
        cached_input_tokens=_sum(part.cached_input_tokens for part in parts),
        total_tokens=_sum(part.total_tokens for part in parts),
        rule="; ".join(rules) or None,
    )


def _timing(parts: Sequence[Timing], *, is_whole: bool) -> Timing:
    """Sums; the time to the first token is the first turn's, and pace is told by each turn for itself."""
    first = parts[0]
    return Timing(
        queue_s=sum(part.queue_s for part in parts),
        backoff_s=sum(part.backoff_s for part in parts),
        latency_s=_sum(part.latency_s for part in parts) if is_whole else None,
        e2e_s=sum(part.e2e_s for part in parts),
        ttft_s=first.ttft_s,
        ttfo_s=first.ttfo_s,
        buffered=first.buffered,
    )


def _sum(parts: Iterable[N | None]) -> N | None:
    """None where a part is unknown, or there is none."""
    known = list(parts)
    if not known or any(part is None for part in known):
        return None
    return sum(part for part in known if part is not None)
