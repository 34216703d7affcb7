"""Why trials did not pass: one entry for each failure, and one for each kind of error."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

import msgspec

from evalkit.analysis.order import sorted_trials

if TYPE_CHECKING:
    import pandas as pd

    from evalkit.analysis.frames import RunFrames

__all__ = ["ErrorGroup", "FailedTrial", "error_groups", "failed_trials"]


class FailedTrial(msgspec.Struct, frozen=True, kw_only=True):
    """A wrong answer and the first check that said so."""

    case_id: str
    prompt: str
    model: str
    repeat: int
    check: str | None
    """None where no check failed, but the score stayed below the case's threshold."""
    reason: str

    @property
    def case(self) -> str:
        """`total`, and from its second repeat on `total #2`."""
        return f"{self.case_id} #{self.repeat + 1}" if self.repeat else self.case_id


class ErrorGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Trials of one model that ended in the same error."""

    model: str
    kind: str
    """A `types.FaultKind`, or `check_error`."""
    status: int | None
    message: str
    trials: int
    case_id: str
    """Of the first of them."""


def failed_trials(frames: RunFrames, limit: int) -> list[FailedTrial]:
    """At most `limit` of the failed trials, in the order of `order.sorted_trials`."""
    failed = sorted_trials(frames.records[frames.records["status"] == "failed"], frames.manifest).head(limit)
    scores = frames.scores
    against = scores[~scores["passed"].fillna(value=True) & (scores["weight"] > 0)].drop_duplicates("key")
    rows = _plain(failed.merge(against[["key", "check", "reason", "turn"]], on="key", how="left"))
    for row in rows:
        if row["check"] is None:
            row["reason"] = f"score {row['score']:g} is below the threshold"
        elif row["turn"] is not None:
            row["reason"] = f"{row['reason']} (turn {int(row['turn']) + 1})"
    return msgspec.convert(rows, list[FailedTrial])


def error_groups(frames: RunFrames, limit: int) -> list[ErrorGroup]:
    """At most `limit` kinds of error, the most frequent first, equally frequent ones by their first trial."""
    names = {"error_kind": "kind", "error_status": "status", "error_message": "message"}
    errored = sorted_trials(frames.records[frames.records["status"] == "error"], frames.manifest)
    errors = errored[["model", "case_id", *names]].rename(columns=names)
    groups = errors.groupby(["model", *names.values()], sort=False, dropna=False)["case_id"]
    counted = groups.agg(trials="size", case_id="first").reset_index()
    rows = _plain(counted.sort_values("trials", ascending=False, kind="stable").head(limit))
    return msgspec.convert(rows, list[ErrorGroup])


def _plain(frame: pd.DataFrame) -> list[dict[Hashable, Any]]:
    """Rows with None for unknown."""
    return frame.astype(object).where(frame.notna(), None).to_dict("records")
