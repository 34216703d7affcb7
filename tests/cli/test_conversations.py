"""Conversations from a suite to its records, over real sockets."""

from __future__ import annotations

import json

import pytest

from tests.another_gateway import Answer, Arrived
from tests.cli.conftest import KEY, asked, fails, says

APIS = {"chat": "gpt-4o", "responses": "o3", "messages": "claude-sonnet-4"}
REMEMBERS = {
    "id": "dialogue",
    "turns": [
        {"user": "My name is Ada.", "checks": [{"contains": "Ada"}]},
        {"user": "What is my name?", "checks": [{"icontains": "ada"}]},
    ],
}
"""As the format's reference has it: nothing is expected, and the stand-in has only the conversation to go by."""
THREE = {"id": "three", "turns": ["one", "two", "three"], "checks": [{"equals": "said three"}]}


def echo(arrived: Arrived) -> Answer:
    return says(f"said {asked(arrived)}")


def failing_at(*texts: str, status: int = 400):
    """Echoes, but for turns with one of these texts."""
    return lambda arrived: fails(status) if asked(arrived) in texts else echo(arrived)


def transcript(body: dict) -> list[str]:
    """What a body says, in any API, the system's words left out."""
    said = []
    for message in body.get("messages") or body["input"]:
        content = message["content"]
        words = content if isinstance(content, str) else "".join(part["text"] for part in content)
        if message["role"] in ("user", "assistant"):
            said.append(f"{message['role']}: {words}")
    return said


@pytest.mark.parametrize("flags", [(), ("--stream",)], ids=["whole", "streamed"])
def test_a_conversation_is_the_same_through_every_api(cli, write, flags):
    suite = write(
        models=[{"id": model, "api": api, "name": api} for api, model in APIS.items()],
        prompts=[{"name": "p", "system": "Be brief.", "user": "{{ question }}"}],
        cases=[REMEMBERS],
        defaults={"repeat": 4},
    )
    ended = cli("run", suite, "--offline", "--exit-zero", "--report", "json", *flags)
    assert (ended.code, len(ended.records)) == (0, 12), ended.err
    for record in ended.records:
        first, second = record["turns"]
        words = first["response"]["text"]
        assert transcript(first["request"]) == ["user: My name is Ada."]
        assert transcript(second["request"]) == [
            "user: My name is Ada.", f"assistant: {words}", "user: What is my name?",
        ]  # fmt: skip
        assert [score["turn"] for score in record["scores"]] == [0, 1]
        tokens = [turn["response"]["usage"]["input_tokens"] for turn in record["turns"]]
        assert tokens[1] > tokens[0] > 0
        assert record["response"]["usage"]["input_tokens"] == sum(tokens)
        assert record["cost_usd"] == pytest.approx(first["cost_usd"] + second["cost_usd"])
        if flags:
            assert first["timing"]["ttft_s"] == record["timing"]["ttft_s"] > 0
    for api in APIS:
        assert any(record["passed"] for record in ended.records if record["model"] == api)


def test_what_breaks_in_the_middle_is_kept_and_only_the_rest_is_asked_again(cli, write, gateway):
    gateway.answer = failing_at("two")
    suite = write(cases=[{"id": "first", "turns": ["a", "b"], "checks": [{"equals": "said b"}]}, THREE])
    ended = cli("run", suite)
    assert ended.code == 3
    assert "turn 2 of 3" in ended.out
    assert [asked(arrived) for arrived in gateway.arrived] == ["a", "b", "one", "two"]
    broken = next(record for record in ended.records if record["case_id"] == "three")
    assert (broken["response"], broken["error"]["kind"]) == (None, "bad_request")
    assert [turn["response"] and turn["response"]["text"] for turn in broken["turns"]] == ["said one", None]
    assert broken["cost_usd"] == broken["turns"][0]["cost_usd"] > 0

    gateway.answer = echo
    gateway.arrived.clear()
    resumed = cli("run", "--resume", ended.folder)
    assert resumed.code == 0, resumed.err
    assert [asked(arrived) for arrived in gateway.arrived] == ["two", "three"]
    whole = next(record for record in reversed(ended.records) if record["case_id"] == "three")
    assert [turn["response"]["text"] for turn in whole["turns"]] == ["said one", "said two", "said three"]
    assert (whole["passed"], whole["key"]) == (True, broken["key"])


