"""One side of a comparison: a run, or a baseline that was checked in, as trials that can be paired."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from evalkit.analysis.cases import Grouping
from evalkit.analysis.frames import RECORD_COLUMNS, RunFrames, load_run
from evalkit.analysis.intervals import mean_interval
from evalkit.types import Manifest

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SIDE_COLUMNS", "Side", "side_counts", "side_of_frames", "side_of_run", "side_of_trials"]

SIDE_COLUMNS = (
    "key", "case_id", "prompt", "model", "repeat", "status", "score", "outcome", "answered_by", "input_tokens",
    "output_tokens", "reasoning_tokens", "cost_usd", "latency_s", "ttft_s", "cached", "started_at", "cluster", "xfail",
    "pass_if",
)  # fmt: skip
"""Of `RunFrames.records`, those that comparisons look at."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Side:
    """What is compared with something else."""

    name: str
    manifest: Manifest
    """Of the run; of a baseline, what it kept of that."""
    trials: pd.DataFrame
    """A row a trial: `SIDE_COLUMNS`."""
    folder: Path | None = None
    """Where the answers themselves are; None where only figures were kept."""

    def names(self, column: str) -> list[str]:
        """Its models (`model`) or prompts (`prompt`), in the order in which they stand there."""
        return list(dict.fromkeys(map(str, self.trials[column])))

    def among(self, column: str, names: Sequence[str]) -> Side:
        """The same side with these models or prompts only."""
        return replace(self, trials=self.trials[self.trials[column].isin(names)])

    def only(self, **names: str) -> Side:
        """The trials of one model (`model="o3"`) or one prompt; the side is called after it."""
        rows = self.trials
        for column, name in names.items():
            rows = rows[rows[column] == name]
        return replace(self, name=", ".join(names.values()), trials=rows)


def side_of_run(folder: Path) -> Side:
    """A run folder. Raises UsageError, StorageError."""
    frames = load_run(folder, columns=SIDE_COLUMNS, scores=False)
    return side_of_frames(frames, folder)


def side_of_frames(frames: RunFrames, folder: Path | None) -> Side:
    """A run that was read already."""
    return Side(name=frames.manifest.id, manifest=frames.manifest, trials=frames.records, folder=folder)


def side_of_trials(name: str, manifest: Manifest, trials: Sequence[Mapping[str, Any]]) -> Side:
    """Trials given as mappings of `SIDE_COLUMNS`; what is missing is unknown."""
    import pandas as pd

    rows = [[trial.get(column) for column in SIDE_COLUMNS] for trial in trials]
    dtypes = {column: RECORD_COLUMNS[column].dtype for column in SIDE_COLUMNS}
    frame = pd.DataFrame(rows, columns=SIDE_COLUMNS, dtype=object).astype(dtypes)
    return Side(name=name, manifest=manifest, trials=frame)


def side_counts(side: Side) -> list[dict[str, Any]]:
    """For each model with each prompt, its cases, trials by status, and the pass rate with its interval."""
    groups = side.trials.groupby(["model", "prompt"], sort=True)
    return [_counts(str(model), str(prompt), rows) for (model, prompt), rows in groups]


def _counts(model: str, prompt: str, rows: pd.DataFrame) -> dict[str, Any]:
    scored = rows["status"].isin(["passed", "failed"]).to_numpy()
    cases = Grouping(rows).of(scored)
    passed = rows["status"].eq("passed").to_numpy()[scored].astype(np.float64)
    low, high = mean_interval(cases.means(passed), cases.clusters) or (None, None)
    return {
        "model": model,
        "prompt": prompt,
        "cases": int(rows["case_id"].nunique()),
        "trials": len(rows),
        "passed": int(passed.sum()),
        "failed": int(scored.sum() - passed.sum()),
        "errors": int(rows["status"].eq("error").sum()),
        "pass_rate": float(passed.mean()) if len(passed) else None,
        "pass_rate_low": low,
        "pass_rate_high": high,
    }
