"""Cases from files, streamed row by row: JSONL, CSV, YAML. Nothing of a file is held but the row at hand."""

from __future__ import annotations

import csv
import glob
import hashlib
import heapq
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalkit.errors import Problem, SuiteInvalid
from evalkit.suite.numbers import spelt_float, spelt_int
from evalkit.suite.places import PathInvalid, below_root
from evalkit.suite.schema import DatasetFile, SuiteFile
from evalkit.suite.source import Places, stream_items
from evalkit.suite.validation import Mistakes

SEVERAL = "|"
"""Separates pictures and tags in one cell of a CSV."""
CSV_COLUMNS = ("id", "expected", "images", "tags", "cluster")
"""Columns that are keys of a case; every other one is a var."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row as the mapping of a case, with its place and the id it has if it names none."""

    value: Any
    places: Places
    default_id: str


@dataclass(frozen=True, slots=True)
class LinePlaces:
    """Places in a row of which only the line is known."""

    file: str
    line: int

    def problem(
        self, message: str, container: Any = None, key: str | int | None = None, *, of_key: bool = False
    ) -> Problem:
        """A problem somewhere in this line."""
        del container, key, of_key
        return Problem(file=self.file, message=message, line=self.line)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """One file of rows. `name` is how messages call it."""

    path: Path
    name: str
    given: DatasetFile

    def rows(self) -> Iterator[Row]:
        """The rows, or the sample of them. Raises SuiteInvalid at the first row that cannot be read."""
        rows = READERS[self.path.suffix](self)
        if self.given.sample is None:
            return rows
        drawn = self._drawn(self.given.sample)
        return (row for number, row in enumerate(READERS[self.path.suffix](self)) if number in drawn)

    def _drawn(self, sample: int) -> frozenset[int]:
        """The numbers of the sampled rows: those whose hash with the seed is smallest, so that no row need be held."""
        numbers = range(sum(1 for _ in READERS[self.path.suffix](self)))
        return frozenset(heapq.nsmallest(sample, numbers, key=lambda number: draw(self.given.seed, str(number))))


def draw(seed: int, name: str) -> bytes:
    """A number for sampling that depends on nothing but a seed and a name."""
    return hashlib.blake2b(f"{seed}:{name}".encode(), digest_size=8).digest()


def _jsonl(dataset: Dataset) -> Iterator[Row]:
    number = 0
    with dataset.path.open("rb") as lines:
        for line_number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            number += 1
            places = LinePlaces(dataset.name, line_number)
            yield Row(_parse_json(line, places), places, f"{dataset.path.stem}-{number}")


def _parse_json(line: bytes, places: LinePlaces) -> Any:
    try:
        return json.loads(
            line.decode("utf-8"),
            parse_int=spelt_int,
            parse_float=spelt_float,
            parse_constant=_refuse_constant,
            object_pairs_hook=_without_duplicates,
        )
    except UnicodeDecodeError as error:
        raise SuiteInvalid([places.problem(f"not UTF-8: byte 0x{line[error.start]:02x}")]) from error
    except (ValueError, RecursionError) as error:
        raise SuiteInvalid([places.problem(f"not JSON: {error}")]) from error


def _refuse_constant(word: str) -> Any:
    raise ValueError(f"{word} is no JSON number")


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) != len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"duplicate key '{next(key for key in keys if keys.count(key) > 1)}'")
    return row


def _csv(dataset: Dataset) -> Iterator[Row]:
    csv.field_size_limit(64 * 1024 * 1024)
    try:
        with dataset.path.open(encoding="utf-8-sig", newline="") as text:
            reader = csv.reader(text, strict=True)
            header = next(reader, None)
            columns = _columns(dataset, header)
            for number, cells in enumerate((cells for cells in reader if cells), start=1):
                places = LinePlaces(dataset.name, reader.line_num)
                if len(cells) != len(columns):
                    message = f"this row has {len(cells)} cells, the header has {len(columns)}"
                    raise SuiteInvalid([places.problem(message)])
                yield Row(_case_of(columns, cells), places, f"{dataset.path.stem}-{number}")
    except csv.Error as error:
        raise SuiteInvalid([LinePlaces(dataset.name, reader.line_num).problem(f"not CSV: {error}")]) from error
    except UnicodeDecodeError as error:
        raise SuiteInvalid([Problem(file=dataset.name, message=f"not UTF-8: {error.reason}")]) from error


