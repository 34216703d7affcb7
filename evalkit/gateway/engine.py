"""aiohttp's connections behind httpx's seam: one request out, one answer in, nothing added, followed or retried.

httpx's own pool looks through all its connections at every request, which costs more than all the rest of evalkit from
50 of them on. docs/transport.md has the candidates, the faults each was tried on, and the figures.
"""

from __future__ import annotations

import io
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import aiohttp
import httpx

_IDLE_S = 60.0
_LONGEST_HEADER = 64 * 2**10
"""Bytes of one header line; some proxies write policies of many KB into one."""
_AT_ONCE = 2**20
"""Bytes of a request's body that are handed over in one piece; a bigger one would hold the event loop."""

_MEANINGS: tuple[tuple[type[Exception], type[httpx.TransportError]], ...] = (
    (aiohttp.ConnectionTimeoutError, httpx.ConnectTimeout),
    (aiohttp.ClientProxyConnectionError, httpx.ProxyError),
    (aiohttp.ClientHttpProxyError, httpx.ProxyError),
    (aiohttp.ClientConnectorError, httpx.ConnectError),
    (aiohttp.InvalidURL, httpx.UnsupportedProtocol),
    (aiohttp.ClientResponseError, httpx.RemoteProtocolError),
    (aiohttp.ClientError, httpx.ReadError),
)
"""In order; the first that fits."""


class AiohttpTransport(httpx.AsyncBaseTransport):
    """Connections to one provider, through one proxy or none. Made, used and closed in one event loop.

    It takes the `connect` timeout from a request's extensions; the other timeouts are its caller's.
    """

    def __init__(self, *, trust: ssl.SSLContext, proxy: str | None = None) -> None:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ssl=trust, keepalive_timeout=_IDLE_S),
            proxy=proxy,
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("accept", "accept-encoding", "content-type", "user-agent"),
            max_line_size=_LONGEST_HEADER,
            max_field_size=_LONGEST_HEADER,
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The answer's head, its body still to be read. Raises `httpx.TransportError`."""
        body = await request.aread()
        with _as_httpx():
            answer = await self._session.request(
                request.method,
                str(request.url),
                data=body if len(body) <= _AT_ONCE else io.BytesIO(body),
                headers=request.headers.multi_items(),
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(connect=request.extensions.get("timeout", {}).get("connect")),
            )
        return httpx.Response(answer.status, headers=answer.raw_headers, stream=_Body(answer), request=request)

    async def aclose(self) -> None:
        """Closes all connections."""
        await self._session.close()


class _Body(httpx.AsyncByteStream):
    """The bytes of an answer as they arrive. Closing it early closes its connection."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _as_httpx():
            async for piece in self._answer.content.iter_any():
                yield piece

    async def aclose(self) -> None:
        self._answer.release()


@contextmanager
def _as_httpx() -> Iterator[None]:
    try:
        yield
    except aiohttp.ClientError as error:
        meaning = next(meaning for kind, meaning in _MEANINGS if isinstance(error, kind))
        raise meaning(_reason(error)) from error


def _reason(error: aiohttp.ClientError) -> str:
    """What went wrong, without what aiohttp adds: the proxy's password, or the bytes it could not read."""
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return f"the proxy says {error.status} {error.message}"
    if isinstance(error, aiohttp.ClientResponseError):
        return error.message.partition("\n")[0]
    return str(error.__cause__ or error)
