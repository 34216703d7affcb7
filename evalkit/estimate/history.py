"""What earlier runs measured: tokens, seconds and cached shares of each request, and of each question to a judge."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import numpy as np

from evalkit.errors import UsageError
from evalkit.estimate.measured import Measured, measured
from evalkit.estimate.requests import Floats
from evalkit.journal.reading import decode, whole_lines
from evalkit.run_folder import RECORDS, folder_of, read_manifest
from evalkit.types import AskedModel, Manifest, Usage

__all__ = ["PILOT", "History", "Past", "Sample", "Weigh", "read_history"]

PILOT = "pilot"
"""What a pilot's manifest has in its `selection`."""
_EFFORT = ("reasoning_effort", "extra_body")
"""Parameters on which the length of thinking hangs."""


Weigh = Callable[[str, tuple[str, ...]], float]
"""How often a case with its tags comes, in proportion to the others."""


class _Answer(msgspec.Struct):
    usage: Usage


class _Timing(msgspec.Struct):
    latency_s: float | None = None


class _Exchange(msgspec.Struct):
    response: _Answer | None
    timing: _Timing


class _Opinion(msgspec.Struct):
    model: str
    response: _Answer


class _Score(msgspec.Struct):
    opinions: tuple[_Opinion, ...] = ()


