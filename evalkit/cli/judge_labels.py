"""What people said of answers, line by line: the file that a judge is measured against."""

from __future__ import annotations

import json
from codecs import BOM_UTF8
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalkit.analysis.judge_measures import Kind
from evalkit.checks.factuality import CLASSES
from evalkit.errors import NothingSelected, Problem, SuiteInvalid, UsageError
from evalkit.suite.json_source import parse_json
from evalkit.suite.numbers import unspelt

__all__ = ["Labelled", "Labels", "read_labels"]

_LABELS = ("label", "human_label", "human")
_INPUTS = ("input", "question")
_WORDS = {"pass": 1.0, "fail": 0.0, "true": 1.0, "false": 0.0, "yes": 1.0, "no": 0.0, "1": 1.0, "0": 0.0}
_MOST_PROBLEMS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """One answer with what a human said of it."""

    id: str
    line: int
    answer: str
    label: float | str
    """A score from 0 to 1, or a class."""
    rubric: str | None = None
    input: str | None = None
    expected: str | None = None

    @property
    def case_id(self) -> str:
        """What it is called as a case: an id that could be a template is none."""
        return f"line {self.line}" if "{" in self.id else self.id


@dataclass(frozen=True, slots=True)
class Labels:
    """A file of them."""

    kind: Kind
    rows: tuple[Labelled, ...]


def read_labels(path: Path, *, limit: int | None = None, rubric: str | None = None) -> Labels:
    """Reads JSONL. Raises SuiteInvalid with all that is wrong; UsageError, NothingSelected.

    `rubric`: of lines that have none; `limit`: only the first so many answers.
    """
    problems: list[Problem] = []
    rows: list[Labelled] = []
    for number, text in _lines(path):
        if len(rows) == limit or len(problems) == _MOST_PROBLEMS:
            break
        try:
            rows.append(_row(_object(text), number, rubric))
        except ValueError as error:
            problems.append(Problem(file=str(path), line=number, message=str(error)))
    problems += _clashes(path, rows)
    if problems:
        raise SuiteInvalid(sorted(problems, key=lambda problem: problem.line or 0))
    if not rows:
        raise NothingSelected(f"{path}: no line in it")
    return Labels(_kind(rows), tuple(rows))


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Those that are not blank, counted from 1."""
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                line = line.removeprefix(BOM_UTF8) if number == 1 else line
                if line.strip():
                    yield number, line
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error


def _object(line: bytes) -> dict[str, Any]:
    row = unspelt(parse_json(line))
    if not isinstance(row, dict):
        raise ValueError(  # noqa: TRY004 all that is wrong with a line is one kind of mistake
            'no JSON object: a line is {"answer": …, "rubric": …, "label": …}'
        )
    return row


def _row(row: dict[str, Any], line: int, rubric: str | None) -> Labelled:
    label = _label(row)
    read = Labelled(
        id=_text(row, "id") or f"line {line}",
        line=line,
        answer=_text(row, "answer") or "",
        label=label,
        rubric=_text(row, "rubric") or rubric,
        input=_text(row, *_INPUTS),
        expected=_text(row, "expected"),
    )
    if not read.answer:
        raise ValueError("'answer' is missing or empty: there is nothing to judge")
    if isinstance(label, str) and not read.expected:
        raise ValueError("'expected' is missing: a class of factuality is about a reference")
    if isinstance(label, float) and not read.rubric:
        raise ValueError("'rubric' is missing; --rubric gives one to all lines without it")
    return read


def _label(row: dict[str, Any]) -> float | str:
    name = next((name for name in _LABELS if row.get(name) is not None), None)
    if name is None:
        raise ValueError(f"'{_LABELS[0]}' is missing: what a human said of the answer")
    value = row[name]
    if isinstance(value, str):
        word = value.strip().lower()
        if word in CLASSES:
            return word
        value = _WORDS.get(word, value)
    if isinstance(value, (bool, int, float)) and 0 <= value <= 1:
        return float(value)
    wanted = f"0 or 1, a number between them, pass or fail, or a class of factuality ({', '.join(CLASSES)})"
    raise ValueError(f"'{name}' is {json.dumps(value, ensure_ascii=False)[:60]}; it may be {wanted}")


def _text(row: dict[str, Any], *names: str) -> str | None:
    """The first of these that is there, as text; None where it is blank."""
    value = next((row[name] for name in names if row.get(name) is not None), None)
    if value is None:
        return None
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if text.strip() else None


def _clashes(path: Path, rows: list[Labelled]) -> Iterator[Problem]:
    """Ids that stand there twice, and classes among numbers."""
    seen: dict[str, int] = {}
    for row in rows:
        if row.id in seen:
            message = f"the id '{row.id}' stands in line {seen[row.id]} already"
            yield Problem(file=str(path), line=row.line, message=message)
        seen.setdefault(row.id, row.line)
        if isinstance(row.label, str) != isinstance(rows[0].label, str):
            found, other = ("class", "number") if isinstance(row.label, str) else ("number", "class")
            message = f"the label is a {found}, and that of line {rows[0].line} a {other}: labels are of one kind"
            yield Problem(file=str(path), line=row.line, message=message)


def _kind(rows: list[Labelled]) -> Kind:
    if isinstance(rows[0].label, str):
        return "class"
    return "verdict" if all(row.label in (0.0, 1.0) for row in rows) else "score"
