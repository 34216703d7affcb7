"""What a gate's metric says of a run: its value, its interval, and what stands behind it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from evalkit.types import ModelSummary, Percentiles

__all__ = ["METRICS", "Reading"]


class Reading(NamedTuple):
    """What a gate's metric says about the trials in its scope."""

    value: float | None
    n: int
    """The trials or answers behind the value."""
    unknown: str
    """Why there is no value, or why it may be higher."""
    low: float | None = None
    high: float | None = None
    partial: bool = False
    """True for a sum of which a part is unknown: the truth is `value` or more."""
    bounds: tuple[float, float] | None = None
    """The value if the trials with errors had all gone wrong, and if they had all gone right."""


def _pass_rate(figures: ModelSummary) -> Reading:
    low, high, bounds = figures.pass_rate_low, figures.pass_rate_high, figures.pass_rate_bounds
    scored = figures.passed + figures.failed
    return Reading(figures.pass_rate, scored, "nothing was scored", low, high, bounds=bounds)


def _score(figures: ModelSummary) -> Reading:
    scored = figures.passed + figures.failed
    points, trials = (figures.score or 0.0) * scored, scored + figures.errors
    bounds = (points / trials, (points + figures.errors) / trials) if figures.errors else None
    return Reading(figures.score, scored, "nothing was scored", figures.score_low, figures.score_high, bounds=bounds)


def _error_rate(figures: ModelSummary) -> Reading:
    return Reading(figures.errors / figures.n if figures.n else None, figures.n, "no trial was made")


def _seconds(percentiles: Percentiles, which: str) -> Reading:
    value, low, high = (getattr(percentiles, name) for name in (which, f"{which}_low", f"{which}_high"))
    return Reading(value, percentiles.n, f"n = {percentiles.n} is too few for this percentile", low, high)


def _sum(figures: ModelSummary, field: str, value: float | None) -> Reading:
    known, answers = figures.known[field], sum(figures.outcomes.values())
    return Reading(value, known, f"{field} is known of {known} of {answers} answers", partial=known < answers)


def _cost_per_pass(figures: ModelSummary) -> Reading:
    why = "nothing passed" if not figures.passed else _sum(figures, "cost_usd", None).unknown
    low, high = figures.cost_per_pass_usd_low, figures.cost_per_pass_usd_high
    return Reading(figures.cost_per_pass_usd, figures.passed, why, low, high)


METRICS: dict[str, Callable[[ModelSummary], Reading]] = {
    "pass_rate": _pass_rate,
    "score": _score,
    "error_rate": _error_rate,
    "p50_latency_s": lambda figures: _seconds(figures.latency_s, "p50"),
    "p90_latency_s": lambda figures: _seconds(figures.latency_s, "p90"),
    "p95_latency_s": lambda figures: _seconds(figures.latency_s, "p95"),
    "p99_latency_s": lambda figures: _seconds(figures.latency_s, "p99"),
    "p95_ttft_s": lambda figures: _seconds(figures.ttft_s, "p95"),
    "cost_usd": lambda figures: _sum(figures, "cost_usd", figures.cost_usd),
    "cost_per_pass_usd": _cost_per_pass,
    "input_tokens": lambda figures: _sum(figures, "input_tokens", figures.input_tokens),
    "output_tokens": lambda figures: _sum(figures, "output_tokens", figures.output_tokens),
}
"""What a gate can speak of; each read over all models and prompts together, or over all prompts of the gate's model."""
