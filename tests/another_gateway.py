"""A second gateway, on the standard library's server, that shares no code with evalkit: it plays fixed bodies."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

GOLDEN = Path(__file__).parent / "golden"
DOCUMENTS = {
    "gpt-4o": ("/v1/chat/completions", "gpt-4o"),
    "gemini-2.5-pro": ("/v1/chat/completions", "gemini-2.5-pro"),
    "o4-mini": ("/v1/chat/completions", "o4-mini"),
    "doubao-1-5-vision-pro-32k-250115": ("/v1/chat/completions", "doubao"),
    "o3": ("/v1/responses", "o3"),
}
"""Model → where its document asks it, and the files of its bodies."""


@dataclass(frozen=True)
class Arrived:
    """One request as it came in; header names in lower case."""

    path: str
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True)
class Answer:
    """What is sent back."""

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


def document(name: str, kind: str) -> Any:
    """A golden body: `kind` is request or response."""
    return json.loads((GOLDEN / f"{name}.{kind}.json").read_text(encoding="utf-8"))


def by_the_documents(arrived: Arrived) -> Answer:
    """The very bytes that the model's document shows; 404 for any other place."""
    path, name = DOCUMENTS[arrived.body["model"]]
    if arrived.path != path:
        return Answer(b'{"error": {"message": "no such place"}}', 404)
    return Answer((GOLDEN / f"{name}.response.json").read_bytes())


class AnotherGateway:
    """`with AnotherGateway() as gateway:` serves at `gateway.base_url` until the block ends."""

    def __init__(self, answer: Callable[[Arrived], Answer] = by_the_documents) -> None:
        self.answer = answer
        self.arrived: list[Arrived] = []

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        self.base_url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # one packet an answer
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                content = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                arrived = Arrived(self.path, headers, json.loads(content))
                gateway.arrived.append(arrived)
                answer = gateway.answer(arrived)
                self.send_response(answer.status)
                self.send_header("content-length", str(len(answer.body)))
                for name, value in {"content-type": "application/json", **answer.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer.body)

            def log_message(self, *_: object) -> None:
                pass

        return Handler
