"""What a run is compared with: a baseline file, another run, or the suite as it was at a commit, asked beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from evalkit.analysis.frames import RunFrames
from evalkit.analysis.sides import Side, side_of_frames, side_of_run
from evalkit.cli.beside import BASELINE, Beside, PastRun, prepare_past
from evalkit.cli.options import Options
from evalkit.cli.past_suite import PREFIX, checked_out, commit_of
from evalkit.cli.preparing import Prepared
from evalkit.cli.progress import say
from evalkit.cli.sides import read_side
from evalkit.compare import compare_runs, write_comparison
from evalkit.errors import NothingSelected, StorageError, UsageError
from evalkit.gates import figures_for
from evalkit.run_folder import MANIFEST, read_manifest
from evalkit.types import Comparison

__all__ = ["Against", "compared", "open_baselines", "past_run", "past_suites"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Against:
    """The other side of a run's comparison: one of the two is there."""

    name: str
    side: Side | None = None
    """What stands in a file or a folder."""
    beside: Beside | None = None
    """What is asked together with the run."""


@contextmanager
def open_baselines(
    prepared: Sequence[Prepared],
    options: Options,
    environ: Mapping[str, str],
    *,
    stand_in_url: str | None,
    resumed: Path | None,
) -> Iterator[None]:
    """Gives every suite its baseline, where one is named. Raises UsageError before anything is sent."""
    if options.baseline is None:
        yield
        return
    with ExitStack() as stack:
        for each in prepared:
            if options.baseline.startswith(PREFIX):
                each.against = stack.enter_context(
                    _asked_beside(each, options, environ, stand_in_url=stand_in_url, resumed=resumed)
                )
            else:
                each.against = _stored(each, options, alone=len(prepared) == 1)
        yield


def _stored(prepared: Prepared, options: Options, *, alone: bool) -> Against:
    named = str(options.baseline)
    if not alone:
        raise UsageError(f"--baseline {named} is one suite's: run the suites one by one, or use {PREFIX}REF")
    try:
        side = read_side(Path(named))
    except StorageError as error:
        raise UsageError(str(error)) from error
    if side.manifest.stand_in != options.offline:
        kinds = {True: "answers of the stand-in gateway", False: "answers of models"}
        raise UsageError(f"--baseline {named} has {kinds[side.manifest.stand_in]}, and this run would have "
                         f"{kinds[options.offline]}: the two are never compared")  # fmt: skip
    _demand_overlap(prepared, side, named)
    return Against(name=named, side=side)


def _demand_overlap(prepared: Prepared, side: Side, named: str) -> None:
    """Raises UsageError where no trial could be paired: the run would be paid for in vain."""
    plan, trials = prepared.plan, side.trials
    known = set(zip(trials["case_id"], trials["prompt"], trials["model"], strict=True))
    asked = chain.from_iterable(map(plan.trials, plan.models))
    if not any((trial.case_id, trial.prompt, trial.model.name) in known for trial in asked):
        models = ", ".join(dict.fromkeys(trials["model"])) or "no trial"
        raise UsageError(f"--baseline {named} has no case, prompt and model of {plan.suite.file}; it has {models} "
                         f"of '{side.manifest.suite}'")  # fmt: skip


@contextmanager
def _asked_beside(
    prepared: Prepared,
    options: Options,
    environ: Mapping[str, str],
    *,
    stand_in_url: str | None,
    resumed: Path | None,
) -> Iterator[Against]:
    ref = str(options.baseline).removeprefix(PREFIX)
    earlier = resumed / BASELINE if resumed is not None else None
    suite = prepared.plan.suite.file
    begun = _begun_beside(resumed, suite, ref) if resumed is not None else None
    with checked_out(suite, begun or ref) as past:
        past = past._replace(ref=ref)
        beside = prepare_past(prepared, past, options, environ, stand_in_url=stand_in_url, earlier=earlier)
        yield Against(name=past.name, beside=beside)


def _begun_beside(run: Path, suite: Path, ref: str) -> str | None:
    """The commit that a run which is gone on with began beside: what HEAD~1 means may have changed since.

    None where it has none yet. Raises UsageError where another one is wanted now.
    """
    if not (run / BASELINE / MANIFEST).exists():
        return None
    commit = read_manifest(run / BASELINE).git_commit
    said_then = read_manifest(run).selection.get("baseline")
    if said_then != f"{PREFIX}{ref}" and commit_of(suite, ref) != commit:
        raise UsageError(f"{run} began beside {said_then} ({commit}), and {PREFIX}{ref} is another commit")
    return commit


def past_suites(prepared: Sequence[Prepared]) -> list[Prepared]:
    """The suites of then that are asked beside these."""
    return [each.against.beside.prepared for each in prepared if each.against and each.against.beside]


@contextmanager
def past_run(prepared: Prepared, folder: Path, options: Options) -> Iterator[PastRun | None]:
    """The run of the suite of then, inside the folder of today's; None where there is none."""
    beside = prepared.against.beside if prepared.against else None
    if beside is None:
        yield None
        return
    say(f"note: {beside.note}")
    with PastRun(beside=beside, parent=folder, stand_in=options.offline, retry_errors=options.retry_errors) as past:
        yield past


def compared(frames: RunFrames, folder: Path, against: Against | None) -> Comparison | None:
    """A run beside its baseline, kept in its folder; None where there is no baseline, or nothing that can be paired."""
    if against is None:
        return None
    base = against.side or replace(side_of_run(folder / BASELINE), name=against.name)
    try:
        comparison = compare_runs(base, side_of_frames(frames, folder), gated=figures_for(frames.manifest.gates))
    except NothingSelected as error:
        say(f"note: {error}")
        return None
    write_comparison(folder, comparison)
    return comparison
