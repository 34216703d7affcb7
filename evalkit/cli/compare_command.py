"""`evalkit compare`: whether what changed between runs, or differs between models or prompts, is more than chance."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from evalkit.errors import UsageError, did_you_mean
from evalkit.run_folder import MANIFEST, folder_of

if TYPE_CHECKING:
    from evalkit.analysis.sides import Side
    from evalkit.types import Comparison, Gate

EVERYTHING = "all"
_GREEDY = ("--models", "--prompts")


class Comparing(click.Command):
    """`--models A B` and `--prompts A B` take all names that follow, up to the next option or run folder."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Puts the option before each of the names, as click wants it."""
        return super().parse_args(ctx, _one_by_one(args))


def _one_by_one(args: Sequence[str]) -> list[str]:
    told: list[str] = []
    option: str | None = None
    for place, word in enumerate(args):
        before = args[place - 1] if place else ""
        if word in _GREEDY:
            option = word
        elif word.startswith("-") or (option is not None and before != option and _is_run(word)):
            option = None
            told.append(word)
        elif option is not None:
            told += [option, word]
        else:
            told.append(word)
    return told


def _is_run(word: str) -> bool:
    return (folder_of(Path(word)) / MANIFEST).is_file()


@click.command("compare", cls=Comparing)
@click.argument("base", type=click.Path(path_type=Path))
@click.argument("new", required=False, type=click.Path(path_type=Path))
@click.option("--models", multiple=True, metavar="A B…", help="Of one run, these models against each other; or all.")
@click.option("--prompts", multiple=True, metavar="A B…", help="Of one run, these prompts against each other; or all.")
@click.option(
    "--margin", default="5pp", metavar="POINTS", show_default=True, help="A difference within it counts as none."
)
@click.option("--gate", "gates", multiple=True, metavar="EXPR", help="As in 'delta.pass_rate > -2pp'.")
@click.option("--strict", is_flag=True, help="Exit 1 also where a verdict or a gate is inconclusive.")
@click.option("--format", "form", type=click.Choice(["text", "json", "md"]), default="text", show_default=True)
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True)
def command(base: Path, new: Path | None, **options: Any) -> int:
    """Says whether a difference is real.

    BASE and NEW are run folders; BASE may also be a baseline file. With one of them, --models or --prompts says what
    of it is compared. Exit 1 where something regressed, or a gate failed. Of more than two models or prompts none is
    the one before, so that only gates count.
    """
    gates = _gates(options["gates"])
    margin = _margin(options["margin"])
    comparison = _compare(base, new, options["models"], options["prompts"], margin, gates)
    _show(comparison, options["form"], options["color"])
    return _end(comparison, strict=options["strict"])


def _compare(
    base: Path, new: Path | None, models: tuple[str, ...], prompts: tuple[str, ...], margin: float, gates: list[Gate]
) -> Comparison:
    if new is not None:
        return _two_runs(base, new, models, prompts, margin, gates)
    if bool(models) == bool(prompts):
        raise UsageError("of one run, say what to compare: --models A B, or --prompts A B; or name a second run")
    return _one_run(base, "model" if models else "prompt", models or prompts, margin, gates)


def _two_runs(
    base: Path, new: Path, models: tuple[str, ...], prompts: tuple[str, ...], margin: float, gates: list[Gate]
) -> Comparison:
    from evalkit.cli.sides import read_side
    from evalkit.compare import compare_runs
    from evalkit.gates import figures_for

    sides = [read_side(base), read_side(new)]
    _known([gate.model for gate in gates if gate.model is not None], "model", sides)
    for noun, names in (("model", models), ("prompt", prompts)):
        if names and EVERYTHING not in names:
            sides = [side.among(noun, _known(names, noun, sides)) for side in sides]
    comparison = compare_runs(*sides, margin=margin, gated=figures_for(gates))
    return _judged(comparison, gates, sides[1].folder)


