"""An application asked over HTTP: its own JSON, by the road and the fault table of models."""

from __future__ import annotations

import json
from typing import Any

import pytest

from evalkit.gateway.client import Gateway, Reply
from evalkit.gateway.providers import MissingKey, resolve_keys
from evalkit.gateway.verdicts import Stop
from evalkit.lookups import JmesPath
from evalkit.types import HttpTarget, Message, Model, Provider, Request, Trial, Usage
from tests.gateway.conftest import ScriptedServer

pytestmark = pytest.mark.anyio

KEY = "sk-canary-4711-0815"
COOKIE = "session-canary-31-07"
ANSWER = {"data": {"text": "Paris", "usage": {"prompt_tokens": 7, "completion_tokens": 2}}}


def target(answer: str = "data.text", usage: str | None = "data.usage", **headers: str) -> HttpTarget:
    return HttpTarget(
        body={}, answer=JmesPath(answer), usage=JmesPath(usage) if usage is not None else None, headers=headers
    )


@pytest.fixture
def ask(start):
    """Asks an application that plays `answers`; `ask.server` has what arrived, `ask.waits` what was waited."""

    class Asked:
        server: Any
        waits: list[float]

        async def __call__(self, *answers: Any, settings: dict[str, Any] | None = None, **options: Any) -> Reply:
            self.server, self.waits = await start(), []
            self.server.play(*answers)
            url = f"{self.server.base_url}/ask?v=1"
            where = Provider(name="app", base_url=url, api_key_env="APP_KEY", target=target(**options))
            model = Model(name="our app", id="app", provider=where, api="http", family="unknown", **(settings or {}))
            request = Request(
                model=model.id,
                messages=(Message(role="user", content="hello"),),
                payload={"question": "why", "n": 1},
                headers={**where.target.headers, "x-case": "one"},
            )
            trial = Trial(key="k", case_id="c", prompt="p", model=model, repeat=0, request=request, checks=())
            async with Gateway({"app": KEY}) as gateway:
                return await gateway.ask(trial, image_url=str, pause=self.pause)

        async def pause(self, seconds: float) -> None:
            self.waits.append(seconds)

    return Asked()


def says(body: Any, status: int = 200, **headers: str) -> bytes:
    return ScriptedServer.reply(status, body, **headers)


async def test_the_body_goes_to_the_very_url_with_its_headers_and_key(ask):
    reply = await ask(says(ANSWER), cookie=COOKIE)
    [request] = ask.server.arrived
    assert request.line == "POST /ask?v=1 HTTP/1.1"
    assert json.loads(request.body) == {"question": "why", "n": 1}
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert (request.headers["x-case"], request.headers["cookie"]) == ("one", COOKIE)
    assert reply.response.text == "Paris"
    assert reply.response.raw == ANSWER
    assert (reply.response.model, reply.response.outcome, reply.attempts) == (None, "ok", 1)
    assert reply.latency_s is not None


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ("data.text", "Paris"),
        ("data.usage", '{"prompt_tokens": 7, "completion_tokens": 2}'),
        ("data.usage.prompt_tokens", "7"),
        ("[data.text, `false`]", '["Paris", false]'),
        ("length(data.text) > `3`", "true"),
        ("absent || data.text", "Paris"),
    ],
)
async def test_an_answer_that_is_no_text_is_written_as_json(ask, answer, text):
    assert (await ask(says(ANSWER), answer=answer)).response.text == text


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({"prompt_tokens": 7, "completion_tokens": 2}, Usage(input_tokens=7, output_tokens=2)),
        (
            {"input_tokens": 7, "output_tokens": 2, "total_tokens": 9},
            Usage(input_tokens=7, output_tokens=2, total_tokens=9),
        ),
        (None, Usage()),
        ("many", Usage()),
    ],
)
async def test_usage_is_read_under_either_pair_of_names(ask, usage, expected):
    reply = await ask(says({"data": {"text": "x", "usage": usage}}))
    assert reply.response.usage == expected


async def test_without_a_lookup_usage_is_unknown(ask):
    assert (await ask(says(ANSWER), usage=None)).response.usage == Usage()


async def test_a_usage_lookup_that_does_not_fit_costs_no_answer(ask):
    reply = await ask(says(ANSWER), usage="sum(data.text)")
    assert (reply.response.text, reply.response.usage) == ("Paris", Usage())
    [note] = reply.response.notes
    assert note.startswith("usage is unknown: ")


