"""From suites and flags to finished runs: read everything, then ask, then report."""

from __future__ import annotations

import signal
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, redirect_stdout
from datetime import UTC, datetime
from pathlib import Path

import anyio
from msgspec.structs import replace

from evalkit.analysis.frames import JudgedRun, load_run
from evalkit.cli.against import Against, compared, open_baselines, past_run, past_suites
from evalkit.cli.beside import PastRun
from evalkit.cli.budgets import set_budgets
from evalkit.cli.earlier import SuiteText, find_earlier, path_from
from evalkit.cli.ending import SIGNALLED, End, verdict_of_run, worst
from evalkit.cli.environment import with_env_file
from evalkit.cli.foreseen import foreseen, with_hindsight
from evalkit.cli.interruption import Interrupted, handed_over, heard, interruptible, resume_hint
from evalkit.cli.manifest import gone_on, manifest_of, stamp
from evalkit.cli.options import Options
from evalkit.cli.preparing import Prepared, plan_suite, prepare_all
from evalkit.cli.progress import progress, say
from evalkit.cli.recalling import Everybody, read_answers, trial_names
from evalkit.cli.reports import print_console, write_reports
from evalkit.cli.starting import Storage, open_storage, started
from evalkit.errors import StorageError, UsageError
from evalkit.gates import judge
from evalkit.gateway.client import Gateway
from evalkit.journal import Journal, doubt_notes, doubts, in_doubt
from evalkit.registry import REPORTS
from evalkit.report.cells import plural
from evalkit.run_folder import create_run_folder, write_manifest
from evalkit.running.job import Ending, Job, Settings
from evalkit.running.runner import Runner
from evalkit.simulator.child import StandIn, StandInFailed
from evalkit.suite.models import BASE_URL_VARIABLE
from evalkit.suite.plan import Census
from evalkit.types import AskedModel, Manifest

_NAMED = 10
"""Trials without an answer that are named one by one."""
STAND_IN_LATENCY = 0.03
"""The stand-in answers this much faster than the models it stands for."""


def run_suites(paths: tuple[Path, ...], options: Options, environ: Mapping[str, str]) -> int:
    """Runs suites one after another. Returns the exit code; raises EvalkitError before anything is sent."""
    try:
        with interruptible():
            return _run_suites(paths, options, environ)
    except Interrupted as interruption:
        code = SIGNALLED + interruption.number
        say(f"exit {code}: interrupted while nothing was asked")
        return code


def _run_suites(paths: tuple[Path, ...], options: Options, environ: Mapping[str, str]) -> int:
    start = started(paths, options)
    options = start.options
    _demand_reports(options)
    environ = _environment(environ, options)
    with stand_in_for(options) as stand_in, open_storage(start, environ) as storage:
        url = stand_in.base_url if stand_in else None
        prepared = prepare_all(start.suites, options, environ, url, storage)
        with open_baselines(prepared, options, environ, stand_in_url=url, resumed=storage.folder):
            set_budgets([*prepared, *past_suites(prepared)], options.max_cost)
            ends = list(_run_all(prepared, options, storage))
    code, reason = worst(ends)
    if len(prepared) > 1:
        say(f"exit {code}: {reason}")
    return code


def rescore(run: Path, suite: Path | None, options: Options, environ: Mapping[str, str]) -> int:
    """Judges the answers of a run by the checks of its suite as they are now. Sends nothing; otherwise as `run_suites`.

    Its errors stay errors: they are as much a part of what happened as the answers.
    """
    _demand_reports(options)
    earlier = find_earlier(run)
    options = earlier.recall(options)
    answers = read_answers(earlier.folder, with_faults=True)
    only = trial_names(answers) if options.failed is not None else None
    storage = Storage(others=(answers,), only=only, source=earlier.manifest.id)
    file = SuiteText(suite) if suite is not None else earlier.suite()
    prepared = plan_suite(file, options, _environment(environ, options), storage)
    prepared.unsent = Everybody()
    code, _ = _run(prepared, options, storage)
    return code


def _demand_reports(options: Options) -> None:
    """An unknown report is said before the run, not after it."""
    for name in options.reports:
        REPORTS[name]


def _environment(environ: Mapping[str, str], options: Options) -> Mapping[str, str]:
    environ = with_env_file(environ, options.env_file)
    return {**environ, BASE_URL_VARIABLE: options.base_url} if options.base_url else environ


