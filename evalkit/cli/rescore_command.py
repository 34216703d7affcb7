"""`evalkit rescore`: the checks of a suite as they are now, on the answers of a run that was made before."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from evalkit.cli.flags import RUN, judging_flags, options_of


@click.command("rescore")
@click.argument("run", type=RUN)
@click.argument("suite", required=False, type=click.Path(path_type=Path))
@click.option("--allow-code", is_flag=True, help="Run the Python code that suites name.")
@judging_flags
def command(run: Path, suite: Path | None, **options: Any) -> int:
    """Judges a run's answers by the checks as they are now; sends nothing.

    RUN is a run folder; SUITE is by default the one it was made of. The answers keep their times and costs; the new
    verdicts go to a run folder of their own, which names RUN as its source.
    """
    from evalkit.cli.session import rescore

    return rescore(run, suite, options_of(options), os.environ)
