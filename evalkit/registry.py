"""What can be added by one new file: checks, APIs and reports, each under the name that suites and flags use.

A definition registers itself with a decorator; the registry finds the built-in ones by importing every module of
their package the first time a name is asked for, and other packages' ones by the entry-point group `evalkit.<group>`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import entry_points
from importlib.util import find_spec
from typing import Any, Generic, Literal, NamedTuple, Protocol, TypeVar

from evalkit.errors import UnknownName, UsageError
from evalkit.types import Check, ImageURL, Request, Response

T = TypeVar("T")


class Registry(Generic[T]):
    """A table of named definitions that fills itself when first read."""

    def __init__(self, noun: str, *, package: str) -> None:
        self._noun = noun
        self._package = package
        self._entries: dict[str, T] = {}
        self._loaded = False

    def register(self, name: str) -> Callable[[T], T]:
        """A decorator that puts a definition under `name`."""

        def put(definition: T) -> T:
            if name in self._entries:
                raise ValueError(f"two {self._noun}s are called '{name}'")
            self._entries[name] = definition
            return definition

        return put

    def __getitem__(self, name: str) -> T:
        self._load()
        if name not in self._entries:
            raise UnknownName(self._noun, name, self._entries)
        return self._entries[name]

    def __contains__(self, name: object) -> bool:
        self._load()
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        self._load()
        return iter(sorted(self._entries))

    def _load(self) -> None:
        if self._loaded:
            return
        self._loaded = True
        package = importlib.import_module(self._package)
        for module in pkgutil.iter_modules(package.__path__):
            importlib.import_module(f"{self._package}.{module.name}")
        for point in entry_points(group=self._package):
            try:
                point.load()
            except Exception as error:  # somebody else's package may raise anything
                owner = point.dist.name if point.dist is not None else point.value
                raise UsageError(
                    f"the package '{owner}' offers {self._noun}s that cannot be loaded: "
                    f"{type(error).__name__}: {error}; mend or uninstall it"
                ) from error


TokenKind = Literal["reasoning", "answer"]
"""What a streamed token belongs to: the thinking, or what the model says, declines or calls."""
Progress = Literal["running", "finished", "complete"]
"""Of a streamed answer: still coming; told how it ended, figures may follow; nothing more to come."""


class Assembler(Protocol):
    """Puts one streamed answer together. No I/O."""

    @property
    def progress(self) -> Progress:
        """How far the answer is."""
        ...

    def feed(self, event: str, data: Any) -> TokenKind | None:
        """Takes in one event; what kind of token it brought, if any. Raises `Undecodable` or `ErrorReply`."""
        ...

    def body(self) -> Any:
        """What has come so far, as a body for the API's `decode`."""
        ...


class Api(Protocol):
    """The bodies of one HTTP API: how a request is spelt and an answer is read. No I/O."""

    path: str
    """Below the provider's base URL."""
    headers: Mapping[str, str]
    """What its requests say of themselves beside what all do."""

    def encode(self, request: Request, image_url: ImageURL) -> dict[str, Any]:
        """The body of `request`, its pictures named by `image_url`."""
        ...

    def decode(self, body: Any) -> Response:
        """The answer in a body that came with status 200. Raises `Undecodable` or `ErrorReply`."""
        ...

    def assembler(self) -> Assembler:
        """A new one, for one answer that comes as a stream."""
        ...


class Report(Protocol):
    """One way to show a run."""

    filename: str | None
    """Its file in the run folder; None where it is for the screen only."""

    def render(self, run: Any) -> str:
        """The text; `run` is an `analysis.frames.JudgedRun`, some floors above this one."""
        ...


class Extra(NamedTuple):
    """An optional part of the distribution, and the package by which it is told whether it is there."""

    name: str
    package: str

    def __str__(self) -> str:
        return f"evalkit-harness[{self.name}]"


def missing_extra(definition: object) -> Extra | None:
    """What a definition says it needs (`extra`) and is not installed."""
    extra = getattr(definition, "extra", None)
    return extra if isinstance(extra, Extra) and find_spec(extra.package) is None else None


CHECKS: Registry[type[Check]] = Registry("check", package="evalkit.checks")
APIS: Registry[Api] = Registry("api", package="evalkit.apis")
REPORTS: Registry[Report] = Registry("report", package="evalkit.report")
