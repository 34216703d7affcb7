"""What is asked: prompts, in one form or another."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from evalkit.suite.schema.sections import Name, Section, Text
from evalkit.types import Role


class MessageFile(Section):
    """One message of a prompt."""

    role: Role
    content: Text
    name: str | None = None


class PromptBody(Section):
    """The words of a prompt: `user` (and `system`), or `messages`, or a `file`."""

    shorthand = "user"
    system: Text | None = None
    user: Text | None = None
    messages: Annotated[list[MessageFile], Field(min_length=1)] | None = None
    file: str | None = None
    """.txt, .md, .j2: the user's text; .yaml, .json: messages."""


class PromptFile(PromptBody):
    """A prompt to try."""

    name: Name | None = None
    """Needed where there is more than one."""
    variants: dict[str, PromptBody] = {}
    """By model: other words for the same prompt."""
