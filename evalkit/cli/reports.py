"""Reports where people find them: files in the run folder, the console's on stdout."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from evalkit.registry import REPORTS
from evalkit.report.console import Console
from evalkit.run_folder import write_whole

if TYPE_CHECKING:
    from evalkit.analysis.frames import JudgedRun

PIPE_COLUMNS = 120
"""The width where there is no terminal to ask."""


def write_reports(run: JudgedRun, folder: Path, names: tuple[str, ...]) -> None:
    """Writes the named reports into a run folder. Raises StorageError."""
    for name in names:
        report = REPORTS[name]
        if report.filename is not None:
            write_whole(folder / report.filename, report.render(run).encode())


def print_console(run: JudgedRun, *, color: str = "auto") -> None:
    """The table of models and what failed, on stdout."""
    show(Console(columns=terminal_columns(), color=in_color(color)).render(run))


def terminal_columns() -> int:
    """The width of what stdout is, or of what is usual where it is no terminal."""
    return shutil.get_terminal_size((PIPE_COLUMNS, 24)).columns


def in_color(choice: str) -> bool:
    """`always`, `never`, or by what stdout is and NO_COLOR says."""
    if choice == "auto":
        return sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    return choice == "always"


def show(text: str) -> None:
    """Text on stdout, at once."""
    sys.stdout.write(text)
    sys.stdout.flush()
