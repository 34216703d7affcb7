"""Suites and flags to what can be asked: read, selected, counted, with keys and functions; nothing is sent yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from evalkit.cli.options import Options
from evalkit.cli.targets import load_functions, refuse_stand_in
from evalkit.errors import NothingSelected, Problem, SuiteInvalid, UsageError
from evalkit.gateway.functions import Function
from evalkit.gateway.providers import MissingKey, resolve_keys
from evalkit.pacing.budget import Budget
from evalkit.simulator.child import StandIn
from evalkit.suite.limits import parse_gate
from evalkit.suite.loader import load_suite
from evalkit.suite.plan import Census, Plan
from evalkit.types import Gate


@dataclass(slots=True)
class Prepared:
    """A suite that is ready to be asked."""

    plan: Plan
    census: Census
    gates: tuple[Gate, ...]
    keys: Mapping[str, str | None]
    functions: Mapping[str, Function] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    budget: Budget | None = None


def prepare_all(
    paths: tuple[Path, ...], options: Options, environ: Mapping[str, str], stand_in_url: str | None
) -> list[Prepared]:
    """Every suite, or all problems of all of them at once."""
    prepared: list[Prepared] = []
    problems: list[Problem] = []
    for path in paths:
        try:
            prepared.append(_prepare(path, options, environ, stand_in_url))
        except SuiteInvalid as error:
            problems += error.problems
    if problems:
        raise SuiteInvalid(problems)
    return prepared


def _prepare(path: Path, options: Options, environ: Mapping[str, str], stand_in_url: str | None) -> Prepared:
    suite = load_suite(path, environ=environ, overrides=options.overrides)
    if stand_in_url is not None:
        suite = suite.with_gateway(stand_in_url)
    if options.stream is not None:
        suite = suite.with_stream(stream=options.stream)
    plan = Plan(suite, options.selection())
    census = plan.prepare()
    if not census.trials:
        skipped = f" ({len(census.skipped)} cases are skipped)" if census.skipped else ""
        raise NothingSelected(f"{path}: nothing to run: no case is selected{skipped}")
    prepared = Prepared(plan, census, _gates(plan, options), {})
    if stand_in_url is not None:
        refuse_stand_in(plan)
        prepared.keys = {model.provider.name: StandIn.api_key for model in plan.models}
    else:
        _resolve_keys(prepared, options, environ)
    prepared.functions = load_functions(plan, allow_code=options.allow_code)
    return prepared


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
    """Finds the keys; with `--no-key skip`, models without one are not asked."""
    plan = prepared.plan
    try:
        prepared.keys = resolve_keys(plan.models, environ)
    except MissingKey as error:
        if options.no_key == "fail":
            raise
        without = {name for names in error.missing.values() for name in names}
        plan.models = tuple(model for model in plan.models if model.name not in without)
        prepared.keys = resolve_keys(plan.models, environ)
        prepared.census.planned = tuple(row for row in prepared.census.planned if row.model not in without)
        variables = ", ".join(error.missing)
        if not prepared.census.trials:
            raise NothingSelected(
                f"{plan.suite.file}: nothing to run: --no-key skip leaves no model, because {variables} is not set"
            ) from error
        prepared.notes = (f"not asked, because {variables} is not set: {', '.join(sorted(without))}",)
