"""The cache as a text file: one answer a line, sorted, so that it can be read, compared and checked in."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from evalkit.errors import StorageError, UsageError
from evalkit.stored.database import Database, Row
from evalkit.stored.identity import Question
from evalkit.stored.source import StoredAnswer

__all__ = ["export_answers", "import_answers"]

_GROUP = 1000
"""Rows of an import that are held at once."""


class ExportedAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One line of an export."""

    key: str
    """The question's: SHA-256 of its JSON, which an import verifies."""
    created_at: str
    """UTC, ISO 8601: when the answer was given."""
    question: Question
    answer: StoredAnswer


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(ExportedAnswer).decode


def export_answers(database: Database, path: Path) -> int:
    """Writes all answers to a file, by key; the same answers make the same file. Returns how many.

    Raises StorageError where it cannot be written whole; a file that was there before then stands.
    """
    part = path.with_name(f".{path.name}.part")
    count = 0
    try:
        with part.open("wb") as file:
            for row in database.rows():
                file.write(_line(row))
                count += 1
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise StorageError(f"{path} cannot be written: {error.strerror}") from error
    return count


def import_answers(database: Database, path: Path, *, now: float) -> tuple[int, int]:
    """Takes in an export: all of it, or nothing. Returns how many answers it has, and how many of them are news here.

    Of one question the newer answer stays. Raises UsageError with file and line for what no export wrote.
    """
    for _ in _rows(path):  # all lines are looked at before the first is written
        pass
    count = written = 0
    group: list[Row] = []
    for row in _rows(path):
        group.append(row)
        count += 1
        if len(group) == _GROUP:
            written += database.keep(group, now=now)
            group = []
    return count, written + database.keep(group, now=now)


def _line(row: Row) -> bytes:
    return (
        _encode(
            {
                "key": row.key,
                "created_at": datetime.fromtimestamp(row.created_at, UTC).isoformat(timespec="milliseconds"),
                "question": msgspec.Raw(row.question),
                "answer": msgspec.Raw(row.answer),
            }
        )
        + b"\n"
    )


def _rows(path: Path) -> Iterator[Row]:
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield _row(line, f"{path}:{number}")
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error


def _row(line: bytes, place: str) -> Row:
    try:
        exported = _decode(line)
        created_at = datetime.fromisoformat(exported.created_at).timestamp()
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError, OverflowError) as error:
        raise UsageError(f"{place}: not a line of an exported cache ({error}); nothing was imported") from error
    question = _encode(exported.question)
    if hashlib.sha256(question).hexdigest() != exported.key:
        raise UsageError(f"{place}: its question was changed, for its key is another's; nothing was imported")
    return Row(
        key=exported.key,
        origin=exported.question.origin,
        model=exported.question.model,
        created_at=created_at,
        question=question,
        answer=_encode(exported.answer),
    )
