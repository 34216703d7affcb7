"""What a source of stored answers is, to the runner that asks it before the gateway."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec

from evalkit.types import Asked, Fault, Response, Timing, Trial

__all__ = ["AnswerSource", "FirstOf", "NothingStored", "StoredAnswer"]


class StoredAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer that was given before. Either `response` or `fault` is None."""

    response: Response | None
    fault: Fault | None = None
    """Why there was none; only of a source that is asked for these too."""
    timing: Timing
    """Of when it was given."""
    started_at: str
    cost_usd: float | None
    """What it cost then."""
    attempts: int = 1
    request: Any = msgspec.UNSET
    """The body as it was sent, where it was kept."""
    cached: bool = True
    """False where it was given in this very run, by an earlier process: it counts like any other."""


class AnswerSource(Protocol):
    """Knows answers by the trial, and the part of it, that they were given to; or by what was asked."""

    def find(self, trial: Trial, asked: Asked, part: str) -> StoredAnswer | None:
        """The answer to one request of a trial.

        `part` is `turn 0`, `turn 1`, …; of a question about an answer, what it is for, a blank, and a hash of it, as
        its `Opinion` has it in `question`.
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


class FirstOf:
    """Several sources: the first that has an answer gives it, and all hear of new ones."""

    def __init__(self, sources: Sequence[AnswerSource]) -> None:
        self._sources = tuple(sources)

    def find(self, trial: Trial, asked: Asked, part: str) -> StoredAnswer | None:
        """As the sources find it, in their order."""
        return next((found for each in self._sources if (found := each.find(trial, asked, part)) is not None), None)

    def keep(self, trial: Trial, asked: Asked, part: str, answer: StoredAnswer) -> None:
        """Tells all of them."""
        for source in self._sources:
            source.keep(trial, asked, part, answer)
