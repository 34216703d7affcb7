"""`evalkit power`: the smallest difference that a suite can show, before anybody believes that there is none."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator
from pathlib import Path
from statistics import harmonic_mean
from typing import TYPE_CHECKING

import click

from evalkit.cli.reports import PIPE_COLUMNS, show
from evalkit.errors import NothingSelected, UsageError
from evalkit.run_folder import MANIFEST, RECORDS

if TYPE_CHECKING:
    from evalkit.analysis.prospects import Design, PowerReport
    from evalkit.suite.parts import Case
    from evalkit.suite.plan import Plan

_LEAST_POINTS = 0.1


@click.command("power")
@click.argument("source", metavar="SUITE|RUN", type=click.Path(path_type=Path))
@click.option("--delta", default="5pp", metavar="POINTS", show_default=True, help="The difference you want to see.")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Of a suite: defaults.repeat=3.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def command(source: Path, delta: str, overrides: tuple[str, ...], form: str) -> None:
    """Tells the smallest difference that a suite can show.

    Of a SUITE by assumptions that are told, of a RUN by what its repeats measured; and how many cases and repeats a
    wanted difference needs. Nothing is sent.
    """
    wanted = _points(delta)
    if source.is_dir() or source.name in (MANIFEST, RECORDS):
        report = _of_run(source, wanted, overrides)
    else:
        report = _of_suite(source, wanted, overrides)
    if form == "json":
        import msgspec

        show(msgspec.json.format(msgspec.json.encode(report), indent=2).decode() + "\n")
        return
    from evalkit.report.power_table import render_power

    show(render_power(report, shutil.get_terminal_size((PIPE_COLUMNS, 24)).columns))


def _points(text: str) -> float:
    """`5pp`, `5` or `5 %`: all are points, as for `compare --margin`."""
    number = text.strip().removesuffix("pp").removesuffix("%").strip()
    try:
        points = float(number)
    except ValueError:
        points = math.nan
    if not _LEAST_POINTS <= points <= 100:
        raise UsageError(f"--delta is a number of points from {_LEAST_POINTS} to 100, as in 5pp; found '{text}'")
    return points / 100


def _of_run(source: Path, delta: float, overrides: tuple[str, ...]) -> PowerReport:
    from evalkit.analysis.frames import load_run
    from evalkit.analysis.prospects import of_run

    if overrides:
        raise UsageError("--set changes a suite; a run is as it was")
    columns = ("case_id", "prompt", "model", "cluster", "status", "passed")
    report = of_run(load_run(source, columns=columns, scores=False), delta)
    if not report.prospects:
        raise NothingSelected(f"{source}: no trial of this run passed or failed")
    return report


def _of_suite(source: Path, delta: float, overrides: tuple[str, ...]) -> PowerReport:
    from evalkit.analysis.prospects import of_designs
    from evalkit.suite.loader import load_suite
    from evalkit.suite.plan import Plan

    plan = Plan(load_suite(source, overrides=overrides))
    plan.prepare()
    report = of_designs(_designs(plan), name=f"{plan.suite.name} ({source})", delta=delta)
    if not report.prospects:
        raise NothingSelected(f"{source}: no case that could pass or fail")
    return report


def _designs(plan: Plan) -> Iterator[Design]:
    """One for each model with each prompt; one for all where they are asked the same."""
    cases = [case for case in plan.cases() if case.xfail is None and _is_checked(case)]
    designs = [
        _design(model.name, prompt.name, asked, math.prod(map(len, plan.suite.matrix.values())))
        for model in plan.models
        for prompt in plan.prompts
        if (asked := [case for case in cases if _is_asked(case, model.name, prompt.name)])
    ]
    alike = len({(design.cases, design.effective_cases, design.repeats) for design in designs}) == 1
    yield from designs[:1] if alike else designs


def _design(model: str, prompt: str, asked: list[Case], combinations: int) -> Design:
    """Cases of one cluster count as one: whatever changes may change all of them."""
    from evalkit.analysis.prospects import ASSUMED_FLIPS, Design, Flips

    clusters = {case.cluster for case in asked if case.cluster is not None}
    alone = sum(case.cluster is None for case in asked)
    return Design(
        model=model,
        prompt=prompt,
        cases=len(asked) * combinations,
        effective_cases=alone * combinations + len(clusters),
        repeats=float(harmonic_mean([case.repeat for case in asked])),
        flips=tuple(Flips(value=share, source="assumed") for share in ASSUMED_FLIPS),
    )


def _is_checked(case: Case) -> bool:
    return bool(case.checks) or any(turn.checks for turn in case.turns)


def _is_asked(case: Case, model: str, prompt: str) -> bool:
    return (case.models is None or model in case.models) and (case.prompts is None or prompt in case.prompts)
