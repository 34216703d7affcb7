"""A suite of then, asked beside that of today: both see the same hour of the same model, and what is unchanged is asked
once.

Its records go into a run folder of their own, `baseline/` inside that of today. A trial whose key stands in both plans
is asked for today's side alone; its answer is handed over afterwards and judged by the checks of then. Nothing is
charged twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from msgspec.structs import replace

from evalkit.cli.earlier import EarlierRun, find_earlier
from evalkit.cli.manifest import gone_on, manifest_of, stamp
from evalkit.cli.options import Options
from evalkit.cli.past_suite import PastSuite
from evalkit.cli.preparing import Prepared
from evalkit.cli.recalling import Recalled, Resumed, go_on, recall
from evalkit.cli.targets import refuse_stand_in, settle_checks
from evalkit.errors import StorageError, SuiteInvalid, UsageError
from evalkit.gateway.providers import resolve_keys
from evalkit.journal import Journal, doubt_notes, doubts, in_doubt
from evalkit.report.cells import plural
from evalkit.run_folder import write_manifest
from evalkit.running.job import Ending, Job
from evalkit.simulator.child import StandIn
from evalkit.stored.runs import RunAnswers
from evalkit.suite.loader import load_suite
from evalkit.suite.plan import Plan
from evalkit.suite.selection import Selection, TrialSet
from evalkit.types import FunctionTarget, Manifest, PlannedTrials

__all__ = ["BASELINE", "Beside", "PastRun", "prepare_past"]

BASELINE = "baseline"
"""The folder of the older side, inside that of the run."""


@dataclass(slots=True, kw_only=True)
class Beside:
    """A suite of then that is ready to be asked."""

    past: PastSuite
    prepared: Prepared
    shared: frozenset[str]
    """Keys of the trials that are the same in both: asked for today's side."""
    own: frozenset[str]
    """Keys of those that are asked only for this one."""
    earlier: EarlierRun | None = None
    """What an earlier process has asked of it."""

    @property
    def note(self) -> str:
        """What of it is sent."""
        trials = len(self.shared) + len(self.own)
        unchanged = f"{len(self.shared):,} of its {plural(trials, 'trial')} are unchanged, and asked once"
        return f"{self.past.name} is asked beside the suite of today; {unchanged}"


def prepare_past(
    today: Prepared,
    past: PastSuite,
    options: Options,
    environ: Mapping[str, str],
    *,
    stand_in_url: str | None,
    earlier: Path | None,
) -> Beside:
    """Reads the suite of then, as far as today's has a counterpart. Raises UsageError, SuiteInvalid."""
    try:
        prepared = _prepare(today, past, options, environ, stand_in_url)
    except SuiteInvalid as error:
        raise past.explained(error) from error
    keys = _keys(prepared.plan)
    shared = keys & _keys(today.plan)
    found = find_earlier(earlier) if earlier is not None and earlier.exists() else None
    return Beside(past=past, prepared=prepared, shared=shared, own=keys - shared, earlier=found)


def _prepare(
    today: Prepared, past: PastSuite, options: Options, environ: Mapping[str, str], stand_in_url: str | None
) -> Prepared:
    suite = load_suite(past.file, environ=environ, overrides=options.overrides)
    if stand_in_url is not None:
        suite = suite.with_gateway(stand_in_url)
    if options.stream is not None:
        suite = suite.with_stream(stream=options.stream)
    plan = Plan(suite, Selection(only=_counterparts(today.plan), repeat=options.repeat))
    census = plan.prepare()
    if not census.trials:
        raise UsageError(f"{past.name} has no case, prompt and model of today's suite: there is nothing to compare")
    if any(isinstance(model.provider.target, FunctionTarget) for model in plan.models):
        raise UsageError(f"{past.name} asks a Python function, and code of two times cannot be loaded together")
    prepared = Prepared(plan, census, (), {})
    settle_checks(census, allow_code=options.allow_code)
    if stand_in_url is not None:
        refuse_stand_in(plan)
        prepared.keys = {model.provider.name: StandIn.api_key for model in plan.asked}
    else:
        prepared.keys = resolve_keys(plan.asked, environ)
    return prepared


