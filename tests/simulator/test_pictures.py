from __future__ import annotations

import base64
import hashlib
import struct

import pytest

from evalkit.simulator.errors import ApiError
from evalkit.simulator.pictures import picture
from evalkit.simulator.profiles import PROFILES

PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 640, 480)
JPEG = b"\xff\xd8\xff\xe0" + bytes(20)


def _data_url(content: bytes, media_type: str = "image/png") -> str:
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"


def test_a_png_in_a_data_url_is_measured_and_known_by_its_hash():
    seen = picture({"url": _data_url(PNG), "detail": "high"}, "url", "here")
    assert (seen.width, seen.height, seen.detail) == (640, 480, "high")
    assert seen.reference == hashlib.sha256(PNG).hexdigest()


def test_an_https_url_is_taken_as_it_is():
    assert picture({"url": "https://example.com/a.jpg"}, "url", "here").reference == "https://example.com/a.jpg"


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/a.png",
        "https://",
        "https://exa mple.com/a.png",
        "https://[broken",
        "file:///etc/passwd",
        "images/a.png",
        "",
        "data:image/png,abc",
        "data:text/plain;base64,aGVsbG8=",
        "data:image/svg+xml;base64,PHN2Zy8+",
        "data:image/png;base64,",
        "data:image/png;base64,not*base64",
        "data:image/png;base64,aGVsbG8",
        _data_url(b"no picture at all"),
        _data_url(JPEG, "image/png"),
        None,
        7,
    ],
)
def test_what_is_no_picture_is_rejected_with_its_place(url):
    with pytest.raises(ApiError) as caught:
        picture({"url": url}, "url", "here")
    assert caught.value.status == 400
    assert caught.value.body["error"]["param"] == "here.url"


def test_an_unknown_detail_is_rejected():
    with pytest.raises(ApiError) as caught:
        picture({"url": "https://example.com/a.png", "detail": "best"}, "url", "here")
    assert caught.value.body["error"]["param"] == "here.detail"


@pytest.mark.parametrize(
    ("model", "size", "detail", "tokens"),
    [
        ("gpt-4o", (2560, 1669), "high", 1105),
        ("gpt-4o", (2560, 1669), "low", 85),
        ("gpt-4o-mini", (512, 512), "high", 8500),
        ("o3", (1024, 1024), "auto", 675),
        ("o4-mini", (1024, 1024), "auto", 1761),
        ("gemini-2.5-pro", (2560, 1669), "auto", 1548),
        ("gemini-2.5-pro", (384, 384), "auto", 258),
        ("doubao-1-5-vision-pro-32k-250115", (2560, 1669), "high", 5120),
        ("doubao-1-5-vision-pro-32k-250115", (2560, 1669), "low", 1312),
        ("claude-sonnet-4", (2560, 1669), "auto", 1600),
    ],
)
def test_pictures_cost_what_their_family_charges(model, size, detail, tokens):
    assert PROFILES[model].pictures(*size, detail) == tokens
