"""`evalkit power` tells what a suite or a run can show, and says clearly where it cannot."""

from __future__ import annotations

import json

import pytest

from evalkit.analysis.power import cases_needed, smallest_difference
from tests.another_gateway import AnotherGateway
from tests.cli.conftest import asked, case, says

SECOND = {"name": "second", "id": "gpt-4o-mini", "api": "chat", "provider": "gptproto"}


@pytest.fixture
def gateway():
    """Answers every question whose number is even with "yes" and "no" in turns, the others with "yes"."""
    times: dict[str, int] = {}

    def answer(arrived):
        question = f"{arrived.body['model']} {asked(arrived)}"
        times[question] = times.get(question, 0) + 1
        flaky = question.rpartition("-")[2].isdecimal() and int(question.rpartition("-")[2]) % 2 == 0
        return says("no" if flaky and times[question] % 2 == 0 else "yes")

    with AnotherGateway(answer) as running:
        yield running


def cases(n, **fields):
    return [case(f"case-{number}", **fields) for number in range(n)]


def report(ended):
    assert ended.code == 0, ended.err
    return json.loads(ended.out)


def test_a_suite_is_told_by_its_cases_and_repeats_under_assumptions_that_are_named(cli, write):
    found = report(cli("power", write(cases=cases(40)), "--format", "json"))
    assert (found["source"], found["alpha"], found["power"], found["delta"]) == ("suite", 0.05, 0.8, 0.05)
    assert [(row["cases"], row["repeats"], row["flips"]["value"]) for row in found["prospects"]] == [
        (40, 1.0, 0.1),
        (40, 1.0, 0.2),
        (40, 1.0, 0.3),
    ]
    first = found["prospects"][0]
    assert first["flips"]["source"] == "assumed"
    assert first["smallest_difference"] == smallest_difference(40, flips=0.1)
    assert first["needed_cases"]["3"] == cases_needed(0.05, flips=0.1, repeats=3)


def test_repeats_of_the_suite_count(cli, write):
    suite = write(cases=cases(40))
    once = report(cli("power", suite, "--format", "json"))
    thrice = report(cli("power", suite, "--set", "defaults.repeat=3", "--format", "json"))
    assert thrice["prospects"][0]["repeats"] == 3
    assert thrice["prospects"][0]["smallest_difference"] < once["prospects"][0]["smallest_difference"]


def test_only_cases_that_can_pass_or_fail_count_and_clusters_count_as_one(cli, write):
    told = [
        *cases(10),
        case("known", xfail="bug"),
        case("later", skip="no pictures"),
        {"id": "asked", "vars": {"q": "?"}, "checks": "none"},
        *(case(f"page-{number}", cluster="book") for number in range(5)),
    ]
    found = report(cli("power", write(cases=told), "--format", "json"))["prospects"][0]
    assert (found["cases"], found["effective_cases"]) == (15, 11)


def test_models_that_are_asked_other_cases_have_rows_of_their_own(cli, write):
    told = [*cases(10), *(case(f"more-{number}", models=["o3"]) for number in range(10))]
    found = report(cli("power", write(models=["gpt-4o", "o3"], cases=told), "--format", "json"))
    assert {(row["model"], row["cases"]) for row in found["prospects"]} == {("gpt-4o", 10), ("o3", 20)}


def test_a_run_with_repeats_has_measured_what_chance_does(cli, write):
    ran = cli("run", write(cases=cases(20), defaults={"repeat": 2}, models=["gpt-4o", SECOND]), "-j", "1", "-q")
    found = report(cli("power", ran.folder, "--format", "json"))
    assert found["source"] == "run"
    row = found["prospects"][0]
    assert (row["model"], row["cases"], row["repeats"]) == ("gpt-4o", 20, 2)
    assert row["flips"] | {"low": 0, "high": 0} == {"value": 0.5, "source": "measured", "low": 0, "high": 0, "n": 20}
    (pair,) = found["pairs"]
    assert (pair["base"], pair["new"], pair["n"], pair["difference"]) == ("gpt-4o", "second", 20, 0.0)
    table = cli("power", ran.folder / "run.json")
    assert "50.0 % (29–71, n = 20)" in table.out
    assert "gpt-4o  second" in table.out


def test_the_table_says_what_it_assumes(cli, write):
    shown = cli("power", write(cases=cases(3)), "--delta", "10")
    assert "10.0 % assumed" in shown.out
    assert "none" in shown.out  # three cases show no difference at all
    assert "Cases needed to find 10 points, by the repeats of each:" in shown.out
    assert " ".join(shown.out.split()).count("a run with --repeat 3 measures it: evalkit power RUN") == 1


@pytest.mark.parametrize("delta", ["0", "-5", "0.05", "101", "much", "5 %%", ""])
def test_a_difference_that_is_none_is_refused(cli, write, delta):
    ended = cli("power", write(), "--delta", delta)
    assert (ended.code, ended.out) == (2, "")
    assert "--delta is a number of points from 0.1 to 100, as in 5pp" in ended.err


@pytest.mark.parametrize("delta", ["5pp", "5", "5%", "5 pp", "5 %"])
def test_points_may_be_written_in_all_usual_ways(cli, write, delta):
    assert report(cli("power", write(), "--delta", delta, "--format", "json"))["delta"] == 0.05


def test_a_suite_that_is_none_is_told_as_everywhere(cli, write, tmp_path):
    assert cli("power", tmp_path / "nowhere.yaml").code == 2
    assert cli("power", tmp_path).code == 2
    wrong = cli("power", write(cases=[{"id": "a", "vars": {"q": "x"}, "checks": [{"contians": "x"}]}]))
    assert (wrong.code, wrong.out) == (2, "")
    assert "contains" in wrong.err


def test_where_nothing_can_pass_there_is_nothing_to_tell(cli, write):
    nothing = write(cases=[{"id": "asked", "vars": {"q": "?"}, "checks": "none"}])
    assert cli("power", nothing).code == 5
    ran = cli("run", nothing, "-q")
    assert cli("power", ran.folder).code == 5


def test_flags_of_suites_are_refused_for_runs(cli, write):
    ran = cli("run", write(), "-q")
    ended = cli("power", ran.folder, "--set", "defaults.repeat=3")
    assert ended.code == 2
    assert "--set changes a suite" in ended.err
