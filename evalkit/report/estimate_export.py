"""An estimate for programs: JSON and CSV."""

from __future__ import annotations

import csv
import io

import msgspec

from evalkit.types import CostEstimate, Spread

__all__ = ["as_csv", "as_json"]

_FIGURES = (
    "input_tokens", "output_tokens", "visible_tokens", "reasoning_tokens", "cost_usd", "cost_per_trial_usd",
    "cost_per_1k_trials_usd", "time_s",
)  # fmt: skip
_ENDS = ("low", "median", "high", "worst")


def as_json(estimate: CostEstimate) -> str:
    """All of it."""
    return msgspec.json.format(msgspec.json.encode(estimate), indent=2).decode() + "\n"


def as_csv(estimate: CostEstimate) -> str:
    """A row a model and judge; unknown is an empty cell."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    heads = [f"{figure}_{end}" for figure in _FIGURES for end in _ENDS]
    writer.writerow(["model", "role", "trials", "requests", *heads, *(f"{figure}_source" for figure in _SOURCED)])
    for row in (*estimate.models, *estimate.judges):
        role = "judge" if any(row is judge for judge in estimate.judges) else "model"
        ends = [_end(getattr(row, figure), end) for figure in _FIGURES for end in _ENDS]
        writer.writerow([row.model, role, row.trials, row.requests, *ends, *(row.sources.get(k, "") for k in _SOURCED)])
    return text.getvalue()


_SOURCED = ("input_tokens", "output_tokens", "price", "time_s")


def _end(spread: Spread | None, end: str) -> str:
    value = getattr(spread, end) if spread is not None else None
    return "" if value is None else f"{value:.10g}"
