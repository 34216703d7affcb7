"""What people name as one side of a comparison: a run folder, or a baseline file."""

from __future__ import annotations

from pathlib import Path

from evalkit.analysis.sides import Side, side_of_run
from evalkit.baselines import side_of_baseline
from evalkit.errors import UsageError
from evalkit.run_folder import MANIFEST, RECORDS, folder_of

__all__ = ["is_file_of_baseline", "read_side"]


def is_file_of_baseline(path: Path) -> bool:
    """Whether a path names a baseline, and not a run folder or a file in one."""
    return path.is_file() and path.name not in (MANIFEST, RECORDS)


def read_side(path: Path) -> Side:
    """Raises UsageError where there is neither, StorageError where a run's records are damaged."""
    if not path.exists():
        raise UsageError(f"{path}: no such file or folder; name a run folder, or a baseline file")
    return side_of_baseline(path) if is_file_of_baseline(path) else side_of_run(folder_of(path))
