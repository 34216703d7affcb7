"""What is made of an answer besides decoding it: headers of its API, and the rules for its usage."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.anyio

MESSAGE = {
    "type": "message",
    "role": "assistant",
    "model": "claude-sonnet-4",
    "content": [{"type": "text", "text": "hi"}],
    "stop_reason": "end_turn",
    "usage": {"input_tokens": 3, "output_tokens": 1},
}


def chat_answer(**usage: int) -> dict:
    return {"choices": [{"message": {"content": "hi"}, "finish_reason": "stop"}], "usage": usage}


async def test_an_api_says_its_version_in_a_header_and_goes_by_its_own_path(bench):
    bench.server.play(bench.server.reply(body=MESSAGE))
    reply = await bench.ask(api="messages")
    [arrived] = bench.server.arrived
    assert (reply.response.text, arrived.headers["anthropic-version"]) == ("hi", "2023-06-01")
    assert arrived.line == "POST /v1/messages HTTP/1.1"
    assert arrived.headers["authorization"].startswith("Bearer ")


async def test_other_apis_say_no_version(bench):
    await bench.ask()
    assert "anthropic-version" not in bench.server.arrived[0].headers


@pytest.mark.parametrize(
    ("status", "kind", "error"),
    [
        (401, "auth", "authentication_error"),
        (403, "permission", "permission_error"),
        (404, "not_found", "not_found_error"),
        (413, "context_length", "request_too_large"),
        (400, "bad_request", "invalid_request_error"),
    ],
)
async def test_the_errors_of_the_messages_api_are_known_by_their_types(bench, status, kind, error):
    body = {"type": "error", "error": {"type": error, "message": "no"}}
    bench.server.play(bench.server.reply(status, body), bench.server.reply(200, body))
    assert (await bench.ask(api="messages")).fault.kind == kind
    assert (await bench.ask(api="messages")).fault.kind == kind  # the same inside a 200


@pytest.mark.parametrize(
    ("family", "output", "rule"), [("gemini", 603, "output = total − prompt"), ("reasoning", 198, None)]
)
async def test_thinking_that_stands_beside_the_completion_is_billed_where_the_family_does_so(
    bench, family, output, rule
):
    bench.server.play(bench.server.reply(body=chat_answer(prompt_tokens=20, completion_tokens=198, total_tokens=623)))
    response = (await bench.ask(family=family)).response
    assert (response.usage.output_tokens, response.usage.rule) == (output, rule)
    odd = [note for note in response.notes if note.startswith("usage does not add up: 20 + 198 ≠ 623")]
    assert len(odd) == (family != "gemini")


async def test_the_rules_hold_for_streams_too(bench):
    events = (
        b'data: {"choices": [{"delta": {"content": "hi"}, "finish_reason": "stop"}]}\n\n'
        b'data: {"choices": [], "usage": {"prompt_tokens": 64, "completion_tokens": 135, "total_tokens": 277}}\n\n'
        b"data: [DONE]\n\n"
    )
    bench.server.play(bench.server.reply(body=events, content_type="text/event-stream"))
    response = (await bench.ask(family="claude", stream=True)).response
    assert response.usage.output_tokens == 135
    assert response.notes == ("usage does not add up: 64 + 135 ≠ 277; the parts are believed, not the total",)


async def test_figures_that_add_up_are_left_alone(bench):
    response = (await bench.ask()).response
    assert (response.usage.rule, response.notes) == (None, ())
