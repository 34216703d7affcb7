"""`evalkit run`: the main job. All suites are read first; then each is run into a folder of its own."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from evalkit.cli.flags import RUN, judging_flags, options_of


@click.command("run")
@click.argument("suites", nargs=-1, type=click.Path(path_type=Path))
@click.option("-m", "--model", "models", multiple=True, metavar="NAME", help="Only this model (a pattern works).")
@click.option("-p", "--prompt", "prompts", multiple=True, metavar="NAME", help="Only this prompt (a pattern works).")
@click.option("-k", "cases", multiple=True, metavar="TEXT", help="Only cases with this in their id; * and ? work.")
@click.option("--tag", "tags", multiple=True, help="Only cases with this tag.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Only the first N cases.")
@click.option("--sample", type=click.IntRange(min=1), metavar="N", help="Only N cases, drawn by --seed.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the sample and of the stand-in's answers.")
@click.option("--repeat", type=click.IntRange(min=1), metavar="N", help="Ask everything N times.")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Change a value: defaults.repeat=3.")
@click.option("-j", "--concurrency", type=click.IntRange(min=1), metavar="N", help="Requests at once, per model.")
@click.option(
    "--stream/--no-stream", default=None, help="Ask all models for streams, or none, whatever the suite says."
)
@click.option("--offline", is_flag=True, help="Ask the stand-in gateway: no key, no network, no real answers.")
@click.option("--base-url", metavar="URL", help="Where the built-in gateway is, in place of GPTPROTO_API_BASE.")
@click.option("--env-file", type=click.Path(path_type=Path), help="A file of KEY=VALUE lines with the keys.")
@click.option("--no-key", type=click.Choice(["fail", "skip"]), default="fail", help="Models without a key: skip them?")
@click.option(
    "--resume",
    type=RUN,
    metavar="RUN",
    help="Go on with a run, in its folder and with its flags; SUITE may be left out.",
)
@click.option(
    "--retry-errors/--no-retry-errors", default=True, help="Of a resumed run, ask what ended in errors again."
)
@click.option("--replay", type=RUN, metavar="RUN", help="Use the answers of a run where the question is the same.")
@click.option("--failed", type=RUN, metavar="RUN", help="Ask anew what failed in a run, and only that.")
@click.option("--cache/--no-cache", default=False, help="Use and keep answers over all runs, by what is sent.")
@click.option(
    "--baseline",
    metavar="FILE|RUN|git:REF",
    help="Compare with a baseline, a run, or the suite as it was at a commit, asked beside it.",
)
@click.option("--allow-code", is_flag=True, help="Run the Python code that suites name.")
@click.option(
    "--max-cost",
    type=click.FloatRange(min=0, min_open=True),
    metavar="USD",
    help="Spend no more than this, over all suites.",
)
@click.option("--dry-run", is_flag=True, help="Only tell what it would cost: as `evalkit estimate`, with these flags.")
@judging_flags
def command(**options: Any) -> int:
    """Runs suites over their models and writes the reports.

    The comparison goes to stdout, everything else to stderr; each run has a folder of its own below --out.
    """
    suites = options.pop("suites")
    if not suites and not any(options[name] for name in ("resume", "replay", "failed")):
        raise click.UsageError("Name a suite, or a run that is gone on with: --resume RUN.")
    if options["dry_run"]:
        from evalkit.cli.estimate_session import dry_run

        return dry_run(suites, options_of(options), os.environ)
    from evalkit.cli.session import run_suites

    return run_suites(suites, options_of(options), os.environ)
