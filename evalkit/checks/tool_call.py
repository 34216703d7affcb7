"""The check of what the model asked to be called."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from evalkit.checks.contract import argument, listed, shown, verdict, visible
from evalkit.checks.json_text import NotJSON, parse, same
from evalkit.checks.json_validator import misfit, validator
from evalkit.errors import did_you_mean
from evalkit.registry import CHECKS
from evalkit.types import Context, Finding, ToolCall

_OF_A_CALL = ("name", "arguments", "exact", "schema")
"""What a call in `order` may be described by."""


@CHECKS.register("tool_call")
@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCalled:
    """The model asks for a tool to be called: this one, with such arguments, so often, in this order; or for none.

    `arguments` must be among those of the call, with these values: mappings in them likewise, lists item by item;
    with `exact` there are no others. `schema` is a JSON Schema that the arguments fit. Arguments that are no JSON
    fit nothing; none at all are an empty mapping. Without `count` one call that fits is enough, whatever else is
    called. `order` names several calls that come in this order; others may stand between them, and `count` is then
    the number of all calls. Nothing but the name `tool_call`: any call at all.
    """

    name: str | None = argument("The tool's name; any, where it is left out.", default=None)
    arguments: dict[str, Any] | None = argument("Arguments that the call must have, with their values.", default=None)
    exact: bool = argument("Whether it must have no other arguments.", default=False)
    schema: dict[str, Any] | None = argument("A JSON Schema that its arguments must fit.", default=None)
    count: int | None = argument("How many calls must fit: no more, no fewer.", default=None)
    order: list[str | dict[str, Any]] = field(
        default_factory=list,
        metadata={
            "description": "Several calls in the order in which they must come: names, or mappings of "
            "`name`, `arguments`, `exact` and `schema`."
        },
    )
    none: bool = argument("Whether there must be no call at all.", default=False)

    def __post_init__(self) -> None:
        described = self.name is not None or self.arguments is not None or self.schema is not None
        if self.name == "none":
            raise ValueError("write {none: true} where nothing may be called")
        if self.none and (described or self.order or self.count is not None):
            raise ValueError("none stands alone: where nothing may be called, there is nothing to describe")
        if self.order and described:
            raise ValueError("order describes the calls itself: put name, arguments and schema into it")
        if self.count is not None and self.count < 0:
            raise ValueError(f"count must be at least 0, not {self.count}")
        if self.count is not None and 0 < self.count < len(self.order):
            raise ValueError(f"count ({self.count}) is less than the {len(self.order)} calls in order")
        self._wanted()

    @property
    def operational(self) -> bool:
        """It is about the answer."""
        return False

    @property
    def blocking(self) -> bool:
        """Where a schema's patterns may take long."""
        return any(wanted.schema is not None for wanted in self._wanted())

    def find(self, context: Context) -> Finding:
        """Looks at the calls of the response."""
        calls = context.response.tool_calls
        if self.none:
            return verdict(passed=not calls, reason=f"{_called(calls)}{', where nothing is wanted' if calls else ''}")
        if self.order:
            return self._in_order(calls)
        misfits = [misfit for call in calls if (misfit := self._wanted()[0].misfit(call)) is not None]
        fitting = len(calls) - len(misfits)
        passed = fitting > 0 if self.count is None else fitting == self.count
        how_often = "" if self.count is None else f"{fitting} fit, {self.count} needed: "
        return verdict(passed=passed, reason=f"{how_often}{_called(calls)}{'' if passed else _because(misfits)}")

    def _in_order(self, calls: Sequence[ToolCall]) -> Finding:
        left, misfits = self._wanted(), []
        for call in calls:
            misfit = left[0].misfit(call) if left else None
            if misfit is not None:
                misfits.append(misfit)
            elif left:
                left.pop(0)
        if left:
            found = f"{len(self.order) - len(left)} of {len(self.order)} came in order"
            return verdict(
                passed=False, reason=f"{found}, then {left[0]} is missing: {_called(calls)}{_because(misfits)}"
            )
        passed = self.count is None or len(calls) == self.count
        how_many = "" if passed else f"{len(calls)} calls, {self.count} needed: "
        return verdict(passed=passed, reason=f"{how_many}{_called(calls)}")

    def _wanted(self) -> list[_Wanted]:
        if self.order:
            return [_described(each) for each in self.order]
        return [_Wanted(self.name, self.arguments, self.exact, self.schema)]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """One call as it should be. Raises ValueError for a schema that is none."""

    name: str | None
    arguments: dict[str, Any] | None
    exact: bool
    schema: dict[str, Any] | None

    def __post_init__(self) -> None:
        if self.exact and self.arguments is None:
            raise ValueError("exact compares the arguments: write `arguments`, which may be {}")
        if self.schema is not None:
            validator(self.schema)

    def __str__(self) -> str:
        return "a call" if self.name is None else shown(self.name)

    def misfit(self, call: ToolCall) -> str | None:
        """Why a call is not this one; "" where it has another name."""
        if self.name is not None and call.name != self.name:
            return ""
        if self.arguments is None and self.schema is None:
            return None
        try:
            given = parse(call.arguments) if call.arguments.strip() else {}
        except NotJSON as error:
            return f"its arguments are not JSON: {error}; they begin {shown(call.arguments)}"
        if self.schema is not None and (wrong := misfit(self.schema, given)) is not None:
            return wrong
        return None if self.arguments is None else _difference(self.arguments, given, exact=self.exact)


