"""The one place where an HTTP engine is chosen and set up; another engine would be put in here."""

from __future__ import annotations

import ssl
from urllib.parse import urlsplit

import httpx

from evalkit import __version__
from evalkit.gateway.providers import authorization, is_loopback
from evalkit.types import Provider

_CONNECT_S = 30.0
_KEPT_OPEN = 512


def open_client(
    provider: Provider,
    key: str | None,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
) -> httpx.AsyncClient:
    """The client for one provider. It follows no redirect, retries nothing and queues nothing: others do."""
    headers = {
        "accept": "application/json",
        "accept-encoding": "gzip",
        "content-type": "application/json",
        "user-agent": f"evalkit/{__version__}",
        **authorization(key, provider.auth),
    }
    return httpx.AsyncClient(
        headers=headers,
        verify=_trust(provider.base_url),
        transport=transport,
        trust_env=not is_loopback(provider.base_url),
        follow_redirects=False,
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=_KEPT_OPEN, keepalive_expiry=60.0),
    )


def timeout(timeout_s: float) -> httpx.Timeout:
    """Only connecting has a limit of its own: the deadline of the whole attempt covers the rest.

    It ends before that deadline, so that a request that was never sent is known as such.
    """
    return httpx.Timeout(None, connect=min(_CONNECT_S, 0.9 * timeout_s))


def _trust(base_url: str) -> ssl.SSLContext:
    """The authorities to trust; over plain http none, as loading them takes longer than starting all the rest."""
    secure = urlsplit(base_url).scheme == "https"
    return httpx.create_ssl_context() if secure else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
