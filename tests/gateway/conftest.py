"""A server on a raw socket that plays byte-exact answers, and the few nouns that every gateway test needs."""

from __future__ import annotations

import asyncio
import json
import random
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from evalkit.gateway.client import Gateway, Reply
from evalkit.types import Message, Model, Provider, Request, Trial

KEY = "sk-canary-4711-0815"
Step = bytes | float | None
"""Bytes to send, seconds to wait, or None: silence until the client goes away."""
HI = {
    "model": "m-answering",
    "choices": [{"message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4},
}


@dataclass
class Arrived:
    """One request as it came in."""

    line: str
    headers: dict[str, str]
    body: bytes
    connection: int


@dataclass
class ScriptedServer:
    """Plays one answer a request, the last one ever after. An answer that is None breaks the connection."""

    answers: list[Sequence[Step] | None] = field(default_factory=list)
    arrived: list[Arrived] = field(default_factory=list)
    connections: int = 0
    base_url: str = ""
    open: dict[asyncio.Task[None], asyncio.StreamWriter] = field(default_factory=dict)

    def play(self, *answers: bytes | Sequence[Step] | None) -> None:
        self.answers = [[answer] if isinstance(answer, bytes) else answer for answer in answers]

    @staticmethod
    def reply(status: int = 200, body: Any = HI, close: bool = False, **headers: str) -> bytes:
        """A whole answer: `body` as JSON unless it is bytes; `retry_after="3"` becomes `retry-after: 3`."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        fields = {"content-type": "application/json", "content-length": str(len(content))}
        fields |= {name.replace("_", "-"): value for name, value in headers.items()}
        fields |= {"connection": "close"} if close else {}
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        return f"HTTP/1.1 {status} Whatever\r\n{head}\r\n".encode() + content

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        connection = self.connections
        self.open[asyncio.current_task()] = writer
        try:
            while True:
                self.arrived.append(await _receive(reader, connection))
                answer = self.answers[min(len(self.arrived), len(self.answers)) - 1]
                if answer is None:
                    break
                await _send(answer, reader, writer)
                if b"connection: close" in answer[0] or answer[-1] == b"":
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client went away
        finally:
            writer.close()


async def _receive(reader: asyncio.StreamReader, connection: int) -> Arrived:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    line, *fields = head.strip().split("\r\n")
    headers = {name.lower(): value.strip() for name, value in (field.split(":", 1) for field in fields)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Arrived(line, headers, body, connection)


async def _send(answer: Sequence[Step], reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    for step in answer:
        if step is None:
            await reader.read()
        elif isinstance(step, float):
            await asyncio.sleep(step)
        else:
            writer.write(step)
            await writer.drain()


@dataclass
class Bench:
    """Asks the scripted server through a real gateway, with waits that are noted and not waited."""

    server: ScriptedServer
    gateway: Gateway
    waits: list[float] = field(default_factory=list)
    told: list[tuple[str, int, float]] = field(default_factory=list)

    def model(self, **settings: Any) -> Model:
        base_url, env = settings.pop("base_url", self.server.base_url), settings.pop("api_key_env", "TEST_KEY")
        provider = Provider(name="test", base_url=base_url, api_key_env=env, auth=settings.pop("auth", "bearer"))
        return Model(**{"name": "m", "id": "m-1", "provider": provider, "api": "chat", "family": "gpt"} | settings)

    async def ask(self, headers: dict[str, str] | None = None, **settings: Any) -> Reply:
        async def pause(seconds: float) -> None:
            self.waits.append(seconds)

        model = self.model(**settings)
        request = Request(model=model.id, messages=(Message(role="user", content="hello"),), stream=model.stream)
        trial = Trial(key="k", case_id="c", prompt="p", model=model, repeat=0, request=request, checks=())
        return await self.gateway.ask(
            trial,
            image_url=lambda image: image.url or "",
            pause=pause,
            headers=headers,
            on_retry=lambda fault, attempt, wait_s, _: self.told.append((fault.kind, attempt, wait_s)),
        )

    async def expect(self, kind: str, *, requests: int, **settings: Any) -> Reply:
        """Asks, and checks that it ends in a fault of `kind` after so many requests, none of them unannounced."""
        reply = await self.ask(**settings)
        assert reply.response is None
        assert reply.fault is not None
        assert (reply.fault.kind, len(self.server.arrived)) == (kind, requests), reply.fault.message
        assert reply.attempts == requests == len(self.told) + 1
        assert reply.latency_s is None
        assert "\n" not in reply.fault.message
        return reply


@pytest.fixture
async def start() -> AsyncIterator[Callable[..., Awaitable[ScriptedServer]]]:
    """Starts scripted servers, with TLS where a context is given."""
    running = []

    async def run(context: ssl.SSLContext | None = None) -> ScriptedServer:
        scripted = ScriptedServer()
        scripted.play(scripted.reply())
        server = await asyncio.start_server(scripted.serve, "127.0.0.1", 0, ssl=context)
        running.append((server, scripted))
        scripted.base_url = f"http{'s' if context else ''}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        return scripted

    yield run
    for server, scripted in running:
        server.close()
        for writer in scripted.open.values():
            writer.close()
        await asyncio.gather(*scripted.open)


@pytest.fixture
async def bench(start: Callable[..., Awaitable[ScriptedServer]]) -> AsyncIterator[Bench]:
    async with Gateway({"test": KEY}, jitter=random.Random(7)) as gateway:
        yield Bench(await start(), gateway)
