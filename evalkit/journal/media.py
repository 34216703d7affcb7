"""The pictures and documents that records name, kept beside them under their hashes."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path

from evalkit.errors import StorageError
from evalkit.run_folder import MEDIA, write_whole
from evalkit.types import Media

__all__ = ["MediaFolder"]


class MediaFolder:
    """media/ of one run folder. Its methods may be called from several threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / MEDIA
        self._kept: set[str] = set()
        self._lock = threading.Lock()

    def has(self, medium: Media) -> bool:
        """Whether there is nothing to do for a medium: it is remote, or was kept."""
        return medium.path is None or medium.sha256 is None or medium.sha256 in self._kept

    def keep(self, medium: Media) -> None:
        """Copies a local file to media/<sha256>, once, and to the disk itself. Raises StorageError."""
        with self._lock:
            if self.has(medium) or medium.path is None or medium.sha256 is None:
                return
            self._copy(medium.path, medium.sha256)
            self._kept.add(medium.sha256)

    def _copy(self, source: Path, sha256: str) -> None:
        target = self._folder / sha256
        try:
            data = source.read_bytes()
            self._folder.mkdir(exist_ok=True)
        except OSError as error:
            raise StorageError(f"{error.filename} cannot be kept: {error.strerror}") from error
        if hashlib.sha256(data).hexdigest() != sha256:
            raise StorageError(f"{source} was changed while the run was under way")
        if not target.exists():
            write_whole(target, data)
