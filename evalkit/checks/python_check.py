"""The check that is code of the suite's own: a function in a file, or a short expression."""

from __future__ import annotations

import ast
import builtins
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from evalkit.checks.contract import BuiltInCheck, argument, shown, verdict
from evalkit.checks.python_worker import MODULES, NAMES, PASSES_FROM
from evalkit.checks.python_workers import pool
from evalkit.errors import did_you_mean
from evalkit.registry import CHECKS
from evalkit.types import Check, Context, Finding

MEMORY_MB = 1024
_RESERVED = ("case", "expected", "output")
"""What stands among a trial's variables and is none of the case's."""


@CHECKS.register("python")
@dataclass(frozen=True, slots=True, kw_only=True)
class Python(BuiltInCheck):
    """A Python function (`file.py:function`) or expression says whether the answer is right; needs --allow-code.

    It may speak of `output`, `expected`, `vars`, `case_id`, `messages`, `response`, `latency_s`, `cost_usd`, and of
    `context`, which has them all; an expression also of `json`, `math` and `re`. It returns true or false, a number
    from 0 to 1 (which passes from 0.5), one of these with a reason, a mapping of `pass`, `score` and `reason`, or an
    object with such attributes. What it raises is an error of the check. It runs in a process of its own.
    """

    code: str = field(
        metadata={"description": "file.py:function, below the suite's root, or an expression.", "code": True}
    )
    arguments: dict[str, Any] = field(
        default_factory=dict, metadata={"description": "More arguments, by name, for the function or the expression."}
    )
    timeout_s: float = argument("The longest that it may take for one answer, in seconds.", default=5.0)
    memory_mb: int = argument("The most memory that it may take, in MiB.", default=MEMORY_MB)

    def __post_init__(self) -> None:
        if not 0 < self.timeout_s < math.inf:
            raise ValueError(f"timeout_s must be a finite number above 0, not {self.timeout_s:g}")
        if not 64 <= self.memory_mb <= 1 << 20:
            raise ValueError(f"memory_mb must lie between 64 and 1048576, not {self.memory_mb}")
        taken = sorted(self.arguments.keys() & set(NAMES))
        if taken:
            raise ValueError(f"'{taken[0]}' is given to it anyway: choose another name for the argument")
        if _place(self.code) is None:
            _examine(self.code, self.arguments)

    def with_variables(self, variables: Mapping[str, Any]) -> Check:
        """The same for one trial, whose variables it may speak of."""
        return _InTrial(self, variables)

    async def find(self, context: Context) -> Finding:
        """As `judged`, where there are no variables."""
        return await self.judged(context, {"expected": context.expected})

    async def judged(self, context: Context, variables: Mapping[str, Any]) -> Finding:
        """Has it called. Raises CheckFailedToRun for what it raises, and where it takes too long or too much."""
        request = {**self._request(), "context": json.dumps(_facts(context, variables), default=str)}
        found = await pool().ask(request, timeout_s=self.timeout_s, memory_mb=self.memory_mb)
        passed, value, reason = found["passed"], found["value"], found["reason"]
        if reason is None:
            reason = f"{self._called()} is {_worth(value, passed=passed)}"
        return verdict(passed=passed, value=value, reason=reason)

    def _request(self) -> dict[str, Any]:
        place = _place(self.code)
        what = {"expression": self.code} if place is None else {"path": place[0], "function": place[1]}
        return {**what, "arguments": self.arguments}

    def _called(self) -> str:
        place = _place(self.code)
        return shown(self.code) if place is None else f"{place[1]}()"


def load_code(code: str, arguments: Iterable[str], memory_mb: int | None = None) -> None:
    """Imports the file that `code` names, and sees that its function can be called with `arguments`.

    Raises CheckFailedToRun where that cannot be, or is not allowed. An expression was examined when it was read.
    """
    pool().demand_leave()
    place = _place(code)
    if place is not None:
        request = {"path": place[0], "function": place[1], "arguments": dict.fromkeys(arguments)}
        pool().load(request, memory_mb=memory_mb or MEMORY_MB)


@dataclass(frozen=True, slots=True)
class _InTrial(BuiltInCheck):
    """One that knows the variables of its trial."""

    check: Python
    variables: Mapping[str, Any]

    async def find(self, context: Context) -> Finding:
        return await self.check.judged(context, self.variables)


def _facts(context: Context, variables: Mapping[str, Any]) -> dict[str, Any]:
    """What code may speak of, by the worker's NAMES, as plain values."""
    return {
        "output": context.output,
        "expected": variables.get("expected"),
        "vars": {name: value for name, value in variables.items() if name not in _RESERVED},
        "case_id": variables.get("case", {}).get("id"),
        "messages": [{"role": message.role, "content": message.content} for message in context.messages],
        "response": msgspec.to_builtins(msgspec.structs.replace(context.response, raw=None)),
        "latency_s": context.latency_s,
        "cost_usd": context.cost_usd,
    }


def _worth(value: float, *, passed: bool) -> str:
    if value == float(passed):
        return "true" if passed else "false"
    if passed == (value >= PASSES_FROM):
        return f"{value:.3g}, passing from {PASSES_FROM:g}"
    return f"{value:.3g}, and {'passes' if passed else 'fails'} by its own verdict"


def _place(code: str) -> tuple[str, str] | None:
    """The file and the function; None for an expression."""
    path, _, function = code.rpartition(":")
    return (path, function) if path.endswith(".py") and function.isidentifier() else None


def _examine(code: str, arguments: Mapping[str, Any]) -> None:
    """Raises ValueError for what is no expression, or speaks of what there is not."""
    if not code:
        raise ValueError("write an expression, such as len(output) < 100, or file.py:function")
    try:
        tree = ast.parse(code, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ValueError(_no_expression(code, error)) from error
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    made = {node.id for node in names if not isinstance(node.ctx, ast.Load)}
    made |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    known = {*NAMES, *MODULES, *arguments}
    for node in names:
        if node.id not in known | made and not hasattr(builtins, node.id):
            hint = did_you_mean(node.id, known) or f"; there are {', '.join(sorted(known))}"
            raise ValueError(f"no name '{node.id}'{hint}")


def _no_expression(code: str, error: Exception) -> str:
    try:
        ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        told = error.msg if isinstance(error, SyntaxError) else str(error) or type(error).__name__
        return f"{shown(code)} is no Python expression: {told}"
    return "these are statements: put them into a function in a file, and name it as file.py:function"
