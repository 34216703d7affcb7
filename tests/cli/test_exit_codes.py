"""What `evalkit run` ends with, and the last line that says why."""

from __future__ import annotations

import json

import pytest

from evalkit.cli.ending import worst
from tests.cli.conftest import asked, case, fails, says


def test_all_passed_is_zero(cli, write):
    ended = cli("run", write())
    assert (ended.code, ended.reason) == (0, "exit 0: 2 of 2 scored trials passed")


def test_a_failed_case_is_one(cli, write):
    ended = cli("run", write(cases=[case("first"), case("second", "no")]))
    assert (ended.code, ended.reason) == (1, "exit 1: 1 of 2 scored trials failed")


HALF = [case("first"), case("second", "no")]


@pytest.mark.parametrize(
    ("gates", "code", "why"),
    [
        (["pass_rate >= 0.5"], 0, "exit 0: 1 of 1 gate passed"),
        (["pass_rate > 50%"], 1, "exit 1: gate failed: pass_rate > 0.5"),
        (["p50_latency_s <= 60", "gpt-4o: output_tokens == 4"], 0, "exit 0: 2 of 2 gates passed"),
        (["p99_latency_s <= 1"], 0, "exit 0: INCONCLUSIVE: p99_latency_s <= 1"),
        (["p99_latency_s <= 1", "pass_rate >= 1"], 1, "exit 1: gate failed: pass_rate >= 1"),
    ],
)
def test_where_gates_are_given_only_they_decide(cli, write, gates, code, why):
    flags = [word for gate in gates for word in ("--gate", gate)]
    ended = cli("run", write(cases=HALF), *flags)
    assert (ended.code, ended.reason) == (code, why)


def test_a_suites_own_gates_are_judged_with_those_of_flags(cli, write):
    ended = cli("run", write(cases=HALF, gates={"pass_rate": ">= 0.9"}), "--gate", "score >= 0.1")
    assert (ended.code, ended.reason) == (1, "exit 1: gate failed: pass_rate >= 0.9")
    summary = json.loads((ended.folder / "summary.json").read_text())
    assert [(gate["metric"], gate["result"]) for gate in summary["gates"]] == [("pass_rate", "fail"), ("score", "pass")]


def test_strict_makes_an_inconclusive_gate_fail(cli, write):
    ended = cli("run", write(), "--gate", "p99_latency_s <= 1", "--strict")
    assert (ended.code, ended.reason) == (1, "exit 1: INCONCLUSIVE: p99_latency_s <= 1 (--strict)")


def test_exit_zero_says_what_it_hides(cli, write):
    ended = cli("run", write(cases=HALF), "--exit-zero")
    assert (ended.code, ended.reason) == (0, "exit 0: by --exit-zero (else 1): 1 of 2 scored trials failed")


def one_error(arrived):
    return fails(400) if asked(arrived) == "second" else says("yes")


def test_too_many_errors_are_three(cli, write, gateway):
    gateway.answer = one_error
    ended = cli("run", write())
    why = "exit 3: 1 of 2 trials ended in errors, over the 0.01 that --max-error-rate allows"
    assert (ended.code, ended.reason) == (3, why)


def test_errors_that_are_allowed_are_not(cli, write, gateway):
    gateway.answer = one_error
    ended = cli("run", write(), "--max-error-rate", "0.5")
    assert (ended.code, ended.reason) == (0, "exit 0: 1 of 1 scored trial passed")


def test_allowed_errors_that_could_flip_a_gate_are_three(cli, write, gateway):
    gateway.answer = one_error
    ended = cli("run", write(), "--max-error-rate", "0.5", "--gate", "pass_rate >= 0.9")
    assert (ended.code, ended.reason) == (3, "exit 3: 1 error could have decided a gate otherwise: pass_rate >= 0.9")


def test_a_stopped_model_is_three_and_the_others_are_reported(cli, write, gateway):
    gateway.answer = lambda arrived: fails(403) if arrived.body["model"] == "o4-mini" else says("yes")
    ended = cli("run", write(models=["gpt-4o", "o4-mini"]))
    assert ended.code == 3
    assert ended.reason.startswith("exit 3: stopped asking o4-mini: the key in GPTPROTO_API_KEY may not use model")
    rows = {row["model"]: row for row in json.loads((ended.folder / "summary.json").read_text())["models"]}
    assert (rows["gpt-4o"]["passed"], rows["o4-mini"]["errors"], rows["o4-mini"]["not_run"]) == (2, 1, 1)


def test_exit_zero_covers_a_stopped_run(cli, write, gateway):
    gateway.answer = lambda _: fails(401)
    ended = cli("run", write(), "--exit-zero")
    assert ended.code == 0
    assert ended.reason.startswith("exit 0: by --exit-zero (else 3): stopped: the key in GPTPROTO_API_KEY was refused")


@pytest.mark.parametrize(
    ("changes", "flags"),
    [
        ({"cases": []}, ()),
        ({"cases": [case("first", skip="later")]}, ()),
        ({}, ("-k", "nobody")),
        ({}, ("--tag", "nothing")),
        ({"cases": [case("first", models=["o3"])], "models": ["gpt-4o", "o3"]}, ("-m", "gpt-4o")),
    ],
    ids=["empty", "skipped", "no case", "no tag", "no model"],
)
def test_nothing_to_run_is_five_and_never_green(cli, write, gateway, changes, flags):
    ended = cli("run", write(**changes), *flags, "--exit-zero")
    assert ended.code == 5
    assert "nothing to run" in ended.reason
    assert gateway.arrived == []
    assert not (ended.place / "results").exists()


def test_the_worst_of_several_suites_counts_and_stands_last(cli, write):
    good, bad = write("good.yaml"), write("bad.yaml", cases=HALF)
    for order in ((good, bad), (bad, good)):
        ended = cli("run", *order)
        assert (ended.code, ended.reason) == (1, "exit 1: bad: 1 of 2 scored trials failed")
        assert "exit 0: 2 of 2 scored trials passed" in ended.err


@pytest.mark.parametrize(
    ("codes", "code"),
    [([0, 1, 5], 5), ([1, 0], 1), ([5, 3, 1], 3), ([4, 3], 4), ([4, 2], 2), ([2, 3], 2), ([3, 143], 143), ([0], 0)],
)
def test_of_several_ends_the_gravest_counts(codes, code):
    assert worst((each, str(each)) for each in codes) == (code, str(code))
