from __future__ import annotations

import pytest

from evalkit.simulator import chat
from evalkit.simulator.errors import ApiError

USER = {"role": "user", "content": "Hello"}
IMAGE = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}


def _error(body):
    with pytest.raises(ApiError) as caught:
        chat.read(body)
    assert caught.value.body["error"]["type"] == "invalid_request_error"
    return caught.value.status, caught.value.body["error"]


@pytest.mark.parametrize(
    ("changes", "param", "code", "words"),
    [
        ({"model": None}, None, None, "you must provide a model parameter"),
        ({"model": 4}, "model", "invalid_type", "expected a string, but got an integer"),
        ({"messages": None}, "messages", "missing_required_parameter", "Missing required parameter: 'messages'."),
        ({"messages": []}, "messages", "empty_array", "empty array"),
        ({"messages": "Hello"}, "messages", "invalid_type", "expected an array of objects, but got a string"),
        ({"messages": ["Hello"]}, "messages[0]", "invalid_type", "expected an object"),
        ({"messages": [USER, {"content": "x"}]}, "messages[1].role", "missing_required_parameter", "role"),
        ({"messages": [{**USER, "role": "boss"}]}, "messages[0].role", "invalid_value", "Invalid value: 'boss'"),
        ({"messages": [{**USER, "role": ["user"]}]}, "messages[0].role", "invalid_value", "'developer'"),
        ({"messages": [{**USER, "name": 3}]}, "messages[0].name", "invalid_type", "a string"),
        ({"messages": [{**USER, "text": "x"}]}, "messages[0].text", "unknown_parameter", "Unknown parameter"),
        ({"messages": [{"role": "user"}]}, "messages[0].content", "missing_required_parameter", "content"),
        ({"messages": [{**USER, "content": None}]}, "messages[0].content", None, "expected a string, got null"),
        ({"messages": [{**USER, "content": 5}]}, "messages[0].content", "invalid_type", "a string or an array"),
        ({"messages": [{**USER, "content": []}]}, "messages[0].content", "empty_array", "empty array"),
        ({"messages": [{**USER, "content": ["x"]}]}, "messages[0].content[0]", "invalid_type", "an object"),
        ({"messages": [{**USER, "content": [{"text": "x"}]}]}, "messages[0].content[0].type",
         "missing_required_parameter", "type"),
        ({"messages": [{**USER, "content": [{"type": "input_text", "text": "x"}]}]}, "messages[0].content[0].type",
         "invalid_value", "'text', 'image_url', and 'file'"),
        ({"messages": [{**USER, "content": [{"type": "text"}]}]}, "messages[0].content[0].text",
         "missing_required_parameter", "text"),
        ({"messages": [{**USER, "content": [{"type": "image_url", "image_url": "https://example.com/a.png"}]}]},
         "messages[0].content[0].image_url", "invalid_type", "expected an object, but got a string"),
        ({"messages": [{"role": "system", "content": [IMAGE]}]}, "messages[0].content[0]", "invalid_value",
         "only allowed for messages with role 'user'"),
        ({"temperature": 2.1}, "temperature", "decimal_above_max_value", "<= 2, but got 2.1"),
        ({"temperature": -1}, "temperature", "decimal_below_min_value", ">= 0"),
        ({"temperature": "0"}, "temperature", "invalid_type", "expected a decimal, but got a string"),
        ({"temperature": True}, "temperature", "invalid_type", "a boolean"),
        ({"top_p": 1.5}, "top_p", "decimal_above_max_value", "<= 1"),
        ({"presence_penalty": 3}, "presence_penalty", "decimal_above_max_value", "<= 2"),
        ({"max_tokens": 0}, "max_tokens", "integer_below_min_value", ">= 1, but got 0"),
        ({"max_tokens": 1.5}, "max_tokens", "invalid_type", "expected an integer, but got a decimal"),
        ({"max_completion_tokens": "9"}, "max_completion_tokens", "invalid_type", "an integer"),
        ({"max_tokens": 5, "max_completion_tokens": 5}, "max_tokens", "invalid_parameter_combination", "same time"),
        ({"seed": "x"}, "seed", "invalid_type", "an integer"),
        ({"seed": 2**63}, "seed", "integer_above_max_value", "maximum"),
        ({"stop": 4}, "stop", "invalid_type", "a string"),
        ({"stop": ["a", 4]}, "stop", "invalid_type", "a string"),
        ({"stop": []}, "stop", "empty_array", "empty array"),
        ({"stop": list("abcde")}, "stop", "array_above_max_length", "maximum length 4"),
        ({"user": 4}, "user", "invalid_type", "a string"),
        ({"tools": {}}, "tools", "invalid_type", "expected an array of objects, but got an object"),
        ({"n": 2}, "n", "unsupported_value", "one choice"),
        ({"stream": "yes"}, "stream", "invalid_type", "a boolean"),
        ({"stream_options": {"include_usage": True}}, "stream_options", None, "only allowed when 'stream'"),
        ({"stream": True, "stream_options": True}, "stream_options", "invalid_type", "an object"),
        ({"stream": True, "stream_options": {"usage": True}}, "stream_options.usage", "unknown_parameter", "usage"),
        ({"stream": True, "stream_options": {"include_usage": 1}}, "include_usage", "invalid_type", "a boolean"),
        ({"reasoning_effort": "low"}, "reasoning_effort", "unsupported_parameter", "not supported with this model"),
        ({"response_format": "json"}, "response_format", "invalid_type", "an object"),
        ({"response_format": {}}, "response_format.type", "missing_required_parameter", "type"),
        ({"response_format": {"type": "xml"}}, "response_format.type", "invalid_value", "'json_object'"),
        ({"response_format": {"type": "json_object"}}, "response_format", None, "must contain the word 'json'"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema",
         "missing_required_parameter", "json_schema"),
        ({"response_format": {"type": "json_schema", "json_schema": {"name": "x"}}},
         "response_format.json_schema.schema", "invalid_type", "an object"),
        ({"foo": 1}, None, None, "Unrecognized request argument supplied: foo"),
        ({"foo": None, "max_output_tokens": 9}, None, None,
         "Unrecognized request arguments supplied: foo, max_output_tokens"),
    ],
)  # fmt: skip
def test_a_body_the_real_api_rejects_is_rejected(changes, param, code, words):
    status, error = _error({"model": "gpt-4o", "messages": [USER], **changes})
    assert status == 400
    assert (error["param"], error["code"]) == (param, code)
    assert words in error["message"]


