"""What a run is expected to cost when it begins, and how that compares once it is over."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from evalkit.analysis.frames import JudgedRun
from evalkit.cli.estimating import Wanted, estimate_plan
from evalkit.cli.options import Options
from evalkit.cli.preparing import Prepared
from evalkit.cli.progress import say
from evalkit.errors import EvalkitError
from evalkit.estimate.hindsight import with_actual
from evalkit.report.estimate_beside import estimate_in
from evalkit.report.estimate_words import headline
from evalkit.run_folder import write_manifest

__all__ = ["foreseen", "with_hindsight"]

_MOST_TRIALS = 1_000
"""Of a larger run a sample of the cases is counted: its beginning must not wait."""


def foreseen(prepared: Prepared, options: Options) -> Any:
    """The estimate for a manifest, as plain data; None where nothing can be said. Tells its sum."""
    wanted = Wanted(
        out=options.out,
        offline=options.offline,
        concurrency=options.concurrency,
        most_trials=_MOST_TRIALS,
        by_tokenizer=False if options.offline else None,  # nobody pays, and loading them is a third of such a run
    )
    try:
        estimate = estimate_plan(prepared.plan, prepared.census, wanted)
    except EvalkitError as error:
        say(f"note: what the run will cost could not be estimated: {error}")
        return None
    if not options.quiet:
        say(f"estimate: {headline(estimate)}")
    return msgspec.to_builtins(estimate)


def with_hindsight(run: JudgedRun, folder: Path) -> JudgedRun:
    """The run with what it took beside its estimate, in its manifest as well. Raises StorageError."""
    estimate = estimate_in(run.manifest)
    if estimate is None:
        return run
    manifest = replace(run.manifest, estimate=msgspec.to_builtins(with_actual(estimate, run.summary.models)))
    write_manifest(folder, manifest)
    return dataclasses.replace(run, manifest=manifest)
