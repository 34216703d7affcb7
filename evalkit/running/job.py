"""What a runner is given to do, and what it tells of it."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field
from typing import Protocol

from evalkit.journal import Journal
from evalkit.pacing.concurrency import Change
from evalkit.pacing.lane import Listener
from evalkit.stored.source import AnswerSource, NothingStored
from evalkit.suite.plan import Plan
from evalkit.types import Fault, Model, Record

__all__ = ["Ending", "Job", "Settings", "Watcher"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Job:
    """A plan, and the journal that its records go to."""

    plan: Plan
    journal: Journal
    stored: AnswerSource = field(default_factory=NothingStored)
    """Asked before the gateway."""
    done: Container[str] = frozenset()
    """Keys of trials whose records stand in the journal already: they are passed over."""
    unsent: Container[str] = frozenset()
    """Names of models to which nothing is sent: what is not stored is not run."""


class Watcher(Listener, Protocol):
    """Hears what a run does, as it does it."""

    def finished(self, record: Record) -> None:
        """A record is safe on disk."""
        ...

    def waiting(self, model: Model, fault: Fault, attempt: int, wait_s: float) -> None:
        """A request will be sent again after `wait_s`, for the `attempt`-th time."""
        ...

    def stopped(self, model: str | None, fault: Fault) -> None:
        """A model, or (None) the run, is asked no more."""
        ...

    def interrupted(self, signal_number: int) -> None:
        """A signal came: nothing more is sent, and the answers under way are waited for."""
        ...


@dataclass(slots=True, kw_only=True)
class Ending:
    """How a run came to its end."""

    stopped: dict[str, Fault] = field(default_factory=dict)
    """Models that were given up."""
    run_stopped: Fault | None = None
    """Why the whole run was given up."""
    signal_number: int | None = None
    over_budget: str | None = None
    """What the budget came to, where it ended the run."""
    unanswered: list[str] = field(default_factory=list)
    """Trials that were not sent because nothing was to be, and of which no answer is stored."""
    notes: list[str] = field(default_factory=list)
    """What was odd about it, in sentences."""
    pacing: dict[str, list[Change]] = field(default_factory=dict)
    """Model → how the number of its requests under way was changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a run does besides asking."""

    stand_in: bool = False
    """Hand the expected answers to the gateway: it is the stand-in."""
    concurrency: int | None = None
    """In place of every model's own limit."""
    keep_raw: bool = True
    """Whether records have the bodies sent and received."""
