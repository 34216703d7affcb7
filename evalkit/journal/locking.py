"""One writer a run folder: records.jsonl, open and locked for as long as its process lives."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from evalkit.errors import StorageError, UsageError

__all__ = ["is_locked", "open_locked", "same_file"]

_FLAGS = os.O_RDWR | os.O_APPEND | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_USERS_TO_MEND = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP}


def open_locked(path: Path, *, create: bool) -> int:
    """A handle for appending to `path`, which nobody else has.

    Raises UsageError where another process writes to it or it may not be written, StorageError where the disk fails.
    """
    while True:
        handle = _open(path, create=create)
        try:
            _lock(handle)
            if same_file(handle, path):
                return handle
        except BlockingIOError as error:
            os.close(handle)
            raise UsageError(f"another process is writing to {path.parent}; wait for it, or stop it") from error
        except OSError as error:
            os.close(handle)
            raise StorageError(f"{path} cannot be opened for writing: {error.strerror}") from error
        os.close(handle)  # `recover` put another file into its place meanwhile


def is_locked(path: Path) -> bool:
    """Whether another process is writing to a journal just now; nothing is changed, and nobody is kept waiting."""
    try:
        import fcntl

        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except (ImportError, OSError):  # no locks here, or no journal yet
        return False
    return False


def _open(path: Path, *, create: bool) -> int:
    try:
        return os.open(path, _FLAGS | (os.O_CREAT if create else 0), 0o644)
    except OSError as error:
        kind = UsageError if error.errno in _USERS_TO_MEND else StorageError
        raise kind(f"{path} cannot be opened for writing: {error.strerror}") from error


def same_file(handle: int, path: Path) -> bool:
    """Whether `path` still leads to what `handle` has open."""
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except (FileNotFoundError, NotADirectoryError):
        return False


def _lock(handle: int) -> None:
    """The lock goes with the process. Raises BlockingIOError where there is one already."""
    try:
        import fcntl
    except ImportError:  # Windows: folders are made anew for each run, so two writers do not meet by accident
        return
    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
