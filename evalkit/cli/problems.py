"""Problems of a file as people read them: place, message, the line, and a caret under the spot."""

from __future__ import annotations

from collections.abc import Sequence

import click

from evalkit.display import width
from evalkit.errors import Problem

MOST = 30
"""Problems shown at once."""
_WINDOW = 100
"""Columns of a source line that are shown."""


def show_problems(problems: Sequence[Problem], *, most: int = MOST) -> None:
    """Prints problems to stderr, with a last line that counts them."""
    for problem in problems[:most]:
        click.echo(render(problem), err=True)
    if len(problems) > most:
        click.echo(f"… and {len(problems) - most} more", err=True)
    count_problems(problems)


def count_problems(problems: Sequence[Problem]) -> None:
    """Prints the last line on stderr: how many, and where."""
    files = sorted({problem.file for problem in problems})
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    click.echo(f"{count} in {', '.join(files)}; nothing was sent", err=True)


def render(problem: Problem) -> str:
    """`file:line:col: message`, and below it the line with a caret, East-Asian width minded."""
    if problem.source is None or problem.column is None or not problem.source.strip():
        return str(problem)
    line, column = _window(problem.source.replace("\t", " "), problem.column)
    margin = f"{problem.line:>6} | "
    caret = " " * (len(margin) - 2) + "| " + " " * width(line[: column - 1]) + "^"
    return f"{problem}\n{margin}{line}\n{caret}"


def _window(line: str, column: int) -> tuple[str, int]:
    """At most _WINDOW characters of a line around a column, and the column in them."""
    printable = "".join(char if char.isprintable() else "·" for char in line)
    if len(printable) <= _WINDOW:
        return printable, column
    start = max(0, min(column - _WINDOW // 2, len(printable) - _WINDOW))
    return printable[start : start + _WINDOW], column - start
