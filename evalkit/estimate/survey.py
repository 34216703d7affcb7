"""Goes through a plan and counts what will be sent: every request of each model, and the questions to judges."""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from msgspec.structs import replace as changed

from evalkit.costs.spans import exactly
from evalkit.errors import Problem
from evalkit.estimate.correction import correction_of
from evalkit.estimate.requests import PARTS, Asked, AskedRequest, requests_of, tabulate
from evalkit.suite.datasets import draw
from evalkit.suite.parts import Case
from evalkit.suite.plan import Census, Plan
from evalkit.types import Model, Trial

__all__ = ["MOST_TRIALS", "Survey", "survey_of", "with_billed"]

_SEED = 0

MOST_TRIALS = 10_000
"""Of a larger plan a sample of the cases is counted, and taken for all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What a plan will send."""

    asked: tuple[Asked, ...]
    """By model, those that have a trial."""
    judge_calls: Mapping[tuple[str, str], int]
    """(model under test, judge) → questions."""
    judges: Mapping[str, Model]
    notes: tuple[str, ...] = ()

    def of(self, model: str) -> Asked | None:
        """What one model is asked."""
        return next((asked for asked in self.asked if asked.model.name == model), None)


def survey_of(
    plan: Plan,
    census: Census,
    *,
    is_stored: Callable[[Trial], bool] | None = None,
    most_trials: int = MOST_TRIALS,
    by_tokenizer: bool | None = None,
) -> Survey:
    """What a plan that was prepared will send, but for trials whose answers are stored.

    `by_tokenizer` False keeps to the rule of thumb, which takes no time to load.
    """
    counted, notes = _at_most(plan, census, most_trials)
    planned = Counter({(row.model, row.prompt): row.trials for row in census.planned})
    asked, stored = [], 0
    for model in plan.models:
        found, recalled = _of_model(counted, model, planned, is_stored, by_tokenizer=by_tokenizer)
        stored += recalled
        if found is not None:
            asked.append(found)
    if stored:
        notes.append(f"{stored:,} of {census.trials:,} trials are answered already: they cost nothing more")
    judges = {judge.name: judge for judge in plan.judges}
    return Survey(asked=tuple(asked), judge_calls=dict(plan.judging.calls), judges=judges, notes=tuple(notes))


def _at_most(plan: Plan, census: Census, most: int) -> tuple[Plan, list[str]]:
    """The plan itself, or a sample of its cases that is held in memory."""
    if census.trials <= most:
        return plan, []
    number = max(2, census.cases * most // census.trials)
    lots = ((draw(_SEED, case.id), place, case) for place, case in enumerate(plan.cases()))
    cases = [case for _, _, case in heapq.nsmallest(number, lots)]
    suite = replace(plan.suite, cases=_Held(cases))
    thinned = Plan(suite, replace(plan.selection, sample=None, limit=None))
    return thinned, [f"counted on {len(cases):,} of {census.cases:,} cases, drawn at random, and taken for all"]


class _Held:
    """Cases in memory, in the place of those that are read anew each time."""

    def __init__(self, cases: list[Case]) -> None:
        self._cases = cases

    def __call__(self, problems: list[Problem] | None = None) -> Iterator[Case]:
        """All of them; what could be wrong with them was found when they were read."""
        del problems
        return iter(self._cases)


def _of_model(
    plan: Plan,
    model: Model,
    planned: Counter[tuple[str, str]],
    is_stored: Callable[[Trial], bool] | None,
    *,
    by_tokenizer: bool | None,
) -> tuple[Asked | None, int]:
    """What a model is asked, and how many trials are stored."""
    trials: Counter[str] = Counter()
    stored: Counter[str] = Counter()
    requests: list[AskedRequest] = []
    method = ""
    notes: list[str] = []
    for first, repeats in _by_question(plan.trials(model)):
        kept = [trial for trial in repeats if is_stored is None or not is_stored(trial)]
        trials[first.prompt] += len(repeats)
        stored[first.prompt] += len(repeats) - len(kept)
        if kept:
            turns, tokens = requests_of(first, by_tokenizer=by_tokenizer)
            requests += [replace(turn, repeats=float(len(kept))) for turn in turns]
            method = tokens.method
            notes += tokens.notes
    scale = {prompt: planned[model.name, prompt] / number for prompt, number in trials.items()}
    scaled = [replace(row, repeats=row.repeats * scale[row.prompt]) for row in requests]
    meant = sum(trials[prompt] * scale[prompt] for prompt in trials)
    left = meant - stored.total()
    if not scaled:
        return None, stored.total()
    error = _sampling_error(scaled) if any(factor > 1 for factor in scale.values()) else 0.0
    return tabulate(model, scaled, trials=left, method=method, notes=notes, sampling_error=error), stored.total()


def _sampling_error(rows: list[AskedRequest]) -> float:
    """The standard error of the mean input of all cases, told by some of them, as a share of it."""
    tokens: Counter[str] = Counter()
    for row in rows:
        tokens[row.case_id] += row.input.expected
    mean = tokens.total() / len(tokens)
    spread = math.sqrt(sum((each - mean) ** 2 for each in tokens.values()) / max(len(tokens) - 1, 1))
    return spread / mean / math.sqrt(len(tokens)) if mean else 0.0


def _by_question(trials: Iterator[Trial]) -> Iterator[tuple[Trial, list[Trial]]]:
    """Each question with all of its repeats."""
    first: Trial | None = None
    repeats: list[Trial] = []
    for trial in trials:
        if first is not None and trial.repeat:
            repeats.append(trial)
            continue
        if first is not None:
            yield first, repeats
        first, repeats = trial, [trial]
    if first is not None:
        yield first, repeats


def with_billed(asked: Asked, billed: Mapping[tuple[str, int], float]) -> tuple[Asked, float]:
    """The same with the input tokens that were billed for just these questions before, and their share of all.

    Of a conversation, only where all turns are known: what was billed has the earlier answers in it. All others are
    corrected by how far the bills lie from the counts.
    """
    turns = Counter(row.key for row in asked.requests)
    known = Counter(row.key for row in asked.requests if (row.key, row.turn) in billed)
    first = [row for row in asked.requests if row.turn == 0 and (row.key, 0) in billed]
    correction = correction_of([(row.input.expected, billed[row.key, 0]) for row in first])
    rows = [
        _billed(row, round(billed[row.key, row.turn]))
        if known[row.key] == turns[row.key]
        else correction.of(row)
        if correction is not None
        else row
        for row in asked.requests
    ]
    share = sum(row.repeats for row in asked.requests if known[row.key] == turns[row.key]) / asked.sent
    if not share:
        return asked, 0.0
    notes = asked.notes
    if correction is not None and share < 1:
        notes = (*notes, f"{correction} (n = {correction.n}): requests not asked yet are corrected by that")
    found = tabulate(
        asked.model, rows, trials=asked.trials, method=asked.method, notes=notes,
        sampling_error=asked.sampling_error,
    )  # fmt: skip
    return found, share


def _billed(row: AskedRequest, tokens: int) -> AskedRequest:
    parts = {name: exactly(0) for name in PARTS}
    first = next(iter(PARTS))
    return replace(
        row,
        parts={**parts, first: changed(exactly(tokens), worst=max(tokens, row.worst_input))},
        worst_input=max(tokens, row.worst_input),
        later=0,
    )
