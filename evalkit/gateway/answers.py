"""Turns what arrived over HTTP into a Response or a Failure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from evalkit.apis.normaliser import normalise
from evalkit.errors import ErrorReply, Undecodable
from evalkit.gateway import verdicts
from evalkit.gateway.bodies import parse
from evalkit.gateway.faults import Blocked, Failure, advice, classify_reply, classify_status
from evalkit.gateway.scrub import Scrubber
from evalkit.gateway.words import words_of
from evalkit.registry import Api
from evalkit.types import Model, Response, Usage


def understand(
    status: int, headers: Mapping[str, str], body: bytes, *, api: Api, model: Model, scrub: Scrubber
) -> Response:
    """The answer, without the key wherever the gateway echoed it. Raises `Failure`."""
    if 200 <= status < 300:
        return _decode(status, body, api, model, scrub)
    said = _said(body, scrub)
    verdict = classify_status(status, {name: scrub.text(value) for name, value in headers.items()}, said, model)
    return response_to(verdict, said)


def _decode(status: int, body: bytes, api: Api, model: Model, scrub: Scrubber) -> Response:
    if not body.strip():
        raise Failure(verdicts.EMPTY_BODY, advice(verdicts.EMPTY_BODY, model), status=status)
    return decode(parse(body, scrub, status=status), api, model, status)


def decode(value: Any, api: Api, model: Model, status: int) -> Response:
    """The answer in a parsed and scrubbed body, its usage by the rules of `normaliser`. Raises `Failure`."""
    try:
        return _normalised(api.decode(value), model)
    except ErrorReply as reply:
        return response_to(classify_reply(reply, model, status=status), value)
    except Undecodable as error:
        raise _undecodable(error, value, status) from error


def response_to(verdict: Failure | Blocked, raw: Any) -> Response:
    """What a content policy left of an answer. Raises the `Failure` where it was none that stopped it."""
    if isinstance(verdict, Failure):
        raise verdict
    return Response(text="", model=None, finish_reason=None, outcome="content_policy", usage=Usage(), raw=raw)


def noted(response: Response, note: str) -> Response:
    """`response` with one more note."""
    return replace(response, notes=(*response.notes, note))


def _normalised(response: Response, model: Model) -> Response:
    usage, odd = normalise(response.usage, model.family)
    response = replace(response, usage=usage)
    return response if odd is None else noted(response, odd)


def _undecodable(error: Undecodable, value: Any, status: int) -> Failure:
    if error.kind == "empty_response":
        return Failure(verdicts.EMPTY_ANSWER, str(error), status=status)
    return Failure(verdicts.NO_JSON, f"{error}; it says: {words_of(value).message}", status=status)


def _said(body: bytes, scrub: Scrubber) -> Any:
    """An error body as JSON, or as text where it is none: nothing in it may hide the status it came with."""
    try:
        return parse(body, scrub)
    except Failure:
        return scrub.text(body.decode(errors="replace"))
