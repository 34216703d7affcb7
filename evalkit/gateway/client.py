"""Asks models over HTTP: one request in, one answer or one fault out, with all attempts in between."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from typing import NamedTuple, Self

import anyio
import httpx
import msgspec

from evalkit.gateway import verdicts
from evalkit.gateway.answers import noted, understand
from evalkit.gateway.bodies import read_body, read_pieces
from evalkit.gateway.faults import Failure, advice, classify_transport
from evalkit.gateway.functions import Function
from evalkit.gateway.pace import Pace
from evalkit.gateway.providers import endpoint
from evalkit.gateway.retry import OnRetry, Pause, retrying
from evalkit.gateway.scrub import Scrubber
from evalkit.gateway.spent import spent_for_s
from evalkit.gateway.streams import UNPACKED, Stream
from evalkit.gateway.targets import api_of, secrets_in_headers
from evalkit.gateway.transport import headers_for, open_transport, request_to
from evalkit.gateway.verdicts import Stop, Verdict
from evalkit.gateway.words import one_line
from evalkit.registry import Api
from evalkit.types import Asked, Fault, FunctionTarget, ImageURL, Model, Provider, Response


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one trial's request. Either `response` or `fault` is None."""

    response: Response | None = None
    fault: Fault | None = None
    stop: Stop = Stop.NOTHING
    """What the fault puts an end to besides this trial."""
    latency_s: float | None = None
    """The successful attempt alone, from before it was sent to the end of its body, or of its stream."""
    pace: Pace = Pace()
    """When its tokens came, where it was streamed."""
    attempts: int = 0
    """How many requests were sent, or tried to be."""
    hold_s: float | None = None
    """For how long the gateway wants no more requests: its allowance is spent, or its Retry-After."""


class _Answer(NamedTuple):
    """What a successful attempt brought."""

    response: Response
    latency_s: float
    pace: Pace = Pace()
    hold_s: float | None = None


@dataclass(slots=True)
class _Line:
    """The connections to one provider, what is said on them each time, and what hides the key."""

    transport: httpx.AsyncBaseTransport
    headers: Mapping[str, str]
    scrub: Scrubber
    urls: dict[str, httpx.URL] = field(default_factory=dict)
    """By an API's path: reading a URL takes longer than all else about a request."""

    def url(self, provider: Provider, path: str) -> httpx.URL:
        if path not in self.urls:
            base_url = provider.base_url
            self.urls[path] = httpx.URL(endpoint(base_url, path) if provider.target is None else base_url)
        return self.urls[path]


@dataclass(slots=True)
class _Call:
    """One trial's request, written once and sent as often as it takes."""

    model: Model
    api: Api
    line: _Line
    url: httpx.URL
    body: bytes
    headers: Mapping[str, str]
    asks_for_stream: bool
    attempts: int = field(default=0, init=False)


