"""Repairs a damaged journal: whole records stay, what is damaged is set aside, nothing is thrown away."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple

import msgspec

from evalkit.errors import StorageError
from evalkit.journal.attempts import Attempts
from evalkit.journal.lines import Line, lines_of, whole_parts
from evalkit.journal.locking import open_locked
from evalkit.journal.opening import keep_damaged
from evalkit.run_folder import RECORDS, sync_folder
from evalkit.types import Record

__all__ = ["Piece", "Recovered", "recover"]

_CASE = re.compile(rb'"case_id":("(?:[^"\\]|\\.)*")')
_MODEL = re.compile(rb'"model":("(?:[^"\\]|\\.)*")')


class Piece(NamedTuple):
    """Some bytes of a journal, without the line feeds around them."""

    number: int
    """Of the line they stand in."""
    data: bytes
    is_record: bool

    @property
    def trial(self) -> str:
        """Whose record it was, as far as that can still be read: `paris, gpt-4o`."""
        names = (_text(pattern.search(self.data)) for pattern in (_CASE, _MODEL))
        return ", ".join(name for name in names if name)


class Recovered(NamedTuple):
    """What became of a journal."""

    records: int
    """In it now."""
    damaged: tuple[Piece, ...]
    """Set aside in records.damaged."""
    changed: bool
    """Whether it had to be written anew."""


def recover(folder: Path) -> Recovered:
    """Verifies every line of a run's journal, and writes it anew without what is damaged.

    Raises UsageError where another process writes to the folder or there is no journal, StorageError where the disk
    fails; the journal is then as it was.
    """
    path = folder / RECORDS
    handle = open_locked(path, create=False)
    try:
        sound, records, damaged = _verify(path)
        if not sound:
            if damaged:
                keep_damaged(folder, b"".join(piece.data + b"\n" for piece in damaged))
            Attempts(folder).take_over()  # what it says of places in the file is true of the old one only
            _rewrite(path)
    except OSError as error:
        raise StorageError(f"{path} cannot be repaired, and is as it was: {error.strerror}") from error
    finally:
        os.close(handle)
    return Recovered(records, damaged, changed=not sound)


def _verify(path: Path) -> tuple[bool, int, tuple[Piece, ...]]:
    """Whether each line is a record by itself, how many records there are, and what is none."""
    sound, records = True, 0
    damaged: list[Piece] = []
    with path.open("rb") as file:
        for line in lines_of(file):
            sound = sound and line.whole and line.data.endswith(b"\n")
            for piece in _pieces(line):
                records += piece.is_record
                if not piece.is_record:
                    damaged.append(piece)
    return sound and not damaged, records, tuple(damaged)


def _pieces(line: Line) -> Iterator[Piece]:
    """A line's records, and what is between them: where a line feed went bad, it has several that are whole."""
    text = line.data.removesuffix(b"\n")
    end = 0
    for part in [slice(0, len(text))] if line.whole else whole_parts(text):
        if end < part.start:
            yield Piece(line.number, text[end : part.start], is_record=False)
        yield Piece(line.number, text[part], is_record=_is_record(text[part]))
        end = part.stop
    if end < len(text):
        yield Piece(line.number, text[end:], is_record=False)


def _is_record(data: bytes) -> bool:
    try:
        _RECORDS.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return True


_RECORDS = msgspec.json.Decoder(Record)


def _rewrite(path: Path) -> None:
    part = path.with_name(f".{path.name}.part")
    try:
        with path.open("rb") as old, part.open("wb") as new:
            for data in _records(old):
                new.write(data + b"\n")
            new.flush()
            os.fsync(new.fileno())
        part.replace(path)
        sync_folder(path.parent)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _records(file: BinaryIO) -> Iterator[bytes]:
    return (piece.data for line in lines_of(file) for piece in _pieces(line) if piece.is_record)


def _text(found: re.Match[bytes] | None) -> str:
    if found is None:
        return ""
    try:
        return msgspec.json.decode(found[1], type=str)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