def test_an_unknown_model_is_404():
    status, error = _error({"model": "gpt-5o", "messages": [USER]})
    assert (status, error["code"]) == (404, "model_not_found")
    assert error["message"].startswith("The model `gpt-5o` does not exist or you do not have access to it.")


@pytest.mark.parametrize("model", ["o1", "o3", "o4-mini"])
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"max_tokens": 9}, "Unsupported parameter: 'max_tokens' is not supported with this model. "
         "Use 'max_completion_tokens' instead."),
        ({"top_p": 0.5}, "Unsupported parameter: 'top_p' is not supported with this model."),
        ({"temperature": 0}, "Unsupported value: 'temperature' does not support 0 with this model. "
         "Only the default (1) value is supported."),
    ],
)  # fmt: skip
def test_the_o_series_rejects_what_it_does_not_take(model, changes, message):
    status, error = _error({"model": model, "messages": [USER], **changes})
    assert (status, error["message"], error["param"]) == (400, message, next(iter(changes)))


def test_the_o_series_takes_its_default_temperature():
    assert chat.read({"model": "o3", "messages": [USER], "temperature": 1}).profile.id == "o3"


def test_an_effort_that_the_model_does_not_know_is_rejected():
    error = _error({"model": "o3", "messages": [USER], "reasoning_effort": "minimal"})[1]
    assert error["message"] == "Invalid value: 'minimal'. Supported values are: 'low', 'medium', and 'high'."
    assert chat.read({"model": "gpt-5", "messages": [USER], "reasoning_effort": "minimal"}).effort == "minimal"


def test_everything_that_is_allowed_is_read():
    question = chat.read(
        {
            "model": "gpt-4o",
            "messages": [
                {"role": "developer", "content": "Be brief, in JSON."},
                {"role": "user", "content": "One?", "name": "Ada"},
                {"role": "assistant", "content": [{"type": "text", "text": "1"}]},
                {"role": "user", "content": [{"type": "text", "text": "Two"}, {"type": "text", "text": "?"}, IMAGE]},
            ],
            "temperature": 0, "top_p": 1, "max_tokens": 20, "seed": 4, "stop": "END", "stream": False, "n": 1,
            "user": None, "response_format": {"type": "json_object"},
        }
    )  # fmt: skip
    assert [turn.role for turn in question.turns] == ["developer", "user", "assistant", "user"]
    assert question.asked == "Two\n?"
    assert question.turns[-1].pictures[0].reference == "https://example.com/a.png"
    assert (question.cap, question.stop, question.as_json) == (20, ("END",), True)
