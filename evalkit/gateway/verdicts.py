"""The table of faults: what each is called, whether it is sent again, and what it stops."""

from __future__ import annotations

import re
from enum import Enum
from typing import NamedTuple

from evalkit.gateway.words import Words
from evalkit.types import FaultKind


class Retry(Enum):
    """Whether and how a request that failed is sent again."""

    NEVER = "never"
    RATE_LIMIT = "rate_limit"
    TRANSIENT = "transient"
    ONCE = "once"
    """Once in all, with a wait: a second time would cost and say the same."""
    ONCE_AT_ONCE = "once_at_once"
    """The first time without a wait (an idle connection had gone stale), from then on as TRANSIENT."""


class Stop(Enum):
    """What a fault puts an end to besides its own trial, once no attempt is left."""

    NOTHING = "nothing"
    MODEL_IF_FIRST = "model_if_first"
    """The model, where this was its first trial: it would fail them all."""
    MODEL = "model"
    RUN = "run"


class Verdict(NamedTuple):
    """One row of the table."""

    kind: FaultKind
    retry: Retry = Retry.NEVER
    stop: Stop = Stop.NOTHING
    says: str = ""
    """What is wrong and what to do, of {host}, {model}, {key} and {timeout_s}; "" where the finder says it better."""
    in_doubt: bool = False
    """The answer may have been made, and charged, and did not come whole."""


AUTH = Verdict("auth", stop=Stop.RUN, says="{key} was refused")
PERMISSION = Verdict("permission", stop=Stop.MODEL, says="{key} may not use model '{model}'")
QUOTA = Verdict("quota", stop=Stop.MODEL, says="the account behind {key} has no balance left; top it up")
RATE_LIMIT = Verdict("rate_limit", Retry.RATE_LIMIT, says="{host} limits the rate of requests")
BAD_REQUEST = Verdict(
    "bad_request",
    stop=Stop.MODEL_IF_FIRST,
    says="{host} refused the request; check the parameters of model '{model}'",
)
BAD_PICTURE = Verdict("bad_request", says="{host} could not use a picture of the request")
NOT_FOUND = Verdict(
    "not_found",
    stop=Stop.MODEL,
    says="{host} knows no model '{model}' at this API; check the model's id and the base_url",
)
NO_CHANNEL = Verdict(
    "not_found",
    Retry.TRANSIENT,
    Stop.MODEL_IF_FIRST,
    says="{host} offers no model '{model}' at present; check the model's id",
)
TOO_LONG = Verdict("context_length", says="the prompt is too long for model '{model}'")
SERVER = Verdict("server", Retry.TRANSIENT, says="{host} failed")
REDIRECT = Verdict(
    "redirect",
    stop=Stop.MODEL,
    says="{host} redirects elsewhere, which is not followed; set base_url to the new place",
)

NO_JSON = Verdict("protocol", Retry.ONCE)
TRUNCATED = Verdict("protocol", Retry.TRANSIENT)
JSON_BOMB = Verdict("protocol")
EMPTY_BODY = Verdict("empty_response", Retry.TRANSIENT, says="{host} sent an empty body")
EMPTY_ANSWER = Verdict("empty_response", Retry.ONCE)
TOO_LARGE = Verdict("too_large")

BAD_EVENT = Verdict("protocol", Retry.TRANSIENT)
STREAM_REFUSED = Verdict("stream_error", says="{host} refused the request after its stream had begun")
STREAM_ERROR = Verdict("stream_error", Retry.TRANSIENT, says="{host} broke its stream off")
CUT_STREAM = Verdict(
    "truncated_stream", Retry.TRANSIENT, says="the stream of {host} ended before the answer did", in_doubt=True
)

STALE = Verdict("network", Retry.ONCE_AT_ONCE, says="{host} closed the connection before it answered")
BROKEN_OFF = Verdict("network", Retry.TRANSIENT, says="the connection to {host} broke off midway", in_doubt=True)
NO_HTTP = Verdict("protocol", Retry.TRANSIENT, says="what {host} sent is no HTTP answer")
UNREACHABLE = Verdict("network", Retry.TRANSIENT, Stop.MODEL_IF_FIRST, says="{host} cannot be reached")
TLS = Verdict(
    "tls",
    stop=Stop.MODEL,
    says="the TLS certificate of {host} was not accepted; SSL_CERT_FILE names further authorities to trust",
)
NO_CONNECTION = Verdict("timeout", Retry.TRANSIENT, says="no connection to {host} in time")
SILENCE = Verdict("timeout", Retry.ONCE, says="no answer from {host} within timeout_s ({timeout_s:g} s)", in_doubt=True)
TRICKLE = Verdict(
    "timeout",
    Retry.TRANSIENT,
    says="the answer of {host} was not complete within timeout_s ({timeout_s:g} s)",
    in_doubt=True,
)
IN_STREAM = {SERVER: STREAM_ERROR, BAD_REQUEST: STREAM_REFUSED}
"""What these two are where they come as an event of a stream; what says more of itself stays what it is."""
UNSENDABLE = Verdict("config", says="the request cannot be sent")
NO_STREAM = Verdict("protocol", says="the answer is a stream of events; a target's answer is one JSON")
FUNCTION_ERROR = Verdict("function_error")
FUNCTION_SILENCE = Verdict("timeout")
"""Not called again: the one that hangs cannot be ended, and would hang beside its successor."""
NO_CLIENT = Verdict("config", stop=Stop.MODEL, says="no client for {host} can be set up; look at the proxy variables")

