"""Reads a picture's URL as strictly as the real APIs do."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from evalkit.simulator.errors import ApiError, invalid, unknown_value, wrong_type
from evalkit.simulator.question import Picture

_SIGNATURES = {
    "image/png": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "image/jpeg": re.compile(rb"\xff\xd8\xff"),
    "image/gif": re.compile(rb"GIF8[79]a"),
    "image/webp": re.compile(rb"RIFF....WEBP", re.DOTALL),
}
_DATA_URL = re.compile(r"data:(?P<type>[^;,]*);base64,(?P<data>.*)", re.DOTALL)
_DETAILS = ("low", "high", "auto")
_USUAL_SIZE = (1024, 1024)


def picture(owner: Mapping[str, Any], url_key: str, place: str) -> Picture:
    """The picture that `owner[url_key]` names, with the detail beside it. Raises `ApiError`."""
    url, param = owner.get(url_key), f"{place}.{url_key}"
    if not isinstance(url, str):
        raise wrong_type(param, "a string", url)
    detail = owner.get("detail") or "auto"
    if detail not in _DETAILS:
        raise unknown_value(f"{place}.detail", detail, _DETAILS)
    reference, width, height = (_embedded if url.startswith("data:") else _remote)(url, param)
    return Picture(reference=reference, width=width, height=height, detail=detail)


def is_https(url: str) -> bool:
    """Whether `url` is an https URL with a host."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname) and not any(char.isspace() for char in url)


def _remote(url: str, param: str) -> tuple[str, int, int]:
    if not is_https(url):
        raise _bad_url(param)
    return url, *_USUAL_SIZE


def _embedded(url: str, param: str) -> tuple[str, int, int]:
    found = _DATA_URL.fullmatch(url)
    if found is None:
        raise _bad_url(param)
    signature = _SIGNATURES.get(found["type"])
    if signature is None:
        raise _bad_image(f"You uploaded an unsupported image. Supported are: {', '.join(sorted(_SIGNATURES))}.", param)
    try:
        content = base64.b64decode(found["data"], validate=True)
    except binascii.Error:
        raise invalid(
            f"Invalid '{param}'. Expected a base64-encoded data URL with an image MIME type (e.g. "
            "'data:image/png;base64,aW1nIGJ5dGVzIGhlcmU='), but got a value that is no base64.",
            param=param, code="invalid_value",
        ) from None  # fmt: skip
    if not signature.match(content):
        raise _bad_image(f"You uploaded an unsupported image: its content is not {found['type']}.", param)
    return hashlib.sha256(content).hexdigest(), *_size(content)


def _size(content: bytes) -> tuple[int, int]:
    """Width and height as a PNG states them in its first chunk (PNG specification, 11.2.2)."""
    if content[12:16] != b"IHDR" or len(content) < 24:
        return _USUAL_SIZE
    width, height = int.from_bytes(content[16:20]), int.from_bytes(content[20:24])
    return (width, height) if width and height else _USUAL_SIZE


def _bad_url(param: str) -> ApiError:
    message = f"Invalid '{param}'. Expected a valid https URL or a base64-encoded data URL, but got another value."
    return invalid(message, param=param, code="invalid_image_url")


def _bad_image(message: str, param: str) -> ApiError:
    return invalid(message, param=param, code="invalid_image_format")
