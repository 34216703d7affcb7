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
from evalkit.cli.budgets import set_budgets
from evalkit.cli.ending import SIGNALLED, End, verdict_of_run, worst
from evalkit.cli.environment import with_env_file
from evalkit.cli.manifest import manifest_of, stamp
from evalkit.cli.options import Options
from evalkit.cli.preparing import Prepared, prepare_all
from evalkit.cli.progress import progress, say
from evalkit.cli.reports import print_console, write_reports
from evalkit.errors import UsageError
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
from evalkit.types import Manifest

STAND_IN_LATENCY = 0.03
"""The stand-in answers this much faster than the models it stands for."""


def run_suites(paths: tuple[Path, ...], options: Options, environ: Mapping[str, str]) -> int:
    """Runs suites one after another. Returns the exit code; raises EvalkitError before anything is sent."""
    for name in options.reports:
        REPORTS[name]  # an unknown one is said before the run, not after it
    environ = with_env_file(environ, options.env_file)
    if options.base_url:
        environ = {**environ, BASE_URL_VARIABLE: options.base_url}
    with _stand_in(options) as stand_in:
        prepared = prepare_all(paths, options, environ, stand_in.base_url if stand_in else None)
        set_budgets(prepared, options.max_cost)
        ends = list(_run_all(prepared, options))
    code, reason = worst(ends)
    if len(prepared) > 1:
        say(f"exit {code}: {reason}")
    return code


def _run_all(prepared: list[Prepared], options: Options) -> Iterator[End]:
    """How each run ended; none begins after a signal."""
    for each in prepared:
        code, reason = _run(each, options)
        yield code, f"{each.plan.suite.name}: {reason}"
        if code > SIGNALLED:
            return


@contextmanager
def _stand_in(options: Options) -> Iterator[StandIn | None]:
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


def _run(prepared: Prepared, options: Options) -> End:
    """One run, from its empty folder to its reports."""
    plan, census = prepared.plan, prepared.census
    started_at = datetime.now(UTC)
    folder = create_run_folder(options.out, plan.suite.name, started_at)
    manifest = manifest_of(
        plan, census, run_id=folder.name, started_at=started_at, stand_in=options.offline, gates=prepared.gates
    )
    manifest = replace(manifest, notes=(*manifest.notes, *prepared.notes))
    write_manifest(folder, manifest)
    _say_what_is_sent(manifest, census, options)
    with Journal(folder) as journal:
        for note in journal.notes:
            say(f"note: {note}")
        ending = _ask(prepared, journal, options)
    doubtful = in_doubt(folder)
    ended_at, notes = stamp(datetime.now(UTC)), (*_final_notes(manifest, ending), *doubt_notes(doubtful))
    ended = replace(manifest, ended_at=ended_at, notes=notes, pacing=ending.pacing, in_doubt=doubts(doubtful))
    write_manifest(folder, ended)
    run = judge(load_run(folder))
    write_reports(run, folder, options.reports)
    print_console(run, color=options.color)
    return _say_how_it_ended(run, ending, folder, options)


def _ask(prepared: Prepared, journal: Journal, options: Options) -> Ending:
    planned: Counter[str] = Counter()
    for row in prepared.census.planned:
        planned[row.model] += row.trials
    settings = Settings(stand_in=options.offline, concurrency=options.concurrency, keep_raw=not options.no_raw)

    on_traceback = say if options.verbose else None

    async def run() -> Ending:
        async with Gateway(prepared.keys, functions=prepared.functions, on_traceback=on_traceback) as gateway:
            gateway.warm_up(prepared.plan.models)
            job = Job(plan=prepared.plan, journal=journal)
            runner = Runner([job], gateway=gateway, watcher=watcher, settings=settings, budget=prepared.budget)
            return await runner.run(signals=_SIGNALS)

    with progress(planned, quiet=options.quiet) as watcher, redirect_stdout(sys.stderr):  # whatever a function prints
        return anyio.run(run)


_SIGNALS = () if sys.platform == "win32" else (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""What is listened for; on Windows nothing can be, and Ctrl-C ends a run at once."""


def _say_what_is_sent(manifest: Manifest, census: Census, options: Options) -> None:
    for note in manifest.notes:
        say(f"note: {note}")
    if not options.verbose:
        return
    parts = ((census.cases, "case"), (len(manifest.prompts), "prompt"), (len(manifest.models), "model"))
    say(f"{', '.join(plural(n, noun) for n, noun in parts)}: {plural(census.trials, 'trial')}")
    for model in manifest.models:
        say(f"  {model.name}: {model.id} by {model.api} at {model.host}, params {dict(model.params)}")


def _final_notes(manifest: Manifest, ending: Ending) -> tuple[str, ...]:
    notes = list(manifest.notes)
    if ending.run_stopped is not None:
        notes.append(f"the run was stopped: {ending.run_stopped.message}")
    notes += [f"{model} was asked no more: {fault.message}" for model, fault in ending.stopped.items()]
    if ending.signal_number is not None:
        notes.append(f"interrupted by {signal.Signals(ending.signal_number).name}")
    return tuple(notes)


def _say_how_it_ended(run: JudgedRun, ending: Ending, folder: Path, options: Options) -> End:
    code, reason = verdict_of_run(run, ending, max_error_rate=options.max_error_rate, strict=options.strict)
    say(f"results in {folder}")
    if options.exit_zero and code in (1, 3):
        code, reason = 0, f"by --exit-zero (else {code}): {reason}"
    say(f"exit {code}: {reason}")
    return code, reason
