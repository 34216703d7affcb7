"""Writes run folders for tests: a manifest and records, without a runner."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import msgspec

from evalkit.journal.lines import seal
from evalkit.types import (
    AskedModel,
    Fault,
    Gate,
    Manifest,
    PlannedTrials,
    Record,
    Response,
    Score,
    Timing,
    Usage,
)

_numbers = itertools.count()


def manifest(*, models=("gpt-4o",), prompts=("terse",), planned=None, gates=(), **fields: Any) -> Manifest:
    """A manifest; `planned` maps (model, prompt) to a number of trials."""
    return Manifest(
        id=fields.pop("id", "quickstart-20261121T184100Z"),
        suite=fields.pop("suite", "quickstart"),
        suite_file="suites/quickstart.yaml",
        suite_source="name: quickstart\n",
        suite_digest="0" * 64,
        started_at="2026-11-21T18:41:00.000Z",
        ended_at=fields.pop("ended_at", "2026-11-21T18:41:09.000Z"),
        models=tuple(asked(name) for name in models),
        prompts=tuple(prompts),
        planned=tuple(PlannedTrials(model=m, prompt=p, trials=n) for (m, p), n in (planned or {}).items()),
        gates=tuple(gates),
        **fields,
    )


def asked(name: str) -> AskedModel:
    return AskedModel(name=name, id=name, api="chat", provider="gptproto", host="gptproto.com", family="gpt", params={})


def record(passed: bool | None = True, **fields: Any) -> Record:
    """An answered trial with one check; every call is another case unless `case_id` says otherwise."""
    case_id = fields.pop("case_id", f"case-{next(_numbers):05}")
    model, prompt, repeat = fields.pop("model", "gpt-4o"), fields.pop("prompt", "terse"), fields.pop("repeat", 0)
    score = None if passed is None else float(passed)
    check = Score(check="icontains", value=score, passed=passed, reason=fields.pop("reason", "looked for 'Paris'"))
    return Record(
        key=fields.pop("key", f"{case_id}/{prompt}/{model}/{repeat}"),
        case_id=case_id,
        prompt=prompt,
        model=model,
        repeat=repeat,
        passed=passed,
        score=fields.pop("score", score),
        request={"model": model, "messages": [{"role": "user", "content": "?"}]},
        response=fields.pop("response", None) or answer(**fields.pop("usage", {}), answered_by=model),
        scores=fields.pop("scores", () if passed is None else (check,)),
        error=None,
        timing=timing(fields.pop("latency_s", 0.5), fields.pop("ttft_s", None)),
        attempts=1,
        cached=fields.pop("cached", False),
        cost_usd=fields.pop("cost_usd", None),
        started_at="2026-11-21T18:41:00.123Z",
        **fields,
    )


def errored(kind="timeout", message="no answer within 600 s", status=None, **fields: Any) -> Record:
    """A trial without an answer."""
    return msgspec.structs.replace(
        record(None, **fields),
        response=None,
        scores=(),
        error=Fault(kind=kind, status=status, message=message),
        timing=timing(None),
    )


def unchecked(error="schema could not be compiled", judge_failed=False, **fields: Any) -> Record:
    """An answer that a check could not look at."""
    broken = Score(check="json_schema", error=error, judge_failed=judge_failed)
    return record(None, scores=(Score(check="contains", value=1.0, passed=True), broken), **fields)


def answer(text="Paris", outcome="ok", answered_by="gpt-4o", **usage: Any) -> Response:
    return Response(
        text=text,
        model=answered_by,
        finish_reason="stop",
        outcome=outcome,
        usage=Usage(**usage),
        raw={"choices": [{"message": {"content": text}}]},
    )


def timing(latency_s: float | None, ttft_s: float | None = None) -> Timing:
    return Timing(queue_s=0.1, backoff_s=0.0, latency_s=latency_s, e2e_s=(latency_s or 0) + 0.1, ttft_s=ttft_s)


def write(folder: Path, records=(), run: Manifest | None = None) -> Path:
    """A run folder, its lines sealed as the journal does it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "run.json").write_bytes(msgspec.json.encode(run or manifest()))
    with (folder / "records.jsonl").open("wb") as file:
        for kept in records:
            file.write(seal(msgspec.json.encode(kept)))
    return folder


def gate(metric="pass_rate", op=">=", limit=0.9, model=None) -> Gate:
    return Gate(metric=metric, op=op, limit=limit, model=model)
