"""The one place where an HTTP engine is chosen and set up; another engine would be put in here."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from evalkit import __version__
from evalkit.gateway.providers import authorization, is_loopback
from evalkit.types import Provider

_CONNECT_S = 30.0


def open_transport(base_url: str) -> httpx.AsyncBaseTransport:
    """Connections to one provider, inside a running event loop. Raises `ValueError` for a proxy it cannot use."""
    from evalkit.gateway.engine import AiohttpTransport  # what sends nothing need not wait for aiohttp's import

    return AiohttpTransport(trust=_trust(base_url), proxy=proxy_before(base_url))


def headers_for(provider: Provider, key: str | None) -> dict[str, str]:
    """What every request to a provider says of itself."""
    return {
        "accept": "application/json",
        "accept-encoding": "gzip",
        "content-type": "application/json",
        "user-agent": f"evalkit/{__version__}",
        **authorization(key, provider.auth),
    }


def request_to(url: httpx.URL, headers: Mapping[str, str], body: bytes, *, timeout_s: float) -> httpx.Request:
    """A POST that any engine behind httpx's seam can send as it is.

    Not by `content=`: finding out what a body is takes httpx five times as long as all else about a request.
    """
    whole = {"host": url.netloc.decode(), **headers, "content-length": str(len(body))}
    extensions = {"timeout": timeout(timeout_s)}
    return httpx.Request("POST", url, headers=whole, stream=httpx.ByteStream(body), extensions=extensions)


def timeout(timeout_s: float) -> dict[str, float | None]:
    """Only connecting has a limit of its own: the deadline of the whole attempt covers the rest.

    It ends before that deadline, so that a request that was never sent is known as such.
    """
    return httpx.Timeout(None, connect=min(_CONNECT_S, 0.9 * timeout_s)).as_dict()


def proxy_before(base_url: str) -> str | None:
    """The proxy that HTTP_PROXY, HTTPS_PROXY or ALL_PROXY name, unless NO_PROXY excepts the host or it is this machine.

    Raises `ValueError` for a proxy that is neither http:// nor https://.
    """
    target = urlsplit(base_url)
    if is_loopback(base_url) or proxy_bypass(target.netloc):
        return None
    proxies = getproxies()
    proxy = proxies.get(target.scheme) or proxies.get("all")
    if proxy is None:
        return None
    url = proxy if "://" in proxy else f"http://{proxy}"
    if urlsplit(url).scheme not in ("http", "https"):
        raise ValueError(f"a proxy is http:// or https://, not {urlsplit(url).scheme}://")
    return url


def _trust(base_url: str) -> ssl.SSLContext:
    """The authorities to trust; over plain http none, as loading them takes longer than starting all the rest."""
    secure = urlsplit(base_url).scheme == "https"
    return httpx.create_ssl_context() if secure else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
