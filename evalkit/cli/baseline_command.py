"""`evalkit baseline`: a baseline that is checked in, made of a run and shown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from evalkit.errors import UsageError
from evalkit.run_folder import file_name, folder_of

if TYPE_CHECKING:
    from evalkit.baselines import Baseline

FOLDER = Path("baselines")
"""Where baselines are by default, as `<suite>.json`."""


@click.group("baseline")
def command() -> None:
    """Makes and shows baselines that are checked in.

    A baseline is a sorted file of what a run came to, one trial a line, to be reviewed like a snapshot. Then:
    evalkit run SUITE --baseline FILE, or evalkit compare FILE RUN.
    """


@command.command("update")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("-o", "--out", type=click.Path(path_type=Path), help="The file; by default baselines/<suite>.json.")
@click.option("--merge", is_flag=True, help="Keep the trials of the file that the run does not have.")
@click.option("--latency", "with_latency", is_flag=True, help="Keep latencies as well: they differ each time.")
def update(run: Path, out: Path | None, *, merge: bool, with_latency: bool) -> None:
    """Makes a baseline of a run, or brings one up to date."""
    from evalkit.baselines import baseline_of, merged, read_baseline, write_baseline

    baseline = baseline_of(folder_of(run), with_latency=with_latency)
    file = out or FOLDER / f"{file_name(baseline.suite)}.json"
    old = read_baseline(file) if file.exists() else None
    if old is not None:
        _refuse_other(file, old, baseline)
        baseline = merged(old, baseline) if merge else baseline
    write_baseline(file, baseline)
    click.echo(f"{file}: {_what_changed(old, baseline)}", err=True)


@command.command("show")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def show(file: Path, form: str) -> None:
    """Shows what a baseline says of each model and prompt."""
    from evalkit.analysis.sides import side_counts
    from evalkit.baselines import side_of_baseline

    side = side_of_baseline(file)
    rows = side_counts(side)
    if form == "json":
        about = {name: getattr(side.manifest, name) for name in ("suite", "started_at", "stand_in", "prices_date")}
        click.echo(json.dumps({"file": str(file), "run": side.manifest.id, **about, "models": rows}, indent=1))
        return
    from evalkit.report.cells import interval, percent

    kind = "  (stand-in gateway: says nothing about any model)" if side.manifest.stand_in else ""
    click.echo(f"{side.manifest.suite}: made of {side.manifest.id}, {side.manifest.started_at}{kind}")
    table = [["model", "prompt", "cases", "trials", "passed", "failed", "errors", "pass rate, %", "95 % CI"]]
    for row in rows:
        counts = (f"{row[name]:,}" for name in ("cases", "trials", "passed", "failed", "errors"))
        rate = percent(row["pass_rate"]), interval(row["pass_rate_low"], row["pass_rate_high"])
        table.append([row["model"], row["prompt"], *counts, *rate])
    for line in _aligned(table):
        click.echo(line)


def _aligned(table: list[list[str]]) -> Iterator[str]:
    """Names to the left, figures to the right."""
    from evalkit.display import pad, width

    widths = [max(map(width, column)) for column in zip(*table, strict=True)]
    for line in table:
        padded = (pad(text, most, right=place > 1) for place, (text, most) in enumerate(zip(line, widths, strict=True)))
        yield "  ".join(padded).rstrip()


def _refuse_other(file: Path, old: Baseline, new: Baseline) -> None:
    """Raises UsageError where a file would become one of another suite, or of another kind of answers."""
    if old.stand_in != new.stand_in:
        kinds = {True: "answers of the stand-in gateway", False: "answers of models"}
        what = f"has {kinds[old.stand_in]}, and {new.run} has {kinds[new.stand_in]}: they are never mixed"
        raise UsageError(f"{file} {what}; name another file with -o")
    if old.suite != new.suite:
        raise UsageError(f"{file} is a baseline of '{old.suite}', and {new.run} is a run of '{new.suite}'; use -o")


def _what_changed(old: Baseline | None, new: Baseline) -> str:
    from evalkit.report.cells import plural

    trials = plural(len(new.trials), "trial")
    if old is None:
        return f"new, {trials}"
    before = {trial.identity: trial for trial in old.trials}
    now = {trial.identity: trial for trial in new.trials}
    fresh, gone = len(now.keys() - before.keys()), len(before.keys() - now.keys())
    verdicts = sum(now[each].status != before[each].status for each in now.keys() & before.keys())
    answers = sum(now[each].answer != before[each].answer for each in now.keys() & before.keys())
    return f"{trials}: {fresh:,} new, {gone:,} gone, {verdicts:,} with another verdict, {answers:,} with another answer"
