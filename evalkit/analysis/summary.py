"""Frames into figures: one row for each model with each prompt, and totals over several of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from evalkit.analysis.cases import Cases, Grouping
from evalkit.analysis.estimates import of_trials, per_case, per_count
from evalkit.analysis.order import model_places, prompt_places
from evalkit.analysis.percentiles import percentiles
from evalkit.analysis.repeats import case_verdicts, chances, flake_rate, pass_at_k, pass_hat_k
from evalkit.analysis.subscores import metric_estimates
from evalkit.types import Estimate, Manifest, ModelSummary, Percentiles

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from evalkit.analysis.frames import RunFrames

__all__ = ["about", "summarise", "total"]

_TOKENS = ("input_tokens", "output_tokens", "reasoning_tokens", "cached_input_tokens")
_STATUSES = ("passed", "failed", "unscored", "xfailed", "xpassed")
_FAILURES = ("wrong", "truncated", "refused", "policy")
_CHECK_ERRORS = ("check_error", "judge_error")


def about(manifest: Manifest) -> dict[str, Any]:
    """The `run` part of summary.json."""
    fields = ("id", "suite", "started_at", "ended_at", "stand_in", "prices_date", "git_commit", "notes", "skipped")
    return {field: getattr(manifest, field) for field in fields}


def summarise(frames: RunFrames) -> tuple[ModelSummary, ...]:
    """One row for each model with each prompt, in the manifest's order; planned ones without records too."""
    rows = frames.records.groupby(["model", "prompt"], sort=False).indices  # taken one by one: a copy of all is large
    planned = {(row.model, row.prompt): row.trials for row in frames.manifest.planned}
    return tuple(
        _figures(*pair, frames.records.take(_numbers(rows.get(pair, ()))), frames.scores, planned.get(pair, 0))
        for pair in _in_order(frames.manifest, {**planned, **rows})
    )


def total(frames: RunFrames, model: str | None = None) -> ModelSummary | None:
    """Figures over all prompts of a model, or over the whole run, with "" for the names that do not apply.

    None where the model is not part of the run.
    """
    if model is not None and model not in {asked.name for asked in frames.manifest.models}:
        return None
    records = frames.records if model is None else frames.records[frames.records["model"] == model]
    planned = sum(row.trials for row in frames.manifest.planned if model in (None, row.model))
    return _figures(model or "", "", records, frames.scores, planned)


def _in_order(manifest: Manifest, pairs: Iterable[Any]) -> list[tuple[str, str]]:
    models, prompts = model_places(manifest), prompt_places(manifest)
    return sorted(pairs, key=lambda pair: (models[pair[0]], prompts[pair[1]]))


def _figures(model: str, prompt: str, records: pd.DataFrame, scores: pd.DataFrame, planned: int) -> ModelSummary:
    grouping = Grouping(records)
    metrics = metric_estimates(records, scores)
    return ModelSummary(
        model=model,
        prompt=prompt,
        n=len(records),
        not_run=max(0, planned - len(records)),
        repeats=int(records["repeat"].max()) + 1 if len(records) else 0,
        **_counts(records),
        **_quality(records, grouping),
        **_cases(records, grouping),
        **_times(records, grouping),
        **_spending(records, grouping),
        **_judging(records),
        metrics={name: each.value for name, each in metrics.items()},
        metric_estimates=metrics,
        usage_mismatches=int((~records["usage_adds_up"].fillna(value=True)).sum()),
        answered_by=tuple(sorted(records["answered_by"].dropna().unique())),
    )


def _counts(records: pd.DataFrame) -> Mapping[str, Any]:
    """How trials ended, each in exactly one count, and why they failed or had no verdict."""
    statuses, failures, kinds = (_tally(records[name]) for name in ("status", "failure", "error_kind"))
    errors = statuses.get("error", 0)
    return {
        **{status: statuses.get(status, 0) for status in _STATUSES},
        **{failure: failures.get(failure, 0) for failure in _FAILURES},
        "errors": errors,
        "api_errors": errors - sum(kinds.get(kind, 0) for kind in _CHECK_ERRORS),
        "check_errors": kinds.get("check_error", 0),
        "judge_errors": kinds.get("judge_error", 0),
        "error_kinds": kinds,
        "outcomes": _tally(records["outcome"]),
        "cached": int(records["cached"].sum()),
    }


