"""Checks of answers in JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

from msgspec.structs import replace

from evalkit.checks.contract import BuiltInCheck, argument, shown, verdict, written
from evalkit.checks.json_text import WITHIN, NotJSON, Within, parse_within
from evalkit.checks.json_validator import misfit, validator
from evalkit.findings import Found, look, then
from evalkit.registry import CHECKS
from evalkit.types import Check, Context, Finding, Lookup


@CHECKS.register("json")
@dataclass(frozen=True, slots=True, kw_only=True)
class Json(BuiltInCheck):
    """The whole answer is JSON, or with `json: false` is not.

    White space around it is ignored; a code fence or a word is not, unless `within` allows it. NaN and Infinity are no
    JSON; a key may stand twice. What nests too deeply or has too many digits for Python to read is not JSON either. Of
    several code fences the last with JSON counts; of several objects and arrays in prose the longest, of several as
    long the last.
    """

    valid: bool = argument("Whether the answer must be JSON (true) or must not be (false).", default=True)
    within: Within = argument(WITHIN, default="whole")

    def find(self, context: Context) -> Finding:
        """Reads the answer."""
        try:
            parse_within(context.output, self.within)
        except NotJSON as error:
            return _not_json(error, context, passed=not self.valid)
        return verdict(passed=self.valid, reason="is JSON")


@CHECKS.register("json_schema")
@dataclass(frozen=True, slots=True, kw_only=True)
class JsonSchema(BuiltInCheck):
    """The whole answer is JSON and fits the JSON Schema.

    Draft 2020-12, or the draft that `$schema` names at the top. Nothing is fetched: `$ref` leads to what is in the
    schema itself or to the standard's own schemas. `format` is an annotation and not checked. Patterns are read by the
    package `regex`; all of them together have a second for an answer. JSON is read as in the check `json`.
    """

    blocking: ClassVar[bool] = True

    schema: dict[str, Any] | bool = argument("The JSON Schema, written as YAML.")
    within: Within = argument(WITHIN, default="whole")

    def __post_init__(self) -> None:
        validator(self.schema)

    def find(self, context: Context) -> Finding:
        """Reads the answer and validates it."""
        try:
            answer = parse_within(context.output, self.within)
        except NotJSON as error:
            return _not_json(error, context, passed=False)
        wrong = misfit(self.schema, answer)
        return verdict(passed=wrong is None, reason=wrong or "fits the schema")


@CHECKS.register("json_path")
@dataclass(frozen=True, slots=True, kw_only=True)
class JsonPath(BuiltInCheck):
    """What the JMESPath finds in the answer's JSON passes the inner check; without one, something is found.

    A text is handed to the inner check as it is, anything else as JSON. Null and an empty list are nothing found, and
    fail. JSON is read as in the check `json`.
    """

    blocking: ClassVar[bool] = True

    path: str = argument("The JMESPath: `invoice.total`, `items[0].name`, `items[?price > `10`].name`.")
    check: Check | None = argument("The check of what is found.", default=None)
    within: Within = argument(WITHIN, default="whole")

    def __post_init__(self) -> None:
        _lookup(self.path)

    def find(self, context: Context) -> Found:
        """Reads the answer, looks there, and checks what it finds."""
        try:
            found = _lookup(self.path)(parse_within(context.output, self.within))
        except NotJSON as error:
            return _not_json(error, context, passed=False)
        except ValueError as error:
            return verdict(passed=False, reason=f"{written(self.path)} does not fit the answer: {shown(str(error))}")
        if found is None or found == []:
            return verdict(passed=False, reason=f"{written(self.path)} finds nothing in {shown(context.output)}")
        text = found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)
        if self.check is None:
            return verdict(passed=True, reason=f"{written(self.path)} finds {shown(text)}")
        return then(look(self.check, replace(context, output=text)), self._at_path)

    def _at_path(self, finding: Finding) -> Finding:
        return replace(finding, reason=f"at {written(self.path)}: {finding.reason}")


@lru_cache(maxsize=256)
def _lookup(path: str) -> Lookup:
    from evalkit.lookups import JmesPath

    return JmesPath(path)


def _not_json(error: NotJSON, context: Context, *, passed: bool) -> Finding:
    return verdict(passed=passed, reason=f"not JSON: {error}; it begins {shown(context.output)}")
