"""Reads records.jsonl line by line and keeps of each record what figures are made of."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from evalkit.journal.reading import decode, whole_lines
from evalkit.types import Fault, Outcome, Score, Timing, Usage

__all__ = ["Answer", "Line", "Status", "latest_lines"]

Status = Literal["passed", "failed", "error", "unscored"]
"""`error` where there is no answer or a check could not look at it; `unscored` where nobody asked for a check."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A response without its raw body."""

    text: str
    model: str | None
    finish_reason: str | None
    outcome: Outcome
    usage: Usage


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
    scores: tuple[Score, ...]
    error: Fault | None
    timing: Timing
    attempts: int
    cached: bool
    cost_usd: float | None
    started_at: str

    @property
    def usage(self) -> Usage:
        """The answer's tokens; all unknown where there is no answer."""
        return self.response.usage if self.response else Usage()

    @property
    def usage_adds_up(self) -> bool | None:
        """Whether prompt + completion make the total in the gateway's own figures; None where it does not say all."""
        own = self.usage.raw if isinstance(self.usage.raw, dict) else msgspec.structs.asdict(self.usage)
        figures = [own.get(name) for name in ("input_tokens", "output_tokens", "total_tokens")]
        prompt, completion, total = (figure if isinstance(figure, int) else None for figure in figures)
        return None if prompt is None or completion is None or total is None else prompt + completion == total

    @property
    def broken_check(self) -> Score | None:
        """The first check that could not look at the answer."""
        return next((score for score in self.scores if score.error is not None), None)

    @property
    def error_kind(self) -> str | None:
        """The class of the fault; `check_error` where it was a check that failed to run."""
        if self.error:
            return self.error.kind
        return "check_error" if self.broken_check else None

    @property
    def error_message(self) -> str | None:
        """What the fault, or the check that failed to run, said."""
        if self.error:
            return self.error.message
        return f"{self.broken_check.check}: {self.broken_check.error}" if self.broken_check else None

    @property
    def status(self) -> Status:
        """Where the trial stands in the counts; each trial is in exactly one."""
        if self.error_kind:
            return "error"
        if self.passed is None:
            return "unscored"
        return "passed" if self.passed else "failed"


def latest_lines(path: Path) -> list[Line]:
    """The records of a file, of each key the last one; [] where there is no file.

    A last line that was cut off in the middle is left out. Raises `StorageError` with file and line for any other line
    that is not as it was written.
    """
    decoder = msgspec.json.Decoder(Line)
    latest: dict[str, Line] = {}
    for whole in whole_lines(path):
        line = decode(path, whole, decoder)
        latest[line.key] = line
    return list(latest.values())