def _run_all(prepared: list[Prepared], options: Options, storage: Storage) -> Iterator[End]:
    """How each run ended; none begins after a signal."""
    for each in prepared:
        code, reason = _run(each, options, storage)
        yield code, f"{each.plan.suite.name}: {reason}"
        if code > SIGNALLED:
            return


@contextmanager
def stand_in_for(options: Options) -> Iterator[StandIn | None]:
    """The stand-in gateway, where the flags want it, for as long as the command runs."""
    if not options.offline:
        yield None
        return
    if options.base_url:
        raise UsageError("--offline and --base-url exclude each other")
    with ExitStack() as stack:
        try:
            stand_in = stack.enter_context(StandIn(seed=options.seed, latency_scale=STAND_IN_LATENCY))
        except StandInFailed as error:
            raise UsageError(str(error)) from error
        yield stand_in


def _run(prepared: Prepared, options: Options, storage: Storage) -> End:
    """One run, from its folder, an empty one or that of the run it goes on with, to its reports."""
    folder, manifest = begin(prepared, options, storage)
    _say_what_is_sent(manifest, prepared.census, options)
    try:
        with _journal(folder, storage) as journal:
            for note in journal.notes:
                say(f"note: {note}")
            ending = ask(prepared, journal, folder, options)
    except StorageError:
        if folder.exists():
            say(resume_hint(folder))
        raise
    except Interrupted as interruption:
        say(resume_hint(folder))
        code, reason = SIGNALLED + interruption.number, "interrupted while nothing was asked; what was answered is kept"
        say(f"exit {code}: {reason}")
        return code, reason
    try:
        with interruptible():
            return _report(manifest, prepared.against, ending, folder, options)
    except Interrupted as interruption:
        code = SIGNALLED + interruption.number
        reason = f"interrupted while the reports were written; the results are safe: evalkit report {folder}"
        say(f"exit {code}: {reason}")
        return code, reason


def _report(manifest: Manifest, against: Against | None, ending: Ending, folder: Path, options: Options) -> End:
    """Everything after the last answer: the manifest's last word, the reports, the verdict."""
    write_manifest(folder, ended(manifest, ending, folder))
    frames = load_run(folder)
    run = with_hindsight(judge(frames, compared(frames, folder, against)), folder)
    write_reports(run, folder, options.reports)
    print_console(run, color=options.color)
    return _say_how_it_ended(run, ending, folder, options)


def ended(manifest: Manifest, ending: Ending, folder: Path) -> Manifest:
    """What a manifest says once nothing more is asked."""
    doubtful = in_doubt(folder)
    return replace(
        manifest,
        ended_at=stamp(datetime.now(UTC)),
        notes=(*_final_notes(manifest, ending), *doubt_notes(doubtful)),
        pacing={**manifest.pacing, **ending.pacing},
        in_doubt=doubts(doubtful),
        unanswered=tuple(ending.unanswered),
    )


def begin(prepared: Prepared, options: Options, storage: Storage) -> tuple[Path, Manifest]:
    """The folder of a run, with the manifest in it."""
    plan, resumed, started_at = prepared.plan, storage.resumed, datetime.now(UTC)
    rescored = isinstance(prepared.unsent, Everybody)
    sends = not rescored and not prepared.recalled.is_complete
    folder = create_run_folder(options.out, plan.suite.name, started_at) if resumed is None else resumed.earlier.folder
    manifest = manifest_of(
        plan, prepared.census, run_id=folder.name, started_at=started_at, stand_in=options.offline, gates=prepared.gates
    )
    manifest = replace(
        manifest,
        notes=(*manifest.notes, *prepared.notes),
        source=storage.source,
        selection=options.remembered(),
        suite_path=path_from(folder, plan.suite.file),
        rescored=rescored,
        superseded=prepared.recalled.superseded,
        baseline=prepared.against.name if prepared.against else None,
        budget_usd=prepared.budget.limit_usd if prepared.budget else None,
        estimate=foreseen(prepared, options) if sends else None,
    )
    if resumed is not None:
        manifest = gone_on(resumed.earlier.manifest, manifest)
    write_manifest(folder, manifest)
    return folder, manifest


