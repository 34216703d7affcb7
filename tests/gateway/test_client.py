from __future__ import annotations

import itertools
import json

import anyio
import httpx
import pytest

from evalkit.gateway.client import Gateway
from evalkit.gateway.verdicts import Stop
from evalkit.types import Image, Message, Request, Trial, Usage

pytestmark = pytest.mark.anyio


def no_picture(image):
    raise FileNotFoundError(2, "No such file", str(image.path))


def trial_of(model, **request):
    asked = Request(**{"model": model.id, "messages": (Message(role="user", content="hi"),)} | request)
    return Trial(key="k", case_id="c", prompt="p", model=model, repeat=0, request=asked, checks=())


async def test_an_answer_comes_back_with_its_usage_and_its_body(bench):
    reply = await bench.ask()
    assert (reply.response.text, reply.response.model, reply.response.outcome) == ("hi", "m-answering", "ok")
    assert reply.response.usage == Usage(input_tokens=3, output_tokens=1, total_tokens=4)
    assert reply.response.raw["choices"][0]["message"]["content"] == "hi"
    assert (reply.fault, reply.stop, reply.attempts) == (None, Stop.NOTHING, 1)


async def test_the_request_is_the_apis_body_at_the_apis_path(bench):
    await bench.ask(headers={"x-evalkit-repeat": "2"})
    [request] = bench.server.arrived
    assert request.line == "POST /v1/chat/completions HTTP/1.1"
    assert json.loads(request.body) == {"model": "m-1", "messages": [{"role": "user", "content": "hello"}]}
    assert request.headers["content-type"] == "application/json"
    assert request.headers["x-evalkit-repeat"] == "2"
    assert request.headers["user-agent"].startswith("evalkit/")


@pytest.mark.parametrize(
    ("auth", "header"),
    [("bearer", "Bearer sk-canary-4711-0815"), ("raw", "sk-canary-4711-0815"), ("none", None)],
)
async def test_the_key_goes_out_in_the_providers_form(bench, auth, header):
    await bench.ask(auth=auth)
    assert bench.server.arrived[0].headers.get("authorization") == header


async def test_one_connection_serves_request_after_request(bench):
    for _ in range(5):
        await bench.ask()
    assert bench.server.connections == 1


async def test_latency_is_the_successful_attempt_alone(bench):
    bench.server.play(bench.server.reply(500, b""), bench.server.reply(500, b""), bench.server.reply())
    times = iter([0.0, 10.0, 100.0, 110.0, 200.0, 203.0])
    async with Gateway({"test": None}, clock=lambda: next(times)) as bench.gateway:
        reply = await bench.ask()
    assert (reply.latency_s, reply.attempts) == (3.0, 3)


async def test_many_calls_at_once_do_not_share_their_retries(bench):
    answers = itertools.cycle([bench.server.reply(500, b""), bench.server.reply(429, b""), bench.server.reply()])
    bench.server.play(*itertools.islice(answers, 400))
    replies = []

    async def ask():
        replies.append(await bench.ask(max_attempts=40))

    async with anyio.create_task_group() as group:
        for _ in range(50):
            group.start_soon(ask)
    assert [reply.response.text for reply in replies] == ["hi"] * 50
    assert sum(reply.attempts for reply in replies) == len(bench.server.arrived)


async def test_cancelling_passes_through_and_leaves_the_gateway_usable(bench):
    bench.server.play([b"HTTP/1.1 ", None], bench.server.reply())
    with anyio.move_on_after(0.1) as scope:
        await bench.ask()
    assert scope.cancelled_caught
    assert (await bench.ask()).response.text == "hi"


async def test_a_proxy_does_not_stand_before_this_machine(bench, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert (await bench.ask()).response.text == "hi"


async def test_a_proxy_stands_before_other_hosts(bench, start, monkeypatch):
    proxy = await start()
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, proxy.base_url)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "")
    assert (await bench.ask(base_url="http://far.example/v1")).response.text == "hi"
    assert proxy.arrived[0].line == "POST http://far.example/v1/chat/completions HTTP/1.1"


async def test_a_proxy_that_cannot_be_used_stops_the_model_with_a_reason(bench, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "gopher://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "gopher://127.0.0.1:1")
    reply = await bench.ask(base_url="http://far.example/v1")
    assert (reply.fault.kind, reply.stop, reply.attempts) == ("config", Stop.MODEL, 0)
    assert "gopher" in reply.fault.message


async def test_a_picture_that_is_gone_fails_its_trial_alone(bench):
    messages = (Message(role="user", content="see", images=(Image(sha256="0"),)),)
    reply = await bench.gateway.ask(trial_of(bench.model(), messages=messages), image_url=no_picture)
    assert (reply.fault.kind, reply.stop, reply.attempts) == ("config", Stop.NOTHING, 0)
    assert bench.server.arrived == []


async def test_a_parameter_that_is_no_json_fails_its_trial_alone(bench):
    reply = await bench.gateway.ask(trial_of(bench.model(), params={"x": object()}), image_url=no_picture)
    assert reply.fault.kind == "config"
    assert "the request cannot be sent" in reply.fault.message


async def test_another_transport_can_stand_in_for_the_network(bench):
    def answer(request):
        return httpx.Response(200, json={"choices": [{"message": {"content": "from afar"}}]})

    async with Gateway({"test": None}, transport=httpx.MockTransport(answer)) as bench.gateway:
        assert (await bench.ask(base_url="https://far.example")).response.text == "from afar"
