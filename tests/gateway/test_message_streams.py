"""Streams of the messages API: the same at every cut, and known as broken where they end too early."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest

from evalkit.apis.messages import MESSAGES
from evalkit.gateway.scrub import Scrubber
from evalkit.gateway.streams import Stream
from evalkit.types import Model, Provider, Response, ToolCall, Usage

pytestmark = pytest.mark.anyio
PROVIDER = Provider(name="p", base_url="http://127.0.0.1:9/v1", api_key_env=None)
MODEL = Model(name="claude", id="claude", provider=PROVIDER, api="messages", family="claude")


def event(kind: str, **fields) -> bytes:
    data = json.dumps({"type": kind, **fields}, ensure_ascii=False).encode()
    return b"event: " + kind.encode() + b"\ndata: " + data + b"\n\n"


def block(index: int, kind: str, deltas: list[dict], **announced) -> bytes:
    begin = event("content_block_start", index=index, content_block={"type": kind, **announced})
    pieces = b"".join(event("content_block_delta", index=index, delta=delta) for delta in deltas)
    return begin + pieces + event("content_block_stop", index=index)


BEGIN = event(
    "message_start",
    message={"type": "message", "role": "assistant", "model": "claude-4", "content": [],
             "usage": {"input_tokens": 5, "cache_read_input_tokens": 2, "output_tokens": 1}},
) + event("ping")  # fmt: skip
TEXT = block(0, "text", [{"type": "text_delta", "text": piece} for piece in ("你", "好\u2028", "!")], text="")
TOOL = block(
    1,
    "tool_use",
    [{"type": "input_json_delta", "partial_json": piece} for piece in ("", '{"q": ', '"é"}')],
    id="t", name="f", input={},
)  # fmt: skip
END = event("message_delta", delta={"stop_reason": "tool_use"}, usage={"output_tokens": 9}) + event("message_stop")
WHOLE = BEGIN + TEXT + TOOL + END


async def read(*pieces: bytes) -> Response:
    stream = Stream(MESSAGES, MODEL, scrub=Scrubber(None), status=200, clock=lambda: 0.0)

    async def arriving() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    await stream.read(arriving())
    return stream.answer()


async def test_a_message_is_the_same_at_every_cut():
    expected = await read(WHOLE)
    assert (expected.text, expected.finish_reason, expected.notes) == ("你好\u2028!", "tool_calls", ())
    assert expected.tool_calls == (ToolCall(id="t", name="f", arguments='{"q": "é"}'),)
    assert (expected.usage.input_tokens, expected.usage.cached_input_tokens, expected.usage.output_tokens) == (7, 2, 9)
    for cut in range(1, len(WHOLE)):
        assert await read(WHOLE[:cut], WHOLE[cut:]) == expected
    assert await read(*(WHOLE[at : at + 1] for at in range(len(WHOLE)))) == expected


def played(bench, content: bytes) -> None:
    bench.server.play(bench.server.reply(body=content, content_type="text/event-stream"))


async def test_a_message_without_its_end_is_asked_for_again(bench):
    played(bench, BEGIN + TEXT)
    reply = await bench.expect("truncated_stream", requests=5, api="messages", stream=True)
    assert "ended before the answer did" in reply.fault.message


async def test_a_message_that_said_why_it_stopped_and_not_that_it_did_is_noted(bench):
    played(bench, WHOLE.removesuffix(event("message_stop")))
    response = (await bench.ask(api="messages", stream=True)).response
    assert response.notes == ("the stream ended without its end mark",)


async def test_an_overload_in_the_midst_of_a_message_is_waited_out(bench):
    played(bench, BEGIN + TEXT + event("error", error={"type": "overloaded_error", "message": "Overloaded"}))
    await bench.expect("stream_error", requests=5, api="messages", stream=True)


async def test_usage_that_was_never_told_is_unknown(bench):
    played(bench, TEXT + event("message_delta", delta={"stop_reason": "end_turn"}) + event("message_stop"))
    response = (await bench.ask(api="messages", stream=True)).response
    assert (response.text, response.usage) == ("你好\u2028!", Usage())
