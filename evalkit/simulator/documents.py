"""Reads a PDF as strictly as the real APIs do."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from typing import Any

from evalkit.simulator.errors import invalid, wrong_type
from evalkit.simulator.pictures import is_https
from evalkit.simulator.question import Document

_DATA_URL = re.compile(r"data:application/pdf;base64,(?P<data>.*)", re.DOTALL)


def named(value: Any, param: str) -> Document:
    """The document that a data URL holds or an https URL names. Raises `ApiError`, as all here."""
    if not isinstance(value, str):
        raise wrong_type(param, "a string", value)
    found = _DATA_URL.fullmatch(value)
    if found is not None:
        return encoded(found["data"], param)
    if is_https(value):
        return Document(reference=value)
    wanted = "a base64-encoded data URL with the MIME type application/pdf, or an https URL"
    raise invalid(f"Invalid '{param}'. Expected {wanted}, but got another value.", param=param, code="invalid_value")


def encoded(data: Any, param: str) -> Document:
    """The document in base64."""
    if not isinstance(data, str):
        raise wrong_type(param, "a string", data)
    try:
        content = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        raise invalid(f"Invalid '{param}'. It is no base64.", param=param, code="invalid_base64") from None
    if not content.startswith(b"%PDF-"):
        raise invalid(f"Invalid '{param}'. The file is no PDF.", param=param, code="invalid_file_format")
    return Document(reference=hashlib.sha256(content).hexdigest())


def is_named_pdf(url: Any) -> bool:
    """Whether a URL says of itself that it is a PDF."""
    return isinstance(url, str) and (url.startswith("data:application/pdf") or url.lower().endswith(".pdf"))
