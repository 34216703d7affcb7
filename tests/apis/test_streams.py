"""Streams put together, and held against the answers that they would have been in one piece."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.apis.chat import CHAT
from evalkit.apis.messages import MESSAGES
from evalkit.apis.responses import RESPONSES
from evalkit.errors import ErrorReply, Undecodable
from evalkit.types import Response, ToolCall, Usage

APIS = [CHAT, RESPONSES, MESSAGES]


def fed(api, *events, name="message"):
    """The assembler after `events`, and the kinds of token that they brought."""
    assembler = api.assembler()
    return assembler, [assembler.feed(name, event) for event in events]


def put_together(api, *events) -> Response:
    return api.decode(fed(api, *events)[0].body())


def delta(finish_reason=None, index=0, **words):
    return {"choices": [{"index": index, "delta": words, "finish_reason": finish_reason}]}


def call(index=None, call_id=None, name=None, arguments=None):
    function = {key: value for key, value in (("name", name), ("arguments", arguments)) if value is not None}
    return {
        key: value for key, value in (("index", index), ("id", call_id), ("function", function)) if value is not None
    }


# --- chat


def test_the_pieces_of_a_chat_completion_become_one_body():
    events = (
        {"id": "c-1", "object": "chat.completion.chunk", "model": "m", "system_fingerprint": None, "obfuscation": "x"}
        | delta(role="assistant", content=""),
        {"id": "c-1", "model": "m", "system_fingerprint": "fp"} | delta(content="Hel"),
        delta(content="lo"),
        delta("stop"),
        {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}},
    )
    assembler, kinds = fed(CHAT, *events)
    assert kinds == [None, "answer", "answer", None, None]
    assert assembler.body() == {
        "id": "c-1",
        "object": "chat.completion",
        "model": "m",
        "system_fingerprint": "fp",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 2},
    }
    response = CHAT.decode(assembler.body())
    assert (response.text, response.model, response.outcome) == ("Hello", "m", "ok")


@pytest.mark.parametrize(
    "events",
    [
        (delta(content="a"), delta("stop"), {"choices": [], "usage": {"total_tokens": 9}}),
        (delta(content="a"), {**delta("stop"), "usage": {"total_tokens": 9}}),
        ({**delta(content="a"), "usage": {"total_tokens": 1}}, {**delta("stop"), "usage": {"total_tokens": 9}}),
        ({**delta(content="a"), "usage": {"total_tokens": 9}}, {**delta("stop"), "usage": None}),
        (delta(content="a"), delta("stop"), {"usage": {"total_tokens": 9}}),
    ],
)
def test_the_last_usage_counts_wherever_it_comes(events):
    assert put_together(CHAT, *events).usage == Usage(total_tokens=9)


def test_usage_that_never_comes_is_unknown():
    assert put_together(CHAT, delta(content="a"), delta("stop")).usage == Usage()


def test_progress_is_told_by_the_finish_reason():
    assembler = CHAT.assembler()
    assert assembler.progress == "running"
    for event, progress in (
        (delta(role="assistant"), "running"),
        (delta(finish_reason="", content="a"), "running"),
        (delta(index=1, content="b"), "running"),
        (delta("stop"), "running"),
        (delta("stop", index=1), "finished"),
        ({"choices": [], "usage": {}}, "finished"),
    ):
        assembler.feed("message", event)
        assert assembler.progress == progress


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ({"content": "a"}, "answer"),
        ({"content": ""}, None),
        ({"content": None}, None),
        ({"role": "assistant"}, None),
        ({"refusal": "No"}, "answer"),
        ({"reasoning_content": "hm"}, "reasoning"),
        ({"reasoning": "hm"}, "reasoning"),
        ({"reasoning": {"effort": "low"}}, None),
        ({"reasoning_content": "hm", "content": "a"}, "answer"),
        ({"content": "", "reasoning_content": "hm"}, "reasoning"),
        ({"tool_calls": [call(0, "c", "f", "")]}, "answer"),
        ({"tool_calls": [call(0, arguments="{")]}, "answer"),
        ({"tool_calls": [call(0, arguments="")]}, None),
        ({"content": [{"type": "text", "text": "a"}]}, "answer"),
    ],
)
def test_a_delta_brings_a_token_of_one_kind_or_none(words, kind):
    assert fed(CHAT, delta(**words))[1] == [kind]


def test_a_refusal_is_put_together():
    response = put_together(CHAT, delta(refusal="I "), delta(refusal="cannot."), delta("stop"))
    assert (response.outcome, response.text) == ("refusal", "I cannot.")


def test_thinking_is_kept_apart_from_the_answer():
    assembler, _ = fed(CHAT, delta(reasoning_content="h"), delta(reasoning_content="m", content="a"))
    assert assembler.body()["choices"][0]["message"] == {
        "role": "assistant",
        "content": "a",
        "reasoning_content": "hm",
    }


@pytest.mark.parametrize(
    "pieces",
    [
        [call(0, "a", "f", '{"x'), call(0, arguments='": 1}'), call(1, "b", "g", ""), call(1, arguments="{}")],
        [call(0, "a", "f", '{"x'), call(1, "b", "g", "{}"), call(0, arguments='": 1}')],
        [call(0, "a", "f", '{"x": 1}'), call(0, "b", "g", "{}")],  # Gemini: every call has index 0
        [call(None, "a", "f", '{"x": 1}'), call(None, "b", "g", "{}")],
        [call(0, "a", "f", '{"x'), call(0, "r4nd0m", arguments='": 1}'), call(1, "b", "g", "{}")],  # vLLM: new ids
        [call(0, "a", "f", '{"x'), call(0, "a", "f", '": 1}'), call(1, "b", "g", "{}")],
    ],
)
def test_tool_calls_are_told_apart(pieces):
    response = put_together(CHAT, *(delta(tool_calls=[piece]) for piece in pieces), delta("tool_calls"))
    assert response.tool_calls == (
        ToolCall(id="a", name="f", arguments='{"x": 1}'),
        ToolCall(id="b", name="g", arguments="{}"),
    )
    assert (response.outcome, response.text) == ("ok", "")


def test_a_whole_message_in_place_of_deltas_is_taken_once():
    whole = {"choices": [{"message": {"content": "Hello"}, "finish_reason": "stop"}]}
    assert put_together(CHAT, whole).text == "Hello"
    assert put_together(CHAT, delta(content="Hel"), delta(content="lo"), whole).text == "Hello"


def test_a_stream_without_an_answer_says_nothing():
    for events in ((), (delta("stop"),), ({"choices": []},)):
        with pytest.raises(Undecodable) as error:
            put_together(CHAT, *events)
        assert error.value.kind == "empty_response"


# --- responses

DONE_ITEM = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Hello"}]}


def told(kind, **fields):
    return {"type": f"response.{kind}", **fields}


def text_delta(text, index=0):
    return told("output_text.delta", output_index=index, content_index=0, delta=text)


def test_the_last_event_holds_the_response():
    final = {"status": "completed", "model": "m", "error": None, "output": [DONE_ITEM], "usage": {"input_tokens": 1}}
    events = (told("created", response={"status": "in_progress"}), text_delta("Hel"), told("completed", response=final))
    assembler, kinds = fed(RESPONSES, *events)
    assert (kinds, assembler.progress) == ([None, "answer", None], "complete")
    assert assembler.body() == final


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [
        ({"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}, "length"),
        ({"status": "incomplete", "incomplete_details": {"reason": "content_filter"}}, "content_policy"),
        ({"status": "completed"}, "ok"),
    ],
)
@pytest.mark.parametrize("output", [[DONE_ITEM], [], None, ""])
def test_a_hollow_last_event_is_filled_with_what_came_before(kind, outcome, output):
    last = told(kind["status"], response={**kind, "output": output})
    response = put_together(RESPONSES, text_delta("Hel"), text_delta("lo"), last)
    assert (response.text, response.outcome) == ("Hello", outcome)


def test_a_last_event_without_a_response_ends_it_all_the_same():
    begun = told("created", response={"model": "m", "status": "in_progress", "output": []})
    assembler, _ = fed(RESPONSES, begun, text_delta("Hello"))
    response = RESPONSES.decode(assembler.body())
    assert (assembler.progress, response.text, response.model, response.finish_reason) == (
        "running",
        "Hello",
        "m",
        None,
    )


def test_a_failed_response_goes_by_its_error():
    failed = {"status": "failed", "error": {"code": "server_error", "message": "crashed"}, "output": []}
    with pytest.raises(ErrorReply) as reply:
        put_together(RESPONSES, text_delta("Hel"), told("failed", response=failed))
    assert (reply.value.code, reply.value.message) == ("server_error", "crashed")


def test_the_items_of_a_response_are_put_together():
    events = (
        told("output_item.added", output_index=0, item={"type": "reasoning", "id": "r"}),
        told("reasoning_summary_text.delta", output_index=0, delta="hm"),
        told("output_item.added", output_index=1, item={"type": "message", "id": "m", "content": []}),
        told("refusal.delta", output_index=1, delta="No."),
        told("output_item.added", output_index=2, item={"type": "function_call", "call_id": "c", "name": "f"}),
        told("function_call_arguments.delta", output_index=2, delta='{"x"'),
        told("function_call_arguments.delta", output_index=2, delta=": 1}"),
        told("output_item.added", output_index=3, item={"type": "function_call", "call_id": "d", "name": "g"}),
        told("output_item.done", output_index=3, item={"type": "function_call", "call_id": "d", "name": "g",
                                                      "arguments": "{}"}),
    )  # fmt: skip
    assembler, kinds = fed(RESPONSES, *events)
    assert [kind for kind in kinds if kind] == ["reasoning", "answer", "answer", "answer"]
    response = RESPONSES.decode(assembler.body())
    assert (response.text, response.outcome) == ("No.", "refusal")
    assert response.tool_calls == (
        ToolCall(id="c", name="f", arguments='{"x": 1}'),
        ToolCall(id="d", name="g", arguments="{}"),
    )


def test_a_chat_completion_behind_responses_is_read_as_one():
    assembler, kinds = fed(RESPONSES, delta(content="Hello"), delta("stop"), {"usage": {"total_tokens": 4}})
    assert (kinds, assembler.progress) == (["answer", None, None], "finished")
    response = RESPONSES.decode(assembler.body())
    assert (response.text, response.usage.total_tokens) == ("Hello", 4)


def test_the_name_of_an_event_stands_for_a_missing_type():
    assembler = RESPONSES.assembler()
    assert assembler.feed("response.output_text.delta", {"delta": "Hello"}) == "answer"
    assembler.feed("response.completed", {"response": {"status": "completed"}})
    assert (assembler.progress, RESPONSES.decode(assembler.body()).text) == ("complete", "Hello")


# --- messages


def block(kind, index=0, **fields):
    return {"type": f"content_block_{kind}", "index": index, **fields}


def piece(kind, text, index=0):
    fields = {"text_delta": "text", "thinking_delta": "thinking", "input_json_delta": "partial_json"}
    return block("delta", index, delta={"type": kind, fields.get(kind, "signature"): text})


BEGUN = {
    "type": "message_start",
    "message": {
        "id": "msg", "type": "message", "role": "assistant", "model": "claude", "content": [], "stop_reason": None,
        "usage": {"input_tokens": 7, "cache_read_input_tokens": 3, "output_tokens": 1},
    },
}  # fmt: skip


def ended(reason="end_turn", **usage):
    return (
        {"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": None}, "usage": usage},
        {"type": "message_stop"},
    )


def test_the_events_of_a_message_become_one_body():
    events = (
        BEGUN,
        block("start", 0, content_block={"type": "thinking", "thinking": "", "signature": ""}),
        {"type": "ping"},
        piece("thinking_delta", "hm"),
        piece("signature_delta", "sig"),
        block("stop", 0),
        block("start", 1, content_block={"type": "text", "text": ""}),
        piece("text_delta", "Hel", 1),
        piece("text_delta", "lo", 1),
        block("stop", 1),
        *ended(output_tokens=12),
    )
    assembler, kinds = fed(MESSAGES, *events)
    assert [kind for kind in kinds if kind] == ["reasoning", "answer", "answer"]
    assert assembler.progress == "complete"
    assert assembler.body() == {
        **BEGUN["message"],
        "content": [
            {"type": "thinking", "thinking": "hm", "signature": "sig"},
            {"type": "text", "text": "Hello"},
        ],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 7, "cache_read_input_tokens": 3, "output_tokens": 12},
    }
    usage = MESSAGES.decode(assembler.body()).usage
    assert (usage.input_tokens, usage.cached_input_tokens, usage.output_tokens) == (10, 3, 12)


def test_the_tools_that_a_message_calls_are_put_together():
    events = (
        BEGUN,
        block("start", 0, content_block={"type": "tool_use", "id": "a", "name": "f", "input": {}}),
        piece("input_json_delta", "", 0),
        piece("input_json_delta", '{"x', 0),
        piece("input_json_delta", '": 1}', 0),
        block("start", 1, content_block={"type": "tool_use", "id": "b", "name": "g", "input": {}}),
        piece("input_json_delta", "", 1),
        *ended("tool_use", output_tokens=9),
    )
    assembler, kinds = fed(MESSAGES, *events)
    assert kinds == [None, "answer", None, "answer", "answer", "answer", None, None, None]
    response = MESSAGES.decode(assembler.body())
    assert (response.text, response.finish_reason, response.outcome) == ("", "tool_calls", "ok")
    assert response.tool_calls == (
        ToolCall(id="a", name="f", arguments='{"x": 1}'),
        ToolCall(id="b", name="g", arguments="{}"),
    )


def test_words_in_the_announcement_of_a_block_come_first():
    events = (block("start", content_block={"type": "text", "text": "Hel"}), piece("text_delta", "lo"))
    assembler, kinds = fed(MESSAGES, *events)
    assert (kinds, MESSAGES.decode(assembler.body()).text) == (["answer", "answer"], "Hello")


def test_the_progress_of_a_message_is_told_in_two_steps():
    assembler = MESSAGES.assembler()
    for event, progress in zip(
        (BEGUN, piece("text_delta", "a"), *ended()), ("running", "running", "finished", "complete"), strict=True
    ):
        assembler.feed("message", event)
        assert assembler.progress == progress


# --- all


@pytest.mark.parametrize("api", APIS, ids=["chat", "responses", "messages"])
@pytest.mark.parametrize(
    ("name", "data", "message", "code"),
    [
        ("message", {"error": {"message": "no", "code": 429}}, "no", "429"),
        ("message", {"error": "no"}, "no", None),
        ("message", {"type": "error", "message": "no", "code": "rate_limit_exceeded"}, "no", "rate_limit_exceeded"),
        ("message", {"object": "error", "message": "no", "code": 400}, "no", "400"),
        ("error", {"message": "no", "code": "x"}, "no", "x"),
        ("error", {"type": "error", "error": {"message": "no"}}, "no", None),
        ("error", "no", "no", None),
        ("error", "", "it does not say why", None),
        ("error", {}, "it does not say why", None),
    ],
)
def test_an_event_that_reports_an_error_is_handed_on_in_its_words(api, name, data, message, code):
    with pytest.raises(ErrorReply) as reply:
        api.assembler().feed(name, data)
    assert (reply.value.message, reply.value.code) == (message, code)


CHUNKS = [{"choices": 5}, {"choices": [None]}, {"choices": [{"delta": 5}]}]
SHAPELESS = [
    *((api, data) for api in APIS for data in (None, [], 5, "text")),
    *((api, data) for api in (CHAT, RESPONSES) for data in CHUNKS),
    (MESSAGES, block("delta", delta=5)),
    (MESSAGES, block("start", content_block=[])),
    (MESSAGES, {"type": "message_start", "message": "x"}),
]


@pytest.mark.parametrize(("api", "data"), SHAPELESS)
def test_an_event_of_another_shape_is_a_protocol_error(api, data):
    with pytest.raises(Undecodable) as error:
        api.assembler().feed("message", data)
    assert error.value.kind == "protocol"


@pytest.mark.parametrize("api", APIS, ids=["chat", "responses", "messages"])
def test_events_that_nobody_knows_change_nothing(api):
    unknown = ({}, {"type": "ping"}, {"type": "response.tool.thought", "x": 1}, {"error": None}, {"unknown": []})
    assert fed(api, *unknown)[1] == [None] * len(unknown)
    assert fed(api, *unknown)[0].body() == api.assembler().body()


keys = st.sampled_from([
    "choices", "delta", "message", "content", "refusal", "finish_reason", "usage", "error", "type", "index", "item",
    "tool_calls", "function", "arguments", "response", "output", "output_index", "id", "name", "status", "reasoning",
    "content_block", "text", "partial_json", "stop_reason", "input",
])  # fmt: skip
words = st.sampled_from([
    "response.completed", "response.output_text.delta", "response.output_item.done", "error", "x",
    "message_start", "message_delta", "message_stop", "content_block_start", "content_block_delta", "text_delta",
    "input_json_delta", "tool_use", "text",
])  # fmt: skip
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)


@given(st.sampled_from(APIS), words, st.lists(json_values, max_size=4))
def test_any_events_are_answered_or_refused_but_never_crash(api, name, events):
    with contextlib.suppress(Undecodable, ErrorReply):
        assembler, _ = fed(api, *events, name=name)
        body = json.loads(json.dumps(assembler.body()))
        assert isinstance(api.decode(body), Response)
