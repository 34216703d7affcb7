"""Sides of comparisons for tests: run folders with trials that passed or failed as told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from evalkit.analysis.sides import Side, side_of_run
from tests.analysis.run_folder import answer, errored, manifest, record, write

MARKS = {"+": True, "-": False}


def trials(marks: str, *, repeats: int = 1, start: int = 0, **fields: Any) -> list:
    """A trial for each mark: `+` passed, `-` failed, `!` ended in an error, ` ` not made; `repeats` of a case a row."""
    made = []
    for place, mark in enumerate(marks):
        case, repeat = divmod(place, repeats)
        where = {"case_id": f"c{start + case}", "repeat": repeat, **fields}
        if mark == "!":
            made.append(errored(**where))
        elif mark != " ":
            said = answer("Paris" if MARKS[mark] else "Lyon", answered_by=where.get("model", "gpt-4o"))
            made.append(record(MARKS[mark], response=said, **where))
    return made


def side(folder: Path, records: list, **fields: Any) -> Side:
    """A run with these records."""
    named = {"id": folder.name, **fields}
    models = tuple(dict.fromkeys(each.model for each in records)) or ("gpt-4o",)
    prompts = tuple(dict.fromkeys(each.prompt for each in records)) or ("terse",)
    return side_of_run(write(folder, records, manifest(**{"models": models, "prompts": prompts, **named})))
