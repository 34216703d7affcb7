"""What a request costs: CPU per request and wall time over the ideal, of bare HTTP clients and of evalkit's own.

Everything runs on this machine: a server that answers each request after 200 ms, and each measurement in a process of
its own. A measurement begins when every worker has had one answer, so that imports and connecting do not count.
Figures are medians; compare them within one table only.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import cast

from server import serving

LATENCY_S = 0.2
QUESTION = b'{"model":"m","messages":[{"role":"user","content":"What is the capital of France?"}]}'
KEY = "sk-0123456789abcdef"
HEADERS = {
    "content-type": "application/json",
    "authorization": f"Bearer {KEY}",
}
Ask = Callable[[], Awaitable[None]]


@asynccontextmanager
async def raw_sockets(port: int) -> AsyncIterator[Ask]:
    """The floor: a request as ready bytes, an answer cut by its length."""
    fields = HEADERS | {"host": f"127.0.0.1:{port}", "content-length": str(len(QUESTION))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    request = f"POST /v1/chat/completions HTTP/1.1\r\n{lines}\r\n".encode() + QUESTION
    idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def ask() -> None:
        reader, writer = idle.pop() if idle else await asyncio.open_connection("127.0.0.1", port)
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(int(head.split(b"content-length: ")[1].split(b"\r\n")[0]))
        idle.append((reader, writer))

    yield ask
    for _, writer in idle:
        writer.close()


@asynccontextmanager
async def bare_httpx(port: int) -> AsyncIterator[Ask]:
    """httpx as it comes, its pool unlimited."""
    import httpx

    async with httpx.AsyncClient(headers=HEADERS, limits=httpx.Limits(max_connections=None), timeout=None) as client:

        async def ask() -> None:
            await client.post(f"http://127.0.0.1:{port}/v1/chat/completions", content=QUESTION)

        yield ask


@asynccontextmanager
async def bare_aiohttp(port: int) -> AsyncIterator[Ask]:
    """aiohttp as it comes, its pool unlimited."""
    import aiohttp

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), headers=HEADERS) as session:

        async def ask() -> None:
            async with session.post(f"http://127.0.0.1:{port}/v1/chat/completions", data=QUESTION) as answer:
                await answer.read()

        yield ask


@asynccontextmanager
async def transport(port: int) -> AsyncIterator[Ask]:
    """evalkit's transport alone: an httpx.Request in, an httpx.Response and its bytes out."""
    import httpx

    from evalkit.gateway.transport import open_transport, request_to

    url = httpx.URL(f"http://127.0.0.1:{port}/v1/chat/completions")
    async with open_transport(str(url)) as engine:

        async def ask() -> None:
            answer = await engine.handle_async_request(request_to(url, HEADERS, QUESTION, timeout_s=600))
            b"".join([piece async for piece in cast("httpx.AsyncByteStream", answer.stream)])
            await answer.aclose()

        yield ask


@asynccontextmanager
async def gateway(port: int) -> AsyncIterator[Ask]:
    """All that evalkit does for an answer: encode, sign, send, read, decode, scrub, time, and be ready to retry."""
    from evalkit.gateway.client import Gateway
    from evalkit.types import Message, Model, Provider, Request, Trial

    provider = Provider(name="p", base_url=f"http://127.0.0.1:{port}/v1", api_key_env="KEY")
    model = Model(name="m", id="m", provider=provider, api="chat", family="gpt")
    request = Request(model="m", messages=(Message(role="user", content="What is the capital of France?"),))
    trial = Trial(key="k", case_id="c", prompt="p", model=model, repeat=0, request=request, checks=())
    async with Gateway({"p": KEY}) as client:

        async def ask() -> None:
            reply = await client.ask(trial, image_url=lambda image: image.reference)
            if reply.response is None:
                raise RuntimeError(reply.fault)

        yield ask


CLIENTS = {
    "raw sockets": raw_sockets,
    "httpx": bare_httpx,
    "aiohttp": bare_aiohttp,
    "transport": transport,
    "Gateway.ask": gateway,
}


async def measure(client: str, port: int, concurrency: int, requests: int) -> None:
    """Prints the CPU seconds and the wall seconds that so many requests take."""
    async with CLIENTS[client](port) as ask:
        left = iter(range(requests))

        async def work() -> None:
            for _ in left:
                await ask()

        await asyncio.gather(*(ask() for _ in range(concurrency)))
        cpu_s, wall_s = time.process_time(), time.perf_counter()
        await asyncio.gather(*(work() for _ in range(concurrency)))
        print(time.process_time() - cpu_s, time.perf_counter() - wall_s)


def measured(loop: str, *job: str | int) -> tuple[float, float]:
    """CPU and wall seconds of one `measure`, in a process of its own."""
    command = [sys.executable, __file__, "--loop", loop, "--measure", *map(str, job)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=120)
    cpu_s, wall_s = map(float, done.stdout.split())
    return cpu_s, wall_s


def table(port: int, loop: str, concurrency: int, requests: int, runs: int) -> None:
    """Prints a line for each client; they are measured by turns."""
    found: dict[str, list[tuple[float, float]]] = {client: [] for client in CLIENTS}
    for _ in range(runs):
        for client, figures in found.items():
            # One of httpx's takes as long as fifty of the others'; a quarter of them says it as well.
            count = requests // 4 if client == "httpx" else requests
            cpu_s, wall_s = measured(loop, client, port, concurrency, count)
            figures.append((cpu_s / count * 1e3, wall_s / (count / concurrency * LATENCY_S)))
    for client, figures in found.items():
        cpu_ms, stretch = (statistics.median(column) for column in zip(*figures, strict=True))
        spread = f"{min(cpu for cpu, _ in figures):.2f}–{max(cpu for cpu, _ in figures):.2f}"
        print(f"| {loop} | {concurrency} | {client} | {cpu_ms:.2f} ({spread}) | {stretch:.2f} |", flush=True)


def report(loops: list[str], concurrencies: list[int], requests: int, runs: int) -> None:
    """Prints what was measured where, what the server can do, and a table of the clients."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("httpx", "aiohttp", "anyio"))
    print(f"Python {platform.python_version()}, {packages}; {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f};")
    with serving(latency_s=0) as port:
        _, wall_s = measured("asyncio", "raw sockets", port, 50, 20_000)
    print(f"{requests} requests, {runs} runs; the server alone answers {20_000 / wall_s:,.0f} requests/s.\n")
    print("| loop | concurrency | client | CPU ms/request (min–max) | wall/ideal |\n|---|---|---|---|---|")
    with serving(LATENCY_S) as port:
        for loop in filter(importlib.util.find_spec, loops):
            for concurrency in concurrencies:
                table(port, loop, concurrency, requests, runs)


def main() -> None:
    """Measures all clients, or is one of the processes that do."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--loop", choices=["asyncio", "uvloop"], nargs="+", default=["asyncio"])
    options.add_argument("--concurrency", type=int, nargs="+", default=[50, 200, 500])
    options.add_argument("--requests", type=int, default=2000)
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--measure", nargs=4, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.measure:
        client, *numbers = given.measure
        importlib.import_module(given.loop[0]).run(measure(client, *map(int, numbers)))
    else:
        report(given.loop, given.concurrency, given.requests, given.runs)


if __name__ == "__main__":
    main()
