"""The catalogue is fetched with one bounded GET, and whatever else comes is said in a line."""

from __future__ import annotations

import gzip
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from evalkit.errors import UsageError
from evalkit.gateway.bodies import LARGEST
from evalkit.gateway.catalogue import CatalogueUnusable, catalogue_url, fetch_catalogue

CATALOGUE = [{"modelName": "gpt-4o", "platformInputPrice": 1.75, "platformOutPrice": 7}]
Play = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def serving(play: Play) -> Iterator[str]:
    """A server whose every GET is played by `play`; its base URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            try:
                play(self)
            except OSError:  # the client has left
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def answers(body: bytes, status: int = 200, **headers: str) -> Play:
    def play(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"content_length": str(len(body)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return play


@pytest.mark.parametrize(
    ("base_url", "url"),
    [
        ("https://gptproto.com/v1", "https://gptproto.com/api/home-model-catalog?language=en"),
        ("https://gptproto.com/v1/", "https://gptproto.com/api/home-model-catalog?language=en"),
        ("https://gptproto.com", "https://gptproto.com/api/home-model-catalog?language=en"),
        ("http://127.0.0.1:9/proxy/v1", "http://127.0.0.1:9/proxy/api/home-model-catalog?language=en"),
    ],
)
def test_it_stands_beside_the_api(base_url, url):
    assert catalogue_url(base_url) == url


@pytest.mark.parametrize(
    "base_url", ["gptproto.com", "ftp://gptproto.com", "https://", "https://me:secret@gptproto.com"]
)
def test_what_is_no_base_url_is_a_usage_error(base_url):
    with pytest.raises(UsageError) as raised:
        fetch_catalogue(base_url)
    assert "secret" not in str(raised.value)


def test_it_is_fetched_once_and_without_a_key(monkeypatch):
    monkeypatch.setenv("GPTPROTO_API_KEY", "sk-test-4711")
    seen = []

    def play(handler: BaseHTTPRequestHandler) -> None:
        seen.append((handler.path, {name.lower(): value for name, value in handler.headers.items()}))
        answers(json.dumps(CATALOGUE).encode())(handler)

    with serving(play) as base_url:
        assert fetch_catalogue(base_url) == CATALOGUE
    ((path, headers),) = seen
    assert path == "/api/home-model-catalog?language=en"
    assert "authorization" not in headers
    assert "sk-test" not in str(headers)


def test_it_may_come_packed():
    body = gzip.compress(json.dumps(CATALOGUE).encode())
    with serving(answers(body, content_encoding="gzip")) as base_url:
        assert fetch_catalogue(base_url) == CATALOGUE


@pytest.mark.parametrize(
    ("play", "reason"),
    [
        (answers(b"<!doctype html><title>Login</title>"), "answered with a web page"),
        (answers(b"not json"), "answered with no JSON"),
        (answers(b""), "answered with no JSON"),
        (answers(b'[{"modelName": "x", "platformInputPrice": NaN}]'), "answered with no JSON"),
        (answers(b"[" * 100_000), "answered with no JSON"),
        (answers(b"\xff\xfe\x00"), "answered with no JSON"),
        (answers(b"{}", 500), "answered 500 Internal Server Error"),
        (answers(b"<html>", 404), "answered 404 Not Found"),
        (answers(b"", 302, location="https://example.com/new"), "it has moved to https://example.com/new"),
        (answers(b"[" + b" " * (LARGEST + 1)), "over 16 MiB"),
        (answers(gzip.compress(b" " * (4 * LARGEST)), content_encoding="gzip"), "over 16 MiB"),
        (answers(b"garbage", content_encoding="gzip"), "cannot be unpacked"),
    ],
    ids=["html", "text", "empty", "nan", "deep", "binary", "500", "404", "moved", "huge", "bomb", "bad-gzip"],
)
def test_whatever_else_comes_is_said_in_a_line(play, reason):
    with serving(play) as base_url, pytest.raises(CatalogueUnusable) as raised:
        fetch_catalogue(base_url)
    message = str(raised.value)
    assert reason in message
    assert "\n" not in message
    assert message.startswith("http://127.0.0.1:")
    assert message.endswith("the prices in force stay")
    assert raised.value.exit_code == 3


def test_a_body_that_drips_is_given_up_in_time():
    done = threading.Event()

    def play(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while not done.wait(0.02):
            handler.wfile.write(b" ")
            handler.wfile.flush()

    with serving(play) as base_url:
        began_s = time.monotonic()
        with pytest.raises(CatalogueUnusable, match=r"not all of it came within 0\.3 s"):
            fetch_catalogue(base_url, timeout_s=0.3)
        done.set()
    assert time.monotonic() - began_s < 10


def test_a_server_that_says_nothing_is_given_up_in_time():
    done = threading.Event()
    with serving(lambda _: done.wait(30) and None) as base_url:
        with pytest.raises(CatalogueUnusable, match=r"within 0\.2 s"):
            fetch_catalogue(base_url, timeout_s=0.2)
        done.set()


def test_nobody_there_is_said():
    with serving(answers(b"[]")) as base_url:
        pass
    with pytest.raises(CatalogueUnusable, match="the prices in force stay"):
        fetch_catalogue(base_url)
