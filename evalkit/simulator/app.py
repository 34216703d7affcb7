"""The stand-in gateway as an ASGI application."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import anyio
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from evalkit.simulator import bodies, chat, message_bodies, messages, responses, streams
from evalkit.simulator.answers import Answer, answer
from evalkit.simulator.bodies import ResponsesForm
from evalkit.simulator.errors import ApiError, gateway, invalid, of_messages
from evalkit.simulator.faults import Faults
from evalkit.simulator.profiles import PROFILES
from evalkit.simulator.question import Question

_MODELS_SINCE = 1735689600
_BLOCKED = "Your request was blocked by the content policy due to safety concerns"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How the stand-in behaves."""

    seed: int = 0
    latency_scale: float = 1.0
    """1 waits as long as the models would, 0 not at all."""
    fault_rate: float = 0.0
    """The share of valid requests that get 429, 500 or 503, from 0 to 1."""
    responses_form: ResponsesForm = "string"


def create_app(settings: Settings) -> Starlette:
    """The application; its paths begin with /v1."""
    stand_in = _Gateway(settings)
    return Starlette(
        routes=[
            Route("/v1/chat/completions", stand_in.chat, methods=["POST"]),
            Route("/v1/responses", stand_in.responses, methods=["POST"]),
            Route("/v1/messages", stand_in.messages, methods=["POST"]),
            Route("/v1/models", stand_in.models, methods=["GET"]),
        ],
        exception_handlers={ApiError: _error_reply, HTTPException: _no_such_route},
    )


class _Gateway:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._faults = Faults(settings.fault_rate, settings.seed)

    async def chat(self, request: Request) -> Response:
        question, drawn = await self._answer(request, chat.read)
        if question.stream:
            return self._stream(streams.chat(question, drawn, int(time.time())))
        return await self._whole(bodies.chat(question, drawn, int(time.time())), drawn)

    async def responses(self, request: Request) -> Response:
        question, drawn = await self._answer(request, responses.read)
        form = self._settings.responses_form
        if question.stream:
            return self._stream(streams.responses(form, question, drawn, int(time.time())))
        return await self._whole(bodies.responses(form, question, drawn, int(time.time())), drawn)

    async def messages(self, request: Request) -> Response:
        def read(body: Mapping[str, Any]) -> Question:
            messages.demand_version(request.headers.get("anthropic-version"))
            return messages.read(body)

        try:
            question, drawn = await self._answer(request, read)
        except ApiError as error:
            raise of_messages(error) from error
        if question.stream:
            return self._stream(message_bodies.events(question, drawn))
        return await self._whole(message_bodies.message(question, drawn), drawn)

    async def models(self, request: Request) -> Response:
        _demand_key(request)
        common = {"object": "model", "created": _MODELS_SINCE, "owned_by": "stand-in"}
        return JSONResponse({"object": "list", "data": [{"id": name, **common} for name in PROFILES]})

    async def _answer(self, request: Request, read: Callable[[Mapping[str, Any]], Question]) -> tuple[Question, Answer]:
        _demand_key(request)
        question = read(_parsed(await request.body()))
        expected, repeat = _expected(request), _repeat(request)
        self._faults.strike(f"{question.digest}/{repeat}")
        if question.says("[[content_policy]]"):
            raise gateway(400, _BLOCKED, "503")
        return question, answer(question, seed=self._settings.seed, expected=expected, repeat=repeat)

    async def _whole(self, body: bodies.Body, drawn: Answer) -> Response:
        await anyio.sleep(drawn.latency_s * self._settings.latency_scale)
        return JSONResponse(body)

    def _stream(self, events: Iterable[streams.Timed]) -> Response:
        pieces = streams.paced(events, self._settings.latency_scale)
        return StreamingResponse(pieces, media_type="text/event-stream", headers={"Cache-Control": "no-cache"})


def _demand_key(request: Request) -> None:
    """`Bearer sk-…` or the bare `sk-…`, as the gateway's documents show both."""
    scheme, _, rest = request.headers.get("authorization", "").strip().partition(" ")
    key = rest.strip() if scheme.lower() == "bearer" else scheme
    if not key.startswith("sk-") or key == "sk-":
        raise gateway(401, "API key is missing or invalid", "401")


def _parsed(raw: bytes) -> Mapping[str, Any]:
    try:
        body = json.loads(raw, parse_constant=_no_constant)
        json.dumps(body, ensure_ascii=False).encode()  # a lone surrogate is no text
    except (ValueError, RecursionError):
        raise invalid("We could not parse the JSON body of your request.") from None
    if not isinstance(body, dict):
        raise invalid("The JSON body of your request must be an object.")
    return body


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _expected(request: Request) -> str | None:
    header = request.headers.get("x-evalkit-expected")
    try:
        return None if header is None else unquote(header, errors="strict")
    except UnicodeDecodeError:
        raise invalid("x-evalkit-expected must be percent-encoded UTF-8.") from None


def _repeat(request: Request) -> int:
    header = request.headers.get("x-evalkit-repeat", "0")
    if not re.fullmatch("[0-9]{1,9}", header):
        raise invalid("x-evalkit-repeat must be a whole number from 0, of up to nine digits.")
    return int(header)


async def _error_reply(_: Request, error: Exception) -> Response:
    if not isinstance(error, ApiError):
        raise error
    return JSONResponse(error.body, error.status, error.headers)


async def _no_such_route(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    reply = invalid(f"Invalid URL ({request.method} {request.url.path})", status=error.status_code)
    return JSONResponse(reply.body, reply.status, error.headers)
