"""faults.md, row by row, over real sockets: the class, the number of requests, the waits, and what is stopped."""

from __future__ import annotations

import asyncio
import gzip
import json
import shutil
import socket
import ssl
import subprocess

import httpx
import pytest

from evalkit.gateway.client import Gateway
from evalkit.gateway.verdicts import Stop

pytestmark = pytest.mark.anyio


def error(message="no", **names):
    return {"error": {"message": message, **names}}


def answer(content="hi", finish_reason="stop", **message):
    return {"choices": [{"message": {"content": content, **message}, "finish_reason": finish_reason}]}


# --- statuses that end the trial


@pytest.mark.parametrize(
    ("row", "status", "body", "kind", "stop"),
    [
        (1, 401, error("Invalid signature", type="401"), "auth", Stop.RUN),
        (1, 401, b"", "auth", Stop.RUN),
        (1, 400, error("Invalid signature", type="401"), "auth", Stop.RUN),
        (2, 403, error("No permission for this resource"), "permission", Stop.MODEL),
        (3, 403, error("Insufficient balance for the requested operation"), "quota", Stop.MODEL),
        (3, 403, error("用户余额不足"), "quota", Stop.MODEL),
        (3, 402, error("Payment required"), "quota", Stop.MODEL),
        (6, 429, error("You are out.", type="insufficient_quota"), "quota", Stop.MODEL),
        (6, 429, error("You are out.", code="insufficient_quota"), "quota", Stop.MODEL),
        (6, 429, error("You exceeded your current quota, please check your plan."), "quota", Stop.MODEL),
        (10, 400, error("bad", type="invalid_request_error", code="invalid"), "bad_request", Stop.MODEL_IF_FIRST),
        (10, 422, {"detail": [{"loc": ["body", "model"], "msg": "bad"}]}, "bad_request", Stop.MODEL_IF_FIRST),
        (10, 400, error("cannot read it", code="invalid_image_url"), "bad_request", Stop.NOTHING),
        (15, 404, error("The model `m-1` does not exist", code="model_not_found"), "not_found", Stop.MODEL),
        (15, 404, b"<html><title>404</title></html>", "not_found", Stop.MODEL),
        (15, 400, error("no such", code="model_not_found"), "not_found", Stop.MODEL),
        (16, 413, b"Payload Too Large", "context_length", Stop.NOTHING),
        (16, 400, error("This model's maximum context length is 8192"), "context_length", Stop.NOTHING),
        (16, 400, error("too long", code="context_length_exceeded"), "context_length", Stop.NOTHING),
    ],
)
async def test_a_rejected_request_is_not_retried(bench, row, status, body, kind, stop):
    bench.server.play(bench.server.reply(status, body))
    reply = await bench.expect(kind, requests=1)
    assert reply.stop is stop
    assert reply.fault.status == status


async def test_a_refused_key_is_told_by_the_variable_that_holds_it(bench):
    bench.server.play(bench.server.reply(401, error("Invalid signature", type="401")))
    reply = await bench.expect("auth", requests=1)
    assert reply.fault.message == "the key in TEST_KEY was refused (401 Unauthorized): Invalid signature"


# --- statuses that are tried again