def test_a_conversation_is_found_again_by_its_turns(cli, write, gateway, monkeypatch):
    gateway.answer = echo
    suite = write(cases=[THREE])
    ended = cli("run", suite)
    assert (ended.code, len(gateway.arrived)) == (0, 3)
    monkeypatch.delenv("GPTPROTO_API_KEY")
    again = cli("run", suite, "--replay", ended.folder, "--no-key", "skip", "-o", "again")
    assert (again.code, len(gateway.arrived)) == (0, 3), again.err
    [folder] = (again.place / "again").iterdir()
    record = json.loads((folder / "records.jsonl").read_text())
    assert (record["passed"], record["cached"]) == (True, True)
    assert [turn["cached"] for turn in record["turns"]] == [True] * 3


def test_what_is_not_stored_to_its_end_is_not_run_without_a_key(cli, write, gateway, monkeypatch):
    gateway.answer = failing_at("three")
    suite = write(cases=[{**THREE, "id": "whole", "turns": ["one"], "checks": [{"equals": "said one"}]}, THREE])
    ended = cli("run", suite)
    monkeypatch.delenv("GPTPROTO_API_KEY")
    again = cli("run", suite, "--replay", ended.folder, "--no-key", "skip", "-o", "again")
    [folder] = (again.place / "again").iterdir()
    [record] = map(json.loads, (folder / "records.jsonl").read_text().splitlines())
    assert (record["case_id"], again.code) == ("whole", 0)
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["models"][0]["not_run"] == 1


def test_a_refusal_in_the_middle_fails_the_case(cli, write):
    case = {"id": "refused", "turns": ["Hello", "[[refusal]]", "Hello again"], "checks": [{"regex": "."}]}
    ended = cli("run", write(cases=[case]), "--offline")
    assert ended.code == 1
    [record] = ended.records
    assert (record["passed"], record["score"], record["response"]["outcome"]) == (False, 0.0, "refusal")
    assert len(record["turns"]) == 2
    [score] = record["scores"]
    assert (score["check"], score["turn"]) == ("outcome", 1)
    assert score["reason"].startswith("refused: ")


def test_a_conversation_goes_on_within_its_budget_and_is_kept_where_it_ends(cli, write, gateway):
    gateway.answer = echo
    models = [{"id": "gpt-4o", "price": {"input": 0, "output": 10_000}, "params": {"max_output_tokens": 3}}]
    ended = cli("run", write(models=models, cases=[THREE]), "--max-cost", "0.06")
    assert ended.code == 4, ended.err
    [record] = ended.records
    assert record["error"]["kind"] == "cancelled"
    assert record["error"]["message"].startswith("turn 3 of 3 was not sent")
    assert (len(record["turns"]), record["cost_usd"]) == (2, pytest.approx(0.04))
    assert len(gateway.arrived) == 2


def test_rows_matrix_and_repeats_hold_for_conversations(cli, write, gateway, tmp_path):
    gateway.answer = echo
    row = {"id": "row", "vars": {"v": "{{ l }}"}, "turns": ["hi {{ v }}", "ho {{ l }}"], "checks": [{"regex": "ho"}]}
    (tmp_path / "rows.jsonl").write_text(json.dumps(row) + "\n")
    ended = cli("run", write(cases=[], datasets=["rows.jsonl"], matrix={"l": ["en", "中文"]}, defaults={"repeat": 2}))
    assert ended.code == 0, ended.err
    made = {(record["case_id"], record["repeat"]) for record in ended.records}
    assert made == {(f"row[l={name}]", repeat) for name in ("en", "中文") for repeat in (0, 1)}
    assert sorted(asked(arrived) for arrived in gateway.arrived) == sorted(["hi en", "ho en", "hi 中文", "ho 中文"] * 2)


