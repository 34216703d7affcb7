"""Request parameters under neutral names: which there are, what they take, and which are left out for a model."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from evalkit.suite.numbers import unspelt
from evalkit.suite.tool_params import CHOICE_SCHEMA, ResponseFormatFile, ToolFile, is_choice
from evalkit.suite.validation import Mistakes, describe, validate, validate_items


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_body(value: Any) -> bool:
    return isinstance(value, dict) and _is_json(value)


def _is_json(value: Any) -> bool:
    """Whether JSON can spell it: it has no infinity and no NaN."""
    if isinstance(value, (dict, list)):
        return all(_is_json(item) for item in (value.values() if isinstance(value, dict) else value))
    return not isinstance(value, float) or math.isfinite(value)


def _is_stop(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, list) and all(isinstance(item, str) for item in value))


_KNOWN: dict[str, tuple[Callable[[Any], bool], str, dict[str, Any]]] = {
    "temperature": (lambda v: _is_number(v) and 0 <= v <= 2, "a number from 0 to 2", {"type": "number"}),
    "top_p": (lambda v: _is_number(v) and 0 <= v <= 1, "a number from 0 to 1", {"type": "number"}),
    "max_output_tokens": (lambda v: _is_whole(v) and v >= 1, "a whole number of at least 1", {"type": "integer"}),
    "reasoning_effort": (lambda v: isinstance(v, str), "text, such as low, medium or high", {"type": "string"}),
    "seed": (_is_whole, "a whole number", {"type": "integer"}),
    "stop": (_is_stop, "text, or a list of texts", {"type": ["string", "array"], "items": {"type": "string"}}),
    "tool_choice": (is_choice, "auto, none, required or {type: function, function: {name: …}}", CHOICE_SCHEMA),
    "extra_body": (_is_body, "a mapping, without infinite numbers", {"type": "object"}),
}

_SECTIONS: dict[str, dict[str, Any]] = {
    "tools": {"type": "array", "items": {"x-definition": "ToolFile"}, "minItems": 1},
    "response_format": {"x-definition": "ResponseFormatFile"},
}

SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "Neutral names, mapped per API and model; null removes one; extra_body goes out as it is.",
    "additionalProperties": False,
    "properties": {
        name: {"anyOf": [schema, {"type": "null"}]}
        for name, schema in ({name: rule[2] for name, rule in _KNOWN.items()} | _SECTIONS).items()
    },
}


def read_params(section: Mapping[str, Any], mistakes: Mistakes) -> dict[str, Any]:
    """The `params` of one section of a suite, those that are wrong noted and left away."""
    data = section.get("params")
    if data is None:
        return {}
    if not isinstance(data, dict):
        mistakes.add(f"params is a mapping, found {describe(data)}", section, "params")
        return {}
    read: dict[str, Any] = {}
    for name, value in data.items():
        if name in _SECTIONS and value is not None:
            read |= _read_section(data, name, mistakes)
        elif name not in _KNOWN and name not in _SECTIONS:
            mistakes.unknown_key(data, name, sorted([*_KNOWN, *_SECTIONS]))
        elif value is None or _fits(data, name, mistakes):
            read[name] = unspelt(value)
    return read


def _fits(data: dict[str, Any], name: str, mistakes: Mistakes) -> bool:
    fits, wanted, _ = _KNOWN[name]
    if fits(data[name]):
        return True
    mistakes.add(f"{name} is {wanted}, found {describe(data[name])}", data, name)
    return False


def _read_section(data: dict[str, Any], name: str, mistakes: Mistakes) -> dict[str, Any]:
    """The parameter as it is sent, without notes and empty values; nothing where it is wrong, which is noted."""
    before = len(mistakes.problems)
    sent: Any = None
    if not _is_json(data[name]):
        mistakes.add(f"{name} has an infinite number in it, which JSON cannot spell", data, name)
    elif name == "tools":
        tools = validate_items(ToolFile, data, name, mistakes, at_least=1)
        sent = [tool.model_dump(exclude_unset=True) for _, tool in tools]
    else:
        wanted = validate(ResponseFormatFile, data[name], mistakes, container=data, key=name)
        sent = wanted and wanted.model_dump(exclude_unset=True)
    return {name: unspelt(sent)} if len(mistakes.problems) == before else {}


def settle(
    *, defaults: Mapping[str, Any], model: Mapping[str, Any], case: Mapping[str, Any], rejected: frozenset[str]
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """What is sent, and the names left out: a case's values over the model's over the defaults, null removing one.

    What a preset knows the model to reject is left out, unless it was set on the model itself.
    """
    merged = {**defaults, **model, **case}
    wanted = {name: value for name, value in merged.items() if value is not None}
    left_out = tuple(name for name in wanted if name in rejected and name not in model)
    return {name: value for name, value in wanted.items() if name not in left_out}, left_out
