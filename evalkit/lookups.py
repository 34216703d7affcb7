"""JMESPath expressions, for what applications answer in a JSON of their own and for checks of answers in JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError
from jmespath.functions import Functions

_FUNCTIONS: dict[str, dict[str, Any]] = Functions.FUNCTION_TABLE


class LookupInvalid(ValueError):
    """An expression that can find nothing anywhere."""


class JmesPath:
    """A `types.Lookup`. Raises LookupInvalid for an expression that does not compile."""

    def __init__(self, expression: str) -> None:
        self.expression = expression
        try:
            compiled = jmespath.compile(expression)
        except (JMESPathError, RecursionError) as error:
            raise LookupInvalid(f"no JMESPath: {_reason(error)}") from error
        for call in _calls(compiled.parsed):
            _examine(call)
        self._search = compiled.search

    def __repr__(self) -> str:
        return f"JmesPath({self.expression!r})"

    def __call__(self, body: Any) -> Any:
        """What stands there; None where nothing does. Raises ValueError for a body that its functions do not fit."""
        return self._search(body)


def _reason(error: Exception) -> str:
    """The first line: what follows repeats the expression, which the suite shows."""
    return str(error).partition("\n")[0].removesuffix(":").removesuffix(", for expression")


def _calls(node: Any) -> Iterator[dict[str, Any]]:
    if node["type"] == "function_expression":
        yield node
    for child in node["children"]:
        if isinstance(child, dict):
            yield from _calls(child)


def _examine(call: dict[str, Any]) -> None:
    """jmespath looks at names and numbers of arguments only once it calls: too late, after the first request."""
    name, given = call["value"], len(call["children"])
    if name not in _FUNCTIONS:
        raise LookupInvalid(f"no JMESPath: it has no function '{name}'")
    signature = _FUNCTIONS[name]["signature"]
    open_ended = bool(signature) and signature[-1].get("variadic", False)
    if given < len(signature) or (given > len(signature) and not open_ended):
        raise LookupInvalid(f"no JMESPath: {name}() takes {len(signature)} arguments, not {given}")