@pytest.mark.parametrize(
    ("row", "status", "body", "kind"),
    [
        (5, 429, error("Too many requests"), "rate_limit"),
        (5, 429, b"", "rate_limit"),
        (5, 429, error("You exceeded your current quota. Please retry in 23.1s."), "rate_limit"),
        (13, 503, error("Service unavailable", type="server_error"), "server"),
        (13, 503, b"upstream connect error", "server"),
        (14, 500, error("oops"), "server"),
        (14, 502, b"Bad Gateway", "server"),
        (14, 504, b"", "server"),
        (14, 520, b"", "server"),
        (14, 529, error("Overloaded", type="overloaded_error"), "server"),
        (14, 408, b"", "server"),
        (14, 409, error("conflict"), "server"),
        (17, 502, b"<html><head><title>502 Bad\nGateway</title></head>" + b"x" * 9000, "server"),
        (17, 503, b"<!DOCTYPE html><title>Content policy page</title>", "server"),
    ],
)
async def test_a_passing_fault_is_retried_until_the_attempts_are_used_up(bench, row, status, body, kind):
    bench.server.play(bench.server.reply(status, body))
    reply = await bench.expect(kind, requests=5)
    assert reply.stop is Stop.NOTHING
    assert len(reply.fault.message.encode()) < 2500
    for number, wait_s in enumerate(bench.waits):
        full = 0.5 * 2**number
        assert full / 2 <= wait_s <= full * 1.2
    assert [attempt for _, attempt, _ in bench.told] == [2, 3, 4, 5]


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_an_answer_after_a_passing_fault_is_an_answer(bench, status):
    bench.server.play(bench.server.reply(status, b""), bench.server.reply())
    reply = await bench.ask()
    assert reply.response.text == "hi"
    assert reply.attempts == len(bench.server.arrived) == 2
    assert bench.server.arrived[0].body == bench.server.arrived[1].body


DATES = {"date": "Sat, 21 Nov 2026 20:00:00 GMT"}


@pytest.mark.parametrize(
    ("row", "headers", "least", "most"),
    [
        (4, {"retry_after": "7"}, 7, 8.4),
        (4, {"retry_after": "7.5"}, 7.5, 9),
        (4, DATES | {"retry_after": "Sat, 21 Nov 2026 20:00:40 GMT"}, 40, 48),
        (8, DATES | {"retry_after": "Sat, 21 Nov 2026 19:59:00 GMT"}, 0.25, 0.6),
        (8, {"retry_after": "Sat, 21 Nov 2026 20:00:40 GMT"}, 0.25, 0.6),
        (8, {"retry_after": "NaN"}, 0.25, 0.6),
        (8, {"retry_after": "inf"}, 0.25, 0.6),
        (8, {"retry_after": "-5"}, 0.25, 0.6),
        (8, {"retry_after": "soon"}, 0.25, 0.6),
        (8, {"retry_after": "9" * 400}, 0.25, 0.6),
    ],
)
async def test_retry_after_is_waited_for_where_it_makes_sense(bench, row, headers, least, most):
    bench.server.play(bench.server.reply(429, b"", **headers), bench.server.reply())
    assert (await bench.ask()).response is not None
    assert len(bench.waits) == 1
    assert least <= bench.waits[0] <= most


async def test_a_retry_after_beyond_max_wait_is_never_retried_early(bench):
    bench.server.play(bench.server.reply(429, b"", retry_after="121"))
    reply = await bench.expect("rate_limit", requests=1)
    assert bench.waits == []
    assert reply.stop is Stop.NOTHING
    bench.server.play(bench.server.reply(429, b"", retry_after="121"), bench.server.reply())
    bench.server.arrived.clear()
    assert (await bench.ask(max_wait_s=121)).response is not None


async def test_a_524_is_sent_once_more(bench):
    bench.server.play(bench.server.reply(524, b""))
    await bench.expect("timeout", requests=2)


async def test_max_attempts_is_the_models_setting(bench):
    bench.server.play(bench.server.reply(500, b""))
    await bench.expect("server", requests=2, max_attempts=2)


# --- policy blocks and odd ends: outcomes, no errors


@pytest.mark.parametrize(
    ("row", "status", "body"),
    [
        (11, 400, error("Content policy violation", type="503")),
        (11, 400, error("blocked", type="503")),
        (11, 400, error("Your request was rejected", code="content_policy_violation")),
        (11, 400, error("The response was filtered", code="content_filter")),
        (12, 503, error("Content policy violation")),
        (12, 503, error("Content blocked due to safety concerns", type="503")),
        (19, 200, error("Content blocked due to safety concerns")),
        (28, 200, {"status": "failed", "error": {"code": "image_content_policy_violation", "message": "no"}}),
    ],
)
async def test_a_blocked_request_is_an_outcome_and_not_retried(bench, row, status, body):
    bench.server.play(bench.server.reply(status, body))
    reply = await bench.ask()
    assert reply.fault is None
    assert (reply.response.outcome, reply.response.text) == ("content_policy", "")
    assert reply.response.raw == body
    assert len(bench.server.arrived) == 1