def _counterparts(plan: Plan) -> TrialSet:
    return TrialSet(
        (trial.case_id, trial.prompt, trial.model.name) for model in plan.models for trial in plan.trials(model)
    )


def _keys(plan: Plan) -> frozenset[str]:
    return frozenset(trial.key for model in plan.models for trial in plan.trials(model))


@dataclass(slots=True, kw_only=True)
class PastRun:
    """The run of a suite of then, open while the questions are asked."""

    beside: Beside
    parent: Path
    """The folder of today's run."""
    stand_in: bool
    retry_errors: bool
    recalled: Recalled = field(init=False)
    _stack: ExitStack = field(init=False, default_factory=ExitStack)
    _journal: Journal = field(init=False)
    _manifest: Manifest = field(init=False)

    @property
    def folder(self) -> Path:
        """Where its records go."""
        return self.parent / BASELINE

    def __enter__(self) -> Self:
        plan, earlier = self.beside.prepared.plan, self.beside.earlier
        resumed: Resumed | None = None
        if earlier is not None:
            resumed = go_on(earlier, retry_errors=self.retry_errors)
            self._stack.enter_context(resumed.held)
            self._journal = resumed.journal
        else:
            self._make_folder()
            self._journal = self._stack.enter_context(Journal(self.folder))
        self.recalled = recall(plan, resumed, [])
        self._manifest = self._begun(earlier)
        write_manifest(self.folder, self._manifest)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stack.close()

    def own_job(self) -> Job:
        """What is asked for this side alone."""
        done = self.beside.shared | self.recalled.done.keys()
        return Job(plan=self.beside.prepared.plan, journal=self._journal, stored=self.recalled.stored, done=done)

    def shared_job(self) -> Job:
        """What was asked for today's side: judged by the checks of then, nothing sent to a model under test."""
        plan = self.beside.prepared.plan
        return Job(
            plan=plan,
            journal=self._journal,
            stored=RunAnswers(self.parent, with_faults=True),
            done=self.beside.own | self.recalled.done.keys(),
            unsent=frozenset(model.name for model in plan.models),
        )

    @property
    def planned(self) -> tuple[PlannedTrials, ...]:
        """Its trials, those that are asked for today's side among them."""
        return self.beside.prepared.census.planned

    @property
    def keys(self) -> Mapping[str, str | None]:
        """Of the providers that it asks."""
        return self.beside.prepared.keys

    def end(self, ending: Ending) -> None:
        """Writes how it ended."""
        doubtful = in_doubt(self.folder)
        ended = replace(
            self._manifest,
            ended_at=stamp(datetime.now(UTC)),
            notes=(*self._manifest.notes, *doubt_notes(doubtful)),
            pacing=ending.pacing,
            in_doubt=doubts(doubtful),
        )
        write_manifest(self.folder, ended)

    def _make_folder(self) -> None:
        try:
            self.folder.mkdir(exist_ok=True)
        except OSError as error:
            raise StorageError(f"{self.folder} cannot be made: {error.strerror}") from error

    def _begun(self, earlier: EarlierRun | None) -> Manifest:
        past, prepared = self.beside.past, self.beside.prepared
        manifest = manifest_of(
            prepared.plan,
            prepared.census,
            run_id=f"{self.parent.name}/{BASELINE}",
            started_at=datetime.now(UTC),
            stand_in=self.stand_in,
            gates=(),
        )
        manifest = replace(
            manifest,
            suite_file=past.called(past.file),
            git_commit=past.commit,
            git_dirty=False,
            superseded=self.recalled.superseded,
        )
        return gone_on(earlier.manifest, manifest) if earlier is not None else manifest