def _one_run(
    path: Path, noun: Literal["model", "prompt"], wanted: tuple[str, ...], margin: float, gates: list[Gate]
) -> Comparison:
    from evalkit.cli.sides import read_side
    from evalkit.compare import compare_within
    from evalkit.gates import figures_for

    run = read_side(path)
    names = run.names(noun) if EVERYTHING in wanted else _known(wanted, noun, [run])
    if len(names) < 2:
        raise UsageError(f"{run.name}: a comparison needs two {noun}s; it has {', '.join(run.names(noun))}")
    if gates and len(names) > 2:
        raise UsageError(f"a gate on what changed needs two sides, and {len(names)} {noun}s are compared")
    if noun == "model" and any(gate.model for gate in gates):
        raise UsageError("--gate: between two models a gate speaks of both: name none in it")
    _known([gate.model for gate in gates if gate.model is not None], "model", [run])
    comparison = compare_within(run, names, apart=noun, margin=margin, gated=figures_for(gates))
    return _judged(comparison, gates, None)


def _known(wanted: Sequence[str], noun: str, sides: Sequence[Side]) -> list[str]:
    """The models or prompts in the order in which they are named. Raises UsageError for one that no side has."""
    known = list(dict.fromkeys(name for side in sides for name in side.names(noun)))
    for name in wanted:
        if name not in known:
            hint = did_you_mean(name, known) or f"; known: {', '.join(known)}"
            raise UsageError(f"{sides[-1].name}: no {noun} is called '{name}'{hint}")
    return list(dict.fromkeys(wanted))


def _gates(expressions: tuple[str, ...]) -> list[Gate]:
    from evalkit.suite.limits import parse_gate

    try:
        return [parse_gate(expression) for expression in expressions]
    except ValueError as error:
        raise UsageError(f"--gate: {error}") from error


def _margin(text: str) -> float:
    """`5pp`, `5` and `0.05` are the same: a bare number below 1 is a share, as in gates."""
    points = text.strip().removesuffix("pp").strip()
    try:
        margin = float(points)
    except ValueError:
        margin = -1.0
    if points != text.strip() or margin >= 1:
        margin /= 100
    if not 0 <= margin <= 1:
        raise UsageError(f"--margin is a number of points from 0 to 100, as in 5pp; found '{text}'")
    return margin


def _judged(comparison: Comparison, gates: list[Gate], folder: Path | None) -> Comparison:
    """With the results of the gates; those that are about no change look at the newer run."""
    if not gates:
        return comparison
    from msgspec.structs import replace

    from evalkit.analysis.frames import load_run
    from evalkit.gates import is_change, judge_gate

    if folder is None and not all(map(is_change, gates)):
        raise UsageError("--gate: only a run has figures of its own; here gates are on delta.…, or on new_failures")
    frames = load_run(folder) if folder is not None and not all(map(is_change, gates)) else None
    return replace(comparison, gates=tuple(judge_gate(gate, frames, comparison) for gate in gates))


def _show(comparison: Comparison, form: str, color: str) -> None:
    from evalkit.cli.reports import in_color, show, terminal_columns
    from evalkit.compare.keeping import encode
    from evalkit.report.comparison_console import ComparisonConsole
    from evalkit.report.comparison_markdown import comparison_markdown

    if form == "json":
        show(encode(comparison).decode())
    elif form == "md":
        show(comparison_markdown(comparison))
    else:
        show(ComparisonConsole(columns=terminal_columns(), color=in_color(color)).render(comparison))


def _end(comparison: Comparison, *, strict: bool) -> int:
    """The exit code, said with its reason on stderr."""
    from evalkit.report.differences import headline

    directed = comparison.kind == "runs" or len(comparison.sides) == 2
    broken = [gate.gate for gate in comparison.gates if gate.result == "fail"]
    undecided = [gate.gate for gate in comparison.gates if gate.result == "inconclusive"]
    code, reason = 0, headline(comparison)
    if broken:
        code, reason = 1, f"gate failed: {', '.join(broken)}"
    elif directed and comparison.verdict == "regressed":
        code = 1
    elif undecided:
        code, reason = int(strict), f"INCONCLUSIVE: {', '.join(undecided)}"
    elif directed and comparison.verdict == "inconclusive":
        code = int(strict)
    click.echo(f"exit {code}: {reason}", err=True)
    return code
