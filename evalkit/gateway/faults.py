"""Tells what went wrong with a request: from a status and its body, from an error inside an answer, from a transport.

The table is in `verdicts`; here an error is looked up in it and put into one line that says what to do.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx

from evalkit.errors import ErrorReply, EvalkitError
from evalkit.gateway import verdicts
from evalkit.gateway.retry_after import retry_after_s
from evalkit.gateway.verdicts import Retry, Stop, Verdict
from evalkit.gateway.words import Words, one_line, words_of
from evalkit.types import Fault, Model


class Failure(EvalkitError):
    """An attempt without an answer, and what follows from it."""

    def __init__(
        self, verdict: Verdict, message: str, *, status: int | None = None, retry_after_s: float | None = None
    ) -> None:
        super().__init__(message)
        self.fault = Fault(kind=verdict.kind, status=status, message=message, in_doubt=verdict.in_doubt)
        self.retry: Retry = verdict.retry
        self.stop: Stop = verdict.stop
        self.retry_after_s = retry_after_s


class Blocked(NamedTuple):
    """A request that a content policy stopped: an outcome, not a failure."""

    message: str


def classify_status(status: int, headers: Mapping[str, str], body: Any, model: Model) -> Failure | Blocked:
    """What a status other than 2xx means. `body` is parsed JSON, or the text where it was none."""
    words = words_of(body)
    # S3 of the gateway's documents: "503 content policy violation (actual status code is 400)".
    if verdicts.POLICY.in_error(status, words) or (status == 400 and words.status == 503):
        return Blocked(words.message)
    verdict = _by_words(status, words) or verdicts.by_status(words.status or status if status == 400 else status)
    if verdict is verdicts.REDIRECT:
        words = Words(one_line(f"to {headers.get('location', 'nowhere')}"))
    message = f"{advice(verdict, model)} ({_spelt(status)}): {words.message or 'no reason given'}"
    return Failure(verdict, message, status=status, retry_after_s=retry_after_s(headers))


def classify_reply(reply: ErrorReply, model: Model, *, status: int = 200, in_stream: bool = False) -> Failure | Blocked:
    """What an error inside an answer means, by its code, its type and its words; `in_stream`: after its beginning."""
    words = Words(one_line(reply.message), reply.code, reply.error_type)
    if verdicts.POLICY.in_error(200, words):
        return Blocked(words.message)
    verdict = _by_words(200, words) or _by_name(words)
    if in_stream:
        verdict = verdicts.IN_STREAM.get(verdict, verdict)
    names = ", ".join(name for name in (reply.code, reply.error_type) if name)
    message = f"{advice(verdict, model)} (an error inside a {_spelt(status)}): {words.message}"
    return Failure(verdict, one_line(f"{message} [{names}]" if names else message), status=status)


def classify_transport(error: Exception, reason: str, model: Model, *, answered: bool) -> Failure:
    """What a broken connection or a timeout means; `reason`: its text; `answered`: an answer's head had arrived."""
    verdict = _timeout(error, answered=answered) or _connection(error) or _exchange(error, answered=answered)
    if verdict.kind == "timeout":
        return Failure(verdict, advice(verdict, model))
    return Failure(verdict, f"{advice(verdict, model)}: {one_line(reason) or type(error).__name__}")


def host_of(model: Model) -> str:
    """The host and port that a model's requests go to."""
    return urlsplit(model.provider.base_url).netloc


def advice(verdict: Verdict, model: Model) -> str:
    """What the table says of a fault, filled in for a model."""
    env = model.provider.api_key_env
    says = verdict.says if model.provider.target is None else verdicts.OF_TARGETS.get(verdict, verdict.says)
    return says.format(
        key=f"the key in {env}" if env and model.provider.auth != "none" else "a request without a key",
        model=one_line(model.id),
        host=host_of(model),
        timeout_s=model.timeout_s,
    )


def _by_words(status: int, words: Words) -> Verdict | None:
    return next((verdict for signs, verdict in verdicts.BY_SIGNS if signs.in_error(status, words)), None)


def _by_name(words: Words) -> Verdict:
    """Of an error without a status: by the one it names, else as an outage unless it calls the request invalid."""
    named = (verdicts.STATUS_BY_NAME.get((name or "").lower()) for name in (words.code, words.type))
    status = words.status or next(filter(None, named), None)
    if status is not None:
        return verdicts.by_status(status)
    return verdicts.BAD_REQUEST if any(sign in words.names for sign in ("invalid", "unsupported")) else verdicts.SERVER


def _timeout(error: Exception, *, answered: bool) -> Verdict | None:
    if isinstance(error, TimeoutError | httpx.ReadTimeout):  # the first is the attempt's own deadline
        return verdicts.TRICKLE if answered else verdicts.SILENCE
    return verdicts.NO_CONNECTION if isinstance(error, httpx.TimeoutException) else None


def _connection(error: Exception) -> Verdict | None:
    if not isinstance(error, httpx.ConnectError | httpx.ProxyError):
        return None
    refused = any(isinstance(cause, ssl.SSLError) and not _hung_up(cause) for cause in _causes(error))
    return verdicts.TLS if refused else verdicts.UNREACHABLE


def _hung_up(error: ssl.SSLError) -> bool:
    """A connection that ended during the handshake says nothing about certificates."""
    return isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError | ssl.SSLSyscallError)


def _exchange(error: Exception, *, answered: bool) -> Verdict:
    if isinstance(error, httpx.LocalProtocolError | httpx.UnsupportedProtocol):
        return verdicts.UNSENDABLE
    if answered:
        return verdicts.BROKEN_OFF
    garbage = isinstance(error, httpx.RemoteProtocolError) and "disconnected" not in str(error)
    return verdicts.NO_HTTP if garbage else verdicts.STALE


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def _spelt(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
