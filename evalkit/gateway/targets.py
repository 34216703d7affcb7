"""Reads what an application answers in a JSON of its own, by the lookups that its suite gives."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from evalkit.apis.usage import read_usage
from evalkit.errors import Undecodable
from evalkit.gateway import verdicts
from evalkit.gateway.faults import Failure
from evalkit.gateway.words import words_of
from evalkit.registry import APIS, Api
from evalkit.types import HttpTarget, ImageURL, Lookup, Model, Provider, Request, Response

_SECRET = re.compile(r"key|token|secret|auth|cookie|session", re.IGNORECASE)
"""In the name of a header: its value is nobody's business."""


def api_of(model: Model) -> Api:
    """The bodies in which a model is asked: those of its API, or those that its target has for itself."""
    target = model.provider.target
    return TargetApi(target) if isinstance(target, HttpTarget) else APIS[model.api]


def secrets_in_headers(provider: Provider) -> Iterator[str]:
    """The values of a target's own headers that look like keys by their names, as they may be echoed too."""
    if isinstance(provider.target, HttpTarget):
        yield from (value for name, value in provider.target.headers.items() if _SECRET.search(name))


class TargetApi:
    """The `Api` of one target."""

    path: str = ""
    headers: Mapping[str, str] = {}

    def __init__(self, target: HttpTarget) -> None:
        self._target = target

    def encode(self, request: Request, image_url: ImageURL) -> Any:  # noqa: ARG002 (a target is given no pictures)
        """The body, which was rendered with the trial."""
        return request.payload

    def decode(self, body: Any) -> Response:
        """The answer where the suite says it is. Raises `Undecodable` where it is not."""
        try:
            found = self._target.answer(body)
            text = found if found is None or isinstance(found, str) else json.dumps(found, ensure_ascii=False)
        except (TypeError, ValueError) as error:  # what a function was given, or what it made, is of the wrong kind
            raise Undecodable("protocol", f"{_named(self._target.answer)} does not fit the answer: {error}") from error
        if not text:
            what = "nothing" if text is None else "an empty text"
            message = f"{_named(self._target.answer)} finds {what} in the answer: {words_of(body).message}"
            raise Undecodable("empty_response", message)
        usage, notes = self._usage(body)
        return Response(
            text=text,
            model=None,
            finish_reason=None,
            outcome="ok",
            usage=read_usage(usage),
            notes=notes,
            raw=body,
        )

    def assembler(self) -> NoReturn:
        """Raises `Failure`: nobody knows how an application's own stream is put together."""
        raise Failure(verdicts.NO_STREAM, verdicts.NO_STREAM.says)

    def _usage(self, body: Any) -> tuple[Any, tuple[str, ...]]:
        """What the lookup finds, and a note where it cannot look: an answer is worth having without its tokens."""
        try:
            return (None if self._target.usage is None else self._target.usage(body)), ()
        except ValueError as error:
            return None, (f"usage is unknown: the lookup does not fit the answer: {error}",)


def _named(lookup: Lookup) -> str:
    return f"`{lookup.expression}`"
