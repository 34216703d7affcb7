"""Gates: the conditions that CI obeys, and the verdict on a run."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Literal, NamedTuple

from evalkit.analysis.frames import JudgedRun, RunFrames
from evalkit.analysis.summary import about, summarise, total
from evalkit.errors import UnknownName
from evalkit.types import Gate, GateResult, ModelSummary, Percentiles, Summary

__all__ = ["METRICS", "judge"]

Result = Literal["pass", "fail", "inconclusive"]

OPERATORS: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "==": operator.eq,
    "!=": operator.ne,
}


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
    return Reading(figures.score, scored, "nothing was scored", bounds=bounds)


def _error_rate(figures: ModelSummary) -> Reading:
    return Reading(figures.errors / figures.n if figures.n else None, figures.n, "no trial was made")


def _seconds(percentiles: Percentiles, value: float | None) -> Reading:
    return Reading(value, percentiles.n, f"n = {percentiles.n} is too few for this percentile")


def _sum(figures: ModelSummary, field: str, value: float | None) -> Reading:
    known, answers = figures.known[field], sum(figures.outcomes.values())
    return Reading(value, known, f"{field} is known of {known} of {answers} answers", partial=known < answers)


def _cost_per_pass(figures: ModelSummary) -> Reading:
    why = "nothing passed" if not figures.passed else _sum(figures, "cost_usd", None).unknown
    return Reading(figures.cost_per_pass_usd, figures.passed, why)


METRICS: dict[str, Callable[[ModelSummary], Reading]] = {
    "pass_rate": _pass_rate,
    "score": _score,
    "error_rate": _error_rate,
    "p50_latency_s": lambda figures: _seconds(figures.latency_s, figures.latency_s.p50),
    "p90_latency_s": lambda figures: _seconds(figures.latency_s, figures.latency_s.p90),
    "p95_latency_s": lambda figures: _seconds(figures.latency_s, figures.latency_s.p95),
    "p99_latency_s": lambda figures: _seconds(figures.latency_s, figures.latency_s.p99),
    "p95_ttft_s": lambda figures: _seconds(figures.ttft_s, figures.ttft_s.p95),
    "cost_usd": lambda figures: _sum(figures, "cost_usd", figures.cost_usd),
    "cost_per_pass_usd": _cost_per_pass,
    "input_tokens": lambda figures: _sum(figures, "input_tokens", figures.input_tokens),
    "output_tokens": lambda figures: _sum(figures, "output_tokens", figures.output_tokens),
}
"""What a gate can speak of; each read over all models and prompts together, or over all prompts of the gate's model."""


def judge(frames: RunFrames) -> JudgedRun:
    """Lays the summary, with the results of the manifest's gates and the verdict, into a run.

    A gate compares the value itself; its interval stands beside it. It is inconclusive where the value is unknown.
    Raises `UnknownName` for a gate whose metric is not in `METRICS`.
    """
    judged = [(gate, *_judge(gate, total(frames, gate.model))) for gate in frames.manifest.gates]
    models = summarise(frames)
    results = tuple(result for _, result, _ in judged)
    return JudgedRun(
        manifest=frames.manifest,
        records=frames.records,
        scores=frames.scores,
        summary=Summary(run=about(frames.manifest), models=models, gates=results, verdict=_verdict(models, results)),
        in_doubt=tuple(gate for gate, _, in_doubt in judged if in_doubt),
    )


def _verdict(models: Sequence[ModelSummary], gates: Sequence[GateResult]) -> Result:
    """Gates alone decide where there are any; else every trial has to pass, and one without an answer has not."""
    if gates:
        results = {gate.result for gate in gates}
        return "fail" if "fail" in results else "inconclusive" if "inconclusive" in results else "pass"
    if any(row.failed for row in models):
        return "fail"
    complete = not any(row.errors or row.not_run for row in models)
    return "pass" if complete and any(row.passed for row in models) else "inconclusive"


def _judge(gate: Gate, figures: ModelSummary | None) -> tuple[GateResult, bool]:
    """The result, and whether the trials with errors could have changed it."""
    reading = _read(gate, figures)
    in_doubt = reading.bounds is not None and _splits(gate, *reading.bounds)
    return GateResult(
        gate=str(gate),
        metric=gate.metric,
        model=gate.model,
        op=gate.op,
        limit=gate.limit,
        value=reading.value,
        low=reading.low,
        high=reading.high,
        n=reading.n,
        result=_result(gate, reading),
        reason="; ".join(_remarks(gate, reading, figures, in_doubt=in_doubt)),
    ), in_doubt


def _read(gate: Gate, figures: ModelSummary | None) -> Reading:
    if gate.metric not in METRICS:
        raise UnknownName("gate metric", gate.metric, METRICS)
    if figures is None:
        return Reading(None, 0, f"{gate.model} is not part of this run")
    return METRICS[gate.metric](figures)


def _result(gate: Gate, reading: Reading) -> Result:
    if reading.value is None or (reading.partial and _splits(gate, reading.value, math.inf)):
        return "inconclusive"
    return "pass" if OPERATORS[gate.op](reading.value, gate.limit) else "fail"


def _splits(gate: Gate, low: float, high: float) -> bool:
    """Whether the gate holds for some values from `low` to `high` and for others not."""
    holds = OPERATORS[gate.op]
    met_inside = gate.op in ("==", "!=") and low <= gate.limit <= high
    return met_inside or holds(low, gate.limit) != holds(high, gate.limit)


def _remarks(gate: Gate, reading: Reading, figures: ModelSummary | None, *, in_doubt: bool) -> Iterator[str]:
    """What value and limit alone do not say."""
    if reading.value is None:
        yield reading.unknown
    elif reading.partial:
        yield f"at least this: {reading.unknown}"
    if reading.bounds and in_doubt:
        low, high = (f"{100 * end:.1f} %" if gate.metric.endswith("_rate") else f"{end:.3f}" for end in reading.bounds)
        yield f"with answers instead of errors it could be anything from {low} to {high}"
    if figures and figures.not_run:
        yield f"{figures.not_run} of {figures.n + figures.not_run} trials were not run"
