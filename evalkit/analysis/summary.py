"""Frames into figures: one row for each model with each prompt, and totals over several of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from evalkit.analysis.order import model_places, prompt_places
from evalkit.analysis.statistics import percentiles, wilson
from evalkit.types import Manifest, ModelSummary

if TYPE_CHECKING:
    import pandas as pd

    from evalkit.analysis.frames import RunFrames

__all__ = ["about", "summarise", "total"]

_CASE = ("case_id", "model", "prompt")
"""What trials share that differ only by their repeat."""
_TOKENS = ("input_tokens", "output_tokens", "reasoning_tokens", "cached_input_tokens")


def about(manifest: Manifest) -> dict[str, Any]:
    """The `run` part of summary.json."""
    fields = ("id", "suite", "started_at", "ended_at", "stand_in", "prices_date", "git_commit", "notes", "skipped")
    return {field: getattr(manifest, field) for field in fields}


def summarise(frames: RunFrames) -> tuple[ModelSummary, ...]:
    """One row for each model with each prompt, in the manifest's order; planned ones without records too."""
    # Without iter, dict() would take the groups for a mapping, because they have an attribute `keys`.
    made = dict(iter(frames.records.groupby(["model", "prompt"], sort=False)))
    planned = {(row.model, row.prompt): row.trials for row in frames.manifest.planned}
    empty = frames.records.iloc[:0]
    return tuple(
        _figures(model, prompt, made.get((model, prompt), empty), planned.get((model, prompt), 0))
        for model, prompt in _in_order(frames.manifest, {**planned, **made})
    )


def total(frames: RunFrames, model: str | None = None) -> ModelSummary | None:
    """Figures over all prompts of a model, or over the whole run, with "" for the names that do not apply.

    None where the model is not part of the run.
    """
    if model is not None and model not in {asked.name for asked in frames.manifest.models}:
        return None
    records = frames.records if model is None else frames.records[frames.records["model"] == model]
    planned = sum(row.trials for row in frames.manifest.planned if model in (None, row.model))
    return _figures(model or "", "", records, planned)


def _in_order(manifest: Manifest, pairs: Iterable[Any]) -> list[tuple[str, str]]:
    models, prompts = model_places(manifest), prompt_places(manifest)
    return sorted(pairs, key=lambda pair: (models[pair[0]], prompts[pair[1]]))


def _figures(model: str, prompt: str, records: pd.DataFrame, planned: int) -> ModelSummary:
    counts = _counts(records["status"])
    passed, failed, errors = (counts.get(status, 0) for status in ("passed", "failed", "error"))
    scored = passed + failed
    low, high = _interval(records) or (None, None)
    sums = {name: _sum(records[name]) for name in (*_TOKENS, "cost_usd")}
    known = {name: int(records[name].count()) for name in sums}
    answers = records[records["outcome"].notna()]
    fresh = answers[~answers["cached"]]
    cost = sums["cost_usd"]
    priced = cost is not None and known["cost_usd"] == len(answers)
    return ModelSummary(
        model=model,
        prompt=prompt,
        n=len(records),
        passed=passed,
        failed=failed,
        errors=errors,
        unscored=counts.get("unscored", 0),
        not_run=max(0, planned - len(records)),
        pass_rate=passed / scored if scored else None,
        pass_rate_low=low,
        pass_rate_high=high,
        pass_rate_bounds=(passed / (scored + errors), (passed + errors) / (scored + errors)) if errors else None,
        score=_mean(records["score"][records["status"].isin(["passed", "failed"])]),
        outcomes=_counts(records["outcome"]),
        error_kinds=_counts(records["error_kind"]),
        latency_s=percentiles(fresh["latency_s"]),
        ttft_s=percentiles(fresh["ttft_s"]),
        **{name: sums[name] for name in _TOKENS},
        cost_usd=cost,
        cost_per_pass_usd=cost / passed if priced and passed else None,
        known=known,
        usage_mismatches=int((~records["usage_adds_up"].fillna(value=True)).sum()),
        answered_by=tuple(sorted(records["answered_by"].dropna().unique())),
    )


def _interval(records: pd.DataFrame) -> tuple[float, float] | None:
    """Over cases and not over trials: the repeats of a case are no independent evidence (Miller, arXiv:2411.00640)."""
    scored = records[records["status"].isin(["passed", "failed"])]
    shares = scored["passed"].astype(float).groupby([scored[name] for name in _CASE]).mean()
    return wilson(float(shares.sum()), len(shares))


def _counts(values: pd.Series[str]) -> dict[str, int]:
    return {str(value): int(n) for value, n in values.value_counts().sort_index().items()}


def _sum(values: pd.Series[Any]) -> Any:
    amount: Any = values.sum()
    return amount.item() if values.count() else None


def _mean(values: pd.Series[float]) -> float | None:
    return float(values.mean()) if values.count() else None
