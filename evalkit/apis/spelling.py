"""Puts a request's parameters into a body: under their neutral name, or as an API spells them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from evalkit.types import Request

Spellings = Mapping[str, Callable[[Any], dict[str, Any]]]
"""Neutral name → what a value of it becomes in the body."""


def put_params(body: dict[str, Any], request: Request, spellings: Spellings) -> None:
    """Adds what was set and nothing else; `stream` only when set; `extra_body` is laid over all of it last."""
    for name, value in request.params.items():
        if name != "extra_body":
            body |= spellings[name](value) if name in spellings else {name: value}
    if request.stream is not None:
        body["stream"] = request.stream
    body |= request.params.get("extra_body", {})
