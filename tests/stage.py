"""Runs suites over models that play in the test's own process, and notes who was under way when."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import httpx
import msgspec

from evalkit.gateway.client import Gateway
from evalkit.journal import Journal
from evalkit.pacing.budget import Budget
from evalkit.running.job import Ending, Job, Settings
from evalkit.running.runner import Runner
from evalkit.suite.loader import load_suite
from evalkit.suite.plan import Census, Plan
from evalkit.types import Fault, Model, Record

PATIENCE_S = 20.0
"""Nothing here takes a tenth of it; what hangs shall fail, not hang."""


@dataclass
class Asked:
    """One request as a model sees it."""

    model: str
    text: str
    """The prompt's last message."""
    number: int
    """Counted from 1, for each model."""
    headers: Mapping[str, str]
    said: tuple[str, ...] = ()
    """All messages of the prompt, each as `role: text`."""


def ok(text: str = "yes", **usage: int) -> httpx.Response:
    """A complete answer."""
    message = {"role": "assistant", "content": text}
    return httpx.Response(200, json={"choices": [{"message": message, "finish_reason": "stop"}], "usage": usage})


def refusal(status: int, message: str = "no", **headers: str) -> httpx.Response:
    """An error; `retry_after="1"` becomes a header."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, json={"error": {"message": message}}, headers=named)


async def yes(asked: Asked) -> httpx.Response:
    return ok()


@dataclass
class Stage:
    """The network: plays `script`, and counts."""

    script: Callable[[Asked], Awaitable[httpx.Response]] = yes
    asked: list[Asked] = field(default_factory=list)
    under_way: Counter[str] = field(default_factory=Counter)
    peak: Counter[str] = field(default_factory=Counter)
    """By model, and over all under ""."""

    async def play(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        model = body["model"]
        said = tuple(f"{message['role']}: {message['content']}" for message in body["messages"])
        text = body["messages"][-1]["content"]
        asked = Asked(model, text, self.times(model) + 1, dict(request.headers), said)
        self.asked.append(asked)
        for name in (model, ""):
            self.under_way[name] += 1
            self.peak[name] = max(self.peak[name], self.under_way[name])
        try:
            return await self.script(asked)
        finally:
            self.under_way.subtract((model, ""))

    def times(self, model: str) -> int:
        return sum(asked.model == model for asked in self.asked)


@dataclass
class Watched:
    """Notes what a runner tells its watcher."""

    records: list[Record] = field(default_factory=list)
    waits: list[tuple[str, str, int]] = field(default_factory=list)
    """Model, kind of fault, number of the attempt to come."""
    holds: list[tuple[str, float | None]] = field(default_factory=list)
    """Model, seconds for which nothing goes to it."""
    stops: list[str | None] = field(default_factory=list)
    signals: list[int] = field(default_factory=list)
    when_interrupted: Callable[[], None] = lambda: None

    def finished(self, record: Record) -> None:
        self.records.append(record)

    def waiting(self, model: Model, fault: Fault, attempt: int, wait_s: float) -> None:
        self.waits.append((model.name, fault.kind, attempt))

    def holding(self, model: Model, why: str, wait_s: float | None) -> None:
        self.holds.append((model.name, wait_s))

    def stopped(self, model: str | None, fault: Fault) -> None:
        self.stops.append(model)

    def interrupted(self, signal_number: int) -> None:
        self.signals.append(signal_number)
        self.when_interrupted()


@dataclass
class Run:
    """A suite, the stage it plays on, and what came of it."""

    folder: Path
    stage: Stage
    watched: Watched
    plan: Plan
    census: Census
    gateway: Any = None
    """In place of a real one over the stage."""

    async def go(self, *, signals: tuple[int, ...] = (), budget: Budget | None = None, **settings: Any) -> Ending:
        transport = httpx.MockTransport(self.stage.play)
        with anyio.fail_after(PATIENCE_S), Journal(self.folder) as journal:
            async with Gateway({"test": "sk-test-key"}, transport=transport) as gateway:
                runner = Runner(
                    [Job(plan=self.plan, journal=journal)],
                    gateway=self.gateway or gateway,
                    watcher=self.watched,
                    settings=Settings(**settings),
                    budget=budget,
                )
                return await runner.run(signals=signals)

    @property
    def records(self) -> list[Record]:
        """As they stand in the file."""
        lines = (self.folder / "records.jsonl").read_bytes().splitlines()
        return [msgspec.json.decode(line, type=Record) for line in lines]

    def of(self, model: str) -> list[Record]:
        return [record for record in self.records if record.model == model]


def stage_run(folder: Path, models: Mapping[str, Mapping[str, Any]], **suite: Any) -> Run:
    """A suite over chat models of these names and settings. `cases=12` makes so many that want "yes"."""
    cases = suite.pop("cases", 1)
    if isinstance(cases, int):
        cases = [{"id": f"c{n}", "vars": {"q": f"q{n}"}, "checks": [{"equals": "yes"}]} for n in range(1, cases + 1)]
    suite = {
        "name": "staged",
        "providers": {"test": {"base_url": "http://127.0.0.1:9/v1", "api_key_env": "TEST_KEY"}},
        "models": [{"id": name, "provider": "test", "api": "chat", **more} for name, more in models.items()],
        "prompts": ["{{ q }}"],
        "cases": cases,
        **suite,
    }
    file = folder / "suite.yaml"
    file.write_text(json.dumps(suite), encoding="utf-8")  # JSON is YAML
    plan = Plan(load_suite(file, environ={}))
    return Run(folder=folder, stage=Stage(), watched=Watched(), plan=plan, census=plan.prepare())