def _columns(dataset: Dataset, header: list[str] | None) -> list[tuple[str, str]]:
    """For each column, the key of a case it fills, or ("vars", its name)."""
    places = LinePlaces(dataset.name, 1)
    if not header:
        raise SuiteInvalid([places.problem("is empty: the first line names the columns")])
    doubled = next((name for name in header if header.count(name) > 1), None)
    if doubled is not None:
        raise SuiteInvalid([places.problem(f"two columns are called '{doubled}'")])
    special = {name: name for name in CSV_COLUMNS}
    for key in ("id", "images", "expected"):
        column = getattr(dataset.given, key)
        if column is None:
            continue
        if column not in header:
            raise SuiteInvalid([places.problem(f"no column '{column}' (the dataset's `{key}`)")])
        special.pop(key, None)
        special[column] = key
    return [(special[name], name) if name in special else ("vars", name) for name in header]


def _case_of(columns: list[tuple[str, str]], cells: list[str]) -> dict[str, Any]:
    """A row as the mapping of a case; an empty cell of a special column says nothing."""
    case: dict[str, Any] = {"vars": {}}
    for (key, name), cell in zip(columns, cells, strict=True):
        if key == "vars":
            case["vars"][name] = cell
        elif cell and key in ("images", "tags"):
            case[key] = [part.strip() for part in cell.split(SEVERAL) if part.strip()]
        elif cell:
            case[key] = cell
    return case


def _yaml(dataset: Dataset) -> Iterator[Row]:
    try:
        with dataset.path.open(encoding="utf-8") as text:
            for number, located in enumerate(stream_items(dataset.name, text), start=1):
                yield Row(located.value, located, f"{dataset.path.stem}-{number}")
    except UnicodeDecodeError as error:
        raise SuiteInvalid([Problem(file=dataset.name, message=f"not UTF-8: {error.reason}")]) from error


READERS: dict[str, Callable[[Dataset], Iterator[Row]]] = {
    ".jsonl": _jsonl,
    ".ndjson": _jsonl,
    ".csv": _csv,
    ".yaml": _yaml,
    ".yml": _yaml,
}


def find_datasets(
    given: SuiteFile, data: dict[str, Any], *, base: Path, root: Path, mistakes: Mistakes
) -> tuple[Dataset, ...]:
    """The files that a suite's `datasets` name, in order; those that cannot be used are noted and left away."""
    found: list[Dataset] = []
    for index, dataset in enumerate(given.datasets):
        names = _matching(dataset.file, base)
        if not names:
            mistakes.add(f"no file matches '{dataset.file}'", data["datasets"], index)
        for name in names:
            try:
                found.append(_dataset(name, dataset, base=base, root=root))
            except PathInvalid as error:
                mistakes.add(str(error), data["datasets"], index)
    return tuple(found)


def _matching(pattern: str, base: Path) -> list[str]:
    if not any(char in pattern for char in "*?["):
        return [pattern]
    return sorted(glob.glob(pattern, root_dir=base, recursive=True))  # noqa: PTH207 pathlib's cannot climb with ..


def _dataset(name: str, given: DatasetFile, *, base: Path, root: Path) -> Dataset:
    path = below_root(name, base=base, root=root)
    if path.suffix not in READERS:
        raise PathInvalid(f"a dataset ends in one of {', '.join(READERS)}: '{name}'")
    if path.suffix != ".csv" and (given.id or given.images or given.expected):
        raise PathInvalid(f"`id`, `images` and `expected` name columns of a CSV; '{name}' has the keys of a case")
    return Dataset(path=path, name=name, given=given)
