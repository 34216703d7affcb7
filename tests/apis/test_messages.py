"""Bodies of the messages API."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.apis.messages import DEFAULT_CAP, MESSAGES
from evalkit.errors import ErrorReply, Undecodable
from evalkit.types import Document, Image, Message, Request, Response, ToolCall, Usage

HI = Message(role="user", content="hi")
TOOL = {
    "type": "function",
    "function": {"name": "look_up", "description": "Looks up.", "parameters": {"type": "object", "required": ["q"]}},
}


def data_url(medium) -> str:
    return medium.url or f"data:{medium.media_type};base64,QUJD{medium.sha256}"


def encode(*messages: Message, **settings) -> dict:
    return MESSAGES.encode(Request(model="claude", messages=messages, **settings), data_url)


def message(*content: dict, stop_reason="end_turn", **fields) -> dict:
    return {"type": "message", "role": "assistant", "content": list(content), "stop_reason": stop_reason, **fields}


def said(text: str) -> dict:
    return {"type": "text", "text": text}


# --- requests


def test_nothing_is_sent_that_nobody_set_but_the_cap_that_this_api_demands():
    assert encode(HI) == {
        "model": "claude",
        "max_tokens": DEFAULT_CAP,
        "messages": [{"role": "user", "content": "hi"}],
    }


def test_the_version_of_the_api_is_said_in_a_header():
    assert MESSAGES.headers == {"anthropic-version": "2023-06-01"}


def test_what_system_and_developer_say_stands_above_the_turns():
    body = encode(
        Message(role="system", content="Be brief."),
        HI,
        Message(role="assistant", content="Hello."),
        Message(role="developer", content="Be kind."),
        Message(role="user", content="again", name="ada"),
    )
    assert body["system"] == "Be brief.\n\nBe kind."
    assert body["messages"] == [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": "Hello."},
        {"role": "user", "content": "again"},
    ]


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"max_output_tokens": 9}, {"max_tokens": 9}),
        ({"stop": "END"}, {"stop_sequences": ["END"]}),
        ({"stop": ["a", "b"]}, {"stop_sequences": ["a", "b"]}),
        ({"temperature": 0, "top_p": 0.5}, {"temperature": 0, "top_p": 0.5}),
        ({"extra_body": {"thinking": {"type": "disabled"}, "max_tokens": 5}},
         {"thinking": {"type": "disabled"}, "max_tokens": 5}),
        ({"tools": [TOOL]}, {"tools": [{"name": "look_up", "description": "Looks up.",
                                        "input_schema": {"type": "object", "required": ["q"]}}]}),
        ({"tools": [{"type": "function", "function": {"name": "now"}}]},
         {"tools": [{"name": "now", "input_schema": {"type": "object", "properties": {}}}]}),
        ({"tool_choice": "auto"}, {"tool_choice": {"type": "auto"}}),
        ({"tool_choice": "required"}, {"tool_choice": {"type": "any"}}),
        ({"tool_choice": "none"}, {"tool_choice": {"type": "none"}}),
        ({"tool_choice": {"type": "function", "function": {"name": "now"}}},
         {"tool_choice": {"type": "tool", "name": "now"}}),
    ],
)  # fmt: skip
def test_parameters_go_by_this_apis_names(params, expected):
    assert encode(HI, params=params, cap_field="max_completion_tokens") == {**encode(HI), **expected}


def test_a_stream_is_asked_for_only_when_set():
    assert "stream" not in encode(HI)
    assert encode(HI, stream=True)["stream"] is True
    assert encode(HI, stream=False)["stream"] is False


def test_pictures_and_documents_follow_the_text():
    images = (Image(sha256="1", media_type="image/png"), Image(url="https://h/a.png", detail="low"))
    files = (Document(name="a.pdf", sha256="2"), Document(name="b.pdf", url="https://h/b.pdf"))
    [turn] = encode(Message(role="user", content="see", images=images, files=files))["messages"]
    assert turn["content"] == [
        {"type": "text", "text": "see"},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "QUJD1"}},
        {"type": "image", "source": {"type": "url", "url": "https://h/a.png"}},
        {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "QUJD2"}},
        {"type": "document", "source": {"type": "url", "url": "https://h/b.pdf"}},
    ]


def test_a_document_without_words_is_sent_without_an_empty_text():
    [turn] = encode(Message(role="user", content="", files=(Document(name="a.pdf", sha256="2"),)))["messages"]
    assert [block["type"] for block in turn["content"]] == ["document"]


def test_a_record_names_what_was_sent_by_its_reference():
    request = Request(
        model="claude", messages=(Message(role="user", content="", files=(Document(name="a", sha256="2"),)),)
    )
    [turn] = MESSAGES.encode(request, lambda medium: medium.reference)["messages"]
    assert turn["content"][0]["source"]["data"] == "media/2"


# --- answers


def test_the_answer_is_read_without_its_thinking():
    response = MESSAGES.decode(
        message(
            {"type": "thinking", "thinking": "hm", "signature": "s"},
            said("Hel"),
            said("lo"),
            model="claude-sonnet-4-20250514",
            usage={"input_tokens": 7, "output_tokens": 5},
        )
    )
    assert (response.text, response.finish_reason, response.outcome) == ("Hello", "stop", "ok")
    assert response.model == "claude-sonnet-4-20250514"
    assert response.usage == Usage(input_tokens=7, output_tokens=5)


@pytest.mark.parametrize(
    ("body", "outcome", "text", "finish_reason"),
    [
        (message(said("hi"), stop_reason="stop_sequence"), "ok", "hi", "stop"),
        (message(said("hi"), stop_reason=None), "ok", "hi", None),
        (message(said("h"), stop_reason="max_tokens"), "length", "h", "length"),
        (message(stop_reason="max_tokens"), "length", "", "length"),
        (message(said("h"), stop_reason="model_context_window_exceeded"), "length", "h", "length"),
        (message(said("I cannot."), stop_reason="refusal"), "refusal", "I cannot.", "refusal"),
        (message(stop_reason="refusal"), "refusal", "", "refusal"),
        (message(said("h"), stop_reason="pause_turn"), "ok", "h", "pause_turn"),
        ({"content": "plain"}, "ok", "plain", None),
    ],
)
def test_how_an_answer_ended_is_its_outcome(body, outcome, text, finish_reason):
    response = MESSAGES.decode(body)
    assert (response.outcome, response.text, response.finish_reason) == (outcome, text, finish_reason)


def test_an_answer_of_tool_calls_alone_is_not_empty():
    block = {"type": "tool_use", "id": "t1", "name": "look_up", "input": {"q": "ä"}}
    response = MESSAGES.decode(message(block, stop_reason="tool_use"))
    assert (response.text, response.finish_reason, response.outcome) == ("", "tool_calls", "ok")
    assert response.tool_calls == (ToolCall(id="t1", name="look_up", arguments='{"q": "ä"}'),)


@pytest.mark.parametrize("content", [None, "", [], [said("")], [{"type": "thinking", "thinking": "hm"}]])
def test_an_answer_that_says_nothing_is_an_empty_response(content):
    with pytest.raises(Undecodable) as error:
        MESSAGES.decode({"content": content, "stop_reason": "end_turn"})
    assert error.value.kind == "empty_response"


@pytest.mark.parametrize("body", [None, [], "text", {}, {"content": 5}, {"content": [5]}, message({"text": 5})])
def test_a_body_of_another_shape_is_a_protocol_error(body):
    with pytest.raises(Undecodable) as error:
        MESSAGES.decode(body)
    assert error.value.kind == "protocol"


def test_an_error_in_the_body_is_handed_on_in_its_own_words():
    with pytest.raises(ErrorReply) as reply:
        MESSAGES.decode({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}})
    assert (reply.value.message, reply.value.error_type) == ("Overloaded", "overloaded_error")


blocks = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["text", "tool_use", "thinking", 5, None]),
        "text": st.none() | st.text(max_size=3) | st.integers(),
        "name": st.none() | st.text(max_size=3),
        "input": st.recursive(
            st.none() | st.text(max_size=3), lambda inner: st.dictionaries(st.text(max_size=2), inner)
        ),
    },
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | blocks,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["content", "error", "usage", "type", "stop_reason"]), inner, max_size=4)
    ),
    max_leaves=10,
)


@given(anything, anything, st.lists(blocks, max_size=3))
def test_any_json_is_answered_or_refused_but_never_crashes(body, value, content):
    for candidate in (body, {"content": value}, {"content": content, "stop_reason": value, "usage": body}):
        with contextlib.suppress(Undecodable, ErrorReply):
            assert isinstance(MESSAGES.decode(candidate), Response)
