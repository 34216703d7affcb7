"""What a source of stored answers is, to the runner that asks it before the gateway."""

from __future__ import annotations

from typing import Any, Protocol

import msgspec

from evalkit.types import Asked, Response, Timing, Trial

__all__ = ["AnswerSource", "NothingStored", "StoredAnswer"]


class StoredAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer that was given before."""

    response: Response
    timing: Timing
    """Of when it was given."""
    started_at: str
    cost_usd: float | None
    """What it cost then."""
    attempts: int = 1
    request: Any = msgspec.UNSET
    """The body as it was sent, where it was kept."""


class AnswerSource(Protocol):
    """Knows answers by the trial, and the part of it, that they were given to; or by what was asked."""

    def find(self, trial: Trial, asked: Asked, part: str) -> StoredAnswer | None:
        """The answer to one request of a trial; `part` is `turn 0`, `turn 1`, …, or names a question about an answer.

        Called on the event loop: it must take no longer than a read from a local file.
        """
        ...

    def keep(self, trial: Trial, asked: Asked, part: str, answer: StoredAnswer) -> None:
        """Hears of an answer that was just given, and may keep it for later."""
        ...


class NothingStored:
    """A source without answers."""

    def find(self, trial: Trial, asked: Asked, part: str) -> StoredAnswer | None:
        """Nothing."""
        del trial, asked, part
        return None

    def keep(self, trial: Trial, asked: Asked, part: str, answer: StoredAnswer) -> None:
        """Keeps nothing."""
