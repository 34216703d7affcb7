"""What makes a question the same question to the cache: what is sent, and to whom; no names, no key."""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import msgspec

from evalkit.registry import APIS
from evalkit.types import Asked, Media, Trial

__all__ = ["Question", "question_of", "stand_in_origin"]

_TURN = "turn "


class Question(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One request as the cache knows it. Two of them are the same where they are written the same."""

    origin: str
    """The base URL that is asked; of the stand-in gateway, its own name."""
    api: str
    model: str
    """The id that is sent."""
    repeat: int
    purpose: str = ""
    """Of a question about an answer, what it is for, in a word: it may be asked twice in the same words."""
    expected: str | None = None
    """What the stand-in gateway is told beside the body."""
    body: Any
    """As it is sent, pictures and documents by hash. Only its outermost names are sorted: a schema's are in order."""

    @property
    def key(self) -> str:
        """SHA-256 of its JSON, in hexadecimal digits."""
        return hashlib.sha256(_encode(self)).hexdigest()


_encode = msgspec.json.Encoder().encode


def question_of(trial: Trial, asked: Asked, part: str, *, stand_in: str | None = None) -> Question | None:
    """The request of a part of a trial; None where it is no model that is asked, but an application: it may change.

    `stand_in` is the origin of a stand-in gateway, which has another address each time.
    """
    model = asked.model
    if model.provider.target is not None:
        return None
    body = APIS[model.api].encode(asked.request, _reference)
    return Question(
        origin=stand_in or _origin(model.provider.base_url),
        api=model.api,
        model=model.id,
        repeat=trial.repeat,
        purpose="" if part.startswith(_TURN) else part.partition(" ")[0],
        expected=_expected(trial, part) if stand_in else None,
        body=dict(sorted(body.items())),
    )


def stand_in_origin(seed: int, version: str) -> str:
    """What is called the origin of a stand-in gateway's answers, which hang on its seed and its version alone."""
    return f"stand-in {version}, seed {seed}"


def _expected(trial: Trial, part: str) -> str | None:
    return trial.expected_at(int(part.removeprefix(_TURN))) if part.startswith(_TURN) else trial.expected


def _origin(base_url: str) -> str:
    """The URL without what may hold a secret: user, password, query."""
    parts = urlsplit(base_url)
    host = parts.netloc.rpartition("@")[2].lower()
    return urlunsplit((parts.scheme, host, parts.path.rstrip("/"), "", ""))


def _reference(medium: Media) -> str:
    return medium.reference
