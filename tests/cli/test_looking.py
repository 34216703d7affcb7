"""The commands that send nothing: validate, list, report, schema, help."""

from __future__ import annotations

import csv
import io
import json

import pytest

from evalkit.cli.main import COMMANDS
from tests.cli.conftest import KEY, case

# --- validate ------------------------------------------------------------------------------------------------------


def test_a_sound_suite_is_counted(cli, write, monkeypatch):
    monkeypatch.delenv("GPTPROTO_API_KEY")
    suite = write(models=["gpt-4o", "o3"], cases=[case("a", repeat=3), case("b"), case("c", skip="later")])
    ended = cli("validate", suite)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == f"{suite}: ok: 2 cases, 1 skipped, 1 prompt, 2 models: 8 trials\n"


def test_an_empty_suite_is_five(cli, write):
    ended = cli("validate", write(cases=[]))
    assert ended.code == 5
    assert "suite.yaml: no trial" in ended.reason


TWO_MISTAKES = {"models": ["gpt-4oo"], "gates": {"pas,s:": ">= 1"}}


def test_problems_come_with_place_line_and_caret(cli, tmp_path):
    (tmp_path / "巴黎.yaml").write_text("name: 巴黎\nmodels: [gpt-4o]\nprompts: ['巴黎 {{ q }}']\n巴黎: 1\n")
    ended = cli("validate", "巴黎.yaml")
    assert ended.code == 2
    message, *drawing = ended.err.splitlines()[:3]
    assert message.startswith("巴黎.yaml:4:1: unknown key '巴黎'")
    assert drawing == ["     4 | 巴黎: 1", "       | ^"]
    assert ended.reason == "1 problem in 巴黎.yaml; nothing was sent"


def test_problems_as_json(cli, write):
    suite = write(**TWO_MISTAKES)
    ended = cli("validate", suite, "--format", "json")
    problems = json.loads(ended.out)
    assert ended.code == 2
    assert [sorted(problem) for problem in problems] == [["column", "file", "line", "message"]] * 2
    assert {problem["file"] for problem in problems} == {str(suite)}
    assert json.loads(cli("validate", write(), "--format", "json").out) == []


def test_problems_as_annotations(cli, write):
    ended = cli("validate", write("a,b.yaml", **TWO_MISTAKES), "--format", "github")
    assert ended.code == 2
    lines = ended.out.splitlines()
    assert len(lines) == 2
    assert all(line.startswith("::error file=") and "a%2Cb.yaml,line=1,col=" in line for line in lines)
    assert any("pas,s:" in line for line in lines)


@pytest.mark.parametrize("form", ["text", "json", "github"])
def test_the_last_line_counts_the_problems_in_every_format(cli, write, form):
    assert cli("validate", write(**TWO_MISTAKES), "--format", form).reason.startswith("2 problems in ")


# --- list ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["models", "checks", "apis", "reports"])
def test_lists_are_objects_with_names(cli, what):
    ended = cli("list", what, "--format", "json")
    rows = json.loads(ended.out)
    assert (ended.code, ended.err) == (0, "")
    assert rows
    assert all(isinstance(row["name"], str) for row in rows)
    text = cli("list", what).out.splitlines()
    assert [line.split()[0] for line in text] == [row["name"] for row in rows]


def test_the_checks_that_the_issue_names_are_listed(cli):
    names = {row["name"] for row in json.loads(cli("list", "checks", "--format", "json").out)}
    assert names >= {
        "equals", "contains", "icontains", "contains_any", "contains_all", "starts_with", "ends_with", "regex",
        "one_of", "number", "json", "json_schema", "not", "finish_reason", "max_latency_s", "max_cost_usd",
    }  # fmt: skip


TURNS = ["Hi.", {"user": "What is my name?", "checks": [{"contains": "Ada"}, {"not": {"contains": "Bob"}}]}]


def test_models_and_cases_of_a_suite(cli, write):
    given = [case("a", tags=["x", "y"]), case("b", turns=TURNS)]
    suite = write(models=["gpt-4o", {"name": "mine", "id": "o3"}], cases=given)
    models = json.loads(cli("list", "models", suite, "--format", "json").out)
    cases = json.loads(cli("list", "cases", suite, "--format", "json").out)
    assert [(row["name"], row["id"], row["api"]) for row in models] == [
        ("gpt-4o", "gpt-4o", "chat"),
        ("mine", "o3", "responses"),
    ]
    assert [(row["name"], row["tags"], row["checks"]) for row in cases] == [("a", ["x", "y"], 1), ("b", [], 3)]


def test_runs_are_listed_and_what_is_none_is_said(cli, write, tmp_path):
    assert json.loads(cli("list", "runs", "--format", "json").out) == []
    folder = cli("run", write(name="mine")).folder
    (tmp_path / "results" / "broken").mkdir()
    (tmp_path / "results" / "broken" / "run.json").write_text("{")
    ended = cli("list", "runs", "--format", "json")
    rows = json.loads(ended.out)
    assert [(row["name"], row["suite"], row["stand_in"]) for row in rows] == [(folder.name, "mine", False)]
    assert "broken" in ended.err


# --- report --------------------------------------------------------------------------------------------------------


def test_a_run_is_shown_again_in_every_format(cli, write, tmp_path):
    done = cli("run", write(name="mine", cases=[case("a"), case("b", "no")]))
    assert cli("report", done.folder).out == done.out
    assert cli("report", done.folder / "run.json").out == done.out
    for form, file in (("json", "summary.json"), ("md", "summary.md"), ("csv", "summary.csv")):
        kept = (done.folder / file).read_bytes().decode()
        ended = cli("report", done.folder, "--format", form)
        assert (ended.code, ended.out) == (0, kept)
        cli("report", done.folder, "--format", form, "-o", tmp_path / "copy")
        assert (tmp_path / "copy").read_bytes().decode() == kept
    assert [row["model"] for row in csv.DictReader(io.StringIO(cli("report", done.folder, "--format", "csv").out))]


def test_a_report_that_cannot_be_written_is_storage(cli, write, tmp_path):
    ended = cli("report", cli("run", write()).folder, "--format", "md", "-o", tmp_path / "no" / "where.md")
    assert ended.code == 3
    assert "where.md cannot be written: No such file" in ended.reason


def test_an_unknown_format_is_named_with_the_nearest(cli):
    ended = cli("report", ".", "--format", "jsno")
    assert ended.code == 2
    assert "unknown report 'jsno'; did you mean 'json'?" in ended.err


# --- schema and help -----------------------------------------------------------------------------------------------


def test_the_schema_is_json(cli):
    schema = json.loads(cli("schema").out)
    assert {"models", "prompts", "cases"} <= schema["properties"].keys()


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_every_command_explains_itself(cli, command, flag):
    ended = cli(command, flag)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith(f"Usage: evalkit {command}")
    assert COMMANDS[command] in ended.out


def test_help_names_all_commands_and_exit_codes(cli):
    out = cli("--help").out
    assert all(f"  {command} " in out for command in COMMANDS)
    assert "5 nothing selected" in out


def test_the_version_is_told(cli):
    assert cli("--version").out.startswith("evalkit, version ")


@pytest.mark.parametrize("arguments", [["nonsense"], [], ["run"], ["validate"], ["list", "nonsense"], ["report"]])
def test_a_command_that_cannot_be_is_two(cli, arguments):
    ended = cli(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert "Usage: evalkit" in ended.err


def test_no_command_shows_a_key(cli, write):
    suite = write()
    for arguments in (["validate", suite], ["list", "models", suite], ["list", "cases", suite]):
        ended = cli(*arguments)
        assert KEY not in ended.out + ended.err
