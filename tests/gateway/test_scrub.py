"""The key never comes back, whatever the gateway does with it."""

from __future__ import annotations

import json
import random

import msgspec
import pytest

from evalkit.gateway.client import Gateway
from evalkit.gateway.scrub import Scrubber

pytestmark = pytest.mark.anyio
KEY = "sk-canary-4711-0815"
ESCAPED = "".join(f"\\u{ord(char):04x}" for char in KEY)


def shown(reply, bench) -> str:
    """All that a reply can show, as JSON and as text."""
    return msgspec.json.encode(reply.response).decode() + repr(reply) + str(reply.fault) + repr(bench.told)


@pytest.mark.parametrize("spelling", [KEY, ESCAPED])
async def test_a_key_echoed_in_an_answer_is_taken_out_of_it(bench, spelling):
    body = '{"model": "<>", "<>": 1, "choices": [{"message": {"content": "your key: <>!"}}]}'.replace("<>", spelling)
    bench.server.play(bench.server.reply(200, body.encode(), x_echo=KEY))
    reply = await bench.ask()
    assert reply.response.text == "your key: [key]!"
    assert reply.response.raw["[key]"] == 1
    assert KEY not in shown(reply, bench)


@pytest.mark.parametrize("status", [200, 301, 400, 401, 403, 429, 500])
@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"error": {"message": f"bad key {KEY}", "type": KEY, "code": KEY}}).encode(),
        f'{{"error": {{"message": "bad key {ESCAPED}"}}}}'.encode(),
        f'{{"message": "{KEY}", "n": NaN, "s": "\\ud800"}}'.encode(),
        f"<html><title>{KEY}</title>".encode(),
        f"plain {KEY}".encode(),
        b"x" * 2040 + KEY.encode(),
        f'{{"cut": "{KEY}'.encode(),
        f"{KEY}\xff".encode("latin-1"),
        json.dumps({"error": f"content policy {KEY}"}).encode(),
    ],
)
async def test_a_key_echoed_in_an_error_is_taken_out_of_it(bench, status, body):
    bench.server.play(bench.server.reply(status, body, location=f"https://x.example/?k={KEY}", x_echo=KEY))
    told = shown(await bench.ask(), bench)
    assert KEY not in told
    assert KEY[:8] not in told


async def test_a_key_echoed_in_place_of_a_status_line_is_taken_out(bench):
    bench.server.play([f"{KEY} what?\r\n\r\n".encode(), b""])
    reply = await bench.expect("protocol", requests=5)
    assert KEY not in shown(reply, bench)


async def test_a_key_with_letters_that_json_escapes_is_found(bench):
    key = 'sk/with"quotes\\and/slashes'
    body = {"choices": [{"message": {"content": f"<{key}>"}}]}
    async with Gateway({"test": key}, jitter=random.Random(1)) as bench.gateway:
        for spelt in (json.dumps(body), json.dumps(body).replace("/", "\\/")):
            bench.server.play(bench.server.reply(200, spelt.encode()))
            assert (await bench.ask()).response.text == "<[key]>"


def test_a_key_too_short_to_be_one_does_not_spoil_answers():
    assert Scrubber("test").text("a test") == "a test"
    assert Scrubber(None).text("a test") == "a test"


def test_a_scrubber_does_not_show_its_key():
    assert KEY not in repr(Scrubber(KEY))
