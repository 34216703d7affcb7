from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.apis.responses import RESPONSES
from evalkit.errors import ErrorReply, Undecodable
from evalkit.types import Document, Image, Message, Request, Response, ToolCall, Usage


def encode(*messages: Message, **settings) -> dict:
    return RESPONSES.encode(Request(model="o3", messages=messages, **settings), lambda image: f"data:{image.sha256}")


def message(*parts: dict) -> dict:
    return {"type": "message", "role": "assistant", "content": list(parts)}


def said(text: str) -> dict:
    return {"type": "output_text", "text": text, "annotations": []}


REASONING = {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "thinking"}]}
REFUSED = {"type": "refusal", "refusal": "I cannot."}

# --- requests


def test_each_role_has_its_own_kind_of_text():
    body = encode(
        Message(role="system", content="s"), Message(role="user", content="u"), Message(role="assistant", content="a")
    )
    assert body["input"] == [
        {"role": "system", "content": [{"type": "input_text", "text": "s"}]},
        {"role": "user", "content": [{"type": "input_text", "text": "u"}]},
        {"role": "assistant", "content": [{"type": "output_text", "text": "a"}]},
    ]


def test_pictures_are_named_by_a_plain_url():
    images = (Image(sha256="1"), Image(sha256="2", detail="low"))
    [item] = encode(Message(role="user", content="see", images=images))["input"]
    assert item["content"] == [
        {"type": "input_text", "text": "see"},
        {"type": "input_image", "image_url": "data:1"},
        {"type": "input_image", "image_url": "data:2", "detail": "low"},
    ]


def test_params_go_by_this_apis_names_whatever_the_chat_api_calls_the_cap():
    params = {"max_output_tokens": 900, "reasoning_effort": "low", "top_p": 1, "extra_body": {"store": False}}
    assert encode(params=params, cap_field="max_completion_tokens", stream=False) == {
        "model": "o3",
        "input": [],
        "max_output_tokens": 900,
        "reasoning": {"effort": "low"},
        "top_p": 1,
        "stream": False,
        "store": False,
    }


def test_documents_are_named_or_linked():
    files = (Document(name="a.pdf", sha256="1"), Document(name="b.pdf", url="https://h/b.pdf"))
    request = Request(model="o3", messages=(Message(role="user", content="", files=files),))
    [item] = RESPONSES.encode(request, lambda file: file.url or f"data:{file.sha256}")["input"]
    assert item["content"] == [
        {"type": "input_file", "filename": "a.pdf", "file_data": "data:1"},
        {"type": "input_file", "file_url": "https://h/b.pdf"},
    ]


SCHEMA = {"type": "object", "properties": {"q": {"type": "string"}}}


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"tools": [{"type": "function", "function": {"name": "f", "parameters": SCHEMA}}]},
         {"tools": [{"type": "function", "name": "f", "parameters": SCHEMA, "strict": False}]}),
        ({"tools": [{"type": "function", "function": {"name": "f", "description": "d", "strict": True}}]},
         {"tools": [{"type": "function", "name": "f", "description": "d", "strict": True,
                     "parameters": {"type": "object", "properties": {}}}]}),
        ({"tool_choice": "required"}, {"tool_choice": "required"}),
        ({"tool_choice": {"type": "function", "function": {"name": "f"}}},
         {"tool_choice": {"type": "function", "name": "f"}}),
        ({"response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": SCHEMA, "strict": True}}},
         {"text": {"format": {"type": "json_schema", "name": "n", "schema": SCHEMA, "strict": True}}}),
        ({"response_format": {"type": "json_object"}}, {"text": {"format": {"type": "json_object"}}}),
    ],
)  # fmt: skip
def test_tools_and_formats_lie_flat(params, expected):
    assert encode(params=params) == {"model": "o3", "input": [], **expected}


# --- answers


