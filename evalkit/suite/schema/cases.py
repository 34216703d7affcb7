"""What is filled in, and what the answers must be like: cases, their defaults, and files of them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from evalkit.suite.schema.sections import (
    CaseChecks,
    Check,
    Name,
    Names,
    Params,
    PositiveInt,
    Reason,
    Section,
    Share,
    Text,
)
from evalkit.types import Detail


class ImageFile(Section):
    """A picture: an https URL, or a path below the root."""

    shorthand = "url"
    url: str
    detail: Detail | None = None


class CaseDefaults(Section):
    """What a case may set and `defaults` may set for all."""

    params: Params = None
    """Neutral names, mapped per API and model; null removes one."""
    repeat: PositiveInt | None = None
    pass_if: Share | None = None
    """The share of its repeats that must pass for the case to pass: `2/3`, `0.5`, `any`; by default `all`."""
    transform: str | None = None
    """A template that rewrites the answer before it is checked."""


class DefaultsFile(CaseDefaults):
    """For every case; a case's own values are laid over them."""

    stream: bool | None = None
    """Of models that do not set it themselves."""
    checks: list[Check] = []
    """Come before a case's own."""


class TurnFile(Section):
    """One turn of a conversation: what the user says, and what the answer to it must be like."""

    shorthand = "user"
    user: Annotated[Text, Field(min_length=1)]
    """A template, as in prompts; the answers before it are not known to it."""
    expected: Any = None
    """For the checks of this turn, and for the stand-in gateway; by default the case's."""
    images: list[ImageFile] = []
    """Appended to this message, in this order."""
    files: list[str] = []
    checks: list[Check] = []
    """Of the answer to this turn; those of the case look at the last answer, and at the whole."""


class CaseFile(CaseDefaults):
    """One case: what is filled in, and what the answer must be like."""

    id: Name | None = None
    """Unique; by default made of what the case asks."""
    vars: dict[str, Any] = {}
    expected: Any = None
    """For checks (`{{ expected }}`) and for the stand-in gateway."""
    tags: list[Text] = []
    images: list[ImageFile] = []
    """Appended to the last user message, in this order."""
    files: list[str] = []
    """PDFs, each an https URL or a path below the root; they follow the images."""
    models: Names | None = None
    """Only these."""
    prompts: Names | None = None
    """Only these."""
    accept: list[Literal["length", "refusal", "content_policy"]] = []
    """Outcomes that may pass."""
    threshold: Annotated[float, Field(ge=0, le=1)] | None = None
    """Pass when the weighted score reaches it; by default when no check fails."""
    turns: Annotated[list[TurnFile], Field(min_length=1)] | None = None
    """A conversation: what the user says, the model's own answers in between."""
    checks: CaseChecks = []
    """At least one of them, or of the defaults' or a turn's, must look at the answer; or `none`."""
    cluster: Name | None = None
    """What it shares with others, such as a document: cases of one cluster are not independent."""
    xfail: Reason = None
    """Why it is expected to fail: passing is then reported, failing is no regression."""
    skip: Reason = None
    """Why this case is not run."""


class DatasetFile(Section):
    """Cases in a file, one a row: JSONL and YAML rows have the keys of a case; columns of CSV and Parquet are vars.

    But for id, expected, images, tags and cluster, which mean what they mean in a case.
    """

    shorthand = "file"
    file: str
    """A path or a pattern such as data/*.jsonl."""
    id: str | None = None
    """The column that holds the case id."""
    images: str | None = None
    """The column that holds pictures, several of them separated by `|`."""
    expected: str | None = None
    """The column that holds the expected answer."""
    sample: PositiveInt | None = None
    """Only this many rows, drawn by `seed`."""
    seed: int = 0
