"""A run folder as pandas frames: one row a trial, one row a check.

Text columns have the dtype `string`, counts `Int64`, figures `Float64`, truths `boolean`; unknown is `pandas.NA`.
docs/frames.md says what each column means.
"""

from __future__ import annotations

import itertools
from array import array
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from evalkit.analysis.columns import new_column
from evalkit.analysis.lines import Line, OpinionLine, ScoreLine, read_lines
from evalkit.errors import UnknownName
from evalkit.run_folder import RECORDS, folder_of, read_manifest
from evalkit.types import Gate, Manifest, Summary

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

__all__ = [
    "IDENTITY",
    "MORE_COLUMNS",
    "RECORD_COLUMNS",
    "SCORE_COLUMNS",
    "JudgedRun",
    "RunFrames",
    "check_columns",
    "load_run",
]


class Spec(NamedTuple):
    """What a column holds."""

    dtype: str
    get: Callable[[Any], Any]
    """Its value, of a `Line` or a `ScoreLine`; None where it is unknown."""
    differing: bool = False
    """True for texts that stand there once each."""


Columns = Mapping[str, Spec]


def _answer(field: str) -> Callable[[Line], Any]:
    return lambda line: line.response and getattr(line.response, field)


def _judges(figure: Callable[[OpinionLine], float | None]) -> Callable[[Line | ScoreLine], float | None]:
    """The sum of a figure over all judges asked; None where one did not say, or none was asked."""

    def total(judged: Line | ScoreLine) -> float | None:
        opinions = judged.opinions
        if not opinions:
            return None
        known = [value for value in map(figure, opinions) if value is not None]
        return sum(known) if len(known) == len(opinions) else None

    return total


_JUDGING: Columns = {
    "judge_calls": Spec("Int64", lambda judged: len(judged.opinions)),
    "judge_input_tokens": Spec("Int64", _judges(attrgetter("response.usage.input_tokens"))),
    "judge_output_tokens": Spec("Int64", _judges(attrgetter("response.usage.output_tokens"))),
    "judge_cost_usd": Spec("Float64", _judges(attrgetter("cost_usd"))),
}

RECORD_COLUMNS: Columns = {
    "key": Spec("string", attrgetter("key"), differing=True),
    "case_id": Spec("string", attrgetter("case_id")),
    "prompt": Spec("string", attrgetter("prompt")),
    "model": Spec("string", attrgetter("model")),
    "repeat": Spec("Int64", attrgetter("repeat")),
    "cluster": Spec("string", attrgetter("cluster")),
    "tags": Spec("string", lambda line: ", ".join(line.tags)),
    "xfail": Spec("string", attrgetter("xfail")),
    "pass_if": Spec("Float64", attrgetter("pass_if")),
    "turns": Spec("Int64", lambda line: len(line.turns) or None),
    "status": Spec("string", attrgetter("status")),
    "failure": Spec("string", attrgetter("failure")),
    "passed": Spec("boolean", attrgetter("passed")),
    "score": Spec("Float64", attrgetter("score")),
    "outcome": Spec("string", _answer("outcome")),
    "finish_reason": Spec("string", _answer("finish_reason")),
    "answered_by": Spec("string", _answer("model")),
    "error_kind": Spec("string", attrgetter("error_kind")),
    "error_status": Spec("Int64", lambda line: line.error and line.error.status),
    "error_message": Spec("string", attrgetter("error_message")),
    "input_tokens": Spec("Int64", attrgetter("usage.input_tokens")),
    "output_tokens": Spec("Int64", attrgetter("usage.output_tokens")),
    "reasoning_tokens": Spec("Int64", attrgetter("usage.reasoning_tokens")),
    "cached_input_tokens": Spec("Int64", attrgetter("usage.cached_input_tokens")),
    "total_tokens": Spec("Int64", attrgetter("usage.total_tokens")),
    "usage_adds_up": Spec("boolean", attrgetter("usage_adds_up")),
    "cost_usd": Spec("Float64", attrgetter("cost_usd")),
    **_JUDGING,
    "queue_s": Spec("Float64", attrgetter("timing.queue_s")),
    "backoff_s": Spec("Float64", attrgetter("timing.backoff_s")),
    "latency_s": Spec("Float64", attrgetter("timing.latency_s")),
    "e2e_s": Spec("Float64", attrgetter("timing.e2e_s")),
    "ttft_s": Spec("Float64", attrgetter("timing.ttft_s")),
    "ttfo_s": Spec("Float64", attrgetter("timing.ttfo_s")),
    "tpot_s": Spec("Float64", attrgetter("timing.tpot_s")),
    "attempts": Spec("Int64", attrgetter("attempts")),
    "cached": Spec("boolean", attrgetter("cached")),
    "started_at": Spec("string", attrgetter("started_at"), differing=True),
}
"""`RunFrames.records`, after its first column `run`, the run's id."""