def test_an_answer_of_tool_calls_alone_is_not_empty():
    call = {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"}
    response = RESPONSES.decode({"status": "completed", "output": [REASONING, call]})
    assert (response.text, response.finish_reason, response.outcome) == ("", "tool_calls", "ok")
    assert response.tool_calls == (ToolCall(id="c1", name="f", arguments="{}"),)


def test_the_official_list_is_read_without_its_reasoning():
    response = RESPONSES.decode(
        {
            "status": "completed",
            "model": "o3-2025-04-16",
            "output": [REASONING, message(said("Hel"), said("lo"))],
            "usage": {"input_tokens": 7, "output_tokens": 177, "output_tokens_details": {"reasoning_tokens": 128}},
        }
    )
    assert (response.text, response.finish_reason, response.outcome) == ("Hello", "stop", "ok")
    assert response.model == "o3-2025-04-16"
    assert response.usage == Usage(input_tokens=7, output_tokens=177, reasoning_tokens=128)


@pytest.mark.parametrize("content", ["private thoughts", [{"text": "private thoughts"}], 5])
def test_items_that_are_no_message_are_not_looked_into(content):
    body = {"output": [{"type": "reasoning", "content": content}, message(said("hi"))]}
    assert RESPONSES.decode(body).text == "hi"


def test_a_chat_completion_in_its_place_is_read_as_one():
    body = {"object": "chat.completion", "choices": [{"message": {"content": "hi"}, "finish_reason": "length"}]}
    response = RESPONSES.decode(body)
    assert (response.text, response.finish_reason, response.outcome) == ("hi", "length", "length")


@pytest.mark.parametrize(
    ("body", "outcome", "text", "finish_reason"),
    [
        ({"output": "hi"}, "ok", "hi", None),
        ({"output": "hi", "status": "completed"}, "ok", "hi", "stop"),
        ({"output": [message(REFUSED)], "status": "completed"}, "refusal", "I cannot.", "stop"),
        ({"output": [message(said("a"), REFUSED)]}, "refusal", "I cannot.", None),
        ({"output": [{"content": "bare"}]}, "ok", "bare", None),
        ({"output": [REASONING], "status": "incomplete"}, "length", "", "length"),
        (
            {"output": "", "status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}},
            "length",
            "",
            "length",
        ),
        (
            {"output": [], "status": "incomplete", "incomplete_details": {"reason": "content_filter"}},
            "content_policy",
            "",
            "content_filter",
        ),
    ],
)
def test_how_an_answer_ended_is_its_outcome(body, outcome, text, finish_reason):
    response = RESPONSES.decode(body)
    assert (response.outcome, response.text, response.finish_reason) == (outcome, text, finish_reason)


def test_a_failed_response_is_an_error_by_its_code():
    with pytest.raises(ErrorReply, match="slow down") as reply:
        RESPONSES.decode(
            {"status": "failed", "output": [], "error": {"code": "rate_limit_exceeded", "message": "slow down"}}
        )
    assert reply.value.code == "rate_limit_exceeded"


def test_a_failed_response_without_a_reason_is_still_an_error():
    with pytest.raises(ErrorReply, match="does not say why"):
        RESPONSES.decode({"status": "failed", "output": [], "error": None})


@pytest.mark.parametrize("output", [None, "", [], [REASONING], [message()]])
def test_an_answer_that_says_nothing_is_an_empty_response(output):
    with pytest.raises(Undecodable) as error:
        RESPONSES.decode({"output": output, "status": "completed"})
    assert error.value.kind == "empty_response"


@pytest.mark.parametrize(
    "body", [None, [], {}, {"output": 5}, {"output": [5]}, {"output": "hi", "status": "in_progress"}, {"choices": 3}]
)
def test_a_body_of_another_shape_is_a_protocol_error(body):
    with pytest.raises(Undecodable) as error:
        RESPONSES.decode(body)
    assert error.value.kind == "protocol"


keys = st.sampled_from(
    ["output", "type", "content", "text", "refusal", "status", "incomplete_details", "reason", "usage", "error"]
)
json_values = st.recursive(
    st.none() | st.integers() | st.floats() | st.sampled_from(["message", "incomplete", "failed", "hi"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)


@given(json_values, json_values)
def test_any_json_is_answered_or_refused_but_never_crashes(body, output):
    for candidate in (body, {"output": output}, {"output": [output], "status": body}):
        with contextlib.suppress(Undecodable, ErrorReply):
            assert isinstance(RESPONSES.decode(candidate), Response)
