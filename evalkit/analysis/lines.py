"""Reads records.jsonl line by line and keeps of each record what figures are made of."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

from evalkit.journal.reading import decode, whole_lines
from evalkit.types import Fault, Outcome, Timing, Usage

__all__ = ["Answer", "Failure", "Line", "ScoreLine", "Status", "latest_lines", "read_lines"]

Status = Literal["passed", "failed", "xfailed", "xpassed", "error", "unscored"]
"""`xfailed`, `xpassed`: the case was expected to fail; `error`: no answer, or a check could not look at it; `unscored`:
nobody asked for a check, or the checks did not apply."""
Failure = Literal["wrong", "truncated", "refused", "policy"]
"""How an answer that failed had ended: complete, cut off at the cap, declined, or blocked by a policy."""

_FAILURES: dict[Outcome, Failure] = {
    "ok": "wrong",
    "length": "truncated",
    "refusal": "refused",
    "content_policy": "policy",
}


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A response without its raw body."""

    text: str
    model: str | None
    finish_reason: str | None
    outcome: Outcome
    usage: Usage


class JudgeAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Of a judge's response, what it took."""

    usage: Usage


class OpinionLine(msgspec.Struct, frozen=True, kw_only=True):
    """A `types.Opinion` without what the judge said."""

    response: JudgeAnswer
    cost_usd: float | None


class ScoreLine(msgspec.Struct, frozen=True, kw_only=True):
    """A `types.Score`, of its opinions only what they took."""

    check: str
    value: float | None = None
    passed: bool | None = None
    reason: str = ""
    error: str | None = None
    weight: float = 1.0
    metric: str | None = None
    opinions: tuple[OpinionLine, ...] = ()
    skipped: bool = False
    turn: int | None = None
    judge_failed: bool = False

    @property
    def error_kind(self) -> str | None:
        """`judge_error` where a judge gave no verdict, `check_error` where another check could not look."""
        if self.error is None:
            return None
        return "judge_error" if self.judge_failed else "check_error"


class Turn(msgspec.Struct, frozen=True):
    """One turn of a conversation, of which only the number counts here."""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A `types.Record` without the bodies sent and received, which would fill the memory."""

    key: str
    case_id: str
    prompt: str
    model: str
    repeat: int
    passed: bool | None
    score: float | None
    response: Answer | None
    scores: tuple[ScoreLine, ...]
    error: Fault | None
    timing: Timing
    attempts: int
    cached: bool
    cost_usd: float | None
    started_at: str
    turns: tuple[Turn, ...] = ()
    expected: str | None = None
    tags: tuple[str, ...] = ()
    cluster: str | None = None
    xfail: str | None = None
    pass_if: float | None = None

    @property
    def usage(self) -> Usage:
        """The answer's tokens; all unknown where there is no answer."""
        return self.response.usage if self.response else _UNKNOWN

    @property
    def usage_adds_up(self) -> bool | None:
        """Whether prompt + completion make the total in the gateway's own figures; None where it does not say all."""
        usage = self.usage
        if isinstance(usage.raw, dict):
            told = [usage.raw.get(name) for name in ("input_tokens", "output_tokens", "total_tokens")]
            prompt, completion, total = (figure if isinstance(figure, int) else None for figure in told)
        else:
            prompt, completion, total = usage.input_tokens, usage.output_tokens, usage.total_tokens
        return None if prompt is None or completion is None or total is None else prompt + completion == total

    @property
    def broken_check(self) -> ScoreLine | None:
        """The first check that could not look at the answer."""
        for score in self.scores:
            if score.error is not None:
                return score
        return None

    @property
    def error_kind(self) -> str | None:
        """The class of the fault; `check_error` or `judge_error` where it was a check that failed to run."""
        if self.error:
            return self.error.kind
        broken = self.broken_check
        return broken.error_kind if broken else None

    @property
    def error_message(self) -> str | None:
        """What the fault, or the check that failed to run, said."""
        if self.error:
            return self.error.message
        broken = self.broken_check
        return f"{broken.check}: {broken.error}" if broken else None

    @property
    def status(self) -> Status:
        """Where the trial stands in the counts; each trial is in exactly one."""
        if self.error is not None or self.broken_check is not None:
            return "error"
        if self.passed is None:
            return "unscored"
        if self.xfail is not None:
            return "xpassed" if self.passed else "xfailed"
        return "passed" if self.passed else "failed"

    @property
    def failure(self) -> Failure | None:
        """Why it failed; None where it did not."""
        return _FAILURES[self.response.outcome] if self.status == "failed" and self.response else None

    @property
    def opinions(self) -> tuple[OpinionLine, ...]:
        """Of all judges."""
        asked = [score.opinions for score in self.scores if score.opinions]
        return tuple(itertools.chain.from_iterable(asked)) if asked else ()


_UNKNOWN = Usage()


def read_lines(path: Path) -> Iterator[Line]:
    """The records of a file in the order they were written, one at a time; none where there is no file.

    A last line that was cut off in the middle is left out. Raises `StorageError` with file and line for any other line
    that is not as it was written.
    """
    decoder = msgspec.json.Decoder(Line)
    for whole in whole_lines(path):
        yield decode(path, whole, decoder)


def latest_lines(path: Path) -> list[Line]:
    """The same, of each key only the last one."""
    return list({line.key: line for line in read_lines(path)}.values())
