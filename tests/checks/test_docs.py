"""docs/checks.md and suites/checks.yaml keep up with the checks."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from evalkit.checks.number_reading import last_number
from evalkit.registry import CHECKS

ROOT = Path(__file__).parent.parent.parent


def generator():
    spec = importlib.util.spec_from_file_location("checks_table", ROOT / "docs" / "checks_table.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_table_of_checks_is_as_the_checks_are():
    page = (ROOT / "docs" / "checks.md").read_text("utf-8")
    assert generator().with_table(page) == page, "docs/checks.md is behind: make docs"


@pytest.mark.parametrize("family", ["text", "length", "similarity", "overlap", "refusal", "structured", "yaml_text",
    "xml_text", "code", "choice", "numeric", "lists", "squad", "pattern", "negation", "composition", "operational",
    "tool_call", "python_check", "judge", "factuality", "preference"])  # fmt: skip
def test_every_check_of_texts_structure_and_answers_has_an_example(family):
    names = [name for name in CHECKS if CHECKS[name].__module__ == f"evalkit.checks.{family}"]
    rows = {line.split("`")[1]: line for line in generator().table().splitlines() if line.startswith("| `")}
    assert names
    assert [name for name in names if f"`{name}" not in rows[name].rpartition(" | ")[2]] == []


def readings() -> list[tuple[str, str]]:
    """Both halves of the rows under "Which number": how it is written, how it is read."""
    section = (ROOT / "docs" / "checks.md").read_text("utf-8").split("## Which number")[1]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in section.splitlines() if line.startswith("| `")]
    return [(row[at], row[at + 1]) for row in rows for at in (0, 3) if len(row) == 5]


@pytest.mark.parametrize(("written", "read"), readings())
def test_the_page_says_rightly_how_numbers_are_read(written, read):
    spellings = [spelling for spelling in written.split("`") if spelling.strip()]
    assert spellings
    for spelling in spellings:
        found = last_number(spelling)
        assert found.numerator / found.denominator == last_number(read).numerator
