"""What the journal's tests share."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

MEMORY = Path("/dev/shm")


@pytest.fixture
def quick_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """For tests that open thousands of journals and pull no plug: in memory where there is such a place, unsynced."""
    monkeypatch.setattr(os, "fsync", lambda handle: None)
    monkeypatch.setattr("evalkit.journal.writing._flush", lambda handle: None)
    if not os.access(MEMORY, os.W_OK):
        yield tmp_path
        return
    folder = Path(tempfile.mkdtemp(dir=MEMORY))
    yield folder
    shutil.rmtree(folder)
