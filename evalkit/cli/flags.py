"""The flags that several commands share, and all flags of a command as `Options`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from evalkit.cli.options import Options

__all__ = ["RUN", "judging_flags", "options_of"]

DEFAULT_REPORTS = ("md", "csv", "json")
RUN = click.Path(path_type=Path)
"""A run folder. What is wrong with one is said by those who open it."""

F = TypeVar("F", bound=Callable[..., Any])

_JUDGING = (
    click.option(
        "--max-error-rate", type=click.FloatRange(0, 1), default=0.01, show_default=True, help="Above it: exit 3."
    ),
    click.option(
        "--gate", "gates", multiple=True, metavar="EXPR", help="As in 'pass_rate >= 0.9' or 'o3: cost_usd <= 2'."
    ),
    click.option("--strict", is_flag=True, help="An inconclusive gate fails."),
    click.option(
        "--report", "reports", metavar="LIST", help="Which reports to write: md,csv,json (the default), or none."
    ),
    click.option("--no-raw", is_flag=True, help="Keep no request and response bodies."),
    click.option("-o", "--out", type=click.Path(path_type=Path), default=Path("results"), show_default=True),
    click.option("--exit-zero", is_flag=True, help="Exit 0 whatever was answered; usage and storage errors stay."),
    click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True),
    click.option("-q", "--quiet", is_flag=True, help="No progress."),
    click.option("-v", "--verbose", is_flag=True, help="Say what is sent where, and what functions raise in full."),
)


def judging_flags(command: F) -> F:
    """Gives a command the flags about verdicts, and about what is kept and shown of a run."""
    for flag in reversed(_JUDGING):
        command = flag(command)
    return command


def options_of(values: Mapping[str, Any]) -> Options:
    """The flags of the command that is being called."""
    from click.core import ParameterSource

    from evalkit.cli.options import Options

    context = click.get_current_context()
    given = frozenset(name for name in values if context.get_parameter_source(name) is ParameterSource.COMMANDLINE)
    reports = values["reports"]
    named = DEFAULT_REPORTS if reports is None else tuple(name.strip() for name in reports.split(","))
    chosen = tuple(name for name in named if name != "none")
    return Options(**{**values, "reports": chosen, "given": given})