def _quality(records: pd.DataFrame, grouping: Grouping) -> Mapping[str, Any]:
    """Pass rate and score with their intervals; what was expected to fail has no part in them."""
    scored = _where(records["status"].isin(["passed", "failed"]))
    cases = grouping.of(scored)
    passed = _floats(records["passed"], scored)
    errors = int(((records["status"] == "error") & records["xfail"].isna()).sum())
    right, trials = float(passed.sum()), len(passed) + errors
    rate, score = (
        of_trials(values, cases) if cases.n else None for values in (passed, _floats(records["score"], scored))
    )
    return {
        **_flat("pass_rate", rate),
        **_flat("score", score),
        "pass_rate_bounds": (right / trials, (right + errors) / trials) if errors else None,
        "clusters": cases.units if bool(records["cluster"].notna().any()) and cases.n else None,
    }


def _cases(records: pd.DataFrame, grouping: Grouping) -> Mapping[str, Any]:
    """What the repeats of each case say together."""
    scored = _where(records["status"].isin(["passed", "failed"]))
    cases, passed = grouping.of(scored), _floats(records["passed"], scored)
    verdicts = case_verdicts(records, grouping)
    return {
        "cases": cases.n,
        "cases_passed": verdicts.passed,
        "cases_failed": verdicts.failed,
        "cases_undecided": verdicts.undecided,
        "pass_at_k": chances(pass_at_k, passed, cases),
        "pass_hat_k": chances(pass_hat_k, passed, cases),
        "flake_rate": flake_rate(passed, cases),
    }


def _times(records: pd.DataFrame, grouping: Grouping) -> Mapping[str, Any]:
    """Of fresh answers: what came from a store says nothing about how fast a model is."""
    fresh = _where(records["outcome"].notna() & ~records["cached"])
    return {name: _percentiles(records, grouping, name, fresh) for name in ("latency_s", "ttft_s")}


def _percentiles(records: pd.DataFrame, grouping: Grouping, name: str, rows: NDArray[np.bool_]) -> Percentiles:
    known = rows & _where(records[name].notna())
    return percentiles(_floats(records[name], known), grouping.of(known).clusters_of_rows)


def _spending(records: pd.DataFrame, grouping: Grouping) -> Mapping[str, Any]:
    """Sums over the answers whose usage or cost is known, and means over cases."""
    names = (*_TOKENS, "cost_usd")
    sums = {name: _sum(records[name]) for name in names}
    known = {name: int(records[name].count()) for name in names}
    means = {name: _mean_per_case(records, grouping, name) for name in names}
    answered = _where(records["outcome"].notna())
    priced = sums["cost_usd"] is not None and known["cost_usd"] == int(answered.sum())
    return {
        **sums,
        "known": known,
        **_flat("cost_per_case_usd", cost := means.pop("cost_usd")),
        "cost_cases": cost.n if cost else 0,
        "tokens_per_case": {name: mean for name, mean in means.items() if mean is not None},
        **_flat("cost_per_pass_usd", _cost_per_pass(records, grouping.of(answered), answered) if priced else None),
    }


def _mean_per_case(records: pd.DataFrame, grouping: Grouping, name: str) -> Estimate | None:
    known = _where(records[name].notna())
    return per_case(_floats(records[name], known), grouping.of(known))


def _cost_per_pass(records: pd.DataFrame, cases: Cases, answered: NDArray[np.bool_]) -> Estimate | None:
    passed = _floats(records["status"].eq("passed"), answered)
    return per_count(_floats(records["cost_usd"], answered), passed, cases)


def _judging(records: pd.DataFrame) -> Mapping[str, Any]:
    """What asking judges took; an unknown part leaves the sum unknown."""
    asked = records[records["judge_calls"] > 0]
    figures = ("judge_input_tokens", "judge_output_tokens", "judge_cost_usd")
    complete = {name: len(asked) > 0 and bool(asked[name].notna().all()) for name in figures}
    return {
        "judge_calls": int(asked["judge_calls"].sum()),
        **{name: _sum(asked[name]) if complete[name] else None for name in figures},
    }


def _flat(name: str, found: Estimate | None) -> Mapping[str, float | None]:
    ends = (found.value, found.low, found.high) if found else (None, None, None)
    return dict(zip((name, f"{name}_low", f"{name}_high"), ends, strict=True))


def _numbers(rows: Any) -> NDArray[np.intp]:
    return np.asarray(rows, dtype=np.intp)


def _where(truths: pd.Series[bool]) -> NDArray[np.bool_]:
    return truths.to_numpy(dtype=bool)


def _floats(values: pd.Series[Any], rows: NDArray[np.bool_]) -> NDArray[np.float64]:
    return values[rows].to_numpy(dtype=float)


def _tally(values: pd.Series[str]) -> dict[str, int]:
    return {str(value): int(n) for value, n in values.value_counts().sort_index().items()}


def _sum(values: pd.Series[Any]) -> Any:
    amount: Any = values.sum()
    return amount.item() if values.count() else None
