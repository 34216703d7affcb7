"""What is asked of an HTTP engine beyond the fault table; another engine would have to pass this too."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import shutil
import ssl
import subprocess

import anyio
import httpx
import pytest

from evalkit.gateway.transport import headers_for, open_transport, proxy_before, request_to, timeout
from evalkit.types import Provider

pytestmark = pytest.mark.anyio
FAR = "https://far.example/v1"


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A certificate's file and a server's context with it, for this machine and for far.example."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs the openssl command to make a certificate")
    folder = tmp_path_factory.mktemp("tls")
    key, cert = folder / "key.pem", folder / "cert.pem"
    names = ("-subj", "/CN=far.example", "-addext", "subjectAltName=IP:127.0.0.1,DNS:far.example", "-days", "2")
    command = (openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, *names)
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return str(cert), context


@contextlib.asynccontextmanager
async def serving(handle):
    """A base URL at which `handle(reader, writer)` serves; its connections are closed at the end."""
    running = []

    async def served(reader, writer):
        running.append(asyncio.current_task())
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await handle(reader, writer)
        writer.close()

    server = await asyncio.start_server(served, "127.0.0.1", 0)
    yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()
    for task in running:
        task.cancel()
    await asyncio.gather(*running)


def question(base_url, body=b"{}"):
    return request_to(httpx.URL(base_url), {}, body, timeout_s=5)


# --- time


def test_connecting_ends_before_the_deadline_of_the_attempt():
    assert timeout(600)["connect"] == 30
    assert timeout(10)["connect"] == 9
    assert timeout(10)["read"] is None


async def test_a_handshake_without_end_is_a_connection_that_never_was(bench):
    async with serving(lambda reader, _: reader.read()) as address:
        reply = await bench.ask(base_url=f"https://{address}", timeout_s=0.3, max_attempts=3)
    assert (reply.fault.kind, reply.attempts) == ("timeout", 3)
    assert "no connection" in reply.fault.message


# --- trust and proxies


async def test_ssl_cert_file_names_whom_to_trust(bench, start, certificate, monkeypatch):
    path, context = certificate
    server = await start(context)
    assert (await bench.ask(base_url=server.base_url)).fault.kind == "tls"
    monkeypatch.setenv("SSL_CERT_FILE", path)
    async with type(bench.gateway)({"test": "sk-canary-4711-0815"}) as bench.gateway:
        assert (await bench.ask(base_url=server.base_url)).response.text == "hi"


async def test_https_goes_through_a_tunnel_that_does_not_see_the_key(bench, start, certificate, monkeypatch):
    path, context = certificate
    target = await start(context)
    port = int(target.base_url.rpartition(":")[2])
    asked = []

    async def pipe(reader, writer):
        while piece := await reader.read(2**16):
            writer.write(piece)
        writer.close()

    async def tunnel(reader, writer):
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        try:
            await asyncio.gather(pipe(reader, far_writer), pipe(far_reader, writer))
        finally:
            far_writer.close()

    monkeypatch.setenv("SSL_CERT_FILE", path)
    async with serving(tunnel) as address:
        monkeypatch.setenv("https_proxy", f"http://{address}")
        async with type(bench.gateway)({"test": "sk-canary-4711-0815"}) as bench.gateway:
            assert (await bench.ask(base_url=FAR)).response.text == "hi"
    assert asked[0].startswith(b"CONNECT far.example:443 HTTP/1.1\r\n")
    assert b"sk-canary" not in asked[0]
    assert target.arrived[0].headers["authorization"] == "Bearer sk-canary-4711-0815"


@pytest.mark.parametrize("answer", [b"HTTP/1.1 407 Who are you\r\ncontent-length: 0\r\n\r\n", b""])
async def test_a_proxy_that_refuses_is_told_without_its_password(bench, monkeypatch, answer):
    async def refuse(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)

    async with serving(refuse) as address:
        monkeypatch.setenv("https_proxy", f"http://user:hush-hush@{address}")
        reply = await bench.ask(base_url=FAR, max_attempts=1)
    assert reply.fault.kind == "network"
    assert "hush" not in reply.fault.message
    assert bool(answer) == ("407 Who are you" in reply.fault.message)


async def test_a_socks_proxy_is_refused_by_name(bench, monkeypatch):
    monkeypatch.setenv("all_proxy", "socks5://user:hush-hush@127.0.0.1:1")
    reply = await bench.ask(base_url=FAR)
    assert (reply.fault.kind, reply.attempts) == ("config", 0)
    assert "socks5" in reply.fault.message
    assert "hush" not in reply.fault.message


@pytest.mark.parametrize(
    ("base_url", "environ", "proxy"),
    [
        (FAR, {}, None),
        (FAR, {"https_proxy": "http://p:1"}, "http://p:1"),
        (FAR, {"https_proxy": "p:1"}, "http://p:1"),
        (FAR, {"http_proxy": "http://p:1"}, None),
        (FAR, {"all_proxy": "http://p:1"}, "http://p:1"),
        (FAR, {"https_proxy": "http://p:1", "no_proxy": "far.example"}, None),
        (FAR, {"https_proxy": "http://p:1", "no_proxy": ".example"}, None),
        (FAR, {"https_proxy": "http://p:1", "no_proxy": "*"}, None),
        (FAR, {"https_proxy": "http://p:1", "no_proxy": "near.example"}, "http://p:1"),
        ("http://127.0.0.1:8000/v1", {"http_proxy": "http://p:1", "all_proxy": "http://p:1"}, None),
        ("http://localhost/v1", {"http_proxy": "http://p:1"}, None),
        ("http://10.0.0.1/v1", {"http_proxy": "http://p:1"}, "http://p:1"),
    ],
)
def test_the_usual_variables_choose_the_proxy(monkeypatch, base_url, environ, proxy):
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert proxy_before(base_url) == proxy


# --- bodies


@pytest.mark.parametrize("size", [0, 1, 2**20, 2**20 + 1, 5 * 2**20])
async def test_a_body_of_any_size_arrives_as_it_was_written(bench, size):
    body = bytes(range(256)) * (size // 256 + 1)
    async with open_transport(bench.server.base_url) as transport:
        answer = await transport.handle_async_request(question(bench.server.base_url, body[:size]))
        await answer.aclose()
    assert bench.server.arrived[0].body == body[:size]
    assert bench.server.arrived[0].headers["content-length"] == str(size)


async def test_a_transport_of_httpx_can_take_its_place(bench):
    async with type(bench.gateway)({"test": None}, transport=httpx.AsyncHTTPTransport()) as bench.gateway:
        assert (await bench.ask()).response.text == "hi"


async def test_nothing_is_said_that_evalkit_does_not_say(bench):
    provider = Provider(name="p", base_url=bench.server.base_url, api_key_env=None)
    await bench.ask()
    assert set(bench.server.arrived[0].headers) == {"host", "content-length", *headers_for(provider, "key")}


async def test_bytes_come_out_as_they_came_in_and_when_they_came_in():
    pieces, go_on = [b"data: 1\n", gzip.compress(b"data: 2"), "…\u2028".encode()], asyncio.Event()

    async def drip(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n")
        for piece in pieces:
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            await go_on.wait()
            go_on.clear()
        writer.write(b"0\r\n\r\n")

    async with serving(drip) as address, open_transport(f"http://{address}") as transport:
        answer = await transport.handle_async_request(question(f"http://{address}", b""))
        arrived = []
        async for piece in answer.stream:
            arrived.append(piece)
            go_on.set()
        await answer.aclose()
    assert arrived == pieces


async def test_a_body_is_not_read_ahead_of_its_reader():
    sent, all_sent = [], asyncio.Event()

    async def pour(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(64):
            writer.write(bytes(2**20))
            await writer.drain()
            sent.append(2**20)
        all_sent.set()

    async with serving(pour) as address, open_transport(f"http://{address}") as transport:
        answer = await transport.handle_async_request(question(f"http://{address}", b""))
        with anyio.move_on_after(0.3):
            await all_sent.wait()
        await answer.aclose()
    assert sum(sent) < 32 * 2**20


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nx-policy: " + b"x" * 30_000 + b"\r\ncontent-length: 2\r\n\r\nok",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\no\r\n1;x=y\r\nk\r\n0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\n\r\nok",
        b"HTTP/1.1 200\r\nconnection: close\r\n\r\nok",
    ],
)
async def test_every_lawful_way_to_send_an_answer_is_read(answer):
    async def reply(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)

    async with serving(reply) as address, open_transport(f"http://{address}") as transport:
        response = await transport.handle_async_request(question(f"http://{address}", b""))
        assert (response.status_code, b"".join([piece async for piece in response.stream])) == (200, b"ok")
        await response.aclose()


async def test_an_answer_that_comes_before_the_question_is_out_is_heard():
    async def refuse(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too much\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        writer.write_eof()
        await reader.read()

    async with serving(refuse) as address, open_transport(f"http://{address}") as transport:
        answer = await transport.handle_async_request(question(f"http://{address}", bytes(20 * 2**20)))
        await answer.aclose()
    assert answer.status_code == 413


# --- connections


async def test_cancelling_many_calls_closes_their_connections_and_spares_the_others(bench):
    bench.server.play(*[[b"HTTP/1.1 ", None]] * 40, bench.server.reply())
    async with anyio.create_task_group() as group:
        for _ in range(40):
            group.start_soon(bench.ask)
        while len(bench.server.arrived) < 40:  # noqa: ASYNC110
            await anyio.sleep(0.01)
        group.cancel_scope.cancel()
    await asyncio.wait_for(asyncio.gather(*bench.server.open), 5)
    assert (await bench.ask()).response.text == "hi"


async def test_an_answer_left_unread_does_not_leak_into_the_next(bench):
    bench.server.play(bench.server.reply(200, b"first" * 100_000), bench.server.reply(200, b"second"))
    async with open_transport(bench.server.base_url) as transport:
        for expected in (b"first", b"second"):
            answer = await transport.handle_async_request(question(bench.server.base_url))
            async for piece in answer.stream:
                assert piece.startswith(expected)
                break
            await answer.aclose()
    assert [request.connection for request in bench.server.arrived] == [1, 2]
