"""What is done to a journal before it is written on: what a crash left of its last line is mended or cut."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import NamedTuple

from evalkit.errors import StorageError
from evalkit.journal.lines import lines_of, whole_parts
from evalkit.run_folder import DAMAGED, write_whole

__all__ = ["Opened", "broken_line", "keep_damaged", "mend"]


class Opened(NamedTuple):
    """A journal that ends with a whole line."""

    size: int
    """In bytes."""
    lines: int
    note: str | None
    """What was cut off, in a sentence."""


def mend(handle: int, path: Path) -> Opened:
    """Makes a journal that is open for writing under `handle` end with a whole line.

    A last line that lacks nothing but its line feed gets it. What comes after the last whole line was never reported
    written and is cut off; whatever of it looks like more than a write that was cut short is kept in records.damaged.
    Raises StorageError with the line's number where whole records come after a damaged line.
    """
    end = lines = 0
    damaged: int | None = None
    terminated = True
    with path.open("rb") as file:
        for line in lines_of(file):
            if not line.whole:
                damaged = damaged or line.number
            elif damaged is not None:
                raise broken_line(path, damaged)
            else:
                end, lines = line.offset + len(line.data), line.number
                terminated = line.data.endswith(b"\n")
        file.seek(end)
        tail = file.read()
    if tail:
        return Opened(end, lines, _cut(handle, path, end, tail, lines + 1))
    if not terminated:
        os.write(handle, b"\n")
        end += 1
    return Opened(end, lines, None)


def _cut(handle: int, path: Path, end: int, tail: bytes, number: int) -> str:
    if whole_parts(tail):
        raise broken_line(path, number)
    kept = ""
    if b"\n" in tail:
        keep_damaged(path.parent, tail)
        kept = f"; they are kept in {DAMAGED}"
    os.ftruncate(handle, end)
    return f"{path}: its last {len(tail)} bytes were no whole record and were cut off{kept}"


def broken_line(path: Path, number: int) -> StorageError:
    """A damaged line that whole ones come after, in words."""
    command = f"evalkit recover {shlex.quote(str(path.parent))}"
    what = "not a record as it was written (its checksum does not fit)"
    return StorageError(f"{path}:{number}: {what}; `{command}` sets it aside and keeps all others")


def keep_damaged(folder: Path, data: bytes) -> None:
    """Adds bytes to a run folder's records.damaged, once, however often it is called with the same."""
    path = folder / DAMAGED
    data = data if data.endswith(b"\n") else data + b"\n"
    before = path.read_bytes() if path.exists() else b""
    if not before.endswith(data):
        write_whole(path, before + data)