MORE_COLUMNS: Columns = {
    "text": Spec("string", _answer("text"), differing=True),
    "expected": Spec("string", attrgetter("expected"), differing=True),
}
"""Columns of `RunFrames.records` that are read only when they are asked for, because they may be large."""

SCORE_COLUMNS: Columns = {
    "check": Spec("string", attrgetter("check")),
    "value": Spec("Float64", attrgetter("value")),
    "passed": Spec("boolean", attrgetter("passed")),
    "reason": Spec("string", attrgetter("reason"), differing=True),
    "error": Spec("string", attrgetter("error")),
    "error_kind": Spec("string", attrgetter("error_kind")),
    "weight": Spec("Float64", attrgetter("weight")),
    "metric": Spec("string", attrgetter("metric")),
    "skipped": Spec("boolean", attrgetter("skipped")),
    "turn": Spec("Int64", attrgetter("turn")),
    **_JUDGING,
}
"""`RunFrames.scores`, after the first columns, which say whose check it was (`key` and the rest of its identity)."""

IDENTITY = ("case_id", "prompt", "model", "repeat")
"""What makes two records speak of the same trial; the newest of them counts."""
_WHOSE = ("key", *IDENTITY)
_BATCH = 2_048
"""Lines that are decoded before their values go into the columns."""


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


def load_run(
    path: str | Path, *, text: bool = False, columns: Collection[str] | None = None, scores: bool = True
) -> RunFrames:
    """Reads a run folder, also one that is still being written.

    With `text`, `records` has the columns of `MORE_COLUMNS` too; with `columns`, only these of both tables. Without
    `scores`, that frame stays empty. Of several records of one case × prompt × model × repeat, as after an answer that
    was asked for again or a case that was edited, the newest counts.

    Raises `UsageError` where `path` is no run folder, `StorageError` where a record inside is damaged.
    """
    folder = folder_of(Path(path))
    manifest = read_manifest(folder)
    superseded = frozenset(manifest.superseded)
    wanted = _wanted(columns, text=text)
    trials = _Table({name: _SPECS[name] for name in dict.fromkeys([*_WHOSE, *wanted])})
    checks, owners = _Table(SCORE_COLUMNS), array("q")
    lines = (line for line in read_lines(folder / RECORDS) if line.key not in superseded)
    made = 0
    while batch := list(itertools.islice(lines, _BATCH)):
        trials.extend(batch)
        if scores:
            checks.extend([score for line in batch for score in line.scores])
            owners.extend([number for number, line in enumerate(batch, start=made) for _ in line.scores])
        made += len(batch)
    return _frames(manifest, trials, checks, owners, wanted)


def check_columns(names: Collection[str] | None) -> None:
    """Raises `UsageError` for a name that no column of a run's records has."""
    for name in names or ():
        if name not in _SPECS and name != "run":
            raise UnknownName("column", name, _SPECS)


def _wanted(columns: Collection[str] | None, *, text: bool) -> tuple[str, ...]:
    check_columns(columns)
    names = [*(RECORD_COLUMNS if columns is None else columns), *(MORE_COLUMNS if text else ())]
    return tuple(name for name in dict.fromkeys(names) if name != "run")


_SPECS: Columns = {**RECORD_COLUMNS, **MORE_COLUMNS}


class _Table:
    """A frame under construction."""

    def __init__(self, columns: Columns) -> None:
        self._columns = {
            name: (spec.get, new_column(spec.dtype, repetitive=not spec.differing)) for name, spec in columns.items()
        }

    def extend(self, rows: Sequence[object]) -> None:
        """Appends rows: `Line`s or `ScoreLine`s."""
        for get, column in self._columns.values():
            column.extend(list(map(get, rows)))

    def finish(self) -> pd.DataFrame:
        """All rows."""
        import pandas as pd

        return pd.DataFrame({name: column.finish() for name, (_, column) in self._columns.items()}, copy=False)


def _frames(
    manifest: Manifest, trials: _Table, checks: _Table, owners: array[int], wanted: tuple[str, ...]
) -> RunFrames:
    """The frames without the records that newer ones took the place of."""
    import numpy as np
    import pandas as pd

    made, whose = trials.finish(), np.array(owners, dtype=np.intp)
    newest: NDArray[np.bool_] = ~made.duplicated(list(IDENTITY), keep="last").to_numpy()
    found = made[list(_WHOSE)].take(whose).reset_index(drop=True).join(checks.finish())
    records = made[list(wanted)]
    if not newest.all():
        records = records[newest].reset_index(drop=True)
        found = found[newest[whose]].reset_index(drop=True)
    run = pd.Series(pd.array([manifest.id], dtype="string")).repeat(len(records)).reset_index(drop=True)
    records.insert(0, "run", run)
    return RunFrames(manifest=manifest, records=records, scores=found)
