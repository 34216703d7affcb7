"""Trials and answers to store."""

from __future__ import annotations

from typing import Any

from evalkit.stored.source import StoredAnswer
from evalkit.types import Message, Model, Provider, Request, Response, Timing, Trial, Usage

PROVIDER = Provider(name="p", base_url="https://gate.example/v1", api_key_env="K")


def model(**changes: Any) -> Model:
    return Model(**{"name": "m", "id": "gpt-4o", "provider": PROVIDER, "api": "chat", "family": "gpt", **changes})


def trial(text: str = "hi", *, asked: Model | None = None, **changes: Any) -> Trial:
    asked = asked or model()
    request = changes.pop("request", None) or Request(
        model=asked.id, messages=(Message(role="user", content=text, images=changes.pop("images", ())),),
        params=changes.pop("params", {}),
    )  # fmt: skip
    names = {"key": f"key of {text}", "case_id": text, "prompt": "default", "repeat": 0}
    return Trial(**{**names, "model": asked, "request": request, "checks": (), **changes})


def answer(text: str = "yes", **changes: Any) -> StoredAnswer:
    response = Response(text=text, model="gpt-4o", finish_reason="stop", outcome="ok", usage=Usage(), raw={"id": 1})
    timing = Timing(queue_s=0.0, backoff_s=0.0, latency_s=1.5, e2e_s=1.5)
    given = {"response": response, "timing": timing, "started_at": "2026-01-01T00:00:00.000Z", "cost_usd": 0.25}
    return StoredAnswer(**{**given, **changes})
