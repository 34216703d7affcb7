"""Parameters that are no plain values: `tools`, `tool_choice`, `response_format`, as the chat API spells them."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, WithJsonSchema

from evalkit.suite.schema import Section

_NAME = "[a-zA-Z0-9_-]{1,64}"
_SCHEMA_NEEDS = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "schema": {"type": "object"}, "strict": {"type": "boolean"}},
    "required": ["name", "schema"],
}


def _named_schema(value: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(value.get("name"), str) or not isinstance(value.get("schema"), dict):
        raise ValueError(  # noqa: TRY004 pydantic takes no other
            "json_schema has a `name`, which is text, and a `schema`, which is a mapping"
        )
    return value


def _callable_name(value: str) -> str:
    if not re.fullmatch(_NAME, value):
        raise ValueError("the name of a function has letters, digits, _ and -, at most 64 of them")
    return value


class FunctionFile(Section):
    """A function that a model may ask to be called."""

    name: Annotated[str, AfterValidator(_callable_name), WithJsonSchema({"type": "string", "pattern": f"^{_NAME}$"})]
    description: str | None = None
    parameters: dict[str, Any] | None = None
    """Its arguments as a JSON Schema."""
    strict: bool | None = None


class ToolFile(Section):
    """A tool; kinds other than functions go under `extra_body`, as each API has its own."""

    type: Literal["function"]
    function: FunctionFile


class ResponseFormatFile(Section):
    """What the answer must look like."""

    type: Literal["text", "json_object", "json_schema"]
    json_schema: Annotated[dict[str, Any], AfterValidator(_named_schema), WithJsonSchema(_SCHEMA_NEEDS)] | None = None
    """With the type of this name."""


TOOL_PARTS: tuple[type[Section], ...] = (ToolFile, ResponseFormatFile)
"""What `params` leaves to be validated by itself."""
CHOICES = ("auto", "none", "required")
_CHOSEN = {
    "type": "object",
    "properties": {
        "type": {"const": "function"},
        "function": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]},
    },
    "required": ["type", "function"],
    "additionalProperties": False,
}
CHOICE_SCHEMA: dict[str, Any] = {"anyOf": [{"enum": list(CHOICES)}, _CHOSEN]}


def is_choice(value: Any) -> bool:
    """Whether `value` says which tool is to be called: one of `CHOICES`, or a function by its name."""
    if isinstance(value, dict):
        function = value.get("function")
        named = isinstance(function, dict) and isinstance(function.get("name"), str)
        return named and value.get("type") == "function" and len(value) == 2
    return value in CHOICES
