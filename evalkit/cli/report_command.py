"""`evalkit report`: a finished run again, in any format."""

from __future__ import annotations

from pathlib import Path

import click

from evalkit.cli.formats import RegistryChoice
from evalkit.errors import UsageError

ONE_AT_A_TIME = ("csv", "json")
"""Formats of which two, one after the other, are none."""


@click.command("report")
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--format", "form", type=RegistryChoice("REPORTS"), default="console", show_default=True)
@click.option("-o", "--out", type=click.Path(path_type=Path), help="A file instead of stdout.")
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True)
def command(runs: tuple[Path, ...], form: str, out: Path | None, color: str) -> None:
    """Shows a run again, in any format.

    RUNS are run folders (or their run.json); several are shown one after another.
    """
    from evalkit.analysis.frames import load_run
    from evalkit.cli.reports import print_console, show
    from evalkit.compare import read_comparison
    from evalkit.gates import judge
    from evalkit.registry import REPORTS
    from evalkit.run_folder import MANIFEST, write_whole

    if len(runs) > 1 and form in ONE_AT_A_TIME:
        raise UsageError(f"{form} shows one run at a time: name one of the {len(runs)}")
    folders = [run.parent if run.name == MANIFEST else run for run in runs]
    judged = [judge(load_run(folder), read_comparison(folder)) for folder in folders]
    if form == "console" and out is None:
        for run in judged:
            print_console(run, color=color)
        return
    text = "".join(REPORTS[form].render(run) for run in judged)
    if out is None:
        show(text)
    else:
        write_whole(out, text.encode())
