from __future__ import annotations

import pytest

from evalkit.simulator import chat, responses
from evalkit.simulator.errors import ApiError

TEXT = {"type": "input_text", "text": "Hello"}
IMAGE = {"type": "input_image", "image_url": "https://example.com/a.png", "detail": "high"}


def _item(*parts, role="user"):
    return {"input": [{"role": role, "content": list(parts)}]}


@pytest.mark.parametrize(
    ("changes", "param", "code", "words"),
    [
        ({"model": None}, None, None, "model"),
        ({"input": None}, "input", "missing_required_parameter", "Missing required parameter: 'input'."),
        ({"input": ""}, "input", "missing_required_parameter", "input"),
        ({"input": []}, "input", "empty_array", "empty array"),
        ({"input": 4}, "input", "invalid_type", "an array"),
        ({"input": ["Hello"]}, "input[0]", "invalid_type", "an object"),
        ({"input": [{"content": "x"}]}, "input[0].role", "missing_required_parameter", "role"),
        ({"input": [{"role": "tool", "content": "x"}]}, "input[0].role", "invalid_value", "'tool'"),
        ({"input": [{"role": "user"}]}, "input[0].content", "missing_required_parameter", "content"),
        ({"input": [{"type": "function_call", "role": "user", "content": "x"}]}, "input[0].type", "invalid_value", ""),
        ({"input": [{"role": "user", "content": "x", "name": "Ada"}]}, "input[0].name", "unknown_parameter", ""),
        (_item({"type": "text", "text": "x"}), "input[0].content[0].type", "invalid_value",
         "'input_text', 'input_image', and 'input_file'"),
        (_item(TEXT, role="assistant"), "input[0].content[0].type", "invalid_value", "'output_text' and 'refusal'"),
        (_item({"type": "output_text", "text": "x"}), "input[0].content[0].type", "invalid_value", "'output_text'"),
        (_item({"type": "input_text", "text": 4}), "input[0].content[0].text", "invalid_type", "a string"),
        (_item({"type": "input_image", "image_url": {"url": "https://example.com/a.png"}}),
         "input[0].content[0].image_url", "invalid_type", "expected a string, but got an object"),
        ({"max_output_tokens": 15}, "max_output_tokens", "integer_below_min_value", ">= 16, but got 15"),
        ({"max_tokens": 100}, "max_tokens", "unsupported_parameter", "moved to 'max_output_tokens'"),
        ({"messages": []}, "messages", "unsupported_parameter", "moved to 'input'"),
        ({"reasoning_effort": "low"}, "reasoning_effort", "unsupported_parameter", "moved to 'reasoning.effort'"),
        ({"reasoning": "low"}, "reasoning", "invalid_type", "an object"),
        ({"reasoning": {"effort": "huge"}}, "reasoning.effort", "invalid_value", "'low', 'medium', and 'high'"),
        ({"reasoning": {"depth": 4}}, "reasoning.depth", "unknown_parameter", "reasoning.depth"),
        ({"text": {"format": {"type": "json_schema"}}}, "text.format.name", "missing_required_parameter", "name"),
        ({"instructions": 4}, "instructions", "invalid_type", "a string"),
        ({"temperature": 0.5}, "temperature", "unsupported_value", "Only the default (1)"),
        ({"seed": 4}, "seed", "unknown_parameter", "Unknown parameter: 'seed'."),
        ({"foo": 4}, "foo", "unknown_parameter", "Unknown parameter: 'foo'."),
        ({"stream": "yes"}, "stream", "invalid_type", "a boolean"),
        ({"stream": True, "stream_options": {}}, "stream_options", "unknown_parameter", "stream_options"),
    ],
)  # fmt: skip
def test_a_body_the_real_api_rejects_is_rejected(changes, param, code, words):
    with pytest.raises(ApiError) as caught:
        responses.read({"model": "o3", "input": "Hello", **changes})
    error = caught.value.body["error"]
    assert (caught.value.status, error["param"], error["code"]) == (400, param, code)
    assert words in error["message"]


def test_everything_that_is_allowed_is_read():
    question = responses.read(
        {
            "model": "o3",
            "instructions": "Be brief.",
            "input": [
                {"role": "user", "content": "One?"},
                {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "1"}]},
                {"role": "user", "content": [TEXT, IMAGE]},
            ],
            "max_output_tokens": 16, "reasoning": {"effort": "high"}, "stream": False, "user": None,
        }
    )  # fmt: skip
    assert [turn.text for turn in question.turns] == ["Be brief.", "One?", "1", "Hello"]
    assert question.turns[-1].pictures[0].detail == "high"
    assert (question.cap, question.effort) == (16, "high")


def test_the_same_conversation_is_the_same_question_through_either_api():
    through_chat = chat.read({"model": "o3", "messages": [{"role": "user", "content": "Hello"}]})
    assert responses.read({"model": "o3", "input": "Hello"}).digest == through_chat.digest
    assert responses.read({"model": "o3", **_item(TEXT)}).digest == through_chat.digest
