"""Tools that a model may call: read in each API's spelling, and called with arguments that fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from evalkit.simulator import conversation
from evalkit.simulator.errors import empty_array, invalid, missing, unknown_value, wrong_type
from evalkit.simulator.question import Tool

Offer = tuple[tuple[Tool, ...], Tool | None]
"""The tools that may be called, and the one that must be."""

_DEEPEST = 8
_WORDS = ("none", "auto", "required")
_PLAIN: dict[str, Any] = {"string": "text", "integer": 1, "number": 1, "boolean": True, "null": None}


def nested(body: Mapping[str, Any]) -> Offer:
    """Of the chat API: a function lies in the field of that name. Raises `ApiError`, as all here."""
    return _offer(
        body, lambda tool, place: _function(_kept(tool, place, "function"), f"{place}.function", "parameters")
    )


def flat(body: Mapping[str, Any]) -> Offer:
    """Of the responses API: a function is the tool itself."""
    return _offer(body, lambda tool, place: _function(tool, place, "parameters"))


def messages(body: Mapping[str, Any]) -> Offer:
    """Of the messages API: there is no type, and the choice is always a mapping."""
    tools = _tools(body, lambda tool, place: _function(tool, place, "input_schema"))
    choice = body.get("tool_choice", {"type": "auto"})
    if not isinstance(choice, dict):
        raise wrong_type("tool_choice", "an object", choice)
    kind = conversation.choice(choice, "type", "tool_choice", ("auto", "any", "tool", "none"))
    if kind == "tool":
        return tools, _named(tools, conversation.text(choice, "name", "tool_choice"), "tool_choice.name")
    return _chosen(tools, "required" if kind == "any" else kind)


def fitting(schema: Any, depth: int = 0) -> Any:
    """A small value that fits a JSON Schema of the kinds that tools use; what is optional is left out."""
    if not isinstance(schema, Mapping) or depth > _DEEPEST:
        return None
    for name in ("const", "default"):
        if name in schema:
            return schema[name]
    for name in ("enum", "examples"):
        if schema.get(name):
            return schema[name][0]
    for name in ("anyOf", "oneOf", "allOf"):
        if schema.get(name):
            return fitting(schema[name][0], depth + 1)
    return _of_type(schema, depth)


def _of_type(schema: Mapping[str, Any], depth: int) -> Any:
    kind = schema.get("type", "object" if "properties" in schema else "string")
    kind = kind[0] if isinstance(kind, list) and kind else kind
    if kind == "object":
        properties = schema.get("properties", {})
        return {name: fitting(properties.get(name, {}), depth + 1) for name in schema.get("required", [])}
    if kind == "array":
        return [fitting(schema.get("items", {}), depth + 1) for _ in range(schema.get("minItems", 0))]
    if kind in ("integer", "number"):
        return schema.get("minimum", schema.get("maximum", _PLAIN[kind]))
    if kind == "string":
        return _PLAIN[kind].ljust(schema.get("minLength", 0), "x")[: schema.get("maxLength")]
    return _PLAIN.get(str(kind))


def _offer(body: Mapping[str, Any], read: Callable[[Mapping[str, Any], str], Tool]) -> Offer:
    def typed(tool: Mapping[str, Any], place: str) -> Tool:
        conversation.choice(tool, "type", place, ("function",))
        return read(tool, place)

    tools, choice = _tools(body, typed), body.get("tool_choice", "auto")
    if isinstance(choice, str):
        if choice not in _WORDS:
            raise unknown_value("tool_choice", choice, _WORDS)
        return _chosen(tools, choice)
    if not isinstance(choice, dict):
        raise wrong_type("tool_choice", "a string or an object", choice)
    conversation.choice(choice, "type", "tool_choice", ("function",))
    owner = choice if "name" in choice else _kept(choice, "tool_choice", "function")
    return tools, _named(tools, conversation.text(owner, "name", "tool_choice"), "tool_choice")


def _chosen(tools: tuple[Tool, ...], choice: str) -> Offer:
    return ((), None) if choice == "none" else (tools, tools[0] if choice == "required" else None)


def _tools(body: Mapping[str, Any], read: Callable[[Mapping[str, Any], str], Tool]) -> tuple[Tool, ...]:
    given = body.get("tools")
    if given is None:
        if "tool_choice" in body:
            raise invalid("'tool_choice' is only allowed when 'tools' are specified.", param="tool_choice")
        return ()
    if not isinstance(given, list):
        raise wrong_type("tools", "an array of objects", given)
    if not given:
        raise empty_array("tools")
    places = [f"tools[{index}]" for index in range(len(given))]
    for tool, place in zip(given, places, strict=True):
        if not isinstance(tool, dict):
            raise wrong_type(place, "an object", tool)
    return tuple(read(tool, place) for tool, place in zip(given, places, strict=True))


def _kept(owner: Mapping[str, Any], place: str, key: str) -> Mapping[str, Any]:
    inner = owner.get(key)
    if inner is None:
        raise missing(f"{place}.{key}")
    if not isinstance(inner, dict):
        raise wrong_type(f"{place}.{key}", "an object", inner)
    return inner


def _function(owner: Mapping[str, Any], place: str, schema_in: str) -> Tool:
    conversation.only(owner, place, "type", "name", "description", "strict", schema_in)
    if schema_in == "input_schema" or owner.get(schema_in) is not None:
        return Tool(name=conversation.text(owner, "name", place), parameters=_kept(owner, place, schema_in))
    return Tool(name=conversation.text(owner, "name", place), parameters={"type": "object"})


def _named(tools: tuple[Tool, ...], name: str, param: str) -> Tool:
    for tool in tools:
        if tool.name == name:
            return tool
    raise invalid(f"Tool choice '{name}' not found in 'tools' parameter.", param=param)
