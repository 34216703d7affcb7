"""Pictures and PDFs in prompts: found below the root, looked into and hashed once a file, encoded when first sent."""

from __future__ import annotations

import base64
import hashlib
from collections import OrderedDict
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from evalkit.errors import EvalkitError, StorageError
from evalkit.suite.places import PathInvalid, below_root
from evalkit.types import Detail, Document, Image, Media

MAX_BYTES = 20 * 1024 * 1024
"""Of one picture: more than this the models' own APIs refuse."""
MAX_PIXELS = 100_000_000
MEDIA_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "GIF": "image/gif", "WEBP": "image/webp"}
"""What models read, by Pillow's name of the format."""
ENCODED_BYTES = 256 * 1024 * 1024
"""How much of encoded files is kept in memory; the rest is read again."""
MAX_DOCUMENT_BYTES = 32 * 1024 * 1024
_PDF = b"%PDF-"


class MediaInvalid(EvalkitError):
    """A picture or a document that cannot be sent."""


class MediaStore:
    """The pictures and documents of one suite."""

    def __init__(self, *, base: Path, root: Path) -> None:
        self._base = base
        self._root = root
        self._images: dict[Path, Image] = {}
        self._documents: dict[Path, Document] = {}
        self._encoded: OrderedDict[str, str] = OrderedDict()
        self._encoded_bytes = 0

    def image(self, url: str, detail: Detail | None) -> Image:
        """The picture at an https URL or a path. Raises MediaInvalid."""
        if url.startswith("https://"):
            return Image(url=url, detail=detail)
        path = self._path(url, "a picture")
        if path not in self._images:
            self._images[path] = _look_into(path, url)
        known = self._images[path]
        return Image(
            path=path,
            sha256=known.sha256,
            media_type=known.media_type,
            width=known.width,
            height=known.height,
            detail=detail,
        )

    def document(self, url: str) -> Document:
        """The PDF at an https URL or a path. Raises MediaInvalid."""
        if url.startswith("https://"):
            return Document(name=PurePosixPath(urlsplit(url).path).name or "document.pdf", url=url)
        path = self._path(url, "a file")
        if path not in self._documents:
            self._documents[path] = _examine(path, url)
        return self._documents[path]

    def data_url(self, medium: Media) -> str:
        """What is sent for it: its URL, or the file as a `data:` URL. Raises StorageError if that changed."""
        if medium.path is None or medium.sha256 is None:
            return medium.url or ""
        encoded = self._encoded.get(medium.sha256)
        if encoded is None:
            encoded = _encode(medium.path, medium)
            self._keep(medium.sha256, encoded)
        else:
            self._encoded.move_to_end(medium.sha256)
        return encoded

    def _path(self, url: str, noun: str) -> Path:
        if "://" in url or url.startswith("data:"):
            raise MediaInvalid(f"{noun} is an https URL or a path, found '{url[:60]}'")
        try:
            return below_root(url, base=self._base, root=self._root)
        except PathInvalid as error:
            raise MediaInvalid(str(error)) from error

    def _keep(self, sha256: str, encoded: str) -> None:
        self._encoded[sha256] = encoded
        self._encoded_bytes += len(encoded)
        while self._encoded_bytes > ENCODED_BYTES and len(self._encoded) > 1:
            self._encoded_bytes -= len(self._encoded.popitem(last=False)[1])


def _look_into(path: Path, name: str) -> Image:
    """Opens a file as a picture, and reads it to its end."""
    data = _read(path, name, noun="a picture", most=MAX_BYTES)
    kind, width, height = _measure(data, name)
    if kind not in MEDIA_TYPES:
        raise MediaInvalid(f"'{name}' is a {kind} picture; models read {', '.join(MEDIA_TYPES)}")
    if width * height > MAX_PIXELS:
        raise MediaInvalid(f"'{name}' has {width}×{height} pixels; a picture may have {MAX_PIXELS / 1e6:,.0f} million")
    _demand_whole(data, kind, name)
    digest = hashlib.sha256(data).hexdigest()
    return Image(path=path, sha256=digest, media_type=MEDIA_TYPES[kind], width=width, height=height)


def _examine(path: Path, name: str) -> Document:
    """Takes a file for a PDF by its first bytes, as the format demands them (ISO 32000-1, 7.5.2)."""
    data = _read(path, name, noun="a PDF", most=MAX_DOCUMENT_BYTES)
    if not data.startswith(_PDF):
        raise MediaInvalid(f"'{name}' is not a PDF: it does not begin with {_PDF.decode()}")
    return Document(name=path.name, path=path, sha256=hashlib.sha256(data).hexdigest())


def _read(path: Path, name: str, *, noun: str, most: int) -> bytes:
    try:
        size = path.stat().st_size
        if size <= most:
            return path.read_bytes()
    except OSError as error:
        raise MediaInvalid(f"'{name}' cannot be read: {error.strerror}") from error
    raise MediaInvalid(f"'{name}' has {size / 1e6:,.1f} MB; {noun} may have {most // 2**20} MiB")


def _measure(data: bytes, name: str) -> tuple[str, int, int]:
    """Format, width and height, from the picture's head."""
    import io
    import warnings

    from PIL import Image as Pillow
    from PIL import UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Pillow.DecompressionBombWarning)  # MAX_PIXELS judges that
            with Pillow.open(io.BytesIO(data)) as picture:
                return str(picture.format), picture.width, picture.height
    except Pillow.DecompressionBombError as error:
        raise MediaInvalid(f"'{name}' has too many pixels; it may have {MAX_PIXELS / 1e6:,.0f} million") from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise MediaInvalid(f"'{name}' is not a picture that can be read ({', '.join(MEDIA_TYPES)})") from error


def _demand_whole(data: bytes, kind: str, name: str) -> None:
    """Refuses a picture that ends too early, as half a download does, with as little decoding as its format allows."""
    import io
    import warnings

    from PIL import Image as Pillow

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Pillow.open(io.BytesIO(data)) as picture:
                if kind == "PNG":
                    picture.verify()
                else:
                    picture.draft("L", (picture.width // 8, picture.height // 8))  # only JPEG can do with less
                    picture.load()
    except Exception as error:  # a decoder raises whatever a broken file makes it stumble over
        raise MediaInvalid(f"'{name}' is a broken {kind} picture: {error}") from error


def _encode(path: Path, medium: Media) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise StorageError(f"{path} cannot be read any more: {error.strerror}") from error
    if hashlib.sha256(data).hexdigest() != medium.sha256:
        raise StorageError(f"{path} was changed while the run was under way")
    return f"data:{medium.media_type};base64,{base64.b64encode(data).decode()}"
