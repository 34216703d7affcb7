"""Request parameters under neutral names."""

from __future__ import annotations

import pytest

from evalkit.suite.params import read_params, settle
from evalkit.suite.source import Document
from evalkit.suite.validation import Mistakes


def read(text: str):
    document = Document("f", f"params: {text}")
    mistakes = Mistakes(document)
    return read_params(document.value, mistakes), [str(problem) for problem in mistakes.problems]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{temperature: 0, top_p: 0.5}", {"temperature": 0, "top_p": 0.5}),
        ("{max_output_tokens: 10, seed: -1, reasoning_effort: low}",
         {"max_output_tokens": 10, "seed": -1, "reasoning_effort": "low"}),
        ("{stop: END}", {"stop": "END"}),
        ("{stop: [a, b]}", {"stop": ["a", "b"]}),
        ("{temperature: null}", {"temperature": None}),
        ("{extra_body: {top_k: 1.10, deep: [{x: 010}]}}", {"extra_body": {"top_k": 1.1, "deep": [{"x": 10}]}}),
        ("{tools: [{type: function, function: {name: f, parameters: {minimum: 010}}}], tool_choice: required}",
         {"tools": [{"type": "function", "function": {"name": "f", "parameters": {"minimum": 10}}}],
          "tool_choice": "required"}),
        ("{tools: [{x-why: docs, type: function, function: {name: f, description: null}}], response_format: null}",
         {"tools": [{"type": "function", "function": {"name": "f"}}], "response_format": None}),
        ("{tool_choice: {type: function, function: {name: f}}, tools: null}",
         {"tool_choice": {"type": "function", "function": {"name": "f"}}, "tools": None}),
        ("{response_format: {type: json_schema, json_schema: {name: n, schema: {type: object}, strict: true}}}",
         {"response_format": {"type": "json_schema",
                              "json_schema": {"name": "n", "schema": {"type": "object"}, "strict": True}}}),
        ("", {}),
    ],
)  # fmt: skip
def test_parameters_are_read_as_plain_values(text, value):
    read_, problems = read(text)
    assert (read_, problems) == (value, [])


def test_a_parameter_loses_its_spelling():
    assert type(read("{temperature: 1.10}")[0]["temperature"]) is float
    [tool] = read("{tools: [{type: function, function: {name: f, parameters: {minimum: 010}}}]}")[0]["tools"]
    assert type(tool["function"]["parameters"]["minimum"]) is int


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{temperature: 3}", "f:1:23: temperature is a number from 0 to 2, found '3'"),
        ("{temperature: true}", "f:1:23: temperature is a number from 0 to 2, found true"),
        ("{temperature: .nan}", "f:1:23: temperature is a number from 0 to 2, found 'nan'"),
        ("{top_p: -0.1}", "f:1:17: top_p is a number from 0 to 1, found '-0.1'"),
        ("{max_output_tokens: 0}", "f:1:29: max_output_tokens is a whole number of at least 1, found '0'"),
        ("{max_output_tokens: 1.5}", "f:1:29: max_output_tokens is a whole number of at least 1, found '1.5'"),
        ("{reasoning_effort: 3}", "f:1:28: reasoning_effort is text, such as low, medium or high, found '3'"),
        ("{seed: a}", "f:1:16: seed is a whole number, found 'a'"),
        ("{stop: [1]}", "f:1:16: stop is text, or a list of texts, found a list"),
        ("{extra_body: 5}", "f:1:22: extra_body is a mapping, without infinite numbers, found '5'"),
        ("{extra_body: {a: [.inf]}}", "f:1:22: extra_body is a mapping, without infinite numbers, found a mapping"),
        ("{max_tokens: 5}", "f:1:10: unknown key 'max_tokens'; did you mean 'max_output_tokens'?"),
        ("{tools: []}", "f:1:17: must not be empty"),
        ("{tools: {}}", "f:1:17: expected a list, found a mapping"),
        ("{tools: [{type: function}]}", "f:1:18: 'function' is missing"),
        ("{tools: [{type: web_search, function: {name: f}}]}", "f:1:25: expected 'function', found 'web_search'"),
        (
            "{tools: [{type: function, function: {name: a b}}]}",
            "f:1:52: the name of a function has letters, digits, _ and -, at most 64 of them",
        ),
        (
            "{tools: [{type: function, function: {name: f, params: {}}}]}",
            "f:1:55: unknown key 'params'; did you mean 'parameters'?",
        ),
        (
            "{tools: [{type: function, function: {name: f, parameters: {x: .inf}}}]}",
            "f:1:17: tools has an infinite number in it, which JSON cannot spell",
        ),
        (
            "{tool_choice: f}",
            "f:1:23: tool_choice is auto, none, required or {type: function, function: {name: …}}, found 'f'",
        ),
        (
            "{tool_choice: {type: function}}",
            "f:1:23: tool_choice is auto, none, required or {type: function, function: {name: …}}, found a mapping",
        ),
        ("{response_format: json}", "f:1:27: expected a mapping, found 'json'"),
        ("{response_format: {type: json}}", "f:1:34: expected 'text', 'json_object' or 'json_schema', found 'json'"),
        (
            "{response_format: {type: json_schema, json_schema: {name: a}}}",
            "f:1:60: json_schema has a `name`, which is text, and a `schema`, which is a mapping",
        ),
        ("[a]", "f:1:9: params is a mapping, found a list"),
    ],
)
def test_a_wrong_parameter_is_told_and_left_away(text, expected):
    assert read(text) == ({}, [expected])


NOT_TEMPERATURE = frozenset({"temperature", "stop"})


@pytest.mark.parametrize(
    ("defaults", "model", "case", "sent", "left_out"),
    [
        ({}, {}, {}, {}, ()),
        ({"seed": 1}, {}, {}, {"seed": 1}, ()),
        ({"seed": 1}, {"seed": 2}, {}, {"seed": 2}, ()),
        ({"seed": 1}, {"seed": 2}, {"seed": 3}, {"seed": 3}, ()),
        ({"seed": 1}, {"seed": None}, {}, {}, ()),
        ({"seed": 1}, {}, {"seed": None}, {}, ()),
        ({"seed": None}, {"seed": 1}, {}, {"seed": 1}, ()),
        ({"temperature": 0, "seed": 1}, {}, {}, {"seed": 1}, ("temperature",)),
        ({"temperature": 0, "stop": "x"}, {}, {}, {}, ("temperature", "stop")),
        ({"temperature": 0}, {"temperature": 1}, {}, {"temperature": 1}, ()),
        ({}, {}, {"temperature": 1}, {}, ("temperature",)),
        ({"temperature": None}, {}, {}, {}, ()),
    ],
)
def test_what_is_sent_is_settled_from_case_model_and_defaults(defaults, model, case, sent, left_out):
    assert settle(defaults=defaults, model=model, case=case, rejected=NOT_TEMPERATURE) == (sent, left_out)