class Gateway:
    """All the connections of one run, as an async context manager.

    `keys` maps a provider's name to its key (`providers.resolve_keys`), `functions` to the function that stands in its
    place; `on_traceback` is told in full what one raised. `transport` replaces the network in tests.
    """

    def __init__(
        self,
        keys: Mapping[str, str | None],
        *,
        functions: Mapping[str, Function] | None = None,
        on_traceback: Callable[[str], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
        jitter: random.Random | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._keys = keys
        self._functions = functions or {}
        self._on_traceback = on_traceback
        self._clock = clock
        self._jitter = jitter or random.Random()  # noqa: S311  (it spreads waits; nothing secret hangs on it)
        self._transport = transport
        self._lines: dict[str, _Line] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for line in self._lines.values():
            await line.transport.aclose()
        self._lines.clear()

    def warm_up(self, models: Iterable[Model]) -> None:
        """Sets up what the models' first requests need, so that no trial's time has that in it."""
        for model in models:
            if model.provider.name not in self._functions:
                with suppress(Failure):  # `ask` tells it with the trial that it keeps from being sent
                    self._line(model)

    async def ask(
        self,
        asked: Asked,
        *,
        image_url: ImageURL,
        pause: Pause = anyio.sleep,
        headers: Mapping[str, str] | None = None,
        on_retry: OnRetry | None = None,
    ) -> Reply:
        """Sends a request until it is answered or given up; only cancellation comes out as an exception.

        `pause` waits between attempts. `headers` (ASCII) go out beside the usual ones.
        """
        if isinstance(asked.model.provider.target, FunctionTarget):
            return await self._call(asked)
        try:
            call = self._prepare(asked, image_url, headers or {})
        except Failure as failure:
            return Reply(fault=failure.fault, stop=failure.stop)
        loop = retrying(asked.model, pause=pause, jitter=self._jitter, on_retry=on_retry)
        try:
            answer: _Answer = await loop(self._attempt, call)
        except Failure as failure:
            hold_s = failure.retry_after_s
            return Reply(fault=failure.fault, stop=failure.stop, attempts=call.attempts, hold_s=hold_s)
        return Reply(**answer._asdict(), attempts=call.attempts)

    async def _call(self, asked: Asked) -> Reply:
        """Asks a function, once: what it raises it would raise again. Any key of the run may be in what it says."""
        function = self._functions[asked.model.provider.name]
        scrub = Scrubber(*self._keys.values())
        started = self._clock()
        try:
            response = await function.ask(
                asked.request.payload,
                timeout_s=asked.model.timeout_s,
                scrub=scrub,
                on_traceback=self._on_traceback,
            )
        except Failure as failure:
            return Reply(fault=failure.fault, stop=failure.stop, attempts=1)
        return Reply(response=response, latency_s=self._clock() - started, attempts=1)

    def _prepare(self, asked: Asked, image_url: ImageURL, headers: Mapping[str, str]) -> _Call:
        model, request = asked.model, asked.request
        api = api_of(model)
        line = self._line(model)
        unpacked = UNPACKED if request.stream else {}
        return _Call(
            model=model,
            api=api,
            line=line,
            url=line.url(model.provider, api.path),
            body=_written(asked, api, image_url),
            headers={**line.headers, **api.headers, **unpacked, **request.headers, **headers},
            asks_for_stream=bool(request.stream),
        )

    def _line(self, model: Model) -> _Line:
        provider = model.provider
        if provider.name not in self._lines:
            key = self._keys[provider.name]
            try:
                transport = self._transport or open_transport(provider.base_url)
            except ValueError as error:
                raise _unusable(verdicts.NO_CLIENT, model, error) from error
            scrub = Scrubber(key, *secrets_in_headers(provider))
            self._lines[provider.name] = _Line(transport, headers_for(provider, key), scrub)
        return self._lines[provider.name]

    async def _attempt(self, call: _Call) -> _Answer:
        call.attempts += 1
        started = self._clock()
        status, headers, body = await self._exchange(call)
        if isinstance(body, Stream):
            response = body.answer()
            return _Answer(response, body.latency_s(started), body.pace(started, response.usage), spent_for_s(headers))
        latency_s = self._clock() - started
        response = understand(status, headers, body, api=call.api, model=call.model, scrub=call.line.scrub)
        if call.asks_for_stream and status < 300:
            response = noted(response, "asked for a stream, answered in one piece")
            return _Answer(response, latency_s, Pace(buffered=True), spent_for_s(headers))
        return _Answer(response, latency_s, hold_s=spent_for_s(headers))

    async def _exchange(self, call: _Call) -> tuple[int, Mapping[str, str], bytes | Stream]:
        """Status, headers and whole body of one answer, within the model's time. Raises `Failure`."""
        answered = False
        request = request_to(call.url, call.headers, call.body, timeout_s=call.model.timeout_s)
        try:
            with anyio.fail_after(call.model.timeout_s):
                answer = await call.line.transport.handle_async_request(request)
                answered = True
                async with aclosing(answer):
                    return answer.status_code, answer.headers, await self._body(answer, call)
        except (httpx.RequestError, OSError) as error:
            reason = call.line.scrub.text(str(error))
            raise classify_transport(error, reason, call.model, answered=answered) from error

    async def _body(self, answer: httpx.Response, call: _Call) -> bytes | Stream:
        """All that comes, at the pace at which it comes where it is a stream."""
        is_stream = answer.headers.get("content-type", "").lower().startswith("text/event-stream")
        if not (is_stream and answer.is_success):
            return await read_body(answer)
        stream = Stream(call.api, call.model, scrub=call.line.scrub, status=answer.status_code, clock=self._clock)
        await stream.read(read_pieces(answer))
        return stream if stream.plain_body is None else stream.plain_body


def _written(asked: Asked, api: Api, image_url: ImageURL) -> bytes:
    """The request's body, written once: a picture in it may be megabytes."""
    try:
        return msgspec.json.encode(api.encode(asked.request, image_url))
    except (OSError, TypeError, ValueError, RecursionError) as error:  # a picture is gone, or a value is no JSON
        raise _unusable(verdicts.UNSENDABLE, asked.model, error) from error


def _unusable(verdict: Verdict, model: Model, error: Exception) -> Failure:
    return Failure(verdict, f"{advice(verdict, model)}: {one_line(str(error))}")
