"""A run folder as pandas frames: one row a trial, one row a check.

Text columns have the dtype `string`, counts `Int64`, figures `Float64`, truths `boolean`; unknown is `pandas.NA`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from evalkit.analysis.lines import Line, latest_lines
from evalkit.run_folder import RECORDS, read_manifest
from evalkit.types import Gate, Manifest, Score, Summary

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["RECORD_COLUMNS", "SCORE_COLUMNS", "JudgedRun", "RunFrames", "load_run"]

T = TypeVar("T")
Columns = Mapping[str, tuple[Any, Callable[[T], Any]]]
"""Column → its dtype and where its value comes from."""


def _answer(field: str) -> Callable[[Line], Any]:
    return lambda line: line.response and getattr(line.response, field)


RECORD_COLUMNS: Columns[Line] = {
    "key": ("string", attrgetter("key")),
    "case_id": ("string", attrgetter("case_id")),
    "prompt": ("string", attrgetter("prompt")),
    "model": ("string", attrgetter("model")),
    "repeat": ("Int64", attrgetter("repeat")),
    "status": ("string", attrgetter("status")),  # passed, failed, error or unscored
    "passed": ("boolean", attrgetter("passed")),
    "score": ("Float64", attrgetter("score")),
    "outcome": ("string", _answer("outcome")),
    "finish_reason": ("string", _answer("finish_reason")),
    "answered_by": ("string", _answer("model")),
    "error_kind": ("string", attrgetter("error_kind")),  # a fault's class, or check_error
    "error_status": ("Int64", lambda line: line.error and line.error.status),
    "error_message": ("string", attrgetter("error_message")),
    "input_tokens": ("Int64", attrgetter("usage.input_tokens")),
    "output_tokens": ("Int64", attrgetter("usage.output_tokens")),
    "reasoning_tokens": ("Int64", attrgetter("usage.reasoning_tokens")),
    "cached_input_tokens": ("Int64", attrgetter("usage.cached_input_tokens")),
    "total_tokens": ("Int64", attrgetter("usage.total_tokens")),
    "usage_adds_up": ("boolean", attrgetter("usage_adds_up")),  # as the gateway told it, before any rule
    "cost_usd": ("Float64", attrgetter("cost_usd")),
    "queue_s": ("Float64", attrgetter("timing.queue_s")),
    "backoff_s": ("Float64", attrgetter("timing.backoff_s")),
    "latency_s": ("Float64", attrgetter("timing.latency_s")),
    "e2e_s": ("Float64", attrgetter("timing.e2e_s")),
    "ttft_s": ("Float64", attrgetter("timing.ttft_s")),
    "ttfo_s": ("Float64", attrgetter("timing.ttfo_s")),
    "tpot_s": ("Float64", attrgetter("timing.tpot_s")),
    "attempts": ("Int64", attrgetter("attempts")),
    "cached": ("boolean", attrgetter("cached")),
    "started_at": ("string", attrgetter("started_at")),  # UTC, ISO 8601 with milliseconds
}
"""`RunFrames.records`, after its first column `run`, the run's id."""

SCORE_COLUMNS: Columns[Score] = {
    "check": ("string", attrgetter("check")),
    "value": ("Float64", attrgetter("value")),
    "passed": ("boolean", attrgetter("passed")),
    "reason": ("string", attrgetter("reason")),
    "error": ("string", attrgetter("error")),
    "weight": ("Float64", attrgetter("weight")),
}
"""`RunFrames.scores`, after the first columns, which say whose check it was (`_IDENTITY`)."""

_IDENTITY = ("key", "case_id", "prompt", "model", "repeat")


@dataclass(frozen=True, kw_only=True, eq=False)
class RunFrames:
    """A run as it was kept."""

    manifest: Manifest
    records: pd.DataFrame
    """One row a trial that was made: `RECORD_COLUMNS`."""
    scores: pd.DataFrame
    """One row a check that was asked: the trial's identity and `SCORE_COLUMNS`."""


@dataclass(frozen=True, kw_only=True, eq=False)
class JudgedRun(RunFrames):
    """A run with its summary, as `gates.judge` lays it in: what reports are made from."""

    summary: Summary
    in_doubt: tuple[Gate, ...]
    """The gates that could have come out otherwise, had the trials that ended in errors been answered."""


def load_run(path: Path, *, text: bool = False) -> RunFrames:
    """Reads a run folder, also one that is still being written; with `text`, the answers as a column `text` too.

    Raises `UsageError` where `path` is no run folder, `StorageError` where a record inside is damaged.
    """
    manifest = read_manifest(path)
    superseded = frozenset(manifest.superseded)
    lines = [line for line in latest_lines(path / RECORDS) if line.key not in superseded]
    columns = {"run": ("string", lambda _: manifest.id), **RECORD_COLUMNS}
    if text:
        columns["text"] = ("string", _answer("text"))
    records = _frame(lines, columns)
    checks = [(line, score) for line in lines for score in line.scores]
    whose = _frame([line for line, _ in checks], {name: RECORD_COLUMNS[name] for name in _IDENTITY})
    found = _frame([score for _, score in checks], SCORE_COLUMNS)
    return RunFrames(manifest=manifest, records=records, scores=whose.join(found))


def _frame(rows: Sequence[T], columns: Columns[T]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(
        {name: pd.array([get(row) for row in rows], dtype=dtype) for name, (dtype, get) in columns.items()}
    )
