"""The stand-in gateway in the test's own process, and as a child for clients that need a socket."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from evalkit.simulator import chat
from evalkit.simulator.app import Settings, create_app
from evalkit.simulator.child import StandIn
from evalkit.simulator.question import Question


@pytest.fixture
def connect() -> Callable[..., TestClient]:
    """Makes a client with a key for a stand-in of given settings that does not wait."""

    def connected(**settings: Any) -> TestClient:
        app = create_app(Settings(**{"latency_scale": 0.0, **settings}))
        return TestClient(app, base_url="http://127.0.0.1/v1", headers={"Authorization": "Bearer sk-test"})

    return connected


@pytest.fixture
def client(connect: Callable[..., TestClient]) -> TestClient:
    """A client of a stand-in with default settings."""
    return connect()


@pytest.fixture
def ask() -> Callable[..., Question]:
    """Makes a question from a model, a user message and chat parameters."""

    def asked(model: str, content: Any = "Who are you?", **parameters: Any) -> Question:
        return chat.read({"model": model, "messages": [{"role": "user", "content": content}], **parameters})

    return asked


@pytest.fixture(scope="session")
def child() -> Iterator[StandIn]:
    """A stand-in in a process of its own, whose responses have the official form."""
    with StandIn(latency_scale=0, responses_form="list") as stand_in:
        yield stand_in
