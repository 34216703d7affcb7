"""The journal of a run: one record a line, written as it comes, by one writer; and the files that records name."""

from __future__ import annotations

import hashlib
import os
import zlib
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from evalkit.errors import StorageError, UsageError
from evalkit.run_folder import MEDIA, RECORDS, write_whole
from evalkit.types import Media, Record


class Journal:
    """records.jsonl of one run folder, open for appending, as a context manager.

    Each line ends with a CRC-32 (8 hex digits) over the bytes before `,"crc"`. Raises UsageError where another process
    writes to the folder, StorageError where a line or a file cannot be written; what was written before stands.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._encoder = msgspec.json.Encoder()
        self._kept: set[str] = set()
        self._handle = -1
        self._size = 0

    def __enter__(self) -> Self:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_CLOEXEC", 0)
        try:
            self._handle = os.open(self._folder / RECORDS, flags, 0o644)
            _lock(self._handle)
            self._size = os.fstat(self._handle).st_size
        except BlockingIOError as error:
            os.close(self._handle)
            raise UsageError(f"another process is writing to {self._folder}") from error
        except OSError as error:
            raise StorageError(f"{self._folder / RECORDS} cannot be opened for writing: {error.strerror}") from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        os.close(self._handle)

    def append(self, record: Record) -> None:
        """Writes one record as one line."""
        body = self._encoder.encode(record)[:-1]
        line = b'%s,"crc":"%08x"}\n' % (body, zlib.crc32(body))
        try:
            _write_all(self._handle, line)
        except OSError as error:
            with suppress(OSError):
                os.ftruncate(self._handle, self._size)  # a torn line must not be fused with the next one
            saved = f"{self._folder / RECORDS} has all results up to here"
            raise StorageError(f"a result cannot be written: {error.strerror}; {saved}") from error
        self._size += len(line)

    def keep_media(self, medium: Media) -> None:
        """Copies a local picture or document to media/<sha256>, once."""
        if medium.path is None or medium.sha256 is None or medium.sha256 in self._kept:
            return
        target = self._folder / MEDIA / medium.sha256
        try:
            data = medium.path.read_bytes()
            target.parent.mkdir(exist_ok=True)
        except OSError as error:
            raise StorageError(f"{error.filename} cannot be kept: {error.strerror}") from error
        if hashlib.sha256(data).hexdigest() != medium.sha256:
            raise StorageError(f"{medium.path} was changed while the run was under way")
        write_whole(target, data)
        self._kept.add(medium.sha256)


def _write_all(handle: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]


def _lock(handle: int) -> None:
    """One writer a folder; the lock goes with the process. Raises BlockingIOError where there is one already."""
    try:
        import fcntl
    except ImportError:  # Windows: folders are made anew for each run, so two writers do not meet by accident
        return
    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
