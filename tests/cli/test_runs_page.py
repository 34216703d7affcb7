"""docs/runs.md: each of its commands is called, one after another, as a reader would."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from tests.cli.conftest import case

PAGE = (Path(__file__).parents[2] / "docs" / "runs.md").read_text("utf-8")
COMMANDS = [line.removeprefix("$ evalkit ") for line in PAGE.splitlines() if line.startswith("$ evalkit ")]
RUN = "results/quickstart-20261121T184100Z"


def test_the_page_shows_every_command_that_it_is_about():
    shown = " ".join(COMMANDS)
    for word in (
        "--resume",
        "--failed",
        "--replay",
        "--no-key skip",
        "--cache",
        "rescore",
        "info",
        "export",
        "import",
        "clear",
    ):
        assert word in shown


def test_its_commands_work_in_their_order(cli, write, gateway, tmp_path, monkeypatch):
    monkeypatch.setenv("EVALKIT_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "suites").mkdir()
    write("suites/quickstart.yaml", name="quickstart", cases=[case("a"), case("b"), case("c", "no")])
    cli("run", "suites/quickstart.yaml").folder.rename(RUN)
    for command in COMMANDS:
        ended = cli(*shlex.split(command))
        assert ended.code == (1 if command.startswith(("run", "rescore")) else 0), f"{command}: {ended.err}"
    assert len(gateway.arrived) == 3 + 1 + 3  # the run, what failed in it, and the one with the cache


@pytest.mark.parametrize("variable", ["EVALKIT_CACHE_DIR", "EVALKIT_CACHE_MAX_DAYS", "EVALKIT_CACHE_MAX_MB"])
def test_it_names_the_variables_that_there_are(variable):
    from evalkit.stored import cache_folder

    assert variable in PAGE
    assert variable in Path(cache_folder.__file__).read_text("utf-8")
