"""`evalkit judge-check`: a judge measured against what people said of answers."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evalkit.cli.reports import PIPE_COLUMNS, show

if TYPE_CHECKING:
    from evalkit.analysis.judge_measures import JudgeReport
    from evalkit.cli.ending import End
    from evalkit.running.job import Ending

REPORT = "agreement.json"
"""The file in the run folder that holds what is shown."""


@click.command("judge-check")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "-m",
    "--model",
    "judges",
    multiple=True,
    required=True,
    metavar="MODEL",
    help="The judge; may be given several times.",
)
@click.option("--rubric", metavar="TEXT", help="For lines without a rubric of their own.")
@click.option(
    "--threshold", type=click.FloatRange(0, 1), default=0.5, show_default=True, help="From which a score is a pass."
)
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Only the first N answers.")
@click.option("--offline", is_flag=True, help="Ask the stand-in gateway: no key, no network, no real judge.")
@click.option("--base-url", metavar="URL", help="Where the built-in gateway is, in place of GPTPROTO_API_BASE.")
@click.option("--env-file", type=click.Path(path_type=Path), help="A file of KEY=VALUE lines with the keys.")
@click.option("-j", "--concurrency", type=click.IntRange(min=1), metavar="N", help="Requests at once, per judge.")
@click.option("--max-cost", type=click.FloatRange(min=0, min_open=True), metavar="USD", help="Spend no more than this.")
@click.option(
    "--max-error-rate", type=click.FloatRange(0, 1), default=0.01, show_default=True, help="Above it: exit 3."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Of the stand-in's answers.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.option("-o", "--out", type=click.Path(path_type=Path), default=Path("results"), show_default=True)
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
def command(
    file: Path,
    judges: tuple[str, ...],
    rubric: str | None,
    threshold: float,
    limit: int | None,
    form: str,
    max_error_rate: float,
    **flags: Any,
) -> int:
    """Measures a judge against what people said of answers.

    FILE is JSONL: a line has `answer`, `rubric` and `label` (0 or 1, a score between them, pass or fail; or a class of
    factuality, and then `expected` in place of `rubric`), and may have `input`, `expected` and `id`. Shown are the
    agreement, Cohen's kappa with its interval, and the confusion matrix; what was said is kept in a run folder.
    """
    from evalkit.cli.environment import with_env_file
    from evalkit.cli.judge_checking import compare, judge_all, prepare
    from evalkit.cli.judge_labels import read_labels
    from evalkit.cli.options import Options
    from evalkit.cli.progress import say
    from evalkit.cli.session import stand_in_for
    from evalkit.suite.models import BASE_URL_VARIABLE

    options = Options(**flags)
    judges = tuple(dict.fromkeys(judges))
    labels = read_labels(file, limit=limit, rubric=rubric)
    environ = with_env_file(os.environ, options.env_file)
    if options.base_url:
        environ = {**environ, BASE_URL_VARIABLE: options.base_url}
    with stand_in_for(options) as stand_in:
        url = stand_in.base_url if stand_in else None
        prepared = prepare(file, labels, judges, options, environ, stand_in_url=url)
        folder, ending = judge_all(prepared, options)
    report = compare(folder, file, labels, judges, threshold=threshold, stand_in=options.offline)
    _show(report, folder, form)
    code, reason = _end(report, ending, max_error_rate)
    say(f"results in {folder}")
    say(f"exit {code}: {reason}")
    return code


def _show(report: JudgeReport, folder: Path, form: str) -> None:
    import msgspec

    from evalkit.report.agreement_table import render_agreement
    from evalkit.run_folder import write_whole

    text = msgspec.json.format(msgspec.json.encode(report), indent=2).decode() + "\n"
    write_whole(folder / REPORT, text.encode())
    columns = shutil.get_terminal_size((PIPE_COLUMNS, 24)).columns
    show(text if form == "json" else render_agreement(report, columns))


def _end(report: JudgeReport, ending: Ending, max_error_rate: float) -> End:
    from evalkit.cli.ending import SIGNALLED, worst
    from evalkit.report.cells import plural

    asked = sum(measure.n + measure.errors for measure in report.judges)
    errors = sum(measure.errors for measure in report.judges)
    ends = [(0, f"{plural(asked - errors, 'verdict')} on {plural(report.n, 'answer')} compared")]
    if errors > max_error_rate * asked:
        ends.append((3, f"{errors} of {plural(asked, 'verdict')} could not be had"))
    ends += [(3, f"stopped asking {judge}: {fault.message}") for judge, fault in ending.stopped.items()]
    if ending.run_stopped is not None:
        ends.append((3, f"stopped: {ending.run_stopped.message}"))
    if ending.over_budget is not None:
        ends.append((4, f"stopped by the budget: {ending.over_budget}"))
    if ending.signal_number is not None:
        ends.append(
            (SIGNALLED + ending.signal_number, f"interrupted: {asked}/{report.n * len(report.judges)} verdicts")
        )
    return worst(reversed(ends))
