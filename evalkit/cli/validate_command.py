"""`evalkit validate`: every mistake of every suite, without network."""

from __future__ import annotations

import json
from pathlib import Path

import click

from evalkit.cli.problems import count_problems, show_problems
from evalkit.errors import NothingSelected, Problem, SuiteInvalid
from evalkit.report.cells import plural


@click.command("validate")
@click.argument("suites", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(["text", "json", "github"]), default="text", show_default=True)
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Change a value: defaults.repeat=3.")
@click.option("--allow-code", is_flag=True, help="Also import the Python functions that suites name.")
def command(suites: tuple[Path, ...], form: str, overrides: tuple[str, ...], *, allow_code: bool) -> int:
    """Finds every mistake of suites, without network.

    Reads the suites, their prompts, pictures and all rows of their datasets, and renders every template. Exit 2 with
    all problems, 5 where a suite has no trial.
    """
    problems: list[Problem] = []
    summaries: list[str] = []
    empty: list[str] = []
    for path in suites:
        try:
            trials, text = _validate(path, overrides, allow_code=allow_code)
        except SuiteInvalid as error:
            problems += error.problems
            continue
        summaries.append(text)
        if not trials:
            empty.append(str(path))
    _show(problems, form)
    if problems:
        return SuiteInvalid.exit_code
    for text in summaries if form == "text" else ():
        click.echo(text)
    if empty:
        raise NothingSelected(f"{', '.join(empty)}: no trial: every case is skipped, or there is none")
    return 0


def _validate(path: Path, overrides: tuple[str, ...], *, allow_code: bool) -> tuple[int, str]:
    """The number of trials, and a line about them."""
    from evalkit.cli.targets import has_code, load_functions, settle_checks
    from evalkit.suite.loader import load_suite
    from evalkit.suite.plan import Plan

    plan = Plan(load_suite(path, overrides=overrides))
    census = plan.prepare()
    if allow_code:
        load_functions(plan, allow_code=True)
        settle_checks(census, allow_code=True)
    needs = "; to run it, --allow-code is needed" if has_code(plan, census) and not allow_code else ""
    skipped = f", {len(census.skipped)} skipped" if census.skipped else ""
    cases, trials = plural(census.cases, "case"), plural(census.trials, "trial")
    parts = f"{cases}{skipped}, {plural(len(plan.prompts), 'prompt')}, {plural(len(plan.models), 'model')}"
    judges = [judge for judge in plan.judges if judge not in plan.models]
    judged = f", {plural(len(judges), 'judge')}" if judges else ""
    return census.trials, f"{path}: ok: {parts}{judged}: {trials}{needs}"


def _show(problems: list[Problem], form: str) -> None:
    if form == "json":
        fields = ("file", "line", "column", "message")
        click.echo(json.dumps([{name: getattr(problem, name) for name in fields} for problem in problems], indent=1))
    elif form == "github":
        for problem in problems:
            click.echo(_annotation(problem))
    if problems:
        (show_problems if form == "text" else count_problems)(problems)


def _annotation(problem: Problem) -> str:
    """A line that GitHub shows beside the code."""
    place = [f"file={_escape(problem.file, property_value=True)}"]
    if problem.line is not None:
        place.append(f"line={problem.line}")
    if problem.column is not None:
        place.append(f"col={problem.column}")
    return f"::error {','.join(place)},title=evalkit::{_escape(problem.message)}"


def _escape(text: str, *, property_value: bool = False) -> str:
    text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return text.replace(":", "%3A").replace(",", "%2C") if property_value else text
