"""A judge measured: labelled answers as a suite whose answers are given, judged like any other, beside the labels."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from evalkit.analysis.judge_measures import JudgeReport, Kind, Rated, measure_of
from evalkit.cli.budgets import set_budgets
from evalkit.cli.judge_labels import Labelled, Labels
from evalkit.cli.manifest import stamp
from evalkit.cli.options import Options
from evalkit.cli.preparing import Prepared
from evalkit.cli.recalling import Recalled
from evalkit.cli.session import ask, begin, ended
from evalkit.cli.starting import Storage
from evalkit.errors import UsageError
from evalkit.gateway.providers import resolve_keys
from evalkit.journal import Journal, iter_records
from evalkit.run_folder import RECORDS, write_manifest
from evalkit.running.job import Ending
from evalkit.simulator.child import StandIn
from evalkit.stored.source import StoredAnswer
from evalkit.suite.judges import JudgeInvalid
from evalkit.suite.loader import load_suite
from evalkit.suite.plan import Plan
from evalkit.types import Asked, Response, Timing, Trial, Usage

__all__ = ["compare", "judge_all", "prepare"]

_GIVEN = "given"
"""What the model is called whose answers these are."""
_NOT_TOLD = "(it is not told what was asked)"
_UNTIMED = Timing(queue_s=0.0, backoff_s=0.0, latency_s=None, e2e_s=0.0)


class _GivenAnswers:
    """The labelled answers, as stored ones."""

    def __init__(self, rows: Sequence[Labelled]) -> None:
        self._answers = {row.case_id: row.answer for row in rows}
        self._read_at = stamp(datetime.now(UTC))

    def find(self, trial: Trial, asked: Asked, part: str) -> StoredAnswer | None:
        """Of the question itself; judges are asked."""
        del asked
        if part != "turn 0":
            return None
        text = self._answers[trial.case_id]
        response = Response(text=text, model=None, finish_reason="stop", outcome="ok", usage=Usage())
        return StoredAnswer(response=response, timing=_UNTIMED, started_at=self._read_at, cost_usd=None)

    def keep(self, trial: Trial, asked: Asked, part: str, answer: StoredAnswer) -> None:
        """Nothing."""


def prepare(
    file: Path,
    labels: Labels,
    judges: Sequence[str],
    options: Options,
    environ: Mapping[str, str],
    *,
    stand_in_url: str | None,
) -> Prepared:
    """The answers with a check for every judge, ready to be judged. Raises UsageError."""
    suite = load_suite(file.with_suffix(".json"), text=_written(_suite(file, labels, judges)), environ=environ)
    if stand_in_url is not None:
        suite = suite.with_gateway(stand_in_url)
    plan = Plan(suite)
    for name in judges:
        try:
            plan.judging.find(name, plan.models[0])
        except JudgeInvalid as error:
            raise UsageError(f"--model: {error}") from error
    prepared = Prepared(plan, plan.prepare(), (), {}, unsent={_GIVEN})
    prepared.recalled = Recalled(stored=_GivenAnswers(labels.rows))
    if stand_in_url is None:
        prepared.keys = resolve_keys(plan.judges, environ)
    else:
        prepared.keys = {judge.provider.name: StandIn.api_key for judge in plan.judges}
    set_budgets([prepared], options.max_cost)
    return prepared


def judge_all(prepared: Prepared, options: Options) -> tuple[Path, Ending]:
    """Has the answers judged, in a run folder."""
    folder, manifest = begin(prepared, options, Storage())
    with Journal(folder) as journal:
        ending = ask(prepared, journal, folder, options)
    write_manifest(folder, ended(manifest, ending, folder))
    return folder, ending


def compare(
    folder: Path, file: Path, labels: Labels, judges: Sequence[str], *, threshold: float, stand_in: bool
) -> JudgeReport:
    """What was judged in a run folder, beside the labels."""
    scores = {record.case_id: record.scores for record in iter_records(folder / RECORDS)}

    def rated(place: int) -> list[Rated]:
        found = [(row, scores.get(row.case_id)) for row in labels.rows]
        return [
            Rated(id=row.id, line=row.line, label=row.label, score=None if score is None else score[place])
            for row, score in found
        ]

    return JudgeReport(
        file=str(file),
        kind=labels.kind,
        n=len(labels.rows),
        threshold=None if labels.kind == "class" else threshold,
        stand_in=stand_in,
        judges=tuple(
            measure_of(judge, rated(place), kind=labels.kind, threshold=threshold) for place, judge in enumerate(judges)
        ),
    )


def _suite(file: Path, labels: Labels, judges: Sequence[str]) -> dict[str, Any]:
    given = {"id": _GIVEN, "provider": _GIVEN, "api": "chat", "price": {"input": 0, "output": 0}}
    return {
        "name": f"judge-check-{file.stem}",
        "providers": {_GIVEN: {"base_url": "http://127.0.0.1:9/v1"}},  # nobody is asked there
        "models": [given],
        "prompts": [{"name": "input", "user": "{{ input }}"}],
        "cases": [_case(row, labels.kind, judges) for row in labels.rows],
    }


def _case(row: Labelled, kind: Kind, judges: Sequence[str]) -> dict[str, Any]:
    """One check for each judge, in their order."""
    case = {
        "id": row.case_id,
        "vars": {"input": _verbatim(row.input or _NOT_TOLD)},
        "checks": [_check(row, kind, judge) for judge in judges],
    }
    return case if row.expected is None else {**case, "expected": _verbatim(row.expected)}


def _check(row: Labelled, kind: Kind, judge: str) -> dict[str, Any]:
    if kind == "class":
        return {"factuality": {"model": judge}}
    return {"judge": {"rubric": _verbatim(row.rubric or ""), "show_task": row.input is not None, "model": judge}}


def _verbatim(text: str) -> str:
    """A template that renders to `text`, whatever that holds."""
    return "{{ " + json.dumps(text, ensure_ascii=False) + " }}" if "{" in text else text


def _written(suite: dict[str, Any]) -> str:
    """JSON that is YAML, too."""
    return json.dumps(suite).replace("\x7f", "\\u007f")
