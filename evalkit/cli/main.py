"""The `evalkit` command: a group whose commands are imported only when they are called."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

import click

from evalkit import __version__
from evalkit.errors import EvalkitError, StorageError, SuiteInvalid

COMMANDS = {
    "validate": "Finds every mistake of suites, without network.",
    "estimate": "Tells what a suite will cost, before anything is spent.",
    "run": "Runs suites over their models and writes the reports.",
    "rescore": "Judges a run's answers by the checks as they are now; sends nothing.",
    "report": "Shows a run again, in any format.",
    "compare": "Says whether a difference is real.",
    "baseline": "Makes and shows baselines that are checked in.",
    "power": "Tells the smallest difference that a suite can show.",
    "list": "Lists models, checks, apis, reports, runs or cases.",
    "recover": "Verifies a run's records, and repairs the file where it is damaged.",
    "judge-check": "Measures a judge against what people said of answers.",
    "prices": "Shows what models cost, and refreshes it.",
    "cache": "Shows, empties, exports or imports the cache of answers.",
    "schema": "Prints the JSON Schema of a suite file.",
    "simulate": "Serves the stand-in gateway.",
}
"""Command → what `evalkit --help` says of it; a test holds each against the command's own help."""
READER_GONE = 141
"""The exit code where whoever read stdout has gone, as the shell has it of programs that die of it."""


def module_of(command: str) -> str:
    """Where a command stands."""
    return f"evalkit.cli.{command.replace('-', '_')}_command"


class LazyGroup(click.Group):
    """Knows its commands' names and one-line helps without importing them: `--help` must be quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All of them, in the order in which people need them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(module_of(cmd_name)).command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Calls the command. Click would exit with 1 where stdout is a broken pipe, and 1 stands for a failed case."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            _discard_output()
            raise click.exceptions.Exit(READER_GONE) from error
        except OSError as error:
            if error.filename is None:
                _discard_output()
            raise StorageError(f"{error.filename or 'output'} cannot be written or read: {error.strerror}") from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the table above."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="evalkit")
def evalkit() -> None:
    """Compare models, test prompts for regressions, estimate costs: from one suite file.

    \b
    Start with:  evalkit run suites/quickstart.yaml --offline
    Exit codes:  0 fine, 1 a gate or case failed, 2 usage or suite invalid, 3 a stopped model or too many errors,
                 4 stopped by budget, 5 nothing selected, 130/143 stopped by a signal.
    """


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line. Returns the exit code; nobody sees a traceback for a mistake of their own."""
    try:
        result = evalkit.main(arguments, prog_name="evalkit", standalone_mode=False)
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.Abort:
        click.echo("Interrupted.", err=True)
        return 130
    except click.ClickException as error:
        error.show()
        return 2
    except SuiteInvalid as error:
        from evalkit.cli.problems import show_problems

        show_problems(error.problems)
        return error.exit_code
    except EvalkitError as error:
        click.echo(f"evalkit: {error}", err=True)
        return error.exit_code
    return result if isinstance(result, int) else 0


def _discard_output() -> None:
    """Lets what stdout still holds go nowhere: Python would fail on it once more on its way out."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
