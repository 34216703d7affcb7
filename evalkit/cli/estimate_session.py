"""From flags to an estimate on stdout: `evalkit estimate`, with or without a pilot, and `evalkit run --dry-run`."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from evalkit.cli.environment import with_env_file
from evalkit.cli.estimating import Wanted, estimate_plan, with_flags
from evalkit.cli.options import Options
from evalkit.errors import NothingSelected
from evalkit.suite.loader import load_suite
from evalkit.suite.plan import Census, Plan
from evalkit.types import CostEstimate, Trial

__all__ = ["dry_run", "estimate_suite"]

PIPE_COLUMNS = 120
"""The width where there is no terminal to ask."""


def estimate_suite(flags: Mapping[str, Any], environ: Mapping[str, str]) -> int:
    """Estimates one suite. Returns the exit code: 0, or the pilot's where that has no answer."""
    options = _options(flags)
    environ = with_env_file(environ, options.env_file)
    path: Path = flags["suite"]
    plan, census = _plan(path, options, environ)
    wanted = _wanted(plan, flags, options)
    if flags["pilot"] is not None:
        from evalkit.cli.pilot import run_pilot

        pilot = run_pilot(
            path, plan, options, environ, trials=flags["pilot"], before=estimate_plan(plan, census, wanted)
        )
        if pilot.folder is None:
            return pilot.code
        wanted = replace(wanted, runs=(*wanted.runs, pilot.folder))
        _show(estimate_plan(plan, census, wanted), flags["form"])
        click.echo(pilot.reuse, err=True)
        return 0
    _show(estimate_plan(plan, census, wanted), flags["form"])
    return 0


def dry_run(paths: tuple[Path, ...], options: Options, environ: Mapping[str, str]) -> int:
    """What `evalkit run` with these flags would cost; stored answers cost nothing. Sends nothing."""
    from evalkit.cli.preparing import plan_suite
    from evalkit.cli.starting import open_storage, started

    start = started(paths, options)
    options = start.options
    environ = with_env_file(environ, options.env_file)
    with open_storage(start, environ) as storage:
        for file in start.suites:
            prepared = plan_suite(file, options, environ, storage)
            for note in prepared.notes:
                click.echo(f"note: {note}", err=True)
            plan, recalled = prepared.plan, prepared.recalled
            wanted = Wanted(
                out=options.out, offline=options.offline, traffic=plan.suite.traffic, concurrency=options.concurrency
            )
            has_stored = storage.resumed is not None or bool(storage.others)
            estimate = estimate_plan(plan, prepared.census, wanted, is_stored=_stored(recalled) if has_stored else None)
            _show(estimate, "table")
    return 0


def _stored(recalled: Any) -> Callable[[Trial], bool]:
    from evalkit.running.dialogue import part_of

    return lambda trial: trial.key in recalled.done or recalled.stored.find(trial, trial, part_of(0)) is not None


def _options(flags: Mapping[str, Any]) -> Options:
    """The flags that `evalkit run` has too."""
    names = Options.__dataclass_fields__.keys() & flags.keys()
    return Options(**{name: flags[name] for name in names})


def _plan(path: Path, options: Options, environ: Mapping[str, str]) -> tuple[Plan, Census]:
    plan = Plan(load_suite(path, environ=environ, overrides=options.overrides), options.selection())
    census = plan.prepare()
    if not census.trials:
        raise NothingSelected(f"{path}: nothing to estimate: no case is selected")
    return plan, census


def _wanted(plan: Plan, flags: Mapping[str, Any], options: Options) -> Wanted:
    traffic = with_flags(
        plan.suite.traffic,
        requests=flags["traffic"],
        growth=flags["growth"],
        months=flags["months"],
        mix=flags["mix"],
        cached_input_share=flags["cached_input_share"],
        retry_rate=flags["retry_rate"],
    )
    return Wanted(
        runs=flags["runs"],
        out=options.out,
        offline=options.offline,
        traffic=traffic,
        mix_given=flags["mix"] is not None,
        concurrency=options.concurrency,
        seed=options.seed,
    )


def _show(estimate: CostEstimate, form: str) -> None:
    """On stdout, in one of the formats; only the one that is wanted is imported."""
    if form == "table":
        from evalkit.report.estimate_table import render_estimate

        click.echo(render_estimate(estimate, shutil.get_terminal_size((PIPE_COLUMNS, 24)).columns), nl=False)
    elif form == "md":
        from evalkit.report.estimate_markdown import as_markdown

        click.echo(as_markdown(estimate), nl=False)
    else:
        from evalkit.report.estimate_export import as_csv, as_json

        click.echo(as_json(estimate) if form == "json" else as_csv(estimate), nl=False)
