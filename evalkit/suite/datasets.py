"""Cases from files, streamed row by row: JSONL, CSV, YAML, Parquet. Little of a file is held but the row at hand."""

from __future__ import annotations

import csv
import glob
import hashlib
import heapq
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalkit.errors import Problem, SuiteInvalid
from evalkit.suite.columns import Columns, case_of, read_columns
from evalkit.suite.json_source import JSONInvalid, parse_json
from evalkit.suite.located import Places
from evalkit.suite.parquet import EXTRA, ParquetInvalid, is_installed, read_parquet
from evalkit.suite.places import PathInvalid, below_root, shown
from evalkit.suite.schema import DatasetFile
from evalkit.suite.source import stream_items
from evalkit.suite.texts import open_bytes, open_text
from evalkit.suite.validation import Mistakes, validate_items


@dataclass(frozen=True, slots=True)
class Row:
    """One row as the mapping of a case, with its place."""

    value: Any
    places: Places
    problem: Problem | None = None
    """Why there is no value, where the rows after it can still be read."""


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


@dataclass(frozen=True, slots=True)
class RowPlaces:
    """Places in a file without lines, of which only the row is known, counted from 1."""

    file: str
    row: int | None = None

    def problem(
        self, message: str, container: Any = None, key: str | int | None = None, *, of_key: bool = False
    ) -> Problem:
        """A problem somewhere in this row."""
        del container, key, of_key
        return Problem(file=self.file, message=message if self.row is None else f"row {self.row}: {message}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """One file of rows. `name` is how messages call it."""

    path: Path
    name: str
    given: DatasetFile
    stamp: tuple[int, int] | None
    """Size and time of change when the suite was read: the rows must be the same each time they are gone through."""

    def rows(self) -> Iterator[Row]:
        """The rows, or the sample of them. Raises SuiteInvalid where the file cannot be read on."""
        if self.given.sample is None:
            return self._all()
        drawn = self._drawn(self.given.sample)
        return (row for number, row in enumerate(self._all()) if number in drawn or row.problem is not None)

    def _all(self) -> Iterator[Row]:
        self._demand_unchanged()
        yield from READERS[self.path.suffix](self)
        self._demand_unchanged()

    def _demand_unchanged(self) -> None:
        if stamp_of(self.path) not in (self.stamp, None):  # whoever reads one that is gone says so
            raise SuiteInvalid([Problem(file=self.name, message="was changed after the suite was read")])

    def _drawn(self, sample: int) -> frozenset[int]:
        """The numbers of the sampled rows: those whose hash with the seed is smallest, so that no row need be held.

        It is a hash of what stands in the row: another row, above or below, draws few others.
        """
        lots = ((draw(self.given.seed, repr(row.value)), number) for number, row in enumerate(self._all()))
        return frozenset(number for _, number in heapq.nsmallest(sample, lots))


def stamp_of(path: Path) -> tuple[int, int] | None:
    """Size and time of change of a file; None where it is gone."""
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_size, state.st_mtime_ns


def draw(seed: int, name: str) -> bytes:
    """A number for sampling that depends on nothing but a seed and a name."""
    return hashlib.blake2b(f"{seed}:{name}".encode(), digest_size=8).digest()


def _jsonl(dataset: Dataset) -> Iterator[Row]:
    with open_bytes(dataset.path, dataset.name) as lines:
        for line_number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            places = LinePlaces(dataset.name, line_number)
            try:
                yield Row(parse_json(line), places)
            except JSONInvalid as error:
                yield Row(None, places, places.problem(str(error)))


def _csv(dataset: Dataset) -> Iterator[Row]:
    csv.field_size_limit(64 * 1024 * 1024)
    with open_text(dataset.path, dataset.name, bom_allowed=True) as text:
        reader = csv.reader(text, strict=True)
        try:
            columns = _columns(dataset, next(reader, ()))
            first_line = reader.line_num + 1
            for cells in reader:
                if cells:
                    yield _csv_row(columns, cells, LinePlaces(dataset.name, first_line))
                first_line = reader.line_num + 1
        except csv.Error as error:
            raise SuiteInvalid([LinePlaces(dataset.name, reader.line_num).problem(f"not CSV: {error}")]) from error


def _columns(dataset: Dataset, header: Sequence[str]) -> Columns:
    places = LinePlaces(dataset.name, 1)
    if not header:
        raise SuiteInvalid([places.problem("is empty: the first line names the columns")])
    try:
        return read_columns(header, dataset.given)
    except ValueError as error:
        raise SuiteInvalid([places.problem(str(error))]) from error


def _csv_row(columns: Columns, cells: list[str], places: LinePlaces) -> Row:
    if len(cells) == len(columns):
        return Row(case_of(columns, cells), places)
    message = f"this row has {len(cells)} cells, the header has {len(columns)}"
    return Row(None, places, places.problem(message))


def _parquet(dataset: Dataset) -> Iterator[Row]:
    rows = read_parquet(dataset.path)
    try:
        columns = read_columns(next(rows), dataset.given)
        for number, cells in enumerate(rows, start=1):
            yield Row(case_of(columns, cells), RowPlaces(dataset.name, number))
    except ParquetInvalid as error:
        raise SuiteInvalid([RowPlaces(dataset.name, error.row).problem(str(error))]) from error
    except ValueError as error:
        raise SuiteInvalid([RowPlaces(dataset.name).problem(str(error))]) from error


def _yaml(dataset: Dataset) -> Iterator[Row]:
    with open_text(dataset.path, dataset.name) as text:
        for item in stream_items(dataset.name, text):
            yield Row(item.value, item)


READERS: dict[str, Callable[[Dataset], Iterator[Row]]] = {
    ".jsonl": _jsonl,
    ".ndjson": _jsonl,
    ".csv": _csv,
    ".yaml": _yaml,
    ".yml": _yaml,
    ".parquet": _parquet,
}


TABLES = (".csv", ".parquet")
"""Files with columns."""


def find_datasets(data: dict[str, Any], *, base: Path, root: Path, mistakes: Mistakes) -> tuple[Dataset, ...]:
    """The files that a suite's `datasets` name, in order; those that cannot be used are noted and left away."""
    found: list[Dataset] = []
    for index, given in validate_items(DatasetFile, data, "datasets", mistakes):
        names = _matching(given.file, base)
        if not names:
            mistakes.add(f"no file matches '{given.file}'", data["datasets"], index)
        for name in names:
            try:
                found.append(_dataset(name, given, base=base, root=root))
            except PathInvalid as error:
                mistakes.add(str(error), data["datasets"], index)
    return tuple(found)


def _matching(pattern: str, base: Path) -> list[str]:
    if not any(char in pattern for char in "*?["):
        return [pattern]
    try:
        found = sorted(glob.glob(pattern, root_dir=base, recursive=True))  # noqa: PTH207 pathlib's cannot climb with ..
        return found or ([pattern] if (base / pattern).exists() else [])
    except (OSError, ValueError, re.error):
        return []


def _dataset(name: str, given: DatasetFile, *, base: Path, root: Path) -> Dataset:
    path = below_root(name, base=base, root=root)
    if path.suffix not in READERS:
        raise PathInvalid(f"a dataset ends in one of {', '.join(READERS)}: '{name}'")
    if path.suffix not in TABLES and (given.id or given.images or given.expected):
        raise PathInvalid(f"`id`, `images` and `expected` name columns of a table; '{name}' has the keys of a case")
    if path.suffix == ".parquet" and not is_installed():
        raise PathInvalid(f"a Parquet dataset needs the extra: {EXTRA}")
    return Dataset(path=path, name=shown(path), given=given, stamp=stamp_of(path))
