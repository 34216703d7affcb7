"""The messages API of the stand-in: what it turns down, and how it answers."""

from __future__ import annotations

import base64
import json

import pytest

from evalkit.simulator import messages
from evalkit.simulator.errors import ApiError, of_messages

USER = {"role": "user", "content": "Who are you?"}
BODY = {"model": "claude-sonnet-4", "max_tokens": 500, "messages": [USER]}
VERSION = {"anthropic-version": "2023-06-01"}
PDF = base64.b64encode(b"%PDF-1.7 ...").decode()


def source(**fields) -> dict:
    return {"messages": [{"role": "user", "content": [{"type": "document", "source": fields}]}]}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"max_tokens": None}, "max_tokens: Field required"),
        ({"max_tokens": 0}, ">= 1, but got 0"),
        ({"messages": None}, "messages: Field required"),
        ({"model": None}, "model: Field required"),
        ({"seed": 1}, "seed: Extra inputs are not permitted"),
        ({"response_format": {}}, "response_format: Extra inputs are not permitted"),
        ({"temperature": 1.5}, "<= 1"),
        ({"stop_sequences": [" "]}, "must contain non-whitespace"),
        ({"messages": [{"role": "system", "content": "x"}]}, "top-level `system` parameter"),
        ({"messages": [{"role": "developer", "content": "x"}]}, "'user' and 'assistant'"),
        ({"messages": [{"role": "user", "content": ""}]}, "non-empty content"),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": ""}]}]}, "must be non-empty"),
        ({"messages": [{**USER, "name": "ada"}]}, "messages[0].name"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "'text', 'image', and 'document'"),
        ({"system": [{"type": "image"}]}, "Supported values are: 'text'"),
        (source(type="base64", media_type="image/png", data=PDF), "'application/pdf'"),
        (source(type="base64", media_type="application/pdf", data="AAAA"), "The file is no PDF"),
        (source(type="base64", media_type="application/pdf", data="%"), "It is no base64"),
        (source(type="base64", media_type="application/pdf"), "expected a string, but got null"),
        (source(type="url", url="http://h/a.pdf"), "an https URL"),
        (source(type="file"), "'base64' and 'url'"),
        ({"tools": [{"name": "f"}]}, "tools[0].input_schema"),
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, "tools[0].function"),
        ({"tool_choice": {"type": "any"}}, "only allowed when 'tools'"),
        ({"tools": [{"name": "f", "input_schema": {}}], "tool_choice": "auto"}, "expected an object"),
        ({"tools": [{"name": "f", "input_schema": {}}], "tool_choice": {"type": "required"}}, "'auto', 'any', 'tool'"),
        ({"tools": [{"name": "f", "input_schema": {}}], "tool_choice": {"type": "tool", "name": "g"}}, "'g' not found"),
    ],
)  # fmt: skip
def test_a_body_the_real_api_rejects_is_rejected(changes, words):
    with pytest.raises(ApiError) as caught:
        messages.read({**BODY, **changes})
    assert words in caught.value.body["error"]["message"]
    assert of_messages(caught.value).body["type"] == "error"


@pytest.mark.parametrize("version", [None, "2020-01-01"])
def test_a_version_must_be_named(client, version):
    reply = client.post("/messages", json=BODY, headers={"anthropic-version": version} if version else {})
    assert reply.status_code == 400
    assert reply.json()["type"] == "error"
    assert reply.json()["error"]["type"] == "invalid_request_error"
    assert reply.json()["error"]["message"].startswith("anthropic-version: ")


def test_the_gateway_s_own_errors_have_the_gateway_s_shape(client):
    reply = client.post("/messages", json=BODY, headers={"Authorization": "", **VERSION})
    assert (reply.status_code, reply.json()) == (
        401,
        {"error": {"message": "API key is missing or invalid", "type": "401"}},
    )


def test_an_unknown_model_is_not_found(client):
    reply = client.post("/messages", json={**BODY, "model": "claude-9"}, headers=VERSION)
    assert (reply.status_code, reply.json()["error"]["type"]) == (404, "not_found_error")


def test_an_answer_has_the_shape_of_a_message(client):
    body = client.post("/messages", json=BODY, headers=VERSION).json()
    assert (body["type"], body["role"], body["stop_reason"]) == ("message", "assistant", "end_turn")
    assert body["model"] == "claude-sonnet-4-20250514"
    [block] = body["content"]
    assert block["type"] == "text"
    assert set(body["usage"]) == {
        "input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens",
    }  # fmt: skip


def test_the_answer_is_that_of_the_chat_api(client):
    system = {"role": "system", "content": "Be brief."}
    chat = client.post("/chat/completions", json={"model": BODY["model"], "messages": [system, USER]}).json()
    message = client.post("/messages", json={**BODY, "system": "Be brief."}, headers=VERSION).json()
    assert message["content"][0]["text"] == chat["choices"][0]["message"]["content"]
    assert message["usage"]["input_tokens"] == chat["usage"]["prompt_tokens"]
    assert message["usage"]["output_tokens"] == chat["usage"]["completion_tokens"]


@pytest.mark.parametrize(
    ("changes", "stop_reason"),
    [
        ({"max_tokens": 1}, "max_tokens"),
        ({"messages": [{"role": "user", "content": "[[refusal]]"}]}, "refusal"),
        ({"tools": [{"name": "f", "input_schema": {}}], "tool_choice": {"type": "any"}}, "tool_use"),
    ],
)
def test_how_an_answer_ended_is_its_stop_reason(client, changes, stop_reason):
    assert client.post("/messages", json={**BODY, **changes}, headers=VERSION).json()["stop_reason"] == stop_reason


@pytest.mark.parametrize("content", ["Who are you?", "[[refusal]]", "[[tool]]", "[[empty]]"])
@pytest.mark.parametrize("model", ["claude-sonnet-4", "doubao-seed-1.6"])
def test_the_events_of_an_answer_are_the_answer(client, model, content):
    tool = {"name": "f", "input_schema": {"properties": {"q": {"type": "string"}}, "required": ["q"]}}
    body = {
        **BODY,
        "model": model,
        "max_tokens": 5000,
        "messages": [{"role": "user", "content": content}],
        "tools": [tool],
    }
    whole = client.post("/messages", json=body, headers=VERSION).json()
    reply = client.post("/messages", json={**body, "stream": True}, headers=VERSION)
    assert reply.headers["content-type"].startswith("text/event-stream")
    events = [json.loads(line[6:]) for line in reply.text.split("\n") if line.startswith("data: ")]
    names = [line[7:] for line in reply.text.split("\n") if line.startswith("event: ")]
    assert names == [event["type"] for event in events]
    assert (names[:2], names[-2:]) == (["message_start", "ping"], ["message_delta", "message_stop"])
    deltas = [event["delta"] for event in events if event["type"] == "content_block_delta"]
    joined = {
        kind: "".join(delta[field] for delta in deltas if delta["type"] == kind)
        for kind, field in (
            ("text_delta", "text"),
            ("thinking_delta", "thinking"),
            ("input_json_delta", "partial_json"),
        )
    }
    for block in whole["content"]:
        if block["type"] == "tool_use":
            assert json.loads(joined["input_json_delta"]) == block["input"] == {"q": "text"}
        else:
            assert joined[f"{block['type']}_delta"] == block[block["type"]]
    assert events[-2]["delta"]["stop_reason"] == whole["stop_reason"]
    assert events[-2]["usage"]["output_tokens"] == whole["usage"]["output_tokens"]
