"""The gates of a run judged, and the verdict that follows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from evalkit.analysis.frames import JudgedRun, RunFrames
from evalkit.analysis.summary import about, summarise, total
from evalkit.errors import UnknownName
from evalkit.gates.changes import is_change, judge_change
from evalkit.gates.conditions import Judged, Result, holds, splits
from evalkit.gates.readings import METRICS, Reading
from evalkit.types import Comparison, Gate, GateResult, ModelSummary, Summary

__all__ = ["judge", "judge_gate"]


def judge(frames: RunFrames, comparison: Comparison | None = None) -> JudgedRun:
    """Lays the summary, with the results of the manifest's gates and the verdict, into a run.

    A gate on the run itself compares the value; its interval stands beside it. It is inconclusive where the value is
    unknown. Gates on what changed are judged by `comparison`, and are inconclusive without one. Raises `UnknownName`
    for a gate whose metric nobody knows.
    """
    gates = frames.manifest.gates
    judged = [_judge(gate, frames, comparison) for gate in gates]
    models = summarise(frames)
    results = tuple(map(_told, gates, judged))
    verdict = _verdict(models, results, unanswered=len(frames.manifest.unanswered))
    return JudgedRun(
        manifest=frames.manifest,
        records=frames.records,
        scores=frames.scores,
        summary=Summary(
            run=about(frames.manifest), models=models, gates=results, verdict=verdict, comparison=comparison
        ),
        in_doubt=tuple(gate for gate, each in zip(gates, judged, strict=True) if each.in_doubt),
    )


def judge_gate(gate: Gate, frames: RunFrames | None, comparison: Comparison | None) -> GateResult:
    """One gate, of a comparison or of the run that `frames` is. Raises `UnknownName`."""
    return _told(gate, _judge(gate, frames, comparison))


def _verdict(models: Sequence[ModelSummary], gates: Sequence[GateResult], *, unanswered: int) -> Result:
    """Gates alone decide where there are any; else every case has to pass, and one without an answer has not.

    `unanswered` trials were not run on purpose, and count neither way.
    """
    if gates:
        results = {gate.result for gate in gates}
        return "fail" if "fail" in results else "inconclusive" if "inconclusive" in results else "pass"
    if any(row.cases_failed for row in models):
        return "fail"
    complete = not any(row.errors for row in models) and sum(row.not_run for row in models) <= unanswered
    return "pass" if complete and any(row.passed or row.xfailed for row in models) else "inconclusive"


def _told(gate: Gate, judged: Judged) -> GateResult:
    return GateResult(
        gate=str(gate),
        metric=gate.metric,
        model=gate.model,
        op=gate.op,
        limit=gate.limit,
        value=judged.value,
        low=judged.low,
        high=judged.high,
        n=judged.n,
        result=judged.result,
        reason="; ".join(judged.reasons),
        unit=gate.unit,
    )


def _judge(gate: Gate, frames: RunFrames | None, comparison: Comparison | None) -> Judged:
    if frames is None or is_change(gate):
        return judge_change(gate, comparison)
    figures = total(frames, gate.model)
    reading = _read(gate, figures)
    in_doubt = reading.bounds is not None and splits(gate, *reading.bounds)
    return Judged(
        _result(gate, reading),
        reading.value,
        reading.low,
        reading.high,
        reading.n,
        tuple(_remarks(gate, reading, figures, in_doubt=in_doubt)),
        in_doubt,
    )


def _read(gate: Gate, figures: ModelSummary | None) -> Reading:
    if gate.metric not in METRICS:
        raise UnknownName("gate metric", gate.metric, METRICS)
    if figures is None:
        return Reading(None, 0, f"{gate.model} is not part of this run")
    return METRICS[gate.metric](figures)


def _result(gate: Gate, reading: Reading) -> Result:
    if reading.value is None or (reading.partial and splits(gate, reading.value, math.inf)):
        return "inconclusive"
    return "pass" if holds(gate, reading.value) else "fail"


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
