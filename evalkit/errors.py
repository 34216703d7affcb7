"""The error tree. Every message says where, what, and what to do.

EvalkitError
├── UsageError            the user can mend it before anything is sent      exit 2
│   ├── SuiteInvalid      a suite with all its problems and their places
│   └── UnknownName       a name that no registry or suite has
├── NothingSelected       no trial was left to run                          exit 5
├── StorageError          a result could not be kept                        exit 3
├── Undecodable           an answer body that says nothing usable  ┐ raised by the APIs, turned into a
├── ErrorReply            an error inside an answer body           ┘ Fault by the gateway
└── CheckFailedToRun      a check that could not look at an answer (never a wrong answer)
    └── JudgeFailed       a model that was asked about an answer gave no verdict
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal


class EvalkitError(Exception):
    """The root of all that evalkit raises on purpose."""

    exit_code: ClassVar[int] = 2


class UsageError(EvalkitError):
    """Something the user can mend, found before anything was sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One mistake in a file, with its place. Lines and columns count from 1; None where there is none."""

    file: str
    message: str
    line: int | None = None
    column: int | None = None
    source: str | None = None
    """The text of the line, to draw a caret under."""

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)
        return f"{place}: {self.message}"


class SuiteInvalid(UsageError):
    """A suite that cannot run, with every problem found in one pass."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


class UnknownName(UsageError):
    """A name nobody defined, with the nearest one that somebody did."""

    def __init__(self, noun: str, name: str, known: Iterable[str]) -> None:
        known = sorted(known)
        hint = did_you_mean(name, known) or f"; known: {', '.join(known)}"
        super().__init__(f"unknown {noun} '{name}'{hint}")


class NothingSelected(EvalkitError):
    """Zero trials: never a green run."""

    exit_code = 5


class StorageError(EvalkitError):
    """A result could not be written. What was written before stands."""

    exit_code = 3


class Undecodable(EvalkitError):
    """An answer body without a usable answer."""

    def __init__(self, kind: Literal["protocol", "empty_response"], message: str) -> None:
        super().__init__(message)
        self.kind: Literal["protocol", "empty_response"] = kind


class ErrorReply(EvalkitError):
    """An error that the gateway put into an answer body; `code` and `error_type` are its own words."""

    def __init__(self, message: str, *, code: str | None = None, error_type: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.error_type = error_type


class CheckFailedToRun(EvalkitError):
    """A check could not look at the answer. The trial stays unscored.

    `opinions` are the `types.Opinion`s that were paid for before it failed.
    """

    def __init__(self, message: str, *, opinions: Sequence[Any] = ()) -> None:
        super().__init__(message)
        self.opinions = tuple(opinions)


class JudgeFailed(CheckFailedToRun):
    """A model that a check asked about an answer gave no usable verdict."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`"; did you mean 'prompt'?"` where a known name is near, else `""`."""
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"; did you mean '{near[0]}'?" if near else ""
