"""What a suite file means, once it is read: prompts, cases, models and the settings of a run."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from msgspec.structs import replace

from evalkit.errors import Problem
from evalkit.suite.checking import CheckSpec
from evalkit.suite.located import Places
from evalkit.suite.media import MediaStore
from evalkit.suite.traffic import Traffic
from evalkit.types import Document, Gate, Image, Model, Outcome, Provider, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageTemplate:
    """A message whose content is still to be rendered."""

    role: Role
    content: str
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """A prompt under test; `variants` are other words for some models, the same prompt in comparisons."""

    name: str
    messages: tuple[MessageTemplate, ...]
    variants: Mapping[str, tuple[MessageTemplate, ...]] = field(default_factory=dict)

    def for_model(self, model: str) -> tuple[MessageTemplate, ...]:
        """The words for one model."""
        return self.variants.get(model, self.messages)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseTurn:
    """One turn of a conversation: what the user says, and what the answer to it must be like."""

    user: str
    """A template."""
    expected: Any = None
    images: tuple[Image, ...] = ()
    files: tuple[Document, ...] = ()
    checks: tuple[CheckSpec, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One row of the suite: what is filled into the prompts, and what the answers must be like."""

    id: str
    vars: Mapping[str, Any]
    expected: Any = None
    tags: tuple[str, ...] = ()
    images: tuple[Image, ...] = ()
    files: tuple[Document, ...] = ()
    models: frozenset[str] | None = None
    prompts: frozenset[str] | None = None
    checks: tuple[CheckSpec, ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict)
    repeat: int = 1
    transform: str | None = None
    accept: frozenset[Outcome] = frozenset()
    threshold: float | None = None
    skip: str | None = None
    xfail: str | None = None
    """Why it is expected to fail."""
    cluster: str | None = None
    pass_if: float | None = None
    """The share of its repeats that must pass; 0: any one of them; None: all."""
    turns: tuple[CaseTurn, ...] = ()
    """Of a conversation, all that the user says; empty for a single question."""
    places: Places = field(compare=False)
    origin: Any = field(default=None, compare=False)
    """The mapping it was read from, to find its place again."""


class Cases(Protocol):
    """The cases of a suite, read anew, one at a time, whenever they are asked for."""

    def __call__(self, problems: list[Problem] | None = None) -> Iterator[Case]:
        """What is wrong goes to `problems`; without these, SuiteInvalid is raised at the end."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """A suite that was read without mistakes; its cases are read as they are needed."""

    name: str
    description: str | None
    file: Path
    source: str
    root: Path
    models: tuple[Model, ...]
    model_params: Mapping[str, Mapping[str, Any]]
    """By model name: what was set on the model itself."""
    default_params: Mapping[str, Any]
    stream: bool | None
    prompts: tuple[Prompt, ...]
    matrix: Mapping[str, tuple[Any, ...]]
    cases: Cases
    media: MediaStore
    max_concurrency: int | None
    gates: tuple[Gate, ...]
    budget_usd: float | None = None
    """What a run of it may cost."""
    traffic: Traffic | None = None
    """A rollout, for the estimate."""
    judges: tuple[Model, ...] = ()
    """Models that are asked about answers, and are not under test."""
    gateway: Provider
    """The built-in one, where a judge is asked that only a preset knows."""
    places: Places = field(compare=False)
    origin: Mapping[str, Any] = field(compare=False)
    """What it was read from, to find a place again."""

    def problem_with_provider(self, name: str, message: str, *, key: str | None = None) -> Problem:
        """A Problem with one of its own providers, or with what it has under `key`."""
        section = self.origin["providers"][name]
        return self.places.problem(message, section, key)

    def with_gateway(self, base_url: str) -> Suite:
        """The same suite with every model asked at `base_url`, by bearer key: a gateway that stands in for all."""

        def there(models: tuple[Model, ...]) -> tuple[Model, ...]:
            moved = (replace(model.provider, base_url=base_url, auth="bearer") for model in models)
            return tuple(replace(model, provider=at) for model, at in zip(models, moved, strict=True))

        gateway = replace(self.gateway, base_url=base_url, auth="bearer")
        return dataclasses.replace(self, models=there(self.models), judges=there(self.judges), gateway=gateway)

    def with_stream(self, *, stream: bool) -> Suite:
        """The same suite with every model asked for streams, or none; targets that are no model never are."""

        def streaming(models: tuple[Model, ...]) -> tuple[Model, ...]:
            return tuple(replace(model, stream=stream if model.provider.target is None else None) for model in models)

        return dataclasses.replace(self, models=streaming(self.models), judges=streaming(self.judges), stream=stream)
