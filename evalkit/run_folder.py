"""Run folders: `results/<suite>-<UTC stamp>[-n]/`, each made once, and derived files written whole or not at all."""

from __future__ import annotations

import errno
import os
import re
import unicodedata
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import msgspec

from evalkit.errors import StorageError, UsageError
from evalkit.types import Manifest

MANIFEST = "run.json"
RECORDS = "records.jsonl"
ATTEMPTS = "attempts.jsonl"
DAMAGED = "records.damaged"
MEDIA = "media"
FORMAT = 1
"""Of run.json and records.jsonl."""
_NO_SUCH_THING = {errno.EINVAL, errno.ENOTSUP, errno.ENOSYS, errno.EBADF}
"""What network file systems say that cannot sync a folder; there is no other way."""
_LONGEST_NAME = 80
"""Bytes of a suite's name in a folder's name; file systems take 255."""


def create_run_folder(parent: Path, suite: str, now: datetime) -> Path:
    """A new, empty folder for one run. Raises UsageError where none can be made."""
    stem = f"{file_name(suite)}-{now:%Y%m%dT%H%M%SZ}"
    number = 1
    while True:
        folder = parent / (stem if number == 1 else f"{stem}-{number}")
        try:
            parent.mkdir(parents=True, exist_ok=True)
            folder.mkdir()
            sync_folder(parent)
        except FileExistsError:
            if not parent.is_dir():
                raise UsageError(f"results cannot go to {parent}: it is a file, not a folder") from None
            number += 1
            continue
        except OSError as error:
            reason = f"{error.strerror}; name another folder with -o"
            raise UsageError(f"results cannot be written below {parent}: {reason}") from error
        return folder


def file_name(text: str) -> str:
    """`text` as part of a file name: letters, digits and -_. of any script, at most 80 bytes."""
    text = unicodedata.normalize("NFC", text)
    safe = re.sub(r"[^\w.-]+", "-", text).strip("-. ")
    return safe.encode()[:_LONGEST_NAME].decode(errors="ignore") or "suite"


def folder_of(run: Path) -> Path:
    """The run folder that people mean: itself, or one of the files in it that tools complete."""
    return run.parent if run.name in (MANIFEST, RECORDS) else run


def read_manifest(folder: Path) -> Manifest:
    """What a run says about itself. Raises UsageError where it is no run folder, or one of another format."""
    file = folder / MANIFEST
    try:
        manifest = msgspec.json.decode(file.read_bytes(), type=Manifest)
    except OSError as error:
        raise UsageError(f"{folder}: no run folder: its run.json cannot be read ({error.strerror})") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{file}: not the manifest of a run ({error}); name a folder that a run has made") from error
    if manifest.format != FORMAT:
        wanted = f"this evalkit reads format {FORMAT}; use a newer one"
        raise UsageError(f"{file}: a run of format {manifest.format}, and {wanted}")
    return manifest


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Writes run.json, or replaces it whole."""
    write_whole(folder / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n")


def write_whole(path: Path, data: bytes) -> None:
    """Writes a file so that there is the old one or the new one, never half of it. Raises StorageError."""
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise StorageError(f"{path} cannot be written: {error.strerror}") from error


def sync_folder(folder: Path) -> None:
    """Makes the names in a folder durable, where the system has a way to."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in _NO_SUCH_THING:
            raise
    finally:
        os.close(handle)