class _Line(msgspec.Struct):
    """Of a record, what an estimate is made from."""

    key: str
    case_id: str
    prompt: str
    model: str
    response: _Answer | None
    timing: _Timing
    tags: tuple[str, ...] = ()
    turns: tuple[_Exchange, ...] = ()
    scores: tuple[_Score, ...] = ()


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One answered request."""

    key: str
    """Of its trial."""
    case_id: str
    tags: tuple[str, ...]
    prompt: str
    turn: int
    input_tokens: int
    output_tokens: int
    reasoning_tokens: int | None
    cached_input_tokens: int | None
    latency_s: float | None


@dataclass(slots=True)
class Past:
    """What is known of one model."""

    samples: list[Sample] = field(default_factory=list)
    runs: dict[str, bool] = field(default_factory=dict)
    """Run → whether it was a pilot."""

    @property
    def source(self) -> str:
        """`history`, or `pilot` where nothing else was asked."""
        return "pilot" if self.runs and all(self.runs.values()) else "history"

    def lengths(self, prompt: str | None, weight: Weigh | None = None) -> Measured | None:
        """The answers to a prompt, or to all, each case as often as `weight` says. None where there are none."""
        rows = [row for row in self.samples if prompt in (None, row.prompt)]
        if not rows:
            return None
        output = np.array([row.output_tokens for row in rows], dtype=float)
        told = all(row.reasoning_tokens is not None for row in rows)
        thinking = np.array([row.reasoning_tokens or 0 for row in rows], dtype=float)
        thinks = told and bool(thinking.any())
        weights = None if weight is None else np.array([weight(row.case_id, row.tags) for row in rows], dtype=float)
        known = measured(
            np.maximum(output - thinking, 0) if thinks else output, np.minimum(thinking, output) if thinks else None,
            weights,
        )  # fmt: skip
        return known if known.n else None

    def inputs(self) -> dict[tuple[str, int], float]:
        """(key of a trial, turn) → the input tokens that were billed, on average."""
        billed: dict[tuple[str, int], list[int]] = defaultdict(list)
        for row in self.samples:
            billed[row.key, row.turn].append(row.input_tokens)
        return {asked: sum(tokens) / len(tokens) for asked, tokens in billed.items()}

    def cached(self) -> tuple[Floats, Floats] | None:
        """Cached and all input tokens of each request that tells; None where none was cached."""
        rows = [row for row in self.samples if row.cached_input_tokens is not None]
        cached = np.array([row.cached_input_tokens for row in rows], dtype=float)
        return (cached, np.array([row.input_tokens for row in rows], dtype=float)) if cached.any() else None

    def latencies(self) -> Floats:
        """Seconds of each request that tells."""
        return np.array([row.latency_s for row in self.samples if row.latency_s is not None], dtype=float)


@dataclass(slots=True)
class History:
    """What several runs know, the models and judges by the names of the suite that is estimated."""

    models: dict[str, Past] = field(default_factory=dict)
    judges: dict[str, Past] = field(default_factory=dict)
    stand_in: bool = False
    notes: list[str] = field(default_factory=list)

    def of(self, model: str) -> Past | None:
        """What is known of a model; None: nothing."""
        past = self.models.get(model)
        return past if past is not None and past.samples else None

    def of_judge(self, model: str) -> Past | None:
        """What is known of its verdicts."""
        past = self.judges.get(model)
        return past if past is not None and past.samples else None


def read_history(
    runs: Iterable[Path],
    models: Mapping[str, AskedModel],
    judges: Mapping[str, str] | None = None,
    *,
    keys: frozenset[str] | None = None,
    suite: str | None = None,
) -> History:
    """Reads runs for the models (name → as they are asked now) and judges (name → id) of a suite.

    With `keys`, of each model only the prompts of which at least one trial has one of these: others have changed since,
    or are another suite's. Raises UsageError for a folder that is no run, and, without `keys`, for one that has no
    answer of any of these models; StorageError where a record is damaged.
    """
    history = History()
    for run in runs:
        folder = folder_of(run)
        manifest = read_manifest(folder)
        if not _add(history, folder, manifest, models, judges or {}, keys) and keys is None:
            raise UsageError(_nothing_of_use(folder, manifest, models))
        history.stand_in |= manifest.stand_in
        if suite is not None and manifest.suite != suite:
            history.notes.append(
                f"{manifest.id} is a run of another suite, '{manifest.suite}': it was asked other things"
            )
    return history


def _nothing_of_use(folder: Path, manifest: Manifest, models: Mapping[str, AskedModel]) -> str:
    asked = ", ".join(model.name for model in manifest.models) or "no model"
    was = f"{folder}, a run of '{manifest.suite}', has no answer of {', '.join(models)}"
    return f"{was} with tokens: it asked {asked}; name a run of this suite's models"


def _add(
    history: History,
    folder: Path,
    manifest: Manifest,
    models: Mapping[str, AskedModel],
    judges: Mapping[str, str],
    keys: frozenset[str] | None,
) -> bool:
    """Whether anything was found."""
    now: dict[str, list[str]] = defaultdict(list)
    for name, model in models.items():
        for same in _same(model, manifest, history):
            now[same.name].append(name)
    is_pilot = PILOT in manifest.selection
    superseded = frozenset(manifest.superseded)
    found = False
    latest = {line.key: line for line in _lines(folder / RECORDS) if line.key not in superseded}
    asked = {(line.model, line.prompt) for line in latest.values() if keys is None or line.key in keys}
    for line in latest.values():
        if (line.model, line.prompt) not in asked:
            continue
        for name in now.get(line.model, ()):
            past = history.models.setdefault(name, Past())
            rows = list(_samples(line))
            past.samples += rows
            if rows:
                past.runs[manifest.id] = is_pilot
                found = True
        for opinion in (opinion for score in line.scores for opinion in score.opinions):
            if opinion.model in judges:
                past = history.judges.setdefault(opinion.model, Past())
                past.samples += _sample(line, 0, opinion.response, None)
                past.runs[manifest.id] = is_pilot
    return found


def _same(model: AskedModel, manifest: Manifest, history: History) -> Iterator[AskedModel]:
    """The model of a run that is asked the same way now: by its name, else by its id."""
    alike = [each for each in manifest.models if each.id == model.id]
    like = [each for each in alike if _effort(each) == _effort(model)]
    named = [each for each in like if each.name == model.name]
    if alike and not like:
        history.notes.append(f"{model.name}: {manifest.id} asked it at another effort: of no use for its lengths")
    yield from (named or like)[:1]


def _effort(model: AskedModel) -> tuple[object, ...]:
    return tuple(model.params.get(name) for name in _EFFORT)


def _samples(line: _Line) -> Iterator[Sample]:
    """One a turn."""
    if not line.turns:
        yield from _sample(line, 0, line.response, line.timing.latency_s)
    for number, turn in enumerate(line.turns):
        yield from _sample(line, number, turn.response, turn.timing.latency_s)


def _sample(line: _Line, turn: int, answer: _Answer | None, latency_s: float | None) -> Iterator[Sample]:
    """What an answer took; nothing where there is none, or it does not say."""
    usage = answer.usage if answer is not None else None
    if usage is None or usage.input_tokens is None or usage.output_tokens is None:
        return
    yield Sample(
        key=line.key,
        case_id=line.case_id,
        tags=line.tags,
        prompt=line.prompt,
        turn=turn,
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        reasoning_tokens=usage.reasoning_tokens,
        cached_input_tokens=usage.cached_input_tokens,
        latency_s=latency_s,
    )


def _lines(path: Path) -> Iterator[_Line]:
    decoder = msgspec.json.Decoder(_Line)
    for line in whole_lines(path):
        yield decode(path, line, decoder)