def _described(call: str | dict[str, Any]) -> _Wanted:
    """A call as `order` describes it. Raises ValueError."""
    if isinstance(call, str):
        return _Wanted(call, None, exact=False, schema=None)
    for key in call:
        if key not in _OF_A_CALL:
            hint = did_you_mean(key, _OF_A_CALL) or f"; a call in order has {', '.join(_OF_A_CALL)}"
            raise ValueError(f"unknown key '{key}'{hint}")
    name, arguments, exact, schema = (call.get(key) for key in _OF_A_CALL)
    if not isinstance(name, str | None) or not isinstance(exact, bool | None):
        raise ValueError("of a call in order, name is text and exact is true or false")  # noqa: TRY004
    if not isinstance(arguments, dict | None) or not isinstance(schema, dict | None):
        raise ValueError("of a call in order, arguments and schema are mappings")  # noqa: TRY004
    return _Wanted(name, arguments, exact=bool(exact), schema=schema)


def _difference(wanted: Any, given: Any, *, exact: bool, place: str = "") -> str | None:
    """Where what was given is not what was wanted: other keys may stand in a mapping unless `exact`."""
    at = f"{place}: " if place else ""
    if isinstance(wanted, dict) and isinstance(given, dict):
        for key, value in wanted.items():
            if key not in given:
                return f"{at}{shown(key)} is missing"
            if found := _difference(value, given[key], exact=exact, place=f"{place}.{key}" if place else key):
                return found
        more = [key for key in given if key not in wanted]
        return f"{at}{listed(more)} should not be there" if exact and more else None
    if isinstance(wanted, list) and isinstance(given, list) and len(wanted) == len(given):
        pairs = enumerate(zip(wanted, given, strict=True))
        wrong = (_difference(one, other, exact=exact, place=f"{place}[{index}]") for index, (one, other) in pairs)
        return next((each for each in wrong if each), None)
    return None if same(wanted, given) else f"{at}{_json(given)} is not {_json(wanted)}"


def _json(value: Any) -> str:
    return visible(json.dumps(value, ensure_ascii=False, default=str))


def _called(calls: Sequence[ToolCall]) -> str:
    return f"called {listed([call.name for call in calls])}" if calls else "called nothing"


def _because(misfits: Sequence[str]) -> str:
    """The first misfit of a call that has the right name."""
    first = next(filter(None, misfits), None)
    return f"; {first}" if first is not None else ""
