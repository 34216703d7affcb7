"""comparison.json: what a run was found to be beside its baseline, kept with the run."""

from __future__ import annotations

from pathlib import Path

import msgspec

from evalkit.errors import StorageError
from evalkit.run_folder import write_whole
from evalkit.types import Comparison

__all__ = ["COMPARISON", "encode", "read_comparison", "write_comparison"]

COMPARISON = "comparison.json"


def encode(comparison: Comparison) -> bytes:
    """As JSON for people and programs."""
    return msgspec.json.format(msgspec.json.encode(comparison), indent=2) + b"\n"


def write_comparison(folder: Path, comparison: Comparison) -> None:
    """Keeps it in a run folder. Raises StorageError."""
    write_whole(folder / COMPARISON, encode(comparison))


def read_comparison(folder: Path) -> Comparison | None:
    """What was kept; None where there was no baseline. Raises StorageError for a damaged file."""
    file = folder / COMPARISON
    try:
        return msgspec.json.decode(file.read_bytes(), type=Comparison)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise StorageError(f"{file} cannot be read ({error}); remove it, and compare the runs again") from error
