"""The journal of a run, open for writing: one record a line, written at once, and safe once `sync` has returned."""

from __future__ import annotations

import os
import shlex
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from evalkit.errors import StorageError
from evalkit.journal.attempts import Attempts
from evalkit.journal.lines import seal
from evalkit.journal.locking import open_locked, same_file
from evalkit.journal.media import MediaFolder
from evalkit.journal.opening import Opened, mend
from evalkit.run_folder import RECORDS, sync_folder
from evalkit.types import Media, Record

__all__ = ["Journal"]


class Journal:
    """records.jsonl of one run folder, open for appending, as a context manager.

    What an earlier process left is mended on opening, and told in `notes`. Raises UsageError where another process
    writes to the folder, StorageError where the file is damaged, or where a line cannot be written or made safe; what
    was reported safe before stands. `sync` may run in another thread than the rest.
    """

    notes: tuple[str, ...] = ()
    """What opening it found and did."""

    def __init__(self, folder: Path) -> None:
        self.attempts = Attempts(folder)
        self.media = MediaFolder(folder)
        self._folder = folder
        self._path = folder / RECORDS
        self._encoder = msgspec.json.Encoder()
        self._handle = -1
        self._size = self._safe_size = 0
        self._lines = self._safe_lines = 0
        self._failure: StorageError | None = None
        self._tail = threading.Lock()
        """Held while the end of the file moves."""

    def __enter__(self) -> Self:
        self._handle = open_locked(self._path, create=True)
        try:
            self._begin(mend(self._handle, self._path))
            self.attempts.take_over()
        except BaseException as error:
            os.close(self._handle)
            if isinstance(error, OSError):
                raise StorageError(f"{self._path} cannot be opened for writing: {error.strerror}") from error
            raise
        return self

    def _begin(self, opened: Opened) -> None:
        os.fsync(self._handle)  # what was found may be all that a crashed process wrote and never synced
        sync_folder(self._folder)
        self._size = self._safe_size = opened.size
        self._lines = self._safe_lines = opened.lines
        self.notes = (opened.note,) if opened.note else ()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if kind is None and self._failure is None:
                self.sync()
                self.attempts.settle()
        finally:
            self.attempts.close()
            os.close(self._handle)

    @property
    def size(self) -> int:
        """Bytes of records.jsonl."""
        return self._size

    def append(self, record: Record) -> None:
        """Writes one record as one line. It outlives this process from now on, and the machine from the next `sync`."""
        line = seal(self._encoder.encode(record))
        with self._tail:
            if self._failure is not None:
                raise self._failure
            try:
                _write_all(self._handle, line)
            except OSError as error:
                self._cut(self._size)
                raise self._unwritten(error.strerror, self._lines) from error
            self._size += len(line)
            self._lines += 1
        self.attempts.kept(record.key)

    def sync(self) -> None:
        """Makes all that was appended before the call safe from a crash of the whole machine.

        A disk that once failed to do so is not asked again: it may then report what is not true.
        """
        if self._failure is not None:
            raise self._failure
        with self._tail:
            size, lines = self._size, self._lines
        try:
            if size > self._safe_size:
                _flush(self._handle)
            there = same_file(self._handle, self._path)
        except OSError as error:
            with self._tail:
                self._failure = self._unwritten(error.strerror, self._safe_lines)
                self._cut(self._safe_size)  # a later process could read it and believe in it
            raise self._failure from error
        if not there:
            self._failure = StorageError(
                f"{self._path} was deleted or moved while the run was under way; its results went with it"
            )
            raise self._failure
        self._safe_size, self._safe_lines = size, lines

    def keep_media(self, medium: Media) -> None:
        """Copies a local picture or document to media/<sha256>, once, and to the disk itself."""
        self.media.keep(medium)

    def _unwritten(self, why: str | None, lines: int) -> StorageError:
        saved = f"{self._path} keeps the {lines:,} before it"
        resume = f"evalkit run --resume {shlex.quote(str(self._folder))}"
        return StorageError(f"a result cannot be written: {why}; {saved}; once that is mended, go on with: {resume}")

    def _cut(self, size: int) -> None:
        """Leaves no torn line: the next one would be fused with it."""
        try:
            os.ftruncate(self._handle, size)
        except OSError:
            # Nothing is appended to it any more; what is torn is cut off when the journal is opened again.
            self._failure = self._failure or StorageError(f"{self._path} ends with a torn line that cannot be cut off")


def _write_all(handle: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]


_flush = getattr(os, "fdatasync", os.fsync)
