"""`evalkit schema`: the JSON Schema of a suite file, for editors."""

from __future__ import annotations

import json

import click


@click.command("schema")
def command() -> None:
    """Prints the JSON Schema of a suite file.

    Save it beside a suite and name it in the suite's first line, and editors complete keys and mark mistakes:

    \b
    # yaml-language-server: $schema=./suite.schema.json
    """
    from evalkit.suite.json_schema import suite_schema

    click.echo(json.dumps(suite_schema(), indent=2, ensure_ascii=False))
