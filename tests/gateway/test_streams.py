"""The rows of the fault table that speak of streams, byte for byte."""

from __future__ import annotations

import asyncio
import gzip
import json
import statistics
import time

import anyio
import pytest

from evalkit.gateway import streams
from evalkit.gateway.client import Gateway
from evalkit.gateway.pace import Pace
from evalkit.types import Usage

pytestmark = pytest.mark.anyio

DONE = b"data: [DONE]\n\n"
END = b"0\r\n\r\n"
USAGE = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}


def head(**headers):
    fields = {"content-type": "text/event-stream", "transfer-encoding": "chunked"} | headers
    lines = [f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items()]
    return ("HTTP/1.1 200 OK\r\n" + "".join(lines) + "\r\n").encode()


def sent(*pieces):
    """The answer's bytes as HTTP chunks: bytes are sent, numbers waited."""
    return [f"{len(p):x}\r\n".encode() + p + b"\r\n" if isinstance(p, bytes) else p for p in pieces]


def event(value, name=None):
    return (f"event: {name}\n" if name else "").encode() + b"data: " + json.dumps(value).encode() + b"\n\n"


def say(content=None, finish_reason=None, **delta):
    delta = delta if content is None else {"content": content, **delta}
    return event({"model": "m-1", "choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}]})


ROLE, HEL, LO = say("", role="assistant"), say("hel"), say("lo")
STOP, FIGURES = say(finish_reason="stop"), event({"choices": [], "usage": USAGE})
WHOLE = (ROLE, HEL, LO, STOP, FIGURES, DONE)


@pytest.fixture
def play(bench):
    def script(*pieces, end=(END,), **headers):
        bench.server.play([head(**headers), *sent(*pieces), *end])

    return script


async def answer(bench, **settings):
    reply = await bench.ask(stream=True, **settings)
    assert reply.fault is None, reply.fault
    return reply


async def test_a_stream_is_asked_for_with_its_usage_and_put_together(bench, play):
    play(*WHOLE)
    reply = await answer(bench)
    body = json.loads(bench.server.arrived[0].body)
    assert (body["stream"], body["stream_options"]) == (True, {"include_usage": True})
    response = reply.response
    assert (response.text, response.finish_reason, response.outcome, response.notes) == ("hello", "stop", "ok", ())
    assert response.usage == Usage(input_tokens=3, output_tokens=2, total_tokens=5)
    assert response.raw["choices"][0]["message"]["content"] == "hello"
    assert reply.attempts == 1


async def test_a_stream_is_not_asked_for_packed(bench, play):
    play(*WHOLE)
    await answer(bench)
    await bench.ask()
    assert [arrived.headers["accept-encoding"] for arrived in bench.server.arrived] == ["identity", "gzip"]


async def test_the_connection_is_used_again_after_a_stream(bench, play):
    play(*WHOLE)
    for _ in range(3):
        await answer(bench)
    assert bench.server.connections == 1


# --- row 30: an error inside the stream


@pytest.mark.parametrize(
    ("data", "kind", "requests"),
    [
        ({"error": {"message": "upstream failed", "type": "server_error"}}, "stream_error", 5),
        ({"error": {"message": "upstream failed"}}, "stream_error", 5),
        ({"error": "upstream failed"}, "stream_error", 5),
        ({"object": "error", "message": "upstream failed", "code": 500}, "stream_error", 5),
        ({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, "stream_error", 5),
        ({"error": {"message": "slow down", "code": "rate_limit_exceeded"}}, "rate_limit", 5),
        ({"error": {"message": "no balance", "code": "insufficient_quota"}}, "quota", 1),
        ({"error": {"message": "no", "type": "invalid_request_error"}}, "stream_error", 1),
        ({"error": {"message": "too long", "code": "context_length_exceeded"}}, "context_length", 1),
    ],
)
@pytest.mark.parametrize("name", [None, "error"])
async def test_30_an_error_event_goes_by_its_code(bench, play, name, data, kind, requests):
    play(ROLE, HEL, event(data, name))
    reply = await bench.expect(kind, requests=requests, stream=True)
    assert reply.fault.status == 200


@pytest.mark.parametrize("data", [b"upstream timed out", b"", b'{"message": "upstream timed out"}', b"{}"])
async def test_30_an_error_event_needs_no_code_and_no_json(bench, play, data):
    play(HEL, b"event: error\ndata: " + data + b"\n\n")
    reply = await bench.expect("stream_error", requests=2, stream=True, max_attempts=2)
    assert b"timed out" not in data or "upstream timed out" in reply.fault.message


async def test_30_a_content_policy_that_steps_in_is_an_outcome(bench, play):
    play(ROLE, HEL, event({"error": {"message": "blocked", "code": "content_policy_violation"}}))
    reply = await answer(bench)
    assert (reply.response.outcome, reply.response.text, reply.attempts) == ("content_policy", "", 1)


# --- rows 31 to 34: how a stream ends


@pytest.mark.parametrize(
    "pieces", [(ROLE, HEL, LO), (ROLE,), (b": ping\n\n",), (b"\xef\xbb\xbf: \n",), (HEL, b'data: {"cho')]
)
async def test_31_a_clean_end_before_the_answers_own_is_a_truncated_stream(bench, play, pieces):
    play(*pieces)
    await bench.expect("truncated_stream", requests=5, stream=True)


async def test_31_a_body_without_a_length_ends_as_cleanly(bench):
    bench.server.play(
        [b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n", HEL, LO, b""]
    )
    await bench.expect("truncated_stream", requests=5, stream=True)


@pytest.mark.parametrize(("pieces", "usage"), [((HEL, LO, STOP), Usage()), ((HEL, LO, STOP, FIGURES), None)])
async def test_32_a_finish_without_an_end_mark_is_accepted_with_a_note(bench, play, pieces, usage):
    play(*pieces)
    reply = await answer(bench)
    assert (reply.response.text, reply.response.outcome, reply.attempts) == ("hello", "ok", 1)
    assert reply.response.notes == ("the stream ended without its end mark",)
    assert reply.response.usage == (usage or Usage(input_tokens=3, output_tokens=2, total_tokens=5))


async def test_32_an_end_mark_without_a_finish_is_accepted(bench, play):
    play(HEL, LO, DONE)
    reply = await answer(bench)
    assert (reply.response.text, reply.response.finish_reason, reply.response.notes) == ("hello", None, ())


@pytest.mark.parametrize("mark", [b"data: [DONE]", b"data:[DONE]\n", b"data: [DONE]\r\n\r\n", b"data: [DONE] \n\n"])
async def test_32_an_end_mark_may_lack_its_line_ends(bench, play, mark):
    play(HEL, LO, STOP, mark)
    assert (await answer(bench)).response.notes == ()


async def test_33_reading_stops_at_the_end_mark_though_the_connection_stays_open(bench, play):
    play(*WHOLE, end=(None,))
    with anyio.fail_after(2):
        reply = await answer(bench)
    assert (reply.response.text, reply.response.notes) == ("hello", ())
    assert reply.latency_s < 0.05


async def test_33_a_finished_answer_is_not_waited_upon_for_ever(bench, play, monkeypatch):
    monkeypatch.setitem(streams.PATIENCE_S, "finished", 0.05)
    play(HEL, LO, STOP, *[step for _ in range(100) for step in (b": ping\n\n", 0.02)], end=(None,))
    with anyio.fail_after(1):
        reply = await answer(bench)
    assert reply.response.notes == ("the stream ended without its end mark",)
    assert reply.latency_s < 0.05


async def test_33_what_comes_behind_the_end_mark_is_not_read(bench, play):
    play(HEL, LO, STOP, DONE + LO + b"data: {broken\n\n")
    assert (await answer(bench)).response.text == "hello"


async def test_34_a_stream_that_breaks_off_is_truncated(bench, play):
    play(ROLE, HEL, end=(b"",))
    reply = await bench.expect("truncated_stream", requests=5, stream=True)
    assert len(bench.waits) == 4
    assert "ended before the answer did" in reply.fault.message


async def test_34_a_stream_that_breaks_off_behind_its_finish_is_an_answer(bench, play):
    play(HEL, LO, STOP, end=(b"",))
    assert (await answer(bench)).response.notes == ("the stream ended without its end mark",)


async def test_34_a_stream_that_breaks_off_before_its_first_byte_is_truncated(bench, play):
    play(end=(b"",))
    await bench.expect("truncated_stream", requests=5, stream=True)


# --- rows 35 to 38: what a stream holds


async def test_35_missing_usage_is_unknown(bench, play):
    play(HEL, LO, STOP, DONE)
    assert (await answer(bench)).response.usage == Usage()


async def test_36_what_is_not_for_us_is_passed_over(bench, play):
    pings = b': ping\n\nevent: ping\ndata: pong\n\nevent: ping\ndata: {"type": "ping"}\n\nretry: 3\n\nid: 7\n\n'
    odd = b'event: tick\ndata: 5\n\ndata:\n\ndata: {"unknown": []}\n\n'
    play(pings, HEL, odd, LO, STOP, pings, FIGURES, DONE)
    reply = await answer(bench)
    assert (reply.response.text, reply.response.usage.output_tokens) == ("hello", 2)


@pytest.mark.parametrize(
    "data", [b'{"choices": [', b"hello", b"[1, 2]", b'{"choices": 5}', b'{"choices": [null]}', b"5"]
)
async def test_37_an_event_that_cannot_be_read_is_a_protocol_fault(bench, play, data):
    play(HEL, b"data: " + data + b"\n\n", LO, STOP, DONE)
    reply = await bench.expect("protocol", requests=5, stream=True)
    assert "an event of the stream cannot be read" in reply.fault.message


async def test_37_a_bomb_is_not_fetched_twice(bench, play):
    play(HEL, b"data: " + b"[" * 100_000 + b"\n\n")
    await bench.expect("protocol", requests=1, stream=True)


TEXT = "你好😀\u2028\u2029\u0085\u000b\u001c end"


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
async def test_38_a_text_survives_every_cut(bench, play, line_end):
    words = [{"choices": [{"delta": {"content": char}}]} for char in TEXT]
    lines = [f"data: {json.dumps(word, ensure_ascii=False)}{line_end}{line_end}" for word in words]
    stream = "".join(lines).encode() + b"data: [DONE]"
    play(*(stream[at : at + 1] for at in range(len(stream))))
    assert (await answer(bench)).response.text == TEXT


# --- bodies that are no streams, and streams that nobody asked for


async def test_a_body_in_place_of_a_stream_is_an_answer_that_was_not_streamed(bench):
    bench.server.play(bench.server.reply())
    reply = await answer(bench)
    assert (reply.response.text, reply.pace) == ("hi", Pace(buffered=True))
    assert reply.response.notes == ("asked for a stream, answered in one piece",)


@pytest.mark.parametrize(
    ("body", "kind", "requests"),
    [
        (b'{"error": {"message": "no balance", "code": "insufficient_quota"}}', "quota", 1),
        (b"", "empty_response", 5),
        (b"\n\n", "empty_response", 5),
        (b"<html>Bad gateway</html>", "protocol", 2),
    ],
)
async def test_a_body_that_calls_itself_a_stream_is_read_as_what_it_is(bench, body, kind, requests):
    bench.server.play(bench.server.reply(200, body, content_type="text/event-stream; charset=utf-8"))
    await bench.expect(kind, requests=requests, stream=True)


async def test_a_stream_that_nobody_asked_for_is_read(bench, play):
    play(*WHOLE)
    assert (await bench.ask()).response.text == "hello"


async def test_a_refusal_of_stream_options_is_a_bad_request(bench):
    error = {"error": {"message": "Unrecognized request argument supplied: stream_options", "code": None}}
    bench.server.play(bench.server.reply(400, error))
    reply = await bench.expect("bad_request", requests=1, stream=True)
    assert "stream_options" in reply.fault.message


async def test_an_error_status_with_a_stream_goes_by_its_status(bench):
    bench.server.play(bench.server.reply(429, HEL, content_type="text/event-stream"))
    await bench.expect("rate_limit", requests=5, stream=True)


# --- rows 44 and 45: time and size


async def test_44_a_stream_that_trickles_ends_at_the_total_deadline(bench, play):
    play(*[step for _ in range(100) for step in (HEL, 0.02)])
    await bench.expect("timeout", requests=2, stream=True, timeout_s=0.2, max_attempts=2)


async def test_45_a_stream_without_end_is_aborted(bench, play):
    play(*[event({"choices": [], "padding": "x" * 2**20})] * 17)
    await bench.expect("too_large", requests=1, stream=True)


async def test_45_an_event_without_end_is_aborted(bench, play):
    play(b"data: ", *[b"x" * 2**20] * 5)
    await bench.expect("too_large", requests=1, stream=True)


async def test_45_a_packed_stream_is_unpacked_within_the_cap(bench, play):
    play(gzip.compress(b"".join(WHOLE)), content_encoding="gzip")
    assert (await answer(bench)).response.text == "hello"
    play(gzip.compress(bytes(20 * 2**20)), content_encoding="gzip")
    bench.server.arrived.clear()
    await bench.expect("too_large", requests=1, stream=True)


# --- the key


async def test_a_key_that_comes_back_in_pieces_is_hidden(bench, play):
    key = "sk-canary-4711-0815"
    play(say("it is sk-canary"), say("-4711-0815, and again "), say(key), STOP, DONE)
    response = (await answer(bench)).response
    assert response.text == "it is [key], and again [key]"
    assert key not in json.dumps(response.raw)


async def test_a_key_in_an_error_event_is_hidden(bench, play):
    play(event({"error": {"message": "bad: sk-canary-4711-0815"}}), b"event: error\ndata: sk-canary-4711-0815\n\n")
    reply = await bench.expect("stream_error", requests=1, stream=True, max_attempts=1)
    assert "bad: [key]" in reply.fault.message


# --- the clock


async def test_the_times_are_those_of_the_tokens(bench, play):
    now = 0.0

    def clock():
        nonlocal now
        now += 1
        return now  # 1: sent; then one for each piece

    def steps(*pieces):
        return [step for piece in pieces for step in (piece, 0.02)]

    play(*steps(ROLE, say(reasoning_content="hm"), HEL, LO, STOP, event({"usage": USAGE}), b": ping\n\n", DONE))
    async with Gateway({"test": None}, clock=clock) as bench.gateway:
        reply = await answer(bench)
    assert reply.pace == Pace(ttft_s=2, ttfo_s=3, tpot_s=2, buffered=False)
    assert reply.latency_s == 8


async def test_the_time_to_the_first_token_is_the_servers(bench):
    """Within 5 ms of what the server measured, from the request's arrival to the token's departure."""
    measured = []

    async def serve(reader, writer):
        for number in range(40):
            await reader.readuntil(b'"stream_options":{"include_usage":true}}')
            began = time.monotonic()
            writer.writelines([head(), *sent(ROLE)])
            await asyncio.sleep(0.01 + 0.001 * number)
            measured.append(time.monotonic() - began)
            writer.writelines(sent(HEL))
            await asyncio.sleep(0.01)
            writer.writelines([*sent(LO, STOP, FIGURES, DONE), END])
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        paces = [(await answer(bench, base_url=url)).pace for _ in range(40)]
    off = [pace.ttft_s - ttft_s for pace, ttft_s in zip(paces, measured, strict=True)]
    assert 0 <= statistics.median(off) < 0.005
    assert not any(pace.buffered for pace in paces)
