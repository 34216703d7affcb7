"""Baselines on the command line: made, shown, and what a run comes to beside one."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import asked, case, says

GATES = {"delta.pass_rate": "> -5pp", "new_failures": "== 0"}


@pytest.fixture
def baseline(cli, write):
    """A baseline of a run of ten cases that all passed."""
    suite = write(cases=[case(f"c{number}") for number in range(10)])
    assert cli("run", suite, "-q", "-o", "first").code == 0
    (run,) = (suite.parent / "first").iterdir()
    return suite, run


def test_a_baseline_is_made_of_a_run_by_the_suites_name(cli, baseline):
    _, run = baseline
    ended = cli("baseline", "update", run)
    assert (ended.code, ended.reason) == (0, "baselines/suite.json: new, 10 trials")
    assert json.loads((ended.place / "baselines/suite.json").read_text("utf-8"))["suite"] == "suite"


def test_an_update_says_what_changed(cli, baseline, gateway):
    suite, run = baseline
    cli("baseline", "update", run, "-o", "b.json")
    gateway.answer = lambda arrived: says("no" if asked(arrived) == "c3" else "yes")
    cli("run", suite, "-q", "-o", "second", "-k", "c3", "-k", "c4")
    (second,) = (suite.parent / "second").iterdir()
    merged = cli("baseline", "update", second, "-o", "b.json", "--merge")
    said = "b.json: 10 trials: 0 new, 0 gone, 1 with another verdict, 1 with another answer"
    assert (merged.code, merged.reason) == (0, said)
    cut = cli("baseline", "update", second, "-o", "b.json")
    assert cut.reason == "b.json: 2 trials: 0 new, 8 gone, 0 with another verdict, 0 with another answer"


def test_a_baseline_is_shown_with_intervals(cli, baseline):
    _, run = baseline
    cli("baseline", "update", run, "-o", "b.json")
    shown = cli("baseline", "show", "b.json")
    assert shown.out.splitlines()[2].split() == [
        "gpt-4o", "default", "10", "10", "10", "0", "0", "100.0", "72–100",
    ]  # fmt: skip
    (row,) = json.loads(cli("baseline", "show", "b.json", "--format", "json").out)["models"]
    assert (row["model"], row["cases"], row["pass_rate"], row["pass_rate_high"]) == ("gpt-4o", 10, 1.0, 1.0)


@pytest.mark.parametrize("as_file", [True, False])
def test_a_run_is_held_against_a_file_or_another_run(cli, baseline, gateway, as_file):
    suite, run = baseline
    cli("baseline", "update", run, "-o", "b.json")
    gateway.answer = lambda arrived: says("no" if asked(arrived) < "c7" else "yes")
    ended = cli("run", suite, "--baseline", "b.json" if as_file else run)
    assert (ended.code, ended.reason) == (1, f"exit 1: regressed against {'b.json' if as_file else run.name}")
    assert "Broken (7)" in ended.out
    summary = json.loads((ended.folder / "summary.json").read_text("utf-8"))
    assert summary["comparison"]["verdict"] == "regressed"
    assert "## Against" in (ended.folder / "summary.md").read_text("utf-8")
    again = cli("report", ended.folder)
    assert again.out == ended.out


def test_gates_of_the_suite_are_held_against_the_baseline(cli, baseline, gateway, write):
    _, run = baseline
    suite = write(cases=[case(f"c{number}") for number in range(10)], gates=GATES)
    first = cli("run", suite, "-q")
    assert first.code == 0
    assert first.reason == "exit 0: INCONCLUSIVE: new_failures == 0, delta.pass_rate > -5pp"
    assert "there is no baseline: run with" in first.out
    gateway.answer = lambda arrived: says("no" if asked(arrived) == "c3" else "yes")
    failed = cli("run", suite, "-q", "--baseline", run, "-o", "second")
    assert (failed.code, failed.reason) == (1, "exit 1: gate failed: new_failures == 0")


def test_strict_demands_a_baseline_for_gates_on_changes(cli, write):
    suite = write(cases=[case("c1")], gates=GATES)
    assert cli("run", suite, "-q", "--strict").code == 1


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("nowhere.json", "nowhere.json: no such file or folder; name a run folder, or a baseline file"),
        ("suite.yaml", "suite.yaml: not a baseline"),
        ("git:HEAD", "is in no git repository"),
        ("other.json", "--baseline other.json has no case, prompt and model of"),
        ("stand-in.json", "--baseline stand-in.json has answers of the stand-in gateway, and this run would have"),
    ],
)
def test_a_baseline_that_does_not_fit_is_refused_before_anything_is_sent(cli, baseline, gateway, named, said):
    suite, run = baseline
    cli("baseline", "update", run, "-o", "b.json")
    whole = json.loads((suite.parent / "b.json").read_text("utf-8"))
    for file, changes in (
        ("other.json", {"trials": [{**each, "case_id": "x" + each["case_id"]} for each in whole["trials"]]}),
        ("stand-in.json", {"stand_in": True}),
    ):
        (suite.parent / file).write_text(json.dumps({**whole, **changes}), encoding="utf-8")
    before = len(gateway.arrived)
    ended = cli("run", suite, "--baseline", named)
    assert ended.code == 2
    assert said in ended.reason
    assert len(gateway.arrived) == before


def test_a_baseline_of_one_suite_is_not_for_two(cli, baseline, write):
    suite, run = baseline
    ended = cli("run", suite, write("other.yaml"), "--baseline", run)
    assert ended.code == 2
    assert "is one suite's: run the suites one by one" in ended.reason


def test_a_file_is_never_made_of_both_kinds_of_answers(cli, baseline):
    _, run = baseline
    cli("baseline", "update", run, "-o", "b.json")
    file = run.parent.parent / "b.json"
    file.write_text(file.read_text("utf-8").replace('"stand_in": false', '"stand_in": true'), encoding="utf-8")
    ended = cli("baseline", "update", run, "-o", "b.json")
    assert ended.code == 2
    assert "they are never mixed" in ended.reason


def test_a_file_stays_that_of_its_suite(cli, baseline, write):
    _, run = baseline
    cli("baseline", "update", run, "-o", "b.json")
    cli("run", write("other.yaml"), "-q", "-o", "second")
    (second,) = (run.parent.parent / "second").iterdir()
    ended = cli("baseline", "update", second, "-o", "b.json")
    assert (ended.code, "is a baseline of 'suite', and" in ended.reason) == (2, True)


def test_the_baseline_is_remembered_when_a_run_is_gone_on_with(cli, baseline, gateway):
    suite, run = baseline
    cli("run", suite, "-q", "--baseline", run)
    (second,) = (suite.parent / "results").iterdir()
    ended = cli("run", "--resume", second, "-q")
    assert f"Against {run.name}" in ended.out
