"""The flags of `evalkit run`, and which of them a run folder remembers so that the run can be gone on with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import msgspec

from evalkit.suite.selection import Selection, TrialSet

FORGOTTEN = frozenset(
    {"resume", "retry_errors", "offline", "out", "allow_code", "color", "quiet", "verbose", "dry_run", "given"}
)
"""Flags that are no part of what a run is. Code is allowed anew each time; stand-in or not stands in the manifest."""
NARROWING = frozenset({"models", "prompts", "cases", "tags", "limit", "sample"})
"""Flags that choose a part of what a suite asks."""
_PATHS = ("env_file", "replay", "failed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The flags of `evalkit run`."""

    models: tuple[str, ...] = ()
    prompts: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    limit: int | None = None
    sample: int | None = None
    seed: int = 0
    repeat: int | None = None
    overrides: tuple[str, ...] = ()
    concurrency: int | None = None
    stream: bool | None = None
    offline: bool = False
    base_url: str | None = None
    env_file: Path | None = None
    no_key: str = "fail"
    allow_code: bool = False
    resume: Path | None = None
    retry_errors: bool = True
    replay: Path | None = None
    failed: Path | None = None
    cache: bool = False
    baseline: str | None = None
    """A file, a run folder, or `git:REF`."""
    max_error_rate: float = 0.01
    gates: tuple[str, ...] = ()
    strict: bool = False
    reports: tuple[str, ...] = ()
    no_raw: bool = False
    out: Path = Path("results")
    max_cost: float | None = None
    dry_run: bool = False
    """Only tell what it would cost."""
    exit_zero: bool = False
    color: str = "auto"
    quiet: bool = False
    verbose: bool = False
    given: frozenset[str] = frozenset()
    """The names of the flags that were given, as they are called here; the others have their defaults."""

    def selection(self, only: TrialSet | None = None) -> Selection:
        """What of the suites is run; `only`: no more than these."""
        return Selection(
            models=self.models,
            prompts=self.prompts,
            cases=self.cases,
            tags=self.tags,
            limit=self.limit,
            sample=self.sample,
            seed=self.seed,
            repeat=self.repeat,
            only=only,
        )

    def remembered(self) -> dict[str, Any]:
        """The flags that were given, for the manifest; paths in full: the next command may come from elsewhere."""
        values = asdict(self)
        kept: dict[str, Any] = {name: values[name] for name in sorted(self.given - FORGOTTEN)}
        named = kept.get("baseline")
        if named is not None and not named.startswith("git:"):
            kept["baseline"] = Path(named)
        return {name: str(value.resolve()) if isinstance(value, Path) else value for name, value in kept.items()}

    def recalled(self, remembered: Mapping[str, Any]) -> Options:
        """These flags, and where one was not given what an earlier run remembered. Raises msgspec.ValidationError."""
        values = asdict(self)
        for name, value in remembered.items():
            if name not in self.given and name in values and name not in FORGOTTEN:
                values[name] = Path(value) if name in _PATHS and isinstance(value, str) else value
        given = self.given | (remembered.keys() & values.keys()) - FORGOTTEN
        return msgspec.convert({**values, "given": given}, Options, dec_hook=_as_is)


def _as_is(kind: type, value: Any) -> Any:
    if isinstance(value, kind):
        return value
    raise ValueError(f"expected {kind.__name__}")
