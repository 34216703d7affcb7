"""Every model that the stand-in plays says the same in a stream as in one piece."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import anyio
import pytest
from msgspec.structs import replace

from evalkit.gateway.client import Gateway, Reply
from evalkit.simulator.child import StandIn
from evalkit.simulator.profiles import PROFILES
from evalkit.types import Message, Model, Provider, Request, Trial

pytestmark = pytest.mark.anyio
FORMS = ["string", "list", "chat"]
APIS = [("chat", "list"), *(("responses", form) for form in FORMS), ("messages", "list")]
SCHEMA = {"type": "object", "properties": {"q": {"type": "string"}, "n": {"type": "integer"}}, "required": ["q", "n"]}
TOOL = {"type": "function", "function": {"name": "look_up", "description": "Looks things up.", "parameters": SCHEMA}}


@pytest.fixture(scope="module")
def stand_ins() -> Iterator[dict[str, StandIn]]:
    with (
        StandIn(latency_scale=0, responses_form="string") as one,
        StandIn(latency_scale=0, responses_form="list") as two,
        StandIn(latency_scale=0, responses_form="chat") as three,
    ):
        yield dict(zip(FORMS, (one, two, three), strict=True))


async def asked(gateway: Gateway, base_url: str, name: str, api: str, content: str, *, stream: bool) -> Reply:
    return await put(gateway, base_url, name, api, (Message(role="user", content=content),), stream=stream)


async def asked_with_all(gateway: Gateway, base_url: str, name: str, api: str, content: str, *, stream: bool) -> Reply:
    """With what the APIs spell differently: a system message, a cap and a tool."""
    messages = (Message(role="system", content="Be brief."), Message(role="user", content=content))
    params = {"tools": [TOOL], "max_output_tokens": 20_000}
    return await put(gateway, base_url, name, api, messages, stream=stream, params=params)


async def put(
    gateway: Gateway, base_url: str, name: str, api: str, messages: tuple[Message, ...], *, stream: bool, **more: Any
) -> Reply:
    provider = Provider(name=base_url, base_url=base_url, api_key_env=None)
    model = Model(name=name, id=name, provider=provider, api=api, family="gpt")
    request = Request(model=name, messages=messages, cap_field="max_completion_tokens", stream=stream, **more)
    trial = Trial(key="k", case_id="c", prompt="p", model=model, repeat=0, request=request, checks=())
    reply = await gateway.ask(trial, image_url=lambda image: image.url or "")
    assert reply.fault is None, reply.fault
    return reply


@pytest.mark.parametrize(("api", "form"), APIS)
@pytest.mark.parametrize("content", ["Who are you?", "[[refusal]]", "[[tool]]", "Write \u2028 \u0085 你好 😀!"])
async def test_a_streamed_answer_is_the_answer(stand_ins, api, form, content):
    base_url = stand_ins[form].base_url

    async def compare(name: str) -> None:
        whole = await asked_with_all(gateway, base_url, name, api, content, stream=False)
        streamed = await asked_with_all(gateway, base_url, name, api, content, stream=True)
        assert replace(streamed.response, raw=None) == replace(whole.response, raw=None)
        assert streamed.response.raw.keys() == whole.response.raw.keys()
        assert streamed.pace.ttft_s is not None
        assert 0 < streamed.pace.ttft_s <= streamed.pace.ttfo_s <= streamed.latency_s

    async with Gateway({base_url: StandIn.api_key}) as gateway, anyio.create_task_group() as group:
        for name in PROFILES:
            group.start_soon(compare, name)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("content", ["Who are you?", "[[tool]]"])
async def test_a_model_says_the_same_through_every_api(stand_ins, content, stream):
    async with Gateway({one.base_url: StandIn.api_key for one in stand_ins.values()}) as gateway:
        answers = [
            (
                await asked_with_all(gateway, stand_ins[form].base_url, "claude-sonnet-4", api, content, stream=stream)
            ).response
            for api, form in APIS
        ]
    first = answers[0]
    for answer in answers:
        assert (answer.text, answer.outcome, answer.model) == (first.text, first.outcome, first.model)
        assert (answer.usage.input_tokens, answer.usage.output_tokens) == (
            first.usage.input_tokens,
            first.usage.output_tokens,
        )
        assert [(call.name, call.arguments) for call in answer.tool_calls] == (
            [("look_up", '{"q": "text", "n": 1}')] if content == "[[tool]]" else []
        )
        assert answer.finish_reason in (first.finish_reason, None)


@pytest.mark.parametrize(("name", "scale"), [("doubao-seed-1.6", 0.1), ("gpt-4o", 1.0)])
async def test_the_times_of_a_stream_are_the_models(name, scale):
    with StandIn(latency_scale=scale) as stand_in:
        async with Gateway({stand_in.base_url: StandIn.api_key}) as gateway:
            pace = (await asked(gateway, stand_in.base_url, name, "chat", "Who are you?", stream=True)).pace
    profile = PROFILES[name]
    assert pace.tpot_s == pytest.approx(scale / profile.tokens_per_s, rel=0.3)
    assert pace.buffered is False
    assert pace.ttft_s < 0.5 * pace.ttfo_s if profile.shows_thinking else pace.ttft_s == pace.ttfo_s
