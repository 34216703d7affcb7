"""The cache: answers of models kept over runs, found again by what was sent, in the background of a run."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Self

import msgspec

from evalkit.errors import UsageError
from evalkit.stored.cache_folder import CacheLimits
from evalkit.stored.database import Damaged, Database, Row, set_aside
from evalkit.stored.identity import question_of
from evalkit.stored.source import StoredAnswer
from evalkit.types import Asked, Response, Trial

__all__ = ["Cache", "open_database"]

KEPT_OUTCOMES = ("ok", "length")
"""A refusal or a block hangs on policies that change; an error is no answer at all."""
TRIM_EVERY = 500
"""Answers written between two looks at the cache's limits."""
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(StoredAnswer).decode

Tell = Callable[[str], None]


class Cache:
    """A source that keeps the answers of all runs, as a context manager; a thread of its own writes them.

    What goes wrong with it after it was opened is told once, and the run goes on without it. `stand_in`: the origin of
    the answers where they come from the stand-in gateway; `keep_raw`: whether bodies as received are kept.
    """

    def __init__(
        self,
        path: Path,
        *,
        limits: CacheLimits,
        tell: Tell,
        stand_in: str | None = None,
        keep_raw: bool = True,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._path = path
        self._limits = limits
        self._tell = tell
        self._stand_in = stand_in
        self._keep_raw = keep_raw
        self._clock = clock
        self._off = False
        self._waiting: SimpleQueue[Row | str | None] = SimpleQueue()
        """Rows to write, keys that were used, and at the end None."""
        self._thread = Thread(target=self._write, name="evalkit-cache", daemon=True)

    def __enter__(self) -> Self:
        self._reading = open_database(self._path, self._tell)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._waiting.put(None)
        self._thread.join()
        self._reading.__exit__()

    def find(self, trial: Trial, asked: Asked, part: str) -> StoredAnswer | None:
        """The answer that was given to the same question."""
        if self._off:
            return None
        question = question_of(trial, asked, part, stand_in=self._stand_in)
        if question is None:
            return None
        key = question.key
        try:
            found = self._reading.find(key, given_since=self._clock() - self._limits.max_age_s)
        except (Damaged, sqlite3.Error) as error:
            self._give_up(error)
            return None
        answer = _read(found) if found is not None else None
        if answer is not None:
            self._waiting.put(key)
        return answer

    def keep(self, trial: Trial, asked: Asked, part: str, answer: StoredAnswer) -> None:
        """Keeps an answer that is worth it."""
        response = answer.response
        if self._off or response is None or not _is_worth_keeping(response):
            return
        question = question_of(trial, asked, part, stand_in=self._stand_in)
        if question is None:
            return
        if not self._keep_raw:
            answer = msgspec.structs.replace(answer, response=msgspec.structs.replace(response, raw=None))
        self._waiting.put(
            Row(
                key=question.key,
                origin=question.origin,
                model=question.model,
                created_at=self._clock(),
                question=_encode(question),
                answer=_encode(answer),
            )
        )

    def _write(self) -> None:
        """The thread: all that waits is written at once, until nothing more will come."""
        try:
            with Database(self._path) as database:
                written, ended = TRIM_EVERY, False
                while not ended:
                    rows, used, ended = self._next_group()
                    database.keep(rows, used=used, now=self._clock())
                    written += len(rows)
                    if written >= TRIM_EVERY or ended:
                        database.trim(self._limits, now=self._clock())
                        written = 0
        except (Damaged, UsageError, sqlite3.Error) as error:
            self._give_up(error)

    def _next_group(self) -> tuple[list[Row], list[str], bool]:
        """What waits, once something does: rows, keys, and whether that is the end."""
        group = [self._waiting.get()]
        while not self._waiting.empty():
            group.append(self._waiting.get())
        rows = [each for each in group if isinstance(each, Row)]
        return rows, [each for each in group if isinstance(each, str)], None in group

    def _give_up(self, error: Exception) -> None:
        if self._off:
            return
        self._off = True
        aside = set_aside(self._path) if isinstance(error, Damaged) else None
        moved = f"; it was moved to {aside}" if aside else ""
        self._tell(f"the cache fails ({error}){moved}; the run goes on without it")


def open_database(path: Path, tell: Tell) -> Database:
    """The database, or a new one where it is damaged: the old one is set aside, and that is told. Raises UsageError."""
    try:
        return Database(path)
    except Damaged as error:
        aside = set_aside(path)
        if aside is not None:
            tell(f"the cache {path} is damaged ({error}); it was moved to {aside} and is begun anew")
    try:
        return Database(path)
    except Damaged as error:
        raise UsageError(f"the cache {path} is damaged ({error}) and cannot be moved away: remove it") from error


def _read(answer: bytes) -> StoredAnswer | None:
    """An answer as it was kept; None where another version of evalkit wrote it in another form."""
    try:
        return _decode(answer)
    except msgspec.DecodeError:
        return None


def _is_worth_keeping(response: Response) -> bool:
    return response.outcome in KEPT_OUTCOMES and bool(response.text or response.tool_calls)