@pytest.mark.parametrize(
    ("row", "body", "outcome", "text"),
    [
        (23, answer(None, "length"), "length", ""),
        (25, answer(None, refusal="I cannot."), "refusal", "I cannot."),
        (26, answer(None, "content_filter"), "content_policy", ""),
        (27, answer("half an ans", "length"), "length", "half an ans"),
        (35, answer("hi"), "ok", "hi"),
    ],
)
async def test_an_odd_end_is_an_outcome(bench, row, body, outcome, text):
    bench.server.play(bench.server.reply(200, body))
    reply = await bench.ask()
    assert (reply.response.outcome, reply.response.text) == (outcome, text)
    assert reply.response.usage.output_tokens is None
    assert len(bench.server.arrived) == 1


@pytest.mark.parametrize(("reason", "outcome"), [("max_output_tokens", "length"), ("content_filter", "content_policy")])
async def test_an_incomplete_response_is_an_outcome_by_its_reason(bench, reason, outcome):
    body = {"status": "incomplete", "incomplete_details": {"reason": reason}, "output": []}
    bench.server.play(bench.server.reply(200, body))
    reply = await bench.ask(api="responses")
    assert reply.response.outcome == outcome
    assert bench.server.arrived[0].line == "POST /v1/responses HTTP/1.1"


# --- bodies that came with a 200 and are no answer


@pytest.mark.parametrize(
    ("row", "body", "kind", "requests", "stop"),
    [
        (18, b"<html><title>Please log in</title></html>", "protocol", 2, Stop.NOTHING),
        (18, b"OK", "protocol", 2, Stop.NOTHING),
        (18, b"[1, 2]", "protocol", 2, Stop.NOTHING),
        (18, {"hello": "world"}, "protocol", 2, Stop.NOTHING),
        (19, error("slow down", code="rate_limit_exceeded"), "rate_limit", 5, Stop.NOTHING),
        (19, error("Invalid signature", type="401"), "auth", 1, Stop.RUN),
        (19, error("outage", type="503"), "server", 5, Stop.NOTHING),
        (19, error("outage", code=503), "server", 5, Stop.NOTHING),
        (19, error("who knows"), "server", 5, Stop.NOTHING),
        (19, error("Invalid request", type="invalid_request_error"), "bad_request", 1, Stop.MODEL_IF_FIRST),
        (19, error("no", type="insufficient_quota"), "quota", 1, Stop.MODEL),
        (19, {"error": "internal"}, "server", 5, Stop.NOTHING),
        (20, json.dumps(answer("hi")).encode()[:-9], "protocol", 5, Stop.NOTHING),
        (20, b'{"choices": [{"message": {"content": "\xe4\xbd', "protocol", 5, Stop.NOTHING),
        (21, b"", "empty_response", 5, Stop.NOTHING),
        (21, b"\n\n", "empty_response", 5, Stop.NOTHING),
        (22, {"choices": []}, "empty_response", 2, Stop.NOTHING),
        (22, {"choices": None}, "empty_response", 2, Stop.NOTHING),
        (24, answer(None), "empty_response", 2, Stop.NOTHING),
        (49, b"[" * 100_000, "protocol", 1, Stop.NOTHING),
        (49, b'{"choices": ' + b"[" * 200 + b"]" * 200 + b"}", "protocol", 1, Stop.NOTHING),
        (49, b'{"usage": ' + b"9" * 5000 + b"}", "protocol", 1, Stop.NOTHING),
    ],
)
async def test_a_body_without_an_answer_is_a_fault(bench, row, body, kind, requests, stop):
    bench.server.play(bench.server.reply(200, body))
    reply = await bench.expect(kind, requests=requests)
    assert reply.stop is stop


