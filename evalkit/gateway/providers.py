"""Where requests go and how they are signed: base URLs, keys, and the Authorization header."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from typing import NoReturn
from urllib.parse import SplitResult, urlsplit, urlunsplit

from evalkit.errors import UsageError
from evalkit.types import Auth, Model, Provider


class Key(str):
    """An API key. Its repr hides it, so that no traceback or log of a container shows it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'[key]'"


class MissingKey(UsageError):
    """Keys that the environment does not have, with the models that need them."""

    def __init__(self, missing: Mapping[str, Iterable[str]]) -> None:
        self.missing = {variable: tuple(models) for variable, models in missing.items()}
        super().__init__(
            "; ".join(
                f"{variable} is not set: it holds the key for {', '.join(models)}; "
                f"set it, or use --offline to try things out without one"
                for variable, models in self.missing.items()
            )
        )


def resolve_keys(models: Iterable[Model], environ: Mapping[str, str]) -> dict[str, str | None]:
    """Provider name → key, None where none is needed; every gateway's base URL is looked at on the way.

    Raises `MissingKey` with all that is missing, or `UsageError` for a key or a URL that cannot be sent.
    """
    keys: dict[str, str | None] = {}
    missing: dict[str, list[str]] = {}
    for model in models:
        provider = model.provider
        if provider.name not in keys:
            if provider.target is None:
                endpoint(provider.base_url, "")
            keys[provider.name] = _key(provider, environ)
        if keys[provider.name] == "" and provider.api_key_env:
            missing.setdefault(provider.api_key_env, []).append(model.name)
    if missing:
        raise MissingKey(missing)
    return keys


def authorization(key: str | None, auth: Auth) -> dict[str, str]:
    """The header that signs a request; empty where none is wanted."""
    if key is None or auth == "none":
        return {}
    return {"authorization": f"Bearer {key}" if auth == "bearer" else str(key)}


def endpoint(base_url: str, path: str) -> str:
    """The URL of `path` below a base URL; a base without a path gets `/v1`. Raises `UsageError`."""
    parts = _split(base_url)
    base = parts.path.rstrip("/") or "/v1"
    return urlunsplit((parts.scheme, parts.netloc, f"{base}/{path}", parts.query, ""))


def is_loopback(base_url: str) -> bool:
    """Whether a base URL names this very machine, which no proxy stands before."""
    host = urlsplit(base_url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _key(provider: Provider, environ: Mapping[str, str]) -> str | None:
    """The key as given, "" where it is missing. What is wrong with it is said without showing it."""
    if provider.auth == "none" or provider.api_key_env is None:
        return None
    key = environ.get(provider.api_key_env, "")
    if not key.strip(" "):
        return ""
    if not re.fullmatch(
        r"[\x21-\x7e]+" if provider.auth == "bearer" else r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?", key
    ):
        raise UsageError(
            f"{provider.api_key_env} holds no usable key: there is a line break, a blank or a character outside ASCII "
            f"in it; set it to the bare key, without quotes, line end or 'Bearer'"
        )
    return Key(key)


def _split(base_url: str) -> SplitResult:
    try:
        parts = urlsplit(base_url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        _refuse("it cannot be read as a URL", base_url)
    if parts.username is not None or parts.password is not None:
        # The URL itself stays out of the message: there is a password in it.
        raise UsageError(f"the base_url of {host} has a user or password in it; keys come from api_key_env alone")
    if parts.scheme not in ("http", "https"):
        _refuse("it must begin with http:// or https://", base_url)
    if not host:
        _refuse("it names no host", base_url)
    return parts


def _refuse(why: str, base_url: str) -> NoReturn:
    raise UsageError(f"base_url '{base_url.rpartition('@')[2]}': {why}; an example: https://gptproto.com/v1")
