"""Goes through a plan and counts what will be sent: every request of each model, and the questions to judges."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from msgspec.structs import replace as changed

from evalkit.costs.spans import exactly
from evalkit.estimate.requests import PARTS, Asked, AskedRequest, requests_of, tabulate
from evalkit.suite.plan import Census, Plan
from evalkit.types import Model, Trial

__all__ = ["MOST_TRIALS", "Survey", "survey_of", "with_billed"]

MOST_TRIALS = 20_000
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
) -> Survey:
    """What a plan that was prepared will send, but for trials whose answers are stored."""
    counted, notes = _at_most(plan, census, most_trials)
    planned = Counter({(row.model, row.prompt): row.trials for row in census.planned})
    asked, stored = [], 0
    for model in plan.models:
        found, recalled = _of_model(counted, model, planned, is_stored)
        stored += recalled
        if found is not None:
            asked.append(found)
    if stored:
        notes.append(f"{stored:,} of {census.trials:,} trials are answered already: they cost nothing more")
    judges = {judge.name: judge for judge in plan.judges}
    return Survey(asked=tuple(asked), judge_calls=dict(plan.judging.calls), judges=judges, notes=tuple(notes))


def _at_most(plan: Plan, census: Census, most: int) -> tuple[Plan, list[str]]:
    """The plan itself, or a sample of its cases."""
    if census.trials <= most or plan.selection.sample is not None:
        return plan, []
    cases = max(1, census.cases * most // census.trials)
    thinned = Plan(plan.suite, replace(plan.selection, sample=cases))
    thinned.prepare()
    return thinned, [f"counted on {cases:,} of {census.cases:,} cases, drawn at random, and taken for all"]


def _of_model(
    plan: Plan, model: Model, planned: Counter[tuple[str, str]], is_stored: Callable[[Trial], bool] | None
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
            turns, tokens = requests_of(first)
            requests += [replace(turn, repeats=float(len(kept))) for turn in turns]
            method = tokens.method
            notes += tokens.notes
    scale = {prompt: planned[model.name, prompt] / number for prompt, number in trials.items()}
    scaled = [replace(row, repeats=row.repeats * scale[row.prompt]) for row in requests]
    meant = sum(trials[prompt] * scale[prompt] for prompt in trials)
    left = meant - stored.total()
    found = tabulate(model, scaled, trials=left, method=method, notes=notes) if scaled else None
    return found, stored.total()


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

    Of a conversation, only where all turns are known: what was billed has the earlier answers in it.
    """
    turns = Counter(row.key for row in asked.requests)
    known = Counter(row.key for row in asked.requests if (row.key, row.turn) in billed)
    rows = [
        _billed(row, round(billed[row.key, row.turn])) if known[row.key] == turns[row.key] else row
        for row in asked.requests
    ]
    share = sum(row.repeats for row in asked.requests if known[row.key] == turns[row.key]) / asked.sent
    if not share:
        return asked, 0.0
    return tabulate(asked.model, rows, trials=asked.trials, method=asked.method, notes=asked.notes), share


def _billed(row: AskedRequest, tokens: int) -> AskedRequest:
    parts = {name: exactly(0) for name in PARTS}
    first = next(iter(PARTS))
    return replace(
        row,
        parts={**parts, first: changed(exactly(tokens), worst=max(tokens, row.worst_input))},
        worst_input=max(tokens, row.worst_input),
        later=0,
    )
