"""What `evalkit.load_run` returns: one run or several as pandas frames, each read when it is first looked at."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_type_hints

import msgspec

from evalkit.analysis.frames import RunFrames, check_columns
from evalkit.analysis.frames import load_run as load_frames
from evalkit.analysis.summary import summarise
from evalkit.errors import UsageError
from evalkit.run_folder import folder_of, read_manifest
from evalkit.types import ModelSummary, Percentiles

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Runs", "load_run"]


def load_run(*paths: str | Path, columns: Collection[str] | None = None, text: bool = False) -> Runs:
    """One run or several, below each other; a path is a run folder, or its run.json.

    `columns` are those of `records` that are wanted (all where it is None, docs/frames.md has them): of a large run the
    others are not kept. With `text`, the answers and expected answers are among them.

    Raises `evalkit.errors.UsageError` where a path is no run folder, or no column has one of these names;
    `StorageError` while reading, where a record is damaged.
    """
    if not paths:
        raise UsageError("load_run needs the path of a run folder")
    check_columns(columns)
    return Runs([folder_of(Path(path)) for path in paths], columns=columns, text=text)


class Runs:
    """Runs as frames; `run` is the first column of each, with the run's id."""

    def __init__(self, folders: Collection[Path], *, columns: Collection[str] | None, text: bool) -> None:
        self.paths = tuple(folders)
        self.manifests = tuple(map(read_manifest, self.paths))
        """What each run says of itself: suite, models, prompts, when, stand-in or real."""
        self._columns = columns
        self._text = text

    def __repr__(self) -> str:
        return f"<evalkit runs: {', '.join(manifest.id for manifest in self.manifests)}>"

    @cached_property
    def records(self) -> pd.DataFrame:
        """One row a trial."""
        loaded = (load_frames(path, columns=self._columns, text=self._text, scores=False) for path in self.paths)
        return _below_each_other([frames.records for frames in loaded])

    @cached_property
    def scores(self) -> pd.DataFrame:
        """One row a check that was asked about a trial's answer."""
        loaded = [load_frames(path, columns=()) for path in self.paths]
        return _below_each_other([_with_run(frames, frames.scores) for frames in loaded])

    def summary(self) -> pd.DataFrame:
        """One row a model with a prompt of each run: the figures of summary.json, flat, each with its interval.

        What is nested there (`pass_at_k`, `metrics`, `error_kinds`, …) stays a mapping in a column of objects.
        """
        loaded = [load_frames(path) for path in self.paths]
        return _below_each_other([_with_run(frames, _table(summarise(frames))) for frames in loaded])


def _table(rows: tuple[ModelSummary, ...]) -> pd.DataFrame:
    import pandas as pd

    fields = [msgspec.structs.asdict(row) for row in rows]
    return pd.DataFrame(
        {
            name: pd.array([_found(row, where) for row in fields], dtype=dtype)
            for name, (where, dtype) in _summary_columns().items()
        }
    )


def _found(row: Mapping[str, Any], where: tuple[str, ...]) -> Any:
    name, *part = where
    return getattr(row[name], part[0]) if part else row[name]


def _summary_columns() -> Mapping[str, tuple[tuple[str, ...], Any]]:
    """Column → where it stands in a `ModelSummary`, and its dtype; percentiles as in `p95_latency_s_low`."""
    columns: dict[str, tuple[tuple[str, ...], Any]] = {}
    for name, hint in get_type_hints(ModelSummary).items():
        if hint is not Percentiles:
            columns[name] = ((name,), _DTYPES.get(hint, "object"))
            continue
        for part, kind in get_type_hints(Percentiles).items():
            quantile, _, end = part.partition("_")
            columns["_".join(filter(None, (quantile, name, end)))] = ((name, part), _DTYPES[kind])
    return columns


_DTYPES: Mapping[Any, str] = {int: "Int64", int | None: "Int64", float | None: "Float64", str: "string"}


def _with_run(frames: RunFrames, table: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    ids = pd.array([frames.manifest.id] * len(table), dtype="string")
    return pd.concat([pd.DataFrame({"run": ids}, index=table.index), table], axis="columns")


def _below_each_other(tables: list[pd.DataFrame]) -> pd.DataFrame:
    import pandas as pd

    return tables[0] if len(tables) == 1 else pd.concat(tables, ignore_index=True)