@contextmanager
def _journal(folder: Path, storage: Storage) -> Iterator[Journal]:
    if storage.resumed is not None:
        with storage.resumed.held:
            yield storage.resumed.journal
        return
    with Journal(folder) as journal:
        yield journal


def ask(prepared: Prepared, journal: Journal, folder: Path, options: Options) -> Ending:
    """Asks and judges, a suite of then beside it where there is one."""
    with past_run(prepared, folder, options) as past:
        ending = _ask_all(prepared, journal, past, options)
        if past is not None:
            past.end(ending)
        return ending


def _ask_all(prepared: Prepared, journal: Journal, past: PastRun | None, options: Options) -> Ending:
    recalled = prepared.recalled
    rows = [*prepared.census.planned, *(past.planned if past else ())]
    planned: Counter[str] = Counter()
    for row in rows:
        planned[row.model] += row.trials
    settings = Settings(stand_in=options.offline, concurrency=options.concurrency, keep_raw=not options.no_raw)

    on_traceback = say if options.verbose else None

    async def run() -> Ending:
        keys = {**(past.keys if past else {}), **prepared.keys}
        async with Gateway(keys, functions=prepared.functions, on_traceback=on_traceback) as gateway:
            gateway.warm_up(model for model in prepared.plan.asked if model.provider.name in prepared.keys)
            job = Job(
                plan=prepared.plan,
                journal=journal,
                stored=recalled.stored,
                done=recalled.done,
                unsent=prepared.unsent,
            )
            jobs = [past.own_job(), job] if past else [job]
            runner = Runner(jobs, gateway=gateway, watcher=watcher, settings=settings, budget=prepared.budget)
            ending = await runner.run(signals=heard())
            if past is not None:  # nothing is asked of a model under test any more
                shared = [past.shared_job()]
                await Runner(shared, gateway=gateway, watcher=watcher, settings=settings, budget=prepared.budget).run()
            return ending

    done = [*recalled.done.values(), *(past.recalled.done.values() if past else ())]
    shown = progress(planned, quiet=options.quiet, done=done)
    with shown as watcher, redirect_stdout(sys.stderr), handed_over():  # whatever a function prints
        return anyio.run(run)


def _say_what_is_sent(manifest: Manifest, census: Census, options: Options) -> None:
    for note in manifest.notes:
        say(f"note: {note}")
    if not options.verbose:
        return
    parts = ((census.cases, "case"), (len(manifest.prompts), "prompt"), (len(manifest.models), "model"))
    say(f"{', '.join(plural(n, noun) for n, noun in parts)}: {plural(census.trials, 'trial')}")
    for model in manifest.models:
        _say_who(model)
    for model in manifest.judges:
        if model not in manifest.models:
            _say_who(model, "judge ")


def _say_who(model: AskedModel, role: str = "") -> None:
    say(f"  {role}{model.name}: {model.id} by {model.api} at {model.host}, params {dict(model.params)}")


def _final_notes(manifest: Manifest, ending: Ending) -> tuple[str, ...]:
    notes = list(manifest.notes)
    if ending.run_stopped is not None:
        notes.append(f"the run was stopped: {ending.run_stopped.message}")
    notes += [f"{model} was asked no more: {fault.message}" for model, fault in ending.stopped.items()]
    notes += ending.notes
    if ending.signal_number is not None:
        notes.append(f"interrupted by {signal.Signals(ending.signal_number).name}")
    if ending.unanswered:
        rest = f", and {len(ending.unanswered) - _NAMED:,} more in run.json" if len(ending.unanswered) > _NAMED else ""
        unanswered = f"{plural(len(ending.unanswered), 'trial')} not sent, and no answer is stored of them"
        notes.append(f"{unanswered}: {', '.join(ending.unanswered[:_NAMED])}{rest}")
    return tuple(notes)


def _say_how_it_ended(run: JudgedRun, ending: Ending, folder: Path, options: Options) -> End:
    code, reason = verdict_of_run(run, ending, max_error_rate=options.max_error_rate, strict=options.strict)
    say(f"results in {folder}")
    resumable = not ending.unanswered and not run.manifest.rescored
    if code not in (0, 1) and resumable and any(row.not_run or row.errors for row in run.summary.models):
        say(resume_hint(folder))
    if options.exit_zero and code in (1, 3):
        code, reason = 0, f"by --exit-zero (else {code}): {reason}"
    say(f"exit {code}: {reason}")
    return code, reason
