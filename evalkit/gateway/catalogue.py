"""Fetches the gateway's own list of models with their prices: one GET, bounded in time and size, without a key."""

from __future__ import annotations

import json
from contextlib import aclosing
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import anyio
import httpx

from evalkit import __version__
from evalkit.errors import EvalkitError
from evalkit.gateway.bodies import read_body
from evalkit.gateway.faults import Failure
from evalkit.gateway.providers import endpoint
from evalkit.gateway.transport import open_transport, timeout
from evalkit.gateway.words import is_html, one_line

PATH = "api/home-model-catalog"
QUERY = "language=en"


class CatalogueUnusable(EvalkitError):
    """The list of prices could not be had, or says nothing; the prices in force stay."""

    exit_code = 3


def catalogue_url(base_url: str) -> str:
    """Where a gateway's catalogue is: beside its `/v1`. Raises UsageError for what is no base URL."""
    parts = urlsplit(endpoint(base_url, ""))
    base = parts.path.rstrip("/").removesuffix("/v1")
    return urlunsplit((parts.scheme, parts.netloc, f"{base}/{PATH}", QUERY, ""))


def fetch_catalogue(base_url: str, *, timeout_s: float = 30.0) -> Any:
    """The catalogue as decoded JSON. `timeout_s` is for all of it. Raises CatalogueUnusable, or UsageError."""
    url = catalogue_url(base_url)
    try:
        return _decoded(anyio.run(_get, url, timeout_s))
    except TimeoutError as error:
        raise CatalogueUnusable(
            f"{url}: not all of it came within {timeout_s:g} s; the prices in force stay"
        ) from error
    except (Failure, httpx.RequestError, OSError, ValueError) as error:
        reason = one_line(str(error)) or type(error).__name__
        raise CatalogueUnusable(f"{url}: {reason}; the prices in force stay") from error


async def _get(url: str, timeout_s: float) -> bytes:
    transport = open_transport(url)
    headers = {"accept": "application/json", "accept-encoding": "gzip", "user-agent": f"evalkit/{__version__}"}
    request = httpx.Request("GET", url, headers=headers, extensions={"timeout": timeout(timeout_s)})
    try:
        with anyio.fail_after(timeout_s):
            answer = await transport.handle_async_request(request)
            async with aclosing(answer):
                if answer.has_redirect_location:
                    raise ValueError(f"it has moved to {answer.headers['location']}: name that place by --base-url")
                if answer.status_code != httpx.codes.OK:
                    raise ValueError(f"answered {answer.status_code} {answer.reason_phrase}".rstrip())
                return await read_body(answer)
    finally:
        await transport.aclose()


def _decoded(body: bytes) -> Any:
    try:
        return json.loads(body, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        what = "a web page" if is_html(body[:1000].decode(errors="replace")) else "no JSON"
        raise ValueError(f"answered with {what}, not with the catalogue") from error


def _refuse(spelling: str) -> None:
    raise ValueError(f"{spelling} is no number in JSON")
