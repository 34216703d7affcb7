"""Checks of answers in JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from evalkit.checks.contract import BuiltInCheck, argument, shown, verdict
from evalkit.checks.json_text import NotJSON, parse
from evalkit.checks.json_validator import misfit, validator
from evalkit.registry import CHECKS
from evalkit.types import Context, Finding


@CHECKS.register("json")
@dataclass(frozen=True, slots=True, kw_only=True)
class Json(BuiltInCheck):
    """The whole answer is JSON, or with `json: false` is not.

    White space around it is ignored; a code fence or a word is not. NaN and Infinity are no JSON; a key may stand
    twice. What nests too deeply or has too many digits for Python to read is not JSON either.
    """

    valid: bool = argument("Whether the answer must be JSON (true) or must not be (false).", default=True)

    def find(self, context: Context) -> Finding:
        """Reads the answer."""
        try:
            parse(context.output)
        except NotJSON as error:
            return verdict(passed=not self.valid, reason=f"not JSON: {error}; it begins {shown(context.output)}")
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

    def __post_init__(self) -> None:
        validator(self.schema)

    def find(self, context: Context) -> Finding:
        """Reads the answer and validates it."""
        try:
            answer = parse(context.output)
        except NotJSON as error:
            return verdict(passed=False, reason=f"not JSON: {error}; it begins {shown(context.output)}")
        wrong = misfit(self.schema, answer)
        return verdict(passed=wrong is None, reason=wrong or "fits the schema")
