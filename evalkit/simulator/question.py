"""What was asked, once a request has been found valid: free of the API it came through."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from evalkit.simulator.judging import Case, case_in
from evalkit.simulator.profiles import Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture in a message."""

    reference: str
    """Its URL, or the SHA-256 of its bytes."""
    width: int
    """Pixels; a usual size where the picture was not measured."""
    height: int
    detail: str = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A PDF in a message."""

    reference: str
    """Its URL, or the SHA-256 of its bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A function that may be called."""

    name: str
    parameters: Mapping[str, Any]
    """Its arguments as a JSON Schema."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A message."""

    role: str
    text: str
    pictures: tuple[Picture, ...] = ()
    documents: tuple[Document, ...] = ()

    @property
    def references(self) -> list[str]:
        """Of all that it holds besides its text."""
        pictures = [picture.reference for picture in self.pictures]
        return pictures + [document.reference for document in self.documents]


@dataclass(frozen=True, kw_only=True)
class Question:
    """A conversation and what its settings do to the answer."""

    profile: Profile
    turns: tuple[Turn, ...]
    cap: int | None = None
    """The most output tokens, reasoning included."""
    effort: str = "medium"
    as_json: bool = False
    stop: tuple[str, ...] = ()
    tools: tuple[Tool, ...] = ()
    demanded: Tool | None = None
    """The tool that must be called."""
    stream: bool = False
    stream_usage: bool = False
    """Whether a streamed chat completion ends with its usage."""

    @cached_property
    def digest(self) -> str:
        """Stands for the model and the conversation, and for none of the settings."""
        turns = [[turn.role, turn.text, turn.references] for turn in self.turns]
        return hashlib.sha256(json.dumps([self.profile.id, turns]).encode()).hexdigest()

    @cached_property
    def to_judge(self) -> Case | None:
        """What is to be graded, where that is what is asked."""
        return case_in([(turn.role, turn.text) for turn in self.turns])

    @property
    def asked(self) -> str:
        """The last user message, or what comes closest to one."""
        users = [turn.text for turn in self.turns if turn.role == "user"]
        return users[-1] if users else self.turns[-1].text

    @property
    def called(self) -> Tool | None:
        """The tool that the answer calls: the one demanded, or the first for who says `[[tool]]`."""
        if self.demanded is None and self.tools and self.says("[[tool]]"):
            return self.tools[0]
        return self.demanded

    def says(self, words: str) -> bool:
        """Whether the last user message contains `words`: what provoked one answer does not spoil those after it.

        Of a request to grade an answer, what is graded does not count.
        """
        if self.to_judge is not None:
            return words in self.to_judge.outside
        users = [turn.text for turn in self.turns if turn.role == "user"]
        return bool(users) and words in users[-1]
