"""Checks by their YAML names, on answers made up on the spot."""

from __future__ import annotations

from typing import Any, Protocol

import pytest

from evalkit.registry import CHECKS
from evalkit.types import Context, Finding, Response, Usage


class Find(Protocol):
    def __call__(self, name: str, output: str = "", /, **arguments: Any) -> Finding: ...


@pytest.fixture
def find() -> Find:
    """Runs a check, made from its arguments, on an answer."""

    def find(name: str, output: str = "", /, **arguments: Any) -> Finding:
        response = Response(text=output, model="m", finish_reason="stop", outcome="ok", usage=Usage())
        return CHECKS[name](**arguments).find(Context(output=output, response=response))

    return find
