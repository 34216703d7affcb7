"""The one reader of records.jsonl: whole records of files that are finished, being written, or cut off by a crash."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import msgspec

from evalkit.errors import StorageError
from evalkit.journal.lines import Line, is_whole, lines_of
from evalkit.journal.opening import broken_line
from evalkit.types import Fault, Outcome, Record

__all__ = ["Entry", "decode", "index_records", "iter_records", "last_offsets", "read_record", "whole_lines"]

T = TypeVar("T")


class _Answer(msgspec.Struct):
    outcome: Outcome


class _Facts(msgspec.Struct):
    key: str
    case_id: str
    prompt: str
    model: str
    repeat: int
    passed: bool | None
    response: _Answer | None
    error: Fault | None
    attempts: int
    cached: bool
    cost_usd: float | None


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """Where a trial's last record lies in the file, and what it says in short; without the bodies."""

    offset: int
    length: int
    """In bytes, with the line feed where there is one."""
    case_id: str
    prompt: str
    model: str
    repeat: int
    passed: bool | None
    outcome: Outcome | None
    """None where there is no answer."""
    error: Fault | None
    attempts: int
    cached: bool
    cost_usd: float | None


def whole_lines(path: Path) -> Iterator[Line]:
    """The lines of a journal, each with its checksum verified; none where there is no file.

    A last line that was cut off is left out: it is being written, or a crash came between. Raises StorageError with
    file and line for any other that is damaged.
    """
    if not path.exists():
        return
    with path.open("rb") as file:
        for line in lines_of(file):
            if line.whole:
                yield line
            elif line.data.endswith(b"\n"):
                raise broken_line(path, line.number)


def decode(path: Path, line: Line, decoder: msgspec.json.Decoder[T]) -> T:
    """A line as what `decoder` makes of it. Raises StorageError with file and line."""
    try:
        return decoder.decode(line.data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise StorageError(f"{path}:{line.number}: not a record ({error}); was it made by a newer evalkit?") from error


def iter_records(path: Path) -> Iterator[Record]:
    """All records of a file in the order they were written; of a trial that was asked again, each. See `whole_lines`.

    The last one of a key is the one that counts: `index_records` knows it.
    """
    decoder = msgspec.json.Decoder(Record)
    for line in whole_lines(path):
        yield decode(path, line, decoder)


def index_records(path: Path) -> dict[str, Entry]:
    """Key → the last record of each trial, without holding any of them in memory. See `whole_lines`."""
    decoder = msgspec.json.Decoder(_Facts)
    index: dict[str, Entry] = {}
    for line in whole_lines(path):
        facts = decode(path, line, decoder)
        index[facts.key] = _entry(line, facts)
    return index


def _entry(line: Line, facts: _Facts) -> Entry:
    return Entry(
        offset=line.offset,
        length=len(line.data),
        case_id=facts.case_id,
        prompt=facts.prompt,
        model=facts.model,
        repeat=facts.repeat,
        passed=facts.passed,
        outcome=facts.response.outcome if facts.response else None,
        error=facts.error,
        attempts=facts.attempts,
        cached=facts.cached,
        cost_usd=facts.cost_usd,
    )


def last_offsets(path: Path) -> dict[str, int]:
    """Key → where its last whole record begins; also of a damaged file, whose damaged lines are passed over."""
    offsets: dict[str, int] = {}
    if not path.exists():
        return offsets
    decoder = msgspec.json.Decoder(_Keyed)
    with path.open("rb") as file:
        for line in lines_of(file):
            if line.whole:
                offsets[decode(path, line, decoder).key] = line.offset
    return offsets


class _Keyed(msgspec.Struct):
    key: str


def read_record(path: Path, entry: Entry) -> Record:
    """The record that an entry of the index speaks of. Raises StorageError where the file changed since."""
    try:
        with path.open("rb") as file:
            file.seek(entry.offset)
            data = file.read(entry.length)
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror}") from error
    if not is_whole(data):
        raise StorageError(f"{path}: the record at byte {entry.offset} is not there any more; the file was changed")
    return decode(path, Line(0, entry.offset, data, whole=True), _RECORDS)


_RECORDS = msgspec.json.Decoder(Record)
