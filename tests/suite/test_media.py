"""Pictures: found, looked into, hashed, and encoded when sent."""

from __future__ import annotations

import base64
import hashlib
import os
import struct
import zlib
from pathlib import Path

import pytest

from evalkit.errors import StorageError
from evalkit.suite import media
from evalkit.suite.media import MediaInvalid, MediaStore
from evalkit.types import Image


@pytest.fixture
def store(home) -> MediaStore:
    return MediaStore(base=home, root=home)


def refusal(store: MediaStore, url: str, home: Path) -> str:
    with pytest.raises(MediaInvalid) as caught:
        store.image(url, None)
    return str(caught.value).replace(str(home), "HOME")


def png_of(width: int, height: int) -> bytes:
    """A picture whose head tells of so many pixels, and that has none of them."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("form", "media_type"),
    [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("GIF", "image/gif"), ("WEBP", "image/webp")],
)
def test_a_picture_is_measured_and_hashed(store, write, picture, form, media_type):
    data = picture(form)
    path = write("a picture", data)  # its name says nothing of its format
    assert store.image("a picture", "high") == Image(
        path=path, sha256=hashlib.sha256(data).hexdigest(), media_type=media_type, width=16, height=8, detail="high"
    )


def test_a_picture_is_sent_as_it_is(store, write, picture):
    data = picture("JPEG")
    write("a.jpg", data)
    assert store.data_url(store.image("a.jpg", None)) == f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"


def test_a_remote_picture_is_passed_through(store):
    image = store.image("https://example.com/a.png?x=1", "low")
    assert image == Image(url="https://example.com/a.png?x=1", detail="low")
    assert store.data_url(image) == "https://example.com/a.png?x=1"


@pytest.mark.parametrize("url", ["http://h/a.png", "file:///etc/passwd", "data:image/png;base64,AAAA", "ftp://h/a"])
def test_another_kind_of_url_is_refused(store, home, url):
    assert refusal(store, url, home) == f"a picture is an https URL or a path, found '{url}'"


def test_a_file_is_looked_into_once(store, write, picture, monkeypatch):
    write("a.png", picture("PNG"))
    first = store.image("a.png", None)
    monkeypatch.setattr(media, "_look_into", None)
    assert store.image("./a.png", None) == first


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("none.png", "no such file: 'none.png' (looked in HOME)"),
        ("text.png", "'text.png' is not a picture that can be read (PNG, JPEG, GIF, WEBP)"),
        ("empty.png", "'empty.png' is not a picture that can be read (PNG, JPEG, GIF, WEBP)"),
        ("drawing.svg", "'drawing.svg' is not a picture that can be read (PNG, JPEG, GIF, WEBP)"),
        ("a.bmp", "'a.bmp' is a BMP picture; models read PNG, JPEG, GIF, WEBP"),
        ("a.tiff", "'a.tiff' is a TIFF picture; models read PNG, JPEG, GIF, WEBP"),
        ("wide.png", "'wide.png' has 12000×9000 pixels; a picture may have 100 million"),
        ("bomb.png", "'bomb.png' has too many pixels; it may have 100 million"),
        ("hollow.png", "'hollow.png' is not a picture that can be read (PNG, JPEG, GIF, WEBP)"),
        ("big.png", "'big.png' has 21.0 MB; a picture may have 20 MiB"),
        ("pipe.png", "'pipe.png' is not a regular file"),
        ("folder", "'folder' is not a regular file"),
        ("away.png", "'away.png' lies outside the suite's root (HOME); set `root:` if that is meant"),
        ("../out.png", "'../out.png' lies outside the suite's root (HOME); set `root:` if that is meant"),
    ],
)
def test_what_no_model_could_read_is_refused(store, write, home, picture, name, message):
    write("text.png", "just words")
    write("empty.png", b"")
    write("drawing.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>")
    write("a.bmp", picture("BMP"))
    write("a.tiff", picture("TIFF"))
    write("wide.png", png_of(12000, 9000))
    write("bomb.png", png_of(60000, 60000))
    write("hollow.png", png_of(0, 0))
    with write("big.png", b"").open("wb") as handle:
        handle.truncate(20 * 1024 * 1024 + 1)
    os.mkfifo(home / "pipe.png")
    (home / "folder").mkdir()
    (home.parent / "out.png").write_bytes(picture("PNG"))
    (home / "away.png").symlink_to(home.parent / "out.png")
    assert refusal(store, name, home) == message


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "WEBP"])
@pytest.mark.parametrize("kept", [0.05, 0.4, 0.6, 0.95])
def test_half_a_picture_is_refused(store, write, home, picture, form, kept):
    data = picture(form, (64, 64))
    write("a.png", data[: int(len(data) * kept)])
    message = refusal(store, "a.png", home)
    assert message.startswith((f"'a.png' is a broken {form} picture: ", "'a.png' is not a picture that can be read"))


def test_a_picture_with_something_behind_it_is_taken(store, write, picture):
    for form in ("PNG", "JPEG", "GIF"):
        write(f"a.{form}", picture(form) + b"more")
        assert store.image(f"a.{form}", None).width == 16


def test_a_picture_that_may_not_be_read_is_refused(store, write, home, picture, monkeypatch):
    write("a.png", picture("PNG"))

    def refuse(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert refusal(store, "a.png", home) == "'a.png' cannot be read: Permission denied"


def test_a_picture_that_changed_is_not_sent(store, write, picture):
    path = write("a.png", picture("PNG"))
    image = store.image("a.png", None)
    path.write_bytes(picture("PNG", (1, 1)))
    with pytest.raises(StorageError, match="was changed while the run was under way"):
        store.data_url(image)
    path.unlink()
    with pytest.raises(StorageError, match="cannot be read any more"):
        store.data_url(image)


def test_encoded_pictures_are_kept_up_to_a_limit(store, write, picture, monkeypatch):
    urls = []
    for number in range(3):
        path = write(f"{number}.png", picture("PNG", (number + 1, 1)))
        urls.append((path, store.image(path.name, None)))
    monkeypatch.setattr(media, "ENCODED_BYTES", 2 * len(store.data_url(urls[0][1])) + 10)
    for _, image in urls:
        store.data_url(image)
    for path, _ in urls:
        path.unlink()
    assert store.data_url(urls[2][1])
    with pytest.raises(StorageError):
        store.data_url(urls[0][1])


def test_a_pdf_is_known_by_its_first_bytes(store, write):
    path = write("terms.txt", b"%PDF-1.7\n...")
    document = store.document("terms.txt")
    assert (document.path, document.name, document.sha256) == (
        path, "terms.txt", hashlib.sha256(b"%PDF-1.7\n...").hexdigest(),
    )  # fmt: skip
    assert store.data_url(document).startswith("data:application/pdf;base64,")


def test_a_remote_pdf_is_passed_through(store):
    document = store.document("https://example.com/a/terms.pdf?x=1")
    assert (document.url, document.name) == ("https://example.com/a/terms.pdf?x=1", "terms.pdf")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a.pdf", "'a.pdf' is not a PDF: it does not begin with %PDF-"),
        ("big.pdf", "'big.pdf' has 33.6 MB; a PDF may have 32 MiB"),
        ("none.pdf", "no such file: 'none.pdf' (looked in HOME)"),
        ("http://h/a.pdf", "a file is an https URL or a path, found 'http://h/a.pdf'"),
    ],
)
def test_what_is_no_pdf_is_refused(store, write, home, name, message):
    write("a.pdf", "just words")
    with write("big.pdf", b"").open("wb") as handle:
        handle.truncate(32 * 1024 * 1024 + 1)
    with pytest.raises(MediaInvalid) as caught:
        store.document(name)
    assert str(caught.value).replace(str(home), "HOME") == message