OF_TARGETS = {
    PERMISSION: "{key} may not ask {host}",
    BAD_REQUEST: "{host} refused the request; check the body of target '{model}'",
    NOT_FOUND: "{host} has nothing at this address; check the url of target '{model}'",
    TOO_LONG: "the request is too large for target '{model}'",
    REDIRECT: "{host} redirects elsewhere, which is not followed; set the url to the new place",
}
"""What is said instead where a target that is no model was asked."""

BY_STATUS = {
    401: AUTH,
    402: QUOTA,
    403: PERMISSION,
    404: NOT_FOUND,
    408: SERVER,
    409: SERVER,
    413: TOO_LONG,
    429: RATE_LIMIT,
    524: SILENCE,
}
"""By HTTP status; those that are not here go by their hundred (`by_status`)."""

STATUS_BY_NAME = {
    "authentication_error": 401,
    "invalid_api_key": 401,
    "permission_error": 403,
    "permission_denied": 403,
    "not_found_error": 404,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "api_error": 500,
    "internal_server_error": 500,
    "server_error": 500,
    "timeout": 504,
    "overloaded_error": 529,
}
"""For an error inside a 200, which has no status of its own: the one its code or type stands for."""


class Signs(NamedTuple):
    """By what an error is known whose words say more than its status."""

    names: re.Pattern[str]
    """Found in its code or type, under any status."""
    message: re.Pattern[str]
    """Found in its message, under one of `statuses`."""
    statuses: frozenset[int]

    def in_error(self, status: int, words: Words) -> bool:
        """Whether an error bears them; `status` is 200 for an error inside an answer."""
        speaks = status in self.statuses and not words.is_page
        return bool(self.names.search(words.names) or (speaks and self.message.search(words.message)))


_NOTHING = r"(?!)"


def _signs(*statuses: int, names: str = _NOTHING, message: str = _NOTHING) -> Signs:
    return Signs(re.compile(names, re.IGNORECASE), re.compile(message, re.IGNORECASE), frozenset(statuses))


POLICY = _signs(
    *(200, 400, 422, 503),
    names=r"content_?(policy|filter)|moderation|responsible_?ai|sensitive_?content|prohibited_content",
    message=r"content[ _-]?(polic|filter|moderation|management polic)|usage polic|prohibited content"
    r"|safety (concern|polic|system|guideline|reason|filter)|flagged (as|by|for)|sensitive (content|information)",
)
"""The request was blocked for what it says: an outcome, not a fault."""

BY_SIGNS = (
    (
        _signs(
            *(200, 400, 403, 429),
            names=r"insufficient_(\w+_)?(quota|balance|funds|credit)|billing|overdue",
            # Gemini says "exceeded your current quota" of a limit per minute too, and then when to come back.
            message=r"insufficient[ _](\w+[ _])?(balance|quota|funds|credit)|exceeded your current quota(?!.*retry in)"
            r"|(balance|quota|credits?) (is |are )?(too low|insufficient|not enough|exhausted)|余额不足|额度不足",
        ),
        QUOTA,
    ),
    (
        _signs(
            *(200, 400, 422),
            names=r"context_(length|window)|string_above_max_length|request_too_large",
            message=r"context (length|window)|(prompt|input) is too long|input token count|too many input tokens",
        ),
        TOO_LONG,
    ),
    (_signs(503, message=r"no available channel|无可用渠道"), NO_CHANNEL),
    (
        _signs(
            *(200, 400),
            names=r"model_?not_?(found|exist)|unknown_model|deployment_?not_?found",
            message=r"model\b.{0,80}\b(does not exist|not found|not exist)",
        ),
        NOT_FOUND,
    ),
    (
        _signs(names=r"image_(too|url|file|format|parse|media|mode)|(invalid|empty|unsupported|download)_(\w+_)?image"),
        BAD_PICTURE,
    ),
)
"""In order; the first that fits goes before the status."""


def by_status(status: int) -> Verdict:
    """The verdict on a status where no words say more."""
    if status in BY_STATUS:
        return BY_STATUS[status]
    if status >= 500:
        return SERVER
    return BAD_REQUEST if status >= 400 else REDIRECT