async def test_a_body_of_another_shape_is_repeated_in_the_message(bench):
    bench.server.play(bench.server.reply(200, {"code": 7, "message": "Service is being moved"}))
    reply = await bench.expect("protocol", requests=2)
    assert "has no `choices`" in reply.fault.message
    assert "Service is being moved" in reply.fault.message


async def test_a_failed_response_goes_by_its_code(bench):
    body = {"status": "failed", "error": {"code": "server_error", "message": "The model crashed"}, "output": []}
    bench.server.play(bench.server.reply(200, body))
    reply = await bench.expect("server", requests=5, api="responses")
    assert "The model crashed [server_error]" in reply.fault.message


async def test_single_retries_are_spent_once_in_all(bench):
    bench.server.play(bench.server.reply(200, b"OK"), bench.server.reply(500, b""), bench.server.reply(524, b""))
    await bench.expect("timeout", requests=3)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
async def test_a_number_that_is_none_becomes_null(bench, number):
    body = json.dumps(answer("hi"))[:-1] + ', "usage": {"prompt_tokens": ' + number + ', "completion_tokens": 2}}'
    bench.server.play(bench.server.reply(200, body.encode()))
    response = (await bench.ask()).response
    assert (response.usage.input_tokens, response.usage.output_tokens) == (None, 2)
    assert response.raw["usage"]["prompt_tokens"] is None


@pytest.mark.parametrize("spelling", [b"\\ud800", b"\xed\xa0\x80"])
async def test_a_lone_surrogate_is_kept_as_its_escape(bench, spelling):
    body = json.dumps(answer("<>")).encode().replace(b"<>", b"\xe4\xbd\xa0" + spelling)
    bench.server.play(bench.server.reply(200, body))
    response = (await bench.ask()).response
    assert response.text == "你\\ud800"
    assert response.raw["choices"][0]["message"]["content"] == "你\\ud800"


# --- connections


async def test_a_stale_connection_is_replaced_at_once(bench):
    bench.server.play(bench.server.reply(), None, bench.server.reply())
    assert (await bench.ask()).attempts == 1
    reply = await bench.ask()
    assert reply.response.text == "hi"
    assert [request.connection for request in bench.server.arrived] == [1, 1, 2]
    assert bench.waits == []
    assert bench.told == [("network", 2, 0.0)]


async def test_a_connection_that_breaks_each_time_is_given_up_after_waits(bench):
    bench.server.play(None)
    await bench.expect("network", requests=5)
    assert len(bench.waits) == 3


async def test_an_answer_that_breaks_off_midway_is_retried(bench):
    bench.server.play([bench.server.reply()[:-9], b""], bench.server.reply())
    reply = await bench.ask()
    assert reply.response.text == "hi"
    assert bench.told[0][:2] == ("network", 2)
    assert bench.waits[0] > 0


async def test_what_is_no_http_is_a_protocol_fault(bench):
    bench.server.play([b"220 smtp.example ESMTP\r\n\r\n", b""])
    await bench.expect("protocol", requests=5)


async def test_an_unknown_host_stops_the_model_if_it_is_its_first_trial(bench):
    reply = await bench.ask(base_url="http://nowhere.invalid/v1")
    assert (reply.fault.kind, reply.stop, reply.attempts) == ("network", Stop.MODEL_IF_FIRST, 5)
    assert "nowhere.invalid cannot be reached" in reply.fault.message


async def test_a_closed_port_stops_the_model_if_it_is_its_first_trial(bench):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    reply = await bench.ask(base_url=f"http://127.0.0.1:{port}")
    assert (reply.fault.kind, reply.stop, reply.attempts) == ("network", Stop.MODEL_IF_FIRST, 5)


