"""What a run needs to settle about code, and targets that are no model, before anything is sent."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import redirect_stdout

from evalkit.checks.python_check import load_code
from evalkit.checks.python_workers import NOT_ALLOWED, pool
from evalkit.errors import CheckFailedToRun, SuiteInvalid
from evalkit.gateway.functions import Function, FunctionInvalid, load_function
from evalkit.suite.plan import Census, Plan
from evalkit.types import FunctionTarget, Provider

NO_STAND_IN = "a target of its own has no stand-in: with --offline, choose the models with -m"


def load_functions(plan: Plan, *, allow_code: bool) -> dict[str, Function]:
    """Provider → the function that stands in its place, of the models that are asked.

    What their files print while they load goes to stderr. Raises SuiteInvalid for code that is not allowed, cannot be
    loaded, or cannot be called.
    """
    functions: dict[str, Function] = {}
    problems = []
    for provider in _targets(plan):
        if not isinstance(provider.target, FunctionTarget):
            continue
        try:
            with redirect_stdout(sys.stderr):
                functions[provider.name] = _load(provider.target, allow_code=allow_code)
        except FunctionInvalid as error:
            problems.append(plan.suite.problem_with_provider(provider.name, str(error), key="function"))
    if problems:
        raise SuiteInvalid(problems)
    return functions


def refuse_stand_in(plan: Plan) -> None:
    """Raises SuiteInvalid where a target is to be asked in a run that promises to touch nothing."""
    problems = [plan.suite.problem_with_provider(provider.name, NO_STAND_IN) for provider in _targets(plan)]
    if problems:
        raise SuiteInvalid(problems)


def settle_checks(census: Census, *, allow_code: bool) -> None:
    """Allows the checks that are code to run, or not. Raises SuiteInvalid where there are such and they may not.

    What they name is imported, each in its own process, so that what cannot run is told before anything is sent.
    """
    pool().allowed = allow_code
    problems = []
    for use in census.code:
        try:
            load_code(use.code, use.arguments, use.memory_mb)
        except CheckFailedToRun as error:
            problems.append(use.problem(str(error)))
    if problems:
        raise SuiteInvalid(problems)


def has_code(plan: Plan, census: Census) -> bool:
    """Whether a run of it needs --allow-code."""
    return bool(census.code) or any(isinstance(provider.target, FunctionTarget) for provider in _targets(plan))


def _load(target: FunctionTarget, *, allow_code: bool) -> Function:
    if not allow_code:
        raise FunctionInvalid(NOT_ALLOWED)
    return load_function(target)


def _targets(plan: Plan) -> Iterator[Provider]:
    """Each provider that is a target, once."""
    providers = {model.provider.name: model.provider for model in plan.models}
    return (provider for provider in providers.values() if provider.target is not None)
