"""What a command starts from: suites, or an earlier run with its suite and flags; and what is stored of answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from evalkit import __version__
from evalkit.cli.earlier import EarlierRun, SuiteText, find_earlier
from evalkit.cli.options import Options
from evalkit.cli.progress import say
from evalkit.cli.recalling import Resumed, failed_trials, go_on, read_answers, trial_names
from evalkit.errors import NothingSelected, UsageError
from evalkit.journal import doubt_notes, in_doubt
from evalkit.stored.cache import Cache
from evalkit.stored.cache_folder import DATABASE, cache_folder, cache_limits
from evalkit.stored.identity import stand_in_origin
from evalkit.stored.source import AnswerSource
from evalkit.suite.selection import TrialSet

__all__ = ["Start", "Storage", "open_storage", "started"]

_ONE_OF = ("resume", "replay", "failed")
_SHOWN = 10
"""Attempts in doubt that are named one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What is run."""

    suites: tuple[SuiteText, ...]
    options: Options
    resumed: EarlierRun | None = None
    replayed: EarlierRun | None = None
    failed: EarlierRun | None = None

    @property
    def source(self) -> str | None:
        """The run that this one takes answers or failed cases from."""
        earlier = self.replayed or self.failed
        return earlier.manifest.id if earlier else None


@dataclass(slots=True, kw_only=True)
class Storage:
    """What is stored of answers, open for as long as the command runs."""

    resumed: Resumed | None = None
    others: tuple[AnswerSource, ...] = ()
    """In the order in which they are asked."""
    only: TrialSet | None = None
    """The only trials to make; None: all."""
    source: str | None = None

    @property
    def folder(self) -> Path | None:
        """The run folder that is gone on with."""
        return self.resumed.earlier.folder if self.resumed else None


def started(paths: tuple[Path, ...], options: Options) -> Start:
    """Suites and flags as given, or as an earlier run was made with them. Raises UsageError."""
    named = [name for name in _ONE_OF if name in options.given]
    if len(named) > 1:
        raise UsageError(f"--{named[0]} and --{named[1]} exclude each other")
    if not named:
        return Start(suites=tuple(map(SuiteText, paths)), options=options)
    if named[0] != "replay" and len(paths) > 1:
        raise UsageError(f"--{named[0]} is about one run, and so about one suite: {len(paths)} are named")
    earlier = find_earlier(getattr(options, named[0]))
    if named[0] == "resume":
        _demand_resumable(earlier, options)
    if named[0] == "resume" or not paths:
        options = earlier.recall(options)
    return Start(
        suites=tuple(map(SuiteText, paths)) or (earlier.suite(),),
        options=options,
        resumed=earlier if named[0] == "resume" else None,
        replayed=_also(options, options.replay),
        failed=_also(options, options.failed),
    )


def _demand_resumable(earlier: EarlierRun, options: Options) -> None:
    if earlier.manifest.rescored:
        what = "judged the answers of another run again, and sends nothing"
        raise UsageError(f"{earlier.folder} {what}: for what is missing in it, call `evalkit rescore` again")
    if options.offline:
        earlier.demand_same_kind(offline=True)


def _also(options: Options, run: Path | None) -> EarlierRun | None:
    """Another run that this one takes something from, of the same kind."""
    if run is None:
        return None
    earlier = find_earlier(run)
    earlier.demand_same_kind(offline=options.offline)
    return earlier


@contextmanager
def open_storage(start: Start, environ: Mapping[str, str]) -> Iterator[Storage]:
    """Opens what the flags name. Raises UsageError, and NothingSelected where nothing failed that could run again."""
    options, storage = start.options, Storage(source=start.source)
    others: list[AnswerSource] = []
    with ExitStack() as stack:
        if start.resumed is not None:
            storage.resumed = go_on(start.resumed, retry_errors=options.retry_errors)
            stack.callback(storage.resumed.held.close)
            _tell_of_doubts(start.resumed)
        if start.replayed is not None:
            others.append(read_answers(start.replayed.folder))
        if start.failed is not None:
            storage.only = failed_trials(start.failed)
            if start.resumed is not None:  # what was asked again may have got better in the other run meanwhile
                storage.only |= trial_names(read_answers(start.resumed.folder))
            if not storage.only:
                raise NothingSelected(f"{start.failed.folder}: nothing to run again: nothing failed in it")
        if options.cache:
            others.append(stack.enter_context(_cache(options, environ)))
        storage.others = tuple(others)
        yield storage


def _cache(options: Options, environ: Mapping[str, str]) -> Cache:
    return Cache(
        cache_folder(environ) / DATABASE,
        limits=cache_limits(environ),
        tell=lambda text: say(f"note: {text}"),
        stand_in=stand_in_origin(options.seed, __version__) if options.offline else None,
        keep_raw=not options.no_raw,
    )


def _tell_of_doubts(earlier: EarlierRun) -> None:
    """Requests of before whose answers nobody knows: they are sent again, and may be paid for twice."""
    attempts = in_doubt(earlier.folder)
    for note in doubt_notes(attempts):
        say(f"note: {note}")
    for attempt in attempts[:_SHOWN]:
        say(f"  {attempt}")
    if len(attempts) > _SHOWN:
        say(f"  and {len(attempts) - _SHOWN} more, in attempts.jsonl")
