"""`evalkit estimate`: what a suite, and a rollout like it, will cost, before anything is spent."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from evalkit.cli.flags import RUN
from evalkit.cli.rollout_flags import rollout_flags


@click.command("estimate")
@click.argument("suite", type=click.Path(path_type=Path))
@click.option("-m", "--model", "models", multiple=True, metavar="NAME", help="Only this model (a pattern works).")
@click.option("-p", "--prompt", "prompts", multiple=True, metavar="NAME", help="Only this prompt (a pattern works).")
@click.option("-k", "cases", multiple=True, metavar="TEXT", help="Only cases with this in their id; * and ? work.")
@click.option("--tag", "tags", multiple=True, help="Only cases with this tag.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Only the first N cases.")
@click.option("--sample", type=click.IntRange(min=1), metavar="N", help="Only N cases, drawn by --seed.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of all that is drawn.")
@click.option("--repeat", type=click.IntRange(min=1), metavar="N", help="Ask everything N times.")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Change a value: defaults.repeat=3.")
@click.option("-j", "--concurrency", type=click.IntRange(min=1), metavar="N", help="Requests at once, per model.")
@click.option("--from", "runs", type=RUN, multiple=True, metavar="RUN", help="Take lengths from the answers of a run.")
@click.option(
    "--pilot", type=click.IntRange(min=1), metavar="N", help="Ask N trials first, spread over models and tags."
)
@click.option("--max-cost", type=click.FloatRange(min=0, min_open=True), metavar="USD", help="Of the pilot.")
@click.option("--offline", is_flag=True, help="The pilot asks the stand-in gateway; earlier runs of it count.")
@click.option("--base-url", metavar="URL", help="Of the pilot: where the built-in gateway is.")
@click.option("--env-file", type=click.Path(path_type=Path), help="A file of KEY=VALUE lines.")
@click.option("--allow-code", is_flag=True, help="Of the pilot: run the Python code that suites name.")
@click.option("-o", "--out", type=click.Path(path_type=Path), default=Path("results"), show_default=True)
@rollout_flags
@click.option("--format", "form", type=click.Choice(["table", "json", "md", "csv"]), default="table", show_default=True)
@click.option("-q", "--quiet", is_flag=True, help="No progress of the pilot.")
def command(**flags: Any) -> int:
    """Tells what a suite will cost, before anything is spent.

    Tokens and USD of each model with 95 % intervals, without key or network. Lengths of answers come from --from or
    --pilot, else from the newest runs of the suite below --out that asked the same, else from what is usual. With
    --traffic or the suite's `traffic`, also what a rollout costs.
    """
    from evalkit.cli.estimate_session import estimate_suite

    return estimate_suite(flags, os.environ)
