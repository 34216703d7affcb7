"""Suites and flags to what can be asked: read, selected, counted, with keys and functions; nothing is sent yet."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from evalkit.cli.earlier import SuiteText
from evalkit.cli.options import Options
from evalkit.cli.recalling import Recalled, recall
from evalkit.cli.starting import Storage
from evalkit.cli.targets import load_functions, refuse_stand_in, settle_checks
from evalkit.errors import NothingSelected, Problem, SuiteInvalid, UsageError
from evalkit.gateway.functions import Function
from evalkit.gateway.providers import MissingKey, resolve_keys
from evalkit.pacing.budget import Budget
from evalkit.simulator.child import StandIn
from evalkit.suite.limits import parse_gate
from evalkit.suite.loader import load_suite
from evalkit.suite.plan import Census, Plan
from evalkit.types import Gate

if TYPE_CHECKING:
    from evalkit.cli.against import Against


@dataclass(slots=True)
class Prepared:
    """A suite that is ready to be asked."""

    plan: Plan
    census: Census
    gates: tuple[Gate, ...]
    keys: Mapping[str, str | None]
    functions: Mapping[str, Function] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    recalled: Recalled = field(default_factory=Recalled)
    unsent: Container[str] = frozenset()
    """Models to which nothing is sent: they have the answers that are stored."""
    budget: Budget | None = None
    against: Against | None = None
    """What its answers are compared with."""


def prepare_all(
    suites: Sequence[SuiteText],
    options: Options,
    environ: Mapping[str, str],
    stand_in_url: str | None,
    storage: Storage | None = None,
) -> list[Prepared]:
    """Every suite, or all problems of all of them at once."""
    prepared: list[Prepared] = []
    problems: list[Problem] = []
    for suite in suites:
        try:
            prepared.append(_prepare(suite, options, environ, stand_in_url, storage or Storage()))
        except SuiteInvalid as error:
            problems += error.problems
    if problems:
        raise SuiteInvalid(problems)
    return prepared


def _prepare(
    file: SuiteText, options: Options, environ: Mapping[str, str], stand_in_url: str | None, storage: Storage
) -> Prepared:
    prepared = plan_suite(file, options, environ, storage, stand_in_url=stand_in_url)
    plan = prepared.plan
    if stand_in_url is not None:
        refuse_stand_in(plan)
        prepared.keys = {model.provider.name: StandIn.api_key for model in plan.asked}
    else:
        _resolve_keys(prepared, options, environ)
    prepared.functions = load_functions(plan, allow_code=options.allow_code)
    return prepared


def plan_suite(
    file: SuiteText,
    options: Options,
    environ: Mapping[str, str],
    storage: Storage,
    *,
    stand_in_url: str | None = None,
) -> Prepared:
    """A suite with what is stored of its answers, without keys: nothing can be sent yet."""
    suite = load_suite(file.path, text=file.text, environ=environ, overrides=options.overrides)
    if stand_in_url is not None:
        suite = suite.with_gateway(stand_in_url)
    if options.stream is not None:
        suite = suite.with_stream(stream=options.stream)
    plan = Plan(suite, options.selection(storage.only))
    census = plan.prepare()
    if not census.trials:
        raise NothingSelected(f"{file.path}: nothing to run: {_why_nothing(census, storage)}")
    settle_checks(census, allow_code=options.allow_code)
    recalled = recall(plan, storage.resumed, list(storage.others))
    gone = () if file.text is None else (f"{file.path} is gone: its snapshot in run.json is used",)
    notes = (*recalled.notes, *gone, *plan.judging.notes)
    return Prepared(plan, census, _gates(plan, options), {}, recalled=recalled, notes=notes)


def _why_nothing(census: Census, storage: Storage) -> str:
    if storage.only is not None:
        return f"none of the {len(storage.only)} that failed in {storage.source} is selected"
    skipped = f" ({len(census.skipped)} cases are skipped)" if census.skipped else ""
    return f"no case is selected{skipped}"


def _gates(plan: Plan, options: Options) -> tuple[Gate, ...]:
    """The suite's gates, and those of the flags; a gate of a model that is not asked is left out."""
    asked = {model.name for model in plan.models}
    known = {model.name for model in plan.suite.models}
    gates = [gate for gate in plan.suite.gates if gate.model is None or gate.model in asked]
    for expression in options.gates:
        try:
            gate = parse_gate(expression)
        except ValueError as error:
            raise UsageError(f"--gate: {error}") from error
        if gate.model is not None and gate.model not in known:
            raise UsageError(f"--gate: no model of this suite is called '{gate.model}'")
        gates.append(gate)
    return tuple(gates)


def _resolve_keys(prepared: Prepared, options: Options, environ: Mapping[str, str]) -> None:
    """Finds the keys; with `--no-key skip`, models without one have the stored answers, or are not asked at all.

    A judge without one has the stored verdicts.
    """
    plan, recalled = prepared.plan, prepared.recalled
    judges = () if recalled.is_complete else plan.judges
    asked = [model for model in plan.asked if model in judges or not recalled.is_idle(model.name)]
    try:
        prepared.keys = resolve_keys(asked, environ)
    except MissingKey as error:
        if options.no_key == "fail":
            raise
        without = {name for names in error.missing.values() for name in names}
        prepared.keys = resolve_keys([model for model in asked if model.name not in without], environ)
        why = f"because {', '.join(error.missing)} is not set: {', '.join(sorted(without))}"
        prepared.unsent = without
        if options.replay is not None or options.cache:
            prepared.notes = (*prepared.notes, f"only stored answers are used, {why}")
        else:
            _leave_out(prepared, without, error)
            prepared.notes = (*prepared.notes, f"not asked, {why}")


def _leave_out(prepared: Prepared, without: set[str], error: MissingKey) -> None:
    """Takes models out of the plan. Raises NothingSelected where none is left."""
    plan, census = prepared.plan, prepared.census
    plan.models = tuple(model for model in plan.models if model.name not in without)
    census.planned = tuple(row for row in census.planned if row.model not in without)
    if not census.trials:
        variables = ", ".join(error.missing)
        raise NothingSelected(
            f"{plan.suite.file}: nothing to run: --no-key skip leaves no model, because {variables} is not set"
        ) from error
