"""Tools are called with arguments that fit, in each API's spelling."""

from __future__ import annotations

import json

import jsonschema
import pytest

from evalkit.simulator import chat, responses
from evalkit.simulator.errors import ApiError
from evalkit.simulator.tools import fitting

SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 1}, "why": {"type": "string"}},
    "required": ["city", "days"],
    "additionalProperties": False,
}
NESTED = [{"type": "function", "function": {"name": name, "parameters": SCHEMA}} for name in ("weather", "news")]
FLAT = [{"type": "function", "name": name, "parameters": SCHEMA, "strict": False} for name in ("weather", "news")]
FITTING = '{"city": "text", "days": 1}'


@pytest.mark.parametrize(
    "schema",
    [
        SCHEMA,
        {"type": "object"},
        {"enum": ["a", "b"]},
        {"const": 4},
        {"type": "string", "minLength": 9},
        {"type": "string", "maxLength": 2},
        {"type": "number", "minimum": 2.5},
        {"type": "integer", "maximum": -3},
        {"type": ["null", "string"]},
        {"type": "boolean"},
        {"type": "array", "items": {"type": "integer"}, "minItems": 2},
        {"anyOf": [{"type": "array"}, {"type": "null"}]},
        {"properties": {"a": {"type": "object", "properties": {"b": {"enum": [3]}}, "required": ["b"]}},
         "required": ["a"]},
    ],
)  # fmt: skip
def test_a_small_value_fits_its_schema(schema):
    jsonschema.validate(fitting(schema), schema)


def test_a_schema_without_end_is_left():
    endless: dict = {"type": "object", "required": ["again"], "properties": {}}
    endless["properties"]["again"] = endless
    assert json.dumps(fitting(endless)).count("again") < 20


@pytest.mark.parametrize(
    ("content", "choice", "called"),
    [
        ("Hello", None, None),
        ("Hello", "auto", None),
        ("[[tool]]", "auto", "weather"),
        ("[[tool]]", "none", None),
        ("Hello", "required", "weather"),
        ("Hello", {"type": "function", "function": {"name": "news"}}, "news"),
    ],
)
def test_a_tool_is_called_where_it_must_be_or_the_prompt_says_so(client, content, choice, called):
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": content}], "tools": NESTED}
    body |= {} if choice is None else {"tool_choice": choice}
    [answered] = client.post("/chat/completions", json=body).json()["choices"]
    calls = answered["message"].get("tool_calls", [])
    assert [call["function"] for call in calls] == ([{"name": called, "arguments": FITTING}] if called else [])
    assert (answered["finish_reason"] == "tool_calls") is bool(called)
    assert (answered["message"]["content"] is None) is bool(called)


@pytest.mark.parametrize("form", ["string", "list"])
def test_the_responses_api_calls_too_and_its_string_becomes_a_list(connect, form):
    body = {"model": "o3", "input": "[[tool]]", "tools": FLAT}
    answered = connect(responses_form=form).post("/responses", json=body).json()
    assert answered["status"] == "completed"
    assert [(item["name"], item["arguments"]) for item in answered["output"] if item["type"] == "function_call"] == [
        ("weather", FITTING)
    ]


@pytest.mark.parametrize(
    ("read", "body", "words"),
    [
        (chat.read, {"tools": []}, "empty array"),
        (chat.read, {"tools": ["f"]}, "expected an object"),
        (chat.read, {"tools": FLAT}, "tools[0].function"),
        (chat.read, {"tools": [{"type": "web_search"}]}, "Supported values are: 'function'"),
        (chat.read, {"tools": [{"type": "function", "function": {"name": 5}}]}, "expected a string"),
        (chat.read, {"tools": NESTED, "tool_choice": "any"}, "'none', 'auto', and 'required'"),
        (chat.read, {"tools": NESTED, "tool_choice": 5}, "a string or an object"),
        (chat.read, {"tools": NESTED, "tool_choice": {"type": "function", "function": {"name": "x"}}}, "'x' not found"),
        (chat.read, {"tool_choice": "auto"}, "only allowed when 'tools'"),
        (responses.read, {"tools": NESTED}, "tools[0].function"),
        (responses.read, {"tools": FLAT, "tool_choice": {"type": "function", "name": "x"}}, "'x' not found"),
    ],
)
def test_tools_the_real_api_rejects_are_rejected(read, body, words):
    asked = {"messages": [{"role": "user", "content": "Hi"}]} if read is chat.read else {"input": "Hi"}
    with pytest.raises(ApiError) as caught:
        read({"model": "o3", **asked, **body})
    assert words in caught.value.body["error"]["message"]
