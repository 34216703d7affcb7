"""attempts.jsonl: which requests were sent, so that after a crash nobody has to guess what may have been paid for.

A line is written before a request goes, and none when its result is kept: a record that was appended later says that.
Lines are not synced; after a crash of the whole machine the last of them may be missing.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from evalkit.errors import StorageError
from evalkit.journal.lines import lines_of, seal
from evalkit.journal.reading import decode, last_offsets
from evalkit.run_folder import ATTEMPTS, RECORDS, write_whole

__all__ = ["Attempt", "Attempts", "doubt_notes", "doubts", "in_doubt"]


class Attempt(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One request of a trial that was sent, or was just about to be."""

    key: str
    """The trial's."""
    case_id: str
    prompt: str
    model: str
    """The one that was asked: the trial's own, or a judge of its answer."""
    repeat: int
    part: str
    """What of the trial was asked: `turn 0`, `turn 1`, …, or the name of a question about an answer."""
    number: int
    """From 1, for each part."""
    sent_at: str
    """UTC, ISO 8601 with milliseconds."""
    worst_case_usd: float | None = None
    """What it can have cost at most; None where that is unknown."""
    fate: Literal["sent", "failed", "lost"] = "sent"
    """`failed`: answered with an error, or never on its way; `lost`: nobody knows whether it was answered."""
    records_size: int = 0
    """Bytes of records.jsonl when it was sent: its record can only stand behind them."""

    def __str__(self) -> str:
        trial = f"{self.case_id} #{self.repeat + 1}" if self.repeat else self.case_id
        cost = "cost unknown" if self.worst_case_usd is None else f"at most ${self.worst_case_usd:.4f}"
        return f"{self.model}, {self.prompt}, {trial}, {self.part}: attempt {self.number} at {self.sent_at}, {cost}"


class Attempts:
    """The attempts of a run folder, open for writing. In memory are those whose end is not known, and the lost ones.

    Raises StorageError where a line cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / ATTEMPTS
        self._lost: list[Attempt] = []
        self._open: dict[str, dict[str, Attempt]] = {}
        self._handle: int | None = None

    def take_over(self) -> None:
        """Goes on with what an earlier process left: whatever was in doubt then stays in doubt."""
        self._lost = [msgspec.structs.replace(attempt, fate="lost") for attempt in in_doubt(self._path.parent)]
        self._rewrite()

    def sent(self, attempt: Attempt) -> None:
        """Notes a request that is about to go; the one before it of the same part is over."""
        self._write(attempt)
        self._open.setdefault(attempt.key, {})[attempt.part] = attempt

    def failed(self, key: str, part: str, *, lost: bool) -> None:
        """Notes that the last request of a part came to nothing; `lost`: it may have been answered and paid for."""
        attempt = self._open.get(key, {}).pop(part, None)
        if attempt is None:
            return
        over = msgspec.structs.replace(attempt, fate="lost" if lost else "failed")
        self._write(over)
        if lost:
            self._lost.append(over)

    def kept(self, key: str) -> None:
        """Notes that the record of a trial was written, which answers for its last requests."""
        self._open.pop(key, None)

    @property
    def in_doubt(self) -> list[Attempt]:
        """The requests whose answers nobody knows, as things stand."""
        return [*self._lost, *(attempt for parts in self._open.values() for attempt in parts.values())]

    def close(self) -> None:
        """Closes the file as it stands."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def settle(self) -> None:
        """At the end of a run: leaves only what is in doubt, and no file where nothing is."""
        self.close()
        self._rewrite()

    def _rewrite(self) -> None:
        doubtful = self.in_doubt
        try:
            if doubtful:
                write_whole(self._path, b"".join(map(_line, doubtful)))
            else:
                self._path.unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(f"{self._path} cannot be removed: {error.strerror}") from error

    def _write(self, attempt: Attempt) -> None:
        line = _line(attempt)
        try:
            if self._handle is None:
                self._handle = os.open(self._path, _APPENDING, 0o644)
            written = os.write(self._handle, line)
        except OSError as error:
            raise StorageError(f"{self._path} cannot be written, so nothing more is sent: {error.strerror}") from error
        if written < len(line):
            raise StorageError(f"{self._path} cannot be written whole, so nothing more is sent: is the disk full?")


_APPENDING = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_ENCODER = msgspec.json.Encoder()


def _line(attempt: Attempt) -> bytes:
    return seal(_ENCODER.encode(attempt))


def in_doubt(folder: Path) -> list[Attempt]:
    """The requests of a run that were sent and of whose answers nothing is known, in the order they were sent.

    They are those without a record, and those that timed out even where a later attempt had an answer. In a run that
    is under way, they are the requests under way too. Raises StorageError where the journal is damaged.
    """
    lost: list[Attempt] = []
    still_open: dict[tuple[str, str], Attempt] = {}
    for attempt in _read(folder / ATTEMPTS):
        still_open.pop((attempt.key, attempt.part), None)
        if attempt.fate == "lost":
            lost.append(attempt)
        elif attempt.fate == "sent":
            still_open[attempt.key, attempt.part] = attempt
    records = last_offsets(folder / RECORDS) if still_open else {}
    unanswered = [attempt for attempt in still_open.values() if records.get(attempt.key, -1) < attempt.records_size]
    return sorted([*lost, *unanswered], key=lambda attempt: attempt.sent_at)


def _read(path: Path) -> Iterator[Attempt]:
    """What can be read: a file that is not synced may have lost lines anywhere."""
    if not path.exists():
        return
    decoder = msgspec.json.Decoder(Attempt)
    with path.open("rb") as file:
        for line in lines_of(file):
            if line.whole:
                yield decode(path, line, decoder)


def doubts(attempts: Sequence[Attempt]) -> dict[str, Any]:
    """How many are in doubt, and what they may have cost: the manifest's `in_doubt`; {} where none is."""
    if not attempts:
        return {}
    known = list(_known_usd(attempts))
    return {
        "attempts": len(attempts),
        "worst_case_usd": sum(known) if known else None,
        "without_worst_case": len(attempts) - len(known),
    }


def doubt_notes(attempts: Sequence[Attempt]) -> tuple[str, ...]:
    """`doubts` in a sentence; none where nothing is in doubt."""
    if not attempts:
        return ()
    known = list(_known_usd(attempts))
    unknown = len(attempts) - len(known)
    requests = "1 request was" if len(attempts) == 1 else f"{len(attempts):,} requests were"
    costs = [f"at most ${sum(known):.4f}"] if known else []
    if unknown:
        costs.append(f"an unknown amount for {unknown:,} of them" if known else "an unknown amount")
    return (f"{requests} sent without an answer that could be kept, and may have cost {' and '.join(costs)}",)


def _known_usd(attempts: Iterable[Attempt]) -> Iterator[float]:
    return (attempt.worst_case_usd for attempt in attempts if attempt.worst_case_usd is not None)
