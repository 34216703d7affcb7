"""What sections of a suite file are made of: how their keys are judged, and the kinds of values that they take.

Pydantic validates the values; keys are judged by `Section` itself, so that each unknown one is named with its place
and its nearest neighbour, and each key whose feature is still to come says so.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Protocol

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, WithJsonSchema, model_validator

from evalkit.suite.numbers import as_text
from evalkit.suite.shares import parse_share


def definition(name: str) -> dict[str, Any]:
    """A reference to what `json_schema` defines beside pydantic's own definitions."""
    return {"x-definition": name}


CHECK_REFERENCE = definition("Check")


class KeyJudge(Protocol):
    """Hears of keys that do not belong where they stand."""

    def unknown_key(self, container: dict[str, Any], key: str, known: list[str]) -> None:
        """`key` is none of `known`."""
        ...

    def later_key(self, container: dict[str, Any], key: str) -> None:
        """`key` is part of the format, and its feature is not there yet."""
        ...


def _text(value: Any) -> Any:
    """Scalars are text as they were spelt: `id: 12`, `contains: 1.10`."""
    text = as_text(value)
    return value if text is None else text


def _reason(value: Any) -> Any:
    """Why something is so; `false` says that it is not."""
    return None if value is False else _text(value)


Text = Annotated[str, BeforeValidator(_text), WithJsonSchema({"type": ["string", "number", "boolean"]})]
"""Text; a bare number or boolean is taken as it was spelt."""
Name = Annotated[
    str, BeforeValidator(_text), Field(min_length=1), WithJsonSchema({"type": ["string", "number"], "minLength": 1})
]
Reason = Annotated[str | None, BeforeValidator(_reason), WithJsonSchema({"type": ["string", "number", "boolean"]})]
"""Why something is so, in the author's words; `false` says that it is not."""
Share = Annotated[
    float,
    BeforeValidator(parse_share),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": r"^\s*(all|any|[0-9.]+(\s*/\s*[0-9]+)?)\s*$"},
                {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
            ]
        }
    ),
]
"""More than 0 and at most 1; 0 for `any`."""
Check = Annotated[Any, WithJsonSchema(CHECK_REFERENCE)]
CaseChecks = Annotated[
    Any, WithJsonSchema({"anyOf": [{"type": "array", "items": CHECK_REFERENCE}, {"const": "none"}], "default": []})
]
Limit = Annotated[
    Any,
    WithJsonSchema(
        {"type": "string", "pattern": r"^\s*(>=|<=|==|!=|>|<)\s*[-+−]?[0-9.]+([eE][-+]?[0-9]+)?\s*(%|pp)?\s*$"}
    ),
]
"""An operator and a number; `limits.parse_limit` reads it."""
Params = Annotated[Any, WithJsonSchema(definition("Params"))]
Names = Annotated[list[Text], Field(min_length=1)]
PositiveInt = Annotated[int, Field(ge=1)]
PositiveFloat = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Rate = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Section(BaseModel):
    """A mapping of the format. Keys that begin with `x-` are ignored; an empty value is an absent one."""

    model_config = ConfigDict(extra="forbid", strict=True, use_attribute_docstrings=True, frozen=True, defer_build=True)
    later: ClassVar[frozenset[str]] = frozenset()
    """Keys of the format whose feature is not there yet."""
    shorthand: ClassVar[str | None] = None
    """The field that a bare scalar in this section's place stands for."""

    @model_validator(mode="before")
    @classmethod
    def _judge_keys(cls, data: Any, info: ValidationInfo) -> Any:
        if cls.shorthand is not None and not isinstance(data, (dict, list)):
            return {cls.shorthand: data}
        if not isinstance(data, dict):
            return data
        known = cls.model_fields
        for key in data:
            if key not in known and not key.startswith("x-") and info.context is not None:
                cls._complain(data, key, info.context)
        return {key: value for key, value in data.items() if key in known and value is not None}

    @classmethod
    def _complain(cls, data: dict[str, Any], key: str, judge: KeyJudge) -> None:
        if key in cls.later:
            judge.later_key(data, key)
        else:
            judge.unknown_key(data, key, sorted(cls.model_fields))
