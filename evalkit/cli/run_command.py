"""`evalkit run`: the main job. All suites are read first; then each is run into a folder of its own."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

DEFAULT_REPORTS = ("md", "csv", "json")


@click.command("run")
@click.argument("suites", nargs=-1, required=True, type=click.Path(path_type=Path))
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
@click.option("--allow-code", is_flag=True, help="Run the Python functions that suites name as targets.")
@click.option(
    "--max-cost",
    type=click.FloatRange(min=0, min_open=True),
    metavar="USD",
    help="Spend no more than this, over all suites.",
)
@click.option(
    "--max-error-rate", type=click.FloatRange(0, 1), default=0.01, show_default=True, help="Above it: exit 3."
)
@click.option("--gate", "gates", multiple=True, metavar="EXPR", help="As in 'pass_rate >= 0.9' or 'o3: cost_usd <= 2'.")
@click.option("--strict", is_flag=True, help="An inconclusive gate fails.")
@click.option("--report", "reports", metavar="LIST", help="Which reports to write: md,csv,json (the default), or none.")
@click.option("--no-raw", is_flag=True, help="Keep no request and response bodies.")
@click.option("-o", "--out", type=click.Path(path_type=Path), default=Path("results"), show_default=True)
@click.option("--exit-zero", is_flag=True, help="Exit 0 whatever was answered; usage and storage errors stay.")
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True)
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
@click.option("-v", "--verbose", is_flag=True, help="Say what is sent where, and what functions raise in full.")
def command(**options: Any) -> int:
    """Runs suites over their models and writes the reports.

    The comparison goes to stdout, everything else to stderr; each run has a folder of its own below --out.
    """
    from evalkit.cli.options import Options
    from evalkit.cli.session import run_suites

    suites = options.pop("suites")
    reports = options.pop("reports")
    named = DEFAULT_REPORTS if reports is None else tuple(name.strip() for name in reports.split(","))
    chosen = tuple(name for name in named if name != "none")
    return run_suites(suites, Options(**options, reports=chosen), os.environ)
