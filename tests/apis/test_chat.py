from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.apis.chat import CHAT
from evalkit.errors import ErrorReply, Undecodable
from evalkit.types import Document, Image, Message, Request, Response, Usage


def encode(*messages: Message, **settings) -> dict:
    return CHAT.encode(Request(model="m", messages=messages, **settings), lambda image: f"data:{image.sha256}")


def answer(content=None, finish_reason="stop", **message) -> dict:
    return {"choices": [{"message": {"content": content, **message}, "finish_reason": finish_reason}]}


# --- requests


def test_nothing_is_sent_that_nobody_set():
    assert encode(Message(role="user", content="hi")) == {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


def test_roles_and_names_go_out_as_they_are():
    messages = encode(Message(role="developer", content="a", name="ops"), Message(role="assistant", content="b"))
    assert messages["messages"] == [
        {"role": "developer", "content": "a", "name": "ops"},
        {"role": "assistant", "content": "b"},
    ]


def test_pictures_follow_the_text_with_their_detail_when_given():
    images = (Image(sha256="1"), Image(sha256="2", detail="high"))
    [message] = encode(Message(role="user", content="see", images=images))["messages"]
    assert message["content"] == [
        {"type": "text", "text": "see"},
        {"type": "image_url", "image_url": {"url": "data:1"}},
        {"type": "image_url", "image_url": {"url": "data:2", "detail": "high"}},
    ]


def test_a_picture_without_words_is_sent_without_an_empty_text():
    [message] = encode(Message(role="user", content="", images=(Image(sha256="1"),)))["messages"]
    assert [part["type"] for part in message["content"]] == ["image_url"]


PDFS = (Document(name="a.pdf", sha256="1"), Document(name="b.pdf", url="https://h/b.pdf"))


def test_documents_follow_the_pictures_as_files():
    message = Message(role="user", content="", images=(Image(sha256="2"),), files=PDFS[:1])
    assert encode(message)["messages"][0]["content"] == [
        {"type": "image_url", "image_url": {"url": "data:2"}},
        {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:1"}},
    ]


def test_gemini_takes_documents_where_others_take_pictures():
    [message] = encode(Message(role="user", content="see", files=PDFS), family="gemini")["messages"]
    assert message["content"][1:] == [
        {"type": "image_url", "image_url": {"url": f"data:{hash_}"}} for hash_ in ("1", None)
    ]


def test_tools_and_formats_go_out_as_they_are():
    tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
    params = {"tools": [tool], "tool_choice": "required", "response_format": {"type": "json_object"}}
    assert encode(params=params) == {"model": "m", "messages": [], **params}


def test_the_cap_goes_by_the_models_own_name():
    body = encode(cap_field="max_completion_tokens", params={"max_output_tokens": 9, "reasoning_effort": "low"})
    assert body["max_completion_tokens"] == 9
    assert body["reasoning_effort"] == "low"
    assert "max_output_tokens" not in body


def test_an_extra_body_is_laid_over_all_else():
    body = encode(params={"temperature": 0, "extra_body": {"temperature": 1, "top_k": 5}}, stream=False)
    assert body == {"model": "m", "messages": [], "temperature": 1, "top_k": 5, "stream": False}


# --- answers


def test_key_order_and_unknown_keys_do_not_matter():
    body = {"usage": {"total_tokens": 3}, "x": 1, "model": "b", **answer("hi", logprobs=None)}
    response = CHAT.decode(body)
    assert (response.text, response.model, response.usage) == ("hi", "b", Usage(total_tokens=3))


def test_missing_usage_is_unknown():
    assert CHAT.decode(answer("hi")).usage == Usage()


@pytest.mark.parametrize(
    ("body", "outcome", "text"),
    [
        (answer("hi", "stop"), "ok", "hi"),
        (answer("hi", None), "ok", "hi"),
        (answer("h", "length"), "length", "h"),
        (answer(None, "length"), "length", ""),
        (answer("h", "MAX_TOKENS"), "length", "h"),
        (answer(None, "content_filter"), "content_policy", ""),
        (answer("part", "content_filter"), "content_policy", "part"),
        (answer(None, refusal="I cannot."), "refusal", "I cannot."),
        (answer("", refusal="I cannot."), "refusal", "I cannot."),
        (answer("hi", refusal=""), "ok", "hi"),
        (answer([{"type": "text", "text": "a"}, {"type": "thinking", "text": "?"}, {"text": "b"}]), "ok", "ab"),
        (answer([{"type": "refusal", "refusal": "No."}]), "refusal", "No."),
    ],
)
def test_how_an_answer_ended_is_its_outcome(body, outcome, text):
    response = CHAT.decode(body)
    assert (response.outcome, response.text) == (outcome, text)


@pytest.mark.parametrize(
    "body",
    [
        {"choices": []},
        {"choices": None},
        {"choices": [{}]},
        {"choices": [{"message": None, "finish_reason": "stop"}]},
        answer(None),
        answer(""),
        answer([]),
    ],
)
def test_an_answer_that_says_nothing_is_an_empty_response(body):
    with pytest.raises(Undecodable) as error:
        CHAT.decode(body)
    assert error.value.kind == "empty_response"


@pytest.mark.parametrize("body", [None, [], "text", {}, {"choices": 5}, {"choices": [None]}, answer(5), answer({})])
def test_a_body_of_another_shape_is_a_protocol_error(body):
    with pytest.raises(Undecodable) as error:
        CHAT.decode(body)
    assert error.value.kind == "protocol"


def test_a_wrong_type_is_named_with_its_place():
    with pytest.raises(Undecodable, match=r"\$\.choices\[0\]\.message\.content"):
        CHAT.decode(answer(5))


@pytest.mark.parametrize(
    ("error", "message", "code", "error_type"),
    [
        ({"message": "no", "code": 503, "type": "server_error"}, "no", "503", "server_error"),
        ({"message": "no", "type": "401"}, "no", None, "401"),
        ("no", "no", None, None),
        ({"reason": 1}, '{"reason": 1}', None, None),
        (["no"], '["no"]', None, None),
    ],
)
def test_an_error_in_the_body_is_handed_on_in_its_own_words(error, message, code, error_type):
    with pytest.raises(ErrorReply) as reply:
        CHAT.decode({"error": error, **answer("hi")})
    assert (reply.value.message, reply.value.code, reply.value.error_type) == (message, code, error_type)


@pytest.mark.parametrize("error", [None, {}, "", {"message": "", "type": "", "code": None}])
def test_an_error_with_nothing_in_it_is_none(error):
    assert CHAT.decode({"error": error, **answer("hi")}).text == "hi"


keys = st.sampled_from(["choices", "message", "content", "refusal", "finish_reason", "model", "usage", "error", "type"])
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just("length"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys | st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)


@given(json_values)
def test_any_json_is_answered_or_refused_but_never_crashes(body):
    with contextlib.suppress(Undecodable, ErrorReply):
        assert isinstance(CHAT.decode(body), Response)


@given(json_values, json_values, json_values)
def test_any_choice_is_answered_or_refused_but_never_crashes(message, finish_reason, usage):
    body = {"choices": [{"message": message, "finish_reason": finish_reason}], "usage": usage}
    with contextlib.suppress(Undecodable, ErrorReply):
        assert isinstance(CHAT.decode(body), Response)