@pytest.fixture(scope="session")
def self_signed(tmp_path_factory):
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs the openssl command to make a certificate")
    folder = tmp_path_factory.mktemp("tls")
    made = ("-keyout", folder / "key.pem", "-out", folder / "cert.pem", "-subj", "/CN=127.0.0.1", "-days", "2")
    subprocess.run([openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", *made], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


async def test_an_unknown_certificate_stops_the_model(bench, start, self_signed):
    server = await start(self_signed)
    reply = await bench.ask(base_url=server.base_url)
    assert (reply.fault.kind, reply.stop, reply.attempts) == ("tls", Stop.MODEL, 1)
    assert server.arrived == []


async def test_tls_on_a_plain_port_stops_the_model(bench):
    async def refuse(_, writer):
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        reply = await bench.ask(base_url=f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    assert (reply.fault.kind, reply.stop, reply.attempts) == ("tls", Stop.MODEL, 1)


async def test_a_connection_that_ends_during_the_handshake_says_nothing_of_certificates(bench):
    async def hang_up(_, writer):
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        reply = await bench.ask(base_url=f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    assert (reply.fault.kind, reply.stop, reply.attempts) == ("network", Stop.MODEL_IF_FIRST, 5)


# --- time


async def test_silence_is_asked_once_more(bench):
    bench.server.play([b"HTTP/1.1 ", None])
    reply = await bench.expect("timeout", requests=2, timeout_s=0.2)
    assert "within timeout_s (0.2 s)" in reply.fault.message


async def test_a_trickle_ends_at_the_total_deadline_and_is_retried(bench):
    head, body = bench.server.reply().split(b"\r\n\r\n", 1)
    trickle = [head + b"\r\n\r\n", *[step for byte in body for step in (bytes([byte]), 0.05)]]
    bench.server.play(trickle)
    reply = await bench.expect("timeout", requests=2, timeout_s=0.3, max_attempts=2)
    assert "not complete" in reply.fault.message


@pytest.mark.parametrize(
    ("error", "attempts"),
    [(httpx.ConnectTimeout, 5), (httpx.PoolTimeout, 5), (httpx.WriteTimeout, 5), (httpx.ReadTimeout, 2)],
)
async def test_a_timeout_before_anything_was_sent_is_retried_more_than_one_that_may_have_cost(bench, error, attempts):
    def fail(request):
        raise error("", request=request)

    async with Gateway({"test": None}, transport=httpx.MockTransport(fail)) as bench.gateway:
        reply = await bench.ask()
    assert (reply.fault.kind, reply.attempts) == ("timeout", attempts)


# --- size and redirects


async def test_a_huge_body_is_aborted(bench):
    bench.server.play(bench.server.reply(200, b"x" * (17 * 2**20)))
    await bench.expect("too_large", requests=1)


async def test_a_gzip_bomb_is_aborted(bench):
    bomb = gzip.compress(bytes(200 * 2**20))
    assert len(bomb) < 210_000
    bench.server.play(bench.server.reply(200, bomb, content_encoding="gzip"))
    await bench.expect("too_large", requests=1)


async def test_a_packed_answer_is_unpacked(bench):
    packed = gzip.compress(json.dumps(answer("hi")).encode())
    bench.server.play(bench.server.reply(200, packed, content_encoding="gzip"))
    assert (await bench.ask()).response.text == "hi"


@pytest.mark.parametrize(
    ("packed", "encoding", "requests"),
    [
        (gzip.compress(b"{}" * 500)[:-12], "gzip", 5),
        (gzip.compress(json.dumps(answer("hi")).encode())[:-4], "gzip", 5),
        (b"no gzip at all", "gzip", 5),
        (b"whatever", "br", 2),
    ],
)
async def test_a_body_that_cannot_be_unpacked_is_a_protocol_fault(bench, packed, encoding, requests):
    bench.server.play(bench.server.reply(200, packed, content_encoding=encoding))
    await bench.expect("protocol", requests=requests)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(bench, status):
    bench.server.play(bench.server.reply(status, b"", location="https://elsewhere.example/v1"))
    reply = await bench.expect("redirect", requests=1)
    assert reply.stop is Stop.MODEL
    assert "https://elsewhere.example/v1" in reply.fault.message