def test_what_a_case_says_of_itself_stands_in_its_records(cli, write, tmp_path):
    (tmp_path / "rows.csv").write_text("id,q,cluster,tags\nrow,x,doc 1,a|b\n")
    case = {"id": "c", "vars": {"q": "x"}, "tags": ["t"], "cluster": 7, "xfail": "bug 12", "pass_if": "2/3",
            "repeat": 3, "checks": [{"equals": "yes"}]}  # fmt: skip
    ended = cli("run", write(cases=[case], datasets=["rows.csv"], defaults={"checks": [{"equals": "yes"}]}))
    assert ended.code == 0, ended.err
    by_case = {record["case_id"]: record for record in ended.records}
    said = {name: by_case["c"][name] for name in ("tags", "cluster", "xfail", "pass_if")}
    assert said == {"tags": ["t"], "cluster": "7", "xfail": "bug 12", "pass_if": pytest.approx(2 / 3)}
    assert (by_case["row"]["tags"], by_case["row"]["cluster"]) == (["a", "b"], "doc 1")
    assert "xfail" not in by_case["row"]


@pytest.mark.parametrize("flags", [(), ("--no-raw",)])
def test_bodies_of_turns_are_kept_or_left_out_like_all_others(cli, write, gateway, flags):
    gateway.answer = echo
    ended = cli("run", write(cases=[THREE]), *flags)
    [record] = ended.records
    assert all(("request" in turn, "raw" in turn["response"]) == (not flags, not flags) for turn in record["turns"])
    assert KEY not in (ended.folder / "records.jsonl").read_text()


def test_pictures_go_with_their_turns(cli, write, tmp_path, gateway):
    gateway.answer = lambda arrived: says("fine")
    (tmp_path / ".git").mkdir()
    turns = ["What is this?", {"user": "And this?", "images": ["https://h.example/b.png"]}]
    case = {"id": "pictures", "images": ["https://h.example/a.png"], "turns": turns, "checks": [{"equals": "fine"}]}
    ended = cli("run", write(cases=[case]))
    assert ended.code == 0, ended.err

    def pictures(message: dict) -> list[str]:
        parts = message["content"] if isinstance(message["content"], list) else []
        return [part["image_url"]["url"][-5:] for part in parts if part["type"] == "image_url"]

    shown = [[pictures(message) for message in arrived.body["messages"]] for arrived in gateway.arrived]
    assert shown == [[["a.png"]], [["a.png"], [], ["b.png"]]]


FUNCTION = """
def answer(prompt, messages):
    said = [message["content"] for message in messages if message["role"] == "user"]
    return f"{len(said)}: {prompt}"
"""


def test_a_function_is_called_for_each_turn_with_what_was_said(cli, write, tmp_path):
    (tmp_path / ".git").mkdir()
    (tmp_path / "app.py").write_text(FUNCTION)
    suite = write(
        models=[{"name": "app", "provider": "f"}],
        providers={"f": {"type": "python", "function": "app.py:answer"}},
        cases=[{"id": "a", "turns": ["one", "two"], "checks": [{"equals": "2: two"}]}],
    )
    ended = cli("run", suite, "--allow-code")
    assert ended.code == 0, ended.err
    assert [turn["response"]["text"] for turn in ended.records[0]["turns"]] == ["1: one", "2: two"]


def test_a_target_is_shown_no_pictures_in_any_turn(cli, write, tmp_path):
    suite = write(
        models=[{"name": "app", "provider": "p"}],
        providers={"p": {"type": "http", "url": "http://127.0.0.1:9/", "body": {"q": "{{ prompt }}"}, "answer": "a"}},
        cases=[{"id": "a", "turns": ["one", {"user": "two", "images": ["https://h/a.png"]}], "checks": "none"}],
    )
    ended = cli("run", suite)
    assert ended.code == 2
    assert "'app' is a target and is given no pictures or files" in ended.err
