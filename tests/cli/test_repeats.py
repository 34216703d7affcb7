"""Cases that are asked several times, or expected to fail, end a run as their authors meant it."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from tests.another_gateway import AnotherGateway
from tests.cli.conftest import asked, case, says


@pytest.fixture
def gateway():
    """Answers "yes", except that every third answer to `flaky` is "no", and every one to `broken`."""
    times = Counter()

    def answer(arrived):
        question = asked(arrived)
        times[question] += 1
        wrong = question == "broken" or (question == "flaky" and times[question] % 3 == 0)
        return says("no" if wrong else "yes")

    with AnotherGateway(answer) as running:
        yield running


def summary(ended):
    (row,) = json.loads((ended.folder / "summary.json").read_text("utf-8"))["models"]
    return row


def test_a_case_passes_when_enough_of_its_repeats_do(cli, write):
    cases = [case("flaky", pass_if="2/3"), case("sound")]
    ended = cli("run", write(cases=cases, defaults={"repeat": 3}), "-j", "1")
    row = summary(ended)
    assert (row["passed"], row["failed"], row["cases_passed"], row["cases_failed"]) == (5, 1, 2, 0)
    assert (row["flake_rate"]["value"], row["flake_rate"]["n"]) == (0.5, 2)
    assert row["pass_at_k"]["3"]["value"] == 1.0
    assert row["pass_hat_k"]["3"]["value"] == 0.5
    assert ended.code == 0
    assert "in as many of its repeats as `pass_if` asks" in ended.out


def test_all_repeats_must_pass_where_nobody_says_otherwise(cli, write):
    ended = cli("run", write(cases=[case("flaky"), case("sound")], defaults={"repeat": 3}), "-j", "1")
    assert (ended.code, ended.reason) == (1, "exit 1: 1 of 2 cases failed")
    assert "✗ FAIL: 1 case failed" in ended.out


def test_a_failure_that_was_expected_is_none_and_a_pass_that_was_not_is_told(cli, write):
    cases = [case("broken", xfail="gateway bug 12"), case("mended", xfail="gateway bug 13"), case("sound")]
    ended = cli("run", write(cases=cases))
    row = summary(ended)
    assert (row["passed"], row["failed"], row["xfailed"], row["xpassed"]) == (1, 0, 1, 1)
    assert row["pass_rate"] == 1.0
    assert ended.code == 0
    assert "mended passed, although it was expected to fail: gateway bug 13" in ended.out