@pytest.mark.parametrize("body", [{"data": {"text": None}}, {"data": {"text": ""}}, {"error": "no documents"}, None])
async def test_an_answer_that_is_not_there_is_asked_for_once_more(ask, body):
    reply = await ask(says(body))
    assert (reply.fault.kind, reply.attempts, len(ask.waits)) == ("empty_response", 2, 1)
    assert reply.fault.message.startswith("`data.text` finds ")


async def test_what_the_application_says_instead_of_an_answer_is_told(ask):
    reply = await ask(says({"error": {"message": "index is\nempty"}}))
    assert reply.fault.message == "`data.text` finds nothing in the answer: index is empty"


@pytest.mark.parametrize("answer", ["length(data)", "sum(data.text)"])
async def test_a_lookup_that_does_not_fit_is_a_fault_of_protocol(ask, answer):
    reply = await ask(says({"data": 5}), answer=answer)
    assert (reply.fault.kind, reply.attempts) == ("protocol", 2)
    assert f"`{answer}` does not fit" in reply.fault.message


async def test_what_is_no_json_is_a_fault_of_protocol(ask):
    reply = await ask(says(b"Paris", content_type="text/plain"))
    assert (reply.fault.kind, reply.attempts) == ("protocol", 2)
    page = await ask(says(b"<html><title>Login</title></html>", content_type="text/html"))
    assert "of a target its url" in page.fault.message


async def test_a_stream_is_refused_in_plain_words(ask):
    reply = await ask(says(b"data: {}\n\n", content_type="text/event-stream"))
    assert (reply.fault.kind, reply.attempts) == ("protocol", 1)
    assert reply.fault.message == "the answer is a stream of events; a target's answer is one JSON"


async def test_faults_of_the_server_are_sent_again(ask):
    reply = await ask(says({}, 500), says({}, 503), says({}, 429, retry_after="3"), says(ANSWER))
    assert (reply.response.text, reply.attempts, len(ask.waits)) == ("Paris", 4, 3)
    assert ask.waits[-1] >= 3


@pytest.mark.parametrize(
    ("status", "kind", "stop", "words"),
    [
        (400, "bad_request", Stop.MODEL_IF_FIRST, "refused the request; check the body of target 'app'"),
        (401, "auth", Stop.RUN, "the key in APP_KEY was refused"),
        (403, "permission", Stop.MODEL, "the key in APP_KEY may not ask 127.0.0.1"),
        (404, "not_found", Stop.MODEL, "has nothing at this address; check the url of target 'app'"),
        (413, "context_length", Stop.NOTHING, "the request is too large for target 'app'"),
        (302, "redirect", Stop.MODEL, "set the url to the new place"),
    ],
)
async def test_a_refusal_speaks_of_the_target_and_not_of_a_model(ask, status, kind, stop, words):
    reply = await ask(says({"detail": "no"}, status, location="http://elsewhere.invalid/"))
    assert (reply.fault.kind, reply.fault.status, reply.stop, reply.attempts) == (kind, status, stop, 1)
    assert words in reply.fault.message
    assert "no model" not in reply.fault.message


async def test_silence_ends_with_the_models_own_timeout(ask):
    reply = await ask([b"", None], settings={"timeout_s": 0.05})
    assert (reply.fault.kind, reply.attempts) == ("timeout", 2)


@pytest.mark.parametrize("status", [200, 400])
async def test_what_is_echoed_holds_neither_the_key_nor_the_secrets_of_headers(ask, status):
    echo = {"data": {"text": f"I was told {KEY} and {COOKIE}"}, "error": f"{KEY} {COOKIE}"}
    reply = await ask(says(echo, status), cookie=COOKIE)
    seen = repr(reply)
    assert KEY not in seen
    assert COOKIE not in seen
    assert "[key]" in seen


def test_a_key_that_a_target_needs_is_asked_for_before_anything_is_sent():
    where = Provider(name="app", base_url="http://h/ask?x=1", api_key_env="APP_KEY", target=target())
    model = Model(name="app", id="app", provider=where, api="http", family="unknown")
    assert resolve_keys([model], {"APP_KEY": KEY}) == {"app": KEY}
    with pytest.raises(MissingKey, match="APP_KEY is not set: it holds the key for app"):
        resolve_keys([model], {})
