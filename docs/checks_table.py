"""Writes the table of docs/checks.md anew, from the checks themselves and from suites/checks.yaml."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from evalkit.registry import CHECKS

PAGE = Path(__file__).with_name("checks.md")
EXAMPLES = Path(__file__).parent.parent / "suites" / "checks.yaml"
BEGIN, END = "<!-- the table: `make docs` writes it -->\n", "<!-- end of the table -->\n"


def table() -> str:
    """A row for every check that evalkit brings: name, arguments, what passes, an example."""
    examples = _examples(yaml.safe_load(EXAMPLES.read_text("utf-8")))
    head = "| check | arguments | what passes | example |\n|---|---|---|---|\n"
    ours = [name for name in CHECKS if CHECKS[name].__module__.startswith("evalkit.")]
    return head + "".join(_row(name, examples.get(name)) for name in ours)


def with_table(page: str) -> str:
    """`page` with the table as it is now."""
    before, rest = page.split(BEGIN)
    return before + BEGIN + table() + END + rest.split(END)[1]


def _row(name: str, example: str | None) -> str:
    check: Any = CHECKS[name]
    arguments = ", ".join(_argument(field) for field in dataclasses.fields(check))
    passes = (check.__doc__ or "").strip().splitlines()[0]
    extra = getattr(check, "extra", None)
    needs = f" Needs `{extra}`." if extra else ""
    cells = (f"`{name}`", arguments, passes + needs, f"`{example}`" if example else "")
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def _argument(field: dataclasses.Field[Any]) -> str:
    """In italics what must be given, else with its default."""
    if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
        return f"*{field.name}*"
    default = field.default if field.default is not dataclasses.MISSING else field.default_factory()
    return field.name if default in (None, (), []) else f"{field.name} = {_flow(default)}"


def _examples(suite: Any) -> dict[str, str]:
    """Check → how the suite writes it first, by itself if it ever stands so, else inside another."""
    checks = [check for case in suite["cases"] for check in case["checks"]]
    found: dict[str, str] = {}
    for name, example in [*map(_named, checks), *(each for check in checks for each in _within(check))]:
        found.setdefault(name, example)
    return found


def _named(check: Any) -> tuple[str, str]:
    if isinstance(check, str):
        return check, check
    name = next(key for key in check if key in CHECKS)
    return name, f"{name}: {_flow(check[name])}"


def _within(node: Any) -> Iterator[tuple[str, str]]:
    """The checks in the arguments of a check."""
    for value in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _within(value)
        if isinstance(value, dict) and any(key in CHECKS for key in value):
            yield _named(value)


def _flow(value: Any) -> str:
    """A value in one line of YAML."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if isinstance(value, str) and (value == "" or not value.isalnum() or value in ("yes", "no", "true", "false")):
        return "'" + value.replace("'", "''") + "'"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text("utf-8")), "utf-8")
