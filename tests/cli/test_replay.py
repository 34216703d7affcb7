"""Answers of another run: replayed, judged again, and its failed cases asked anew."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.cli.conftest import asked, case, fails, says

THREE = [case("a"), case("b"), case("c")]
EXPECTED_TO_FAIL = case("x", "no", xfail="known")


def manifest_of(folder: Path) -> dict:
    return json.loads((folder / "run.json").read_text("utf-8"))


def rows_of(folder: Path) -> list[dict]:
    return json.loads((folder / "summary.json").read_text("utf-8"))["models"]


def records_of(folder: Path) -> dict[str, dict]:
    lines = (folder / "records.jsonl").read_text("utf-8").splitlines()
    return {record["case_id"]: record for record in map(json.loads, lines)}


@pytest.fixture
def run(cli):
    """Runs a command whose folder goes below `out`, and finds that folder."""

    def ran(*arguments: str | Path, out: str = "other") -> tuple:
        ended = cli(*arguments, "-o", out)
        folders = sorted(Path(out).iterdir()) if Path(out).exists() else []
        return ended, folders[-1] if folders else None

    return ran


# --- replay --------------------------------------------------------------------------------------------------------


def test_answers_to_the_same_questions_are_used_and_only_others_sent(cli, run, write, gateway):
    first = cli("run", write(cases=THREE)).folder
    gateway.arrived.clear()
    ended, folder = run("run", write(cases=[*THREE[1:], case("d")]), "--replay", first)
    assert (ended.code, [asked(arrived) for arrived in gateway.arrived]) == (0, ["d"])
    assert {name: record["cached"] for name, record in records_of(folder).items()} == {"b": True, "c": True, "d": False}
    (row,) = rows_of(folder)
    assert (row["n"], row["latency_s"]["n"]) == (3, 1)
    assert manifest_of(folder)["source"] == first.name
    assert " cached 2/" in ended.err


def test_a_stored_answer_keeps_its_time_and_cost_and_spends_nothing(cli, run, write):
    first = cli("run", write(cases=THREE)).folder
    ended, folder = run("run", write(cases=THREE), "--replay", first)
    before, after = records_of(first), records_of(folder)
    for name in "abc":
        for field in ("timing", "cost_usd", "started_at", "attempts", "response", "request"):
            assert after[name][field] == before[name][field]
    assert "cached 3/3  $0.0000" in ended.err


def test_the_checks_of_now_judge_it(cli, run, write):
    first = cli("run", write(cases=THREE)).folder
    ended, folder = run("run", write(cases=[case(name, "no") for name in "abc"]), "--replay", first)
    assert (ended.code, rows_of(folder)[0]["failed"]) == (1, 3)


def test_without_key_or_network_what_is_not_stored_is_not_run_listed_and_neutral(cli, run, write, monkeypatch):
    first = cli("run", write(cases=THREE)).folder
    monkeypatch.delenv("GPTPROTO_API_KEY")
    monkeypatch.setenv("GPTPROTO_API_BASE", "http://127.0.0.1:9/v1")
    suite = write(cases=[*THREE, case("d"), case("e")])
    ended, folder = run("run", suite, "--replay", first, "--no-key", "skip", "--gate", "pass_rate >= 0.9")
    assert ended.code == 0
    (row,) = rows_of(folder)
    assert (row["n"], row["passed"], row["not_run"]) == (3, 3, 2)
    assert "only stored answers are used, because GPTPROTO_API_KEY is not set: gpt-4o" in ended.err
    notes = " ".join(manifest_of(folder)["notes"])
    assert "2 trials not sent, and no answer is stored of them: d [default] gpt-4o, e [default] gpt-4o" in notes
    assert manifest_of(folder)["unanswered"] == ["d [default] gpt-4o", "e [default] gpt-4o"]
    assert json.loads(cli("list", "runs", "other", "--format", "json").out)[0]["state"] == "complete"


def test_the_verdict_is_that_of_what_was_stored(cli, run, write, monkeypatch):
    first = cli("run", write(cases=THREE)).folder
    monkeypatch.delenv("GPTPROTO_API_KEY")
    suite = write(cases=[*THREE, case("d")])
    ended, folder = run("run", suite, "--replay", first, "--no-key", "skip")
    assert (ended.code, json.loads((folder / "summary.json").read_text("utf-8"))["verdict"]) == (0, "pass")


def test_without_a_key_failures_of_stored_answers_still_count(cli, run, write, monkeypatch):
    first = cli("run", write(cases=[case("a"), case("b", "no")])).folder
    monkeypatch.delenv("GPTPROTO_API_KEY")
    ended, _ = run("run", write(cases=[case("a"), case("b", "no"), case("c")]), "--replay", first, "--no-key", "skip")
    assert ended.code == 1


def test_zero_answers_are_never_green(cli, run, write, monkeypatch):
    first = cli("run", write(cases=THREE)).folder
    monkeypatch.delenv("GPTPROTO_API_KEY")
    ended, folder = run("run", write(cases=[case("new")]), "--replay", first, "--no-key", "skip")
    assert (ended.code, ended.reason) == (5, "exit 5: no answer is stored for any of 1 trial, and nothing was sent")
    assert rows_of(folder)[0]["not_run"] == 1


def test_a_missing_key_is_said_where_it_is_not_to_be_skipped(cli, run, write, monkeypatch):
    first = cli("run", write(cases=THREE)).folder
    monkeypatch.delenv("GPTPROTO_API_KEY")
    ended, _ = run("run", write(cases=THREE), "--replay", first)
    assert (ended.code, "GPTPROTO_API_KEY is not set" in ended.reason) == (2, True)


def test_errors_are_no_answers(cli, run, write, gateway):
    gateway.answer = lambda arrived: fails(400, "bad") if asked(arrived) == "b" else says("yes")
    first = cli("run", write(cases=THREE)).folder
    gateway.arrived.clear()
    gateway.answer = lambda _: says("yes")
    ended, _ = run("run", write(cases=THREE), "--replay", first)
    assert (ended.code, [asked(arrived) for arrived in gateway.arrived]) == (0, ["b"])


def test_a_question_that_changed_is_another_question(cli, run, write, gateway):
    first = cli("run", write(cases=THREE)).folder
    gateway.arrived.clear()
    run("run", write(cases=THREE, defaults={"params": {"seed": 7}}), "--replay", first)
    assert len(gateway.arrived) == 3


def test_without_a_suite_that_of_the_run_is_taken_with_its_flags(cli, run, write, gateway):
    first = cli("run", write(cases=THREE), "-k", "b", "--repeat", "2").folder
    gateway.arrived.clear()
    ended, folder = run("run", "--replay", first)
    assert (ended.code, gateway.arrived, rows_of(folder)[0]["n"]) == (0, [], 2)


def test_an_interrupted_replay_is_resumed_as_one(cli, run, write, gateway, monkeypatch):
    first = cli("run", write(cases=THREE)).folder
    monkeypatch.delenv("GPTPROTO_API_KEY")
    _, folder = run("run", write(cases=[*THREE, case("d")]), "--replay", first, "--no-key", "skip")
    (folder / "records.jsonl").write_text("")
    ended, _ = run("run", "--resume", folder)
    assert (ended.code, len(gateway.arrived), rows_of(folder)[0]["n"], rows_of(folder)[0]["not_run"]) == (0, 3, 3, 1)


def test_a_replay_of_a_run_without_bodies_works(cli, run, write, gateway):
    first = cli("run", write(cases=THREE), "--no-raw").folder
    ended, folder = run("run", write(cases=THREE), "--replay", first)
    assert (ended.code, len(gateway.arrived)) == (0, 3)
    assert records_of(folder)["a"]["response"]["text"] == "yes"


def test_conversations_are_replayed_turn_by_turn(cli, run, write, gateway):
    turns = {"id": "t", "turns": [{"user": "one"}, {"user": "two"}], "checks": [{"equals": "yes"}]}
    first = cli("run", write(cases=[turns])).folder
    gateway.arrived.clear()
    ended, folder = run("run", write(cases=[turns]), "--replay", first)
    assert (ended.code, gateway.arrived) == (0, [])
    assert [turn["cached"] for turn in records_of(folder)["t"]["turns"]] == [True, True]


# --- failed --------------------------------------------------------------------------------------------------------


def test_what_failed_is_asked_again_and_nothing_else(cli, run, write, gateway):
    gateway.answer = lambda arrived: fails(400, "bad") if asked(arrived) == "c" else says("yes")
    cases = [case("a"), case("b", "no"), case("c"), EXPECTED_TO_FAIL]
    first = cli("run", write(cases=cases), "--max-error-rate", "1").folder
    gateway.arrived.clear()
    ended, folder = run("run", "--failed", first)
    assert sorted(asked(arrived) for arrived in gateway.arrived) == ["b", "c"]
    assert [record["cached"] for record in records_of(folder).values()] == [False, False]
    assert manifest_of(folder)["source"] == first.name
    assert (rows_of(folder)[0]["n"], rows_of(folder)[0]["not_run"]) == (2, 0)
    assert ended.code == 1


def test_only_the_model_and_prompt_with_which_it_failed(cli, run, write, gateway):
    gateway.answer = lambda arrived: says("no" if arrived.body["model"] == "o4-mini" else "yes")
    prompts = [{"name": "one", "user": "1 {{ q }}"}, {"name": "two", "user": "2 {{ q }}"}]
    suite = write(models=["gpt-4o", "o4-mini"], prompts=prompts, cases=[case("a")])
    first = cli("run", suite, "-p", "one").folder
    gateway.arrived.clear()
    _, folder = run("run", suite, "--failed", first)
    assert [(arrived.body["model"], asked(arrived)) for arrived in gateway.arrived] == [("o4-mini", "1 a")]
    assert [(row["model"], row["prompt"], row["n"]) for row in rows_of(folder)] == [("o4-mini", "one", 1)]


def test_cases_of_a_matrix_are_told_apart(cli, run, write, gateway):
    gateway.answer = lambda arrived: says("no" if asked(arrived) == "b" else "yes")
    suite = write(
        matrix={"m": ["a", "b"]}, prompts=["{{ m }}"], cases=[{"id": "one", "vars": {}, "checks": [{"equals": "yes"}]}]
    )
    first = cli("run", suite).folder
    gateway.arrived.clear()
    run("run", suite, "--failed", first)
    assert [asked(arrived) for arrived in gateway.arrived] == ["b"]


def test_a_case_of_which_enough_repeats_passed_did_not_fail(cli, run, write, gateway):
    answers = iter(["no", "yes", "yes", "no", "no", "yes"])
    gateway.answer = lambda _: says(next(answers))
    suite = write(cases=[case("a"), case("b")], defaults={"repeat": 3, "pass_if": "2/3"})
    first = cli("run", suite, "-j", "1").folder
    gateway.arrived.clear()
    gateway.answer = lambda _: says("yes")
    run("run", "--failed", first)
    assert [asked(arrived) for arrived in gateway.arrived] == ["b", "b", "b"]


def test_a_run_in_which_nothing_failed_has_nothing_to_ask(cli, run, write):
    first = cli("run", write(cases=THREE)).folder
    ended, folder = run("run", "--failed", first)
    assert (ended.code, folder) == (5, None)
    assert ended.reason.endswith("nothing to run again: nothing failed in it")


def test_failed_cases_that_the_suite_has_no_more_are_nothing_to_run(cli, run, write):
    first = cli("run", write(cases=[case("a", "no")])).folder
    ended, folder = run("run", write(cases=[case("b")]), "--failed", first)
    assert (ended.code, folder) == (5, None)
    assert f"none of the 1 that failed in {first.name} is selected" in ended.reason


def test_what_was_asked_again_stays_when_the_first_run_got_better_meanwhile(cli, run, write, gateway):
    gateway.answer = lambda arrived: fails(413, "long") if asked(arrived) == "b" else says("yes")
    first = cli("run", write(cases=THREE)).folder
    _, folder = run("run", "--failed", first)
    gateway.answer = lambda _: says("yes")
    cli("run", "--resume", first)
    ended, _ = run("run", "--resume", folder)
    assert (ended.code, rows_of(folder)[0]["n"]) == (0, 1)


def test_a_run_of_failed_cases_is_resumed_as_one(cli, run, write, gateway):
    first = cli("run", write(cases=[case(name, "no") for name in "abc"] + [case("d")])).folder
    _, folder = run("run", "--failed", first)
    lines = (folder / "records.jsonl").read_text().splitlines(keepends=True)
    (folder / "records.jsonl").write_text(lines[0])
    gateway.arrived.clear()
    ended, _ = run("run", "--resume", folder)
    assert (len(gateway.arrived), rows_of(folder)[0]["n"], manifest_of(folder)["source"]) == (2, 3, first.name)
    assert ended.code == 1


# --- rescore -------------------------------------------------------------------------------------------------------


def test_the_same_checks_give_the_same_figures_and_nothing_is_sent(cli, run, write, gateway, monkeypatch):
    gateway.answer = lambda arrived: fails(400, "bad") if asked(arrived) == "c" else says("yes")
    first = cli("run", write(cases=[case("a"), case("b", "no"), case("c")])).folder
    gateway.arrived.clear()
    monkeypatch.delenv("GPTPROTO_API_KEY")
    ended, folder = run("rescore", first)
    assert (ended.code, gateway.arrived) == (3, [])
    before, after = rows_of(first)[0], rows_of(folder)[0]
    same = ("n", "passed", "failed", "errors", "not_run", "pass_rate", "cost_usd", "input_tokens", "error_kinds")
    assert {name: after[name] for name in same} == {name: before[name] for name in same}
    assert manifest_of(folder)["source"] == first.name
    assert all(record["cached"] for record in records_of(folder).values())


def test_checks_that_were_mended_change_the_verdicts(cli, run, write):
    first = cli("run", write(cases=[case("a", "no"), case("b", "no")])).folder
    ended, folder = run("rescore", first, write("mended.yaml", cases=[case("a"), case("b")]))
    assert (ended.code, rows_of(folder)[0]["passed"]) == (0, 2)
    before, after = records_of(first), records_of(folder)
    assert all(after[name][field] == before[name][field] for name in "ab" for field in ("timing", "cost_usd", "key"))


def test_new_cases_have_no_answer_to_judge(cli, run, write):
    first = cli("run", write(cases=[case("a")])).folder
    ended, folder = run("rescore", first, write(cases=[case("a"), case("b")]))
    assert (ended.code, rows_of(folder)[0]["not_run"]) == (0, 1)
    assert "1 trial not sent, and no answer is stored of them: b [default] gpt-4o" in manifest_of(folder)["notes"]


def test_the_flags_of_the_run_say_what_is_judged(cli, run, write):
    first = cli("run", write(cases=THREE), "-k", "b", "--repeat", "2", "--set", "name=mine").folder
    ended, folder = run("rescore", first)
    assert (ended.code, rows_of(folder)[0]["n"], rows_of(folder)[0]["not_run"]) == (0, 2, 0)
    assert manifest_of(folder)["suite"] == "mine"


def test_gates_of_the_command_decide(cli, run, write):
    first = cli("run", write(cases=THREE)).folder
    ended, _ = run("rescore", first, "--gate", "error_rate > 0.5")
    assert ended.code == 1


def test_rescoring_a_suite_that_has_nothing_of_it_is_five(cli, run, write):
    first = cli("run", write(cases=THREE)).folder
    ended, _ = run("rescore", first, write(cases=[case("z")]))
    assert ended.code == 5


def test_a_rescored_run_can_be_rescored_and_one_of_failed_cases_too(cli, run, write):
    first = cli("run", write(cases=[case("a", "no"), case("b")])).folder
    _, failed = run("run", "--failed", first, out="failed")
    ended, folder = run("rescore", failed)
    assert (ended.code, rows_of(folder)[0]["n"], rows_of(folder)[0]["not_run"]) == (1, 1, 0)
    ended, again = run("rescore", folder, out="again")
    assert (ended.code, rows_of(again)[0]["n"]) == (1, 1)


def test_a_rescored_run_is_not_gone_on_with_because_nothing_is_ever_sent_in_it(cli, run, write, gateway):
    gateway.answer = lambda arrived: fails(413, "long") if asked(arrived) == "b" else says("yes")
    first = cli("run", write(cases=THREE)).folder
    ended, folder = run("rescore", first)
    assert (ended.code, "--resume" in ended.err) == (3, False)
    gateway.arrived.clear()
    ended, _ = run("run", "--resume", folder)
    assert (ended.code, gateway.arrived) == (2, [])
    assert "call `evalkit rescore` again" in ended.reason


# --- judges --------------------------------------------------------------------------------------------------------


def judged(*names: str, rubric: str = "It says yes.") -> dict:
    check = {"judge": {"rubric": rubric, "model": "o4-mini"}}
    return {"cases": [{"id": name, "vars": {"q": name}, "checks": [check]} for name in names]}


def play_judge(arrived):
    if arrived.body["model"] != "o4-mini":
        return says("yes")
    mark = re.search(r'Its "mark" is "(\w+)"', json.dumps(arrived.body).replace("\\", ""))[1]
    return says(json.dumps({"mark": mark, "reason": "it does", "score": 1}))


@pytest.mark.parametrize("command", [["rescore"], ["run", "--replay"]])
def test_opinions_of_judges_are_used_again(cli, run, write, gateway, monkeypatch, command):
    gateway.answer = play_judge
    first = cli("run", write(**judged("a", "b")))
    assert (first.code, len(gateway.arrived)) == (0, 4)
    ended, folder = run(*command, first.folder)
    assert (ended.code, len(gateway.arrived)) == (0, 4)
    opinions = [record["scores"][0]["opinions"] for record in records_of(folder).values()]
    assert [[opinion["cached"] for opinion in each] for each in opinions] == [[True], [True]]


def test_a_replay_asks_a_judge_only_what_is_new(cli, run, write, gateway):
    gateway.answer = play_judge
    first = cli("run", write(**judged("a", "b"))).folder
    gateway.arrived.clear()
    ended, _ = run("run", write(**judged("a", "b", rubric="It is polite.")), "--replay", first)
    assert (ended.code, [arrived.body["model"] for arrived in gateway.arrived]) == (0, ["o4-mini"] * 2)


def test_rescoring_asks_no_judge_anything_new(cli, run, write, gateway):
    gateway.answer = play_judge
    first = cli("run", write(**judged("a"))).folder
    gateway.arrived.clear()
    ended, folder = run("rescore", first, write(**judged("a", rubric="It is polite.")))
    assert (ended.code, gateway.arrived) == (3, [])
    (score,) = records_of(folder)["a"]["scores"]
    assert (score["passed"], score["value"]) == (None, None)
    assert "nothing is sent to it in this run" in score["error"]


def test_a_resumed_run_asks_a_judge_that_failed_again_and_the_model_not(cli, write, gateway):
    gateway.answer = lambda arrived: fails(413, "long") if arrived.body["model"] == "o4-mini" else says("yes")
    first = cli("run", write(**judged("a", "b")))
    assert first.code == 3
    gateway.arrived.clear()
    gateway.answer = play_judge
    ended = cli("run", "--resume", first.folder)
    assert (ended.code, [arrived.body["model"] for arrived in gateway.arrived]) == (0, ["o4-mini"] * 2)


@pytest.mark.parametrize("command", [["rescore"], ["run", "--replay"], ["run", "--failed"]])
def test_a_run_that_is_none_is_two(cli, command, tmp_path):
    ended = cli(*command, "nowhere")
    assert (ended.code, len(ended.err.splitlines())) == (2, 1)
    assert "nowhere: no run folder" in ended.reason


@pytest.mark.parametrize("command", [["rescore"], ["run", "--replay"], ["run", "--failed"]])
def test_damaged_records_are_two_and_offered_to_be_recovered(cli, write, command):
    folder = cli("run", write(cases=THREE)).folder
    data = bytearray((folder / "records.jsonl").read_bytes())
    data[20] ^= 1
    (folder / "records.jsonl").write_bytes(data)
    ended = cli(*command, folder)
    assert (ended.code, "evalkit recover" in ended.reason) == (2, True)
