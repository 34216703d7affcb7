"""An earlier run, as a command finds it: its folder, what it says of itself, and the suite it was made of."""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import msgspec

from evalkit.cli.options import Options
from evalkit.errors import UsageError
from evalkit.run_folder import folder_of, read_manifest
from evalkit.types import Manifest

__all__ = ["EarlierRun", "SuiteText", "find_earlier", "path_from"]


class SuiteText(NamedTuple):
    """A suite's file, and its text where the file is gone."""

    path: Path
    text: str | None = None


@dataclass(frozen=True, slots=True)
class EarlierRun:
    """A run folder that was read."""

    folder: Path
    manifest: Manifest

    def suite(self) -> SuiteText:
        """The suite's file: where it stands as seen from the folder, else where it was called; else its snapshot."""
        called = Path(self.manifest.suite_file)
        beside = [Path(os.path.normpath(self.folder / self.manifest.suite_path))] if self.manifest.suite_path else []
        found = next((path for path in (*beside, called) if path.is_file()), None)
        if found is None:
            return SuiteText(called, self.manifest.suite_source)
        return SuiteText(called if called.is_file() and found.samefile(called) else found)

    def recall(self, options: Options) -> Options:
        """The flags that this run was made with, those that are given now before them. Raises UsageError."""
        try:
            recalled = options.recalled(self.manifest.selection)
        except (msgspec.ValidationError, TypeError) as error:
            raise UsageError(f"{self.folder}/run.json: its `selection` is not what a run writes: {error}") from error
        return dataclasses.replace(recalled, offline=options.offline or self.manifest.stand_in)

    def demand_same_kind(self, *, offline: bool) -> None:
        """Raises UsageError where answers of the stand-in gateway would be mixed with those of models."""
        if offline and not self.manifest.stand_in:
            raise UsageError(f"{self.folder} has answers of models, and --offline asks the stand-in: leave it out")
        if self.manifest.stand_in and not offline:
            what = "has answers of the stand-in gateway, which are never mixed with those of models"
            raise UsageError(f"{self.folder} {what}: add --offline")


def find_earlier(run: Path) -> EarlierRun:
    """The run in a folder (or named by a file in it). Raises UsageError where there is none."""
    folder = folder_of(run)
    return EarlierRun(folder, read_manifest(folder))


def path_from(folder: Path, file: Path) -> str | None:
    """How to get from a run folder to a file; None where there is no way, as from one drive to another."""
    try:
        return Path(os.path.relpath(file.resolve(), folder.resolve())).as_posix()
    except ValueError:
        return None
