"""One model through three APIs in one run: the same answers and the same usage, and records that hold what was sent."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from pathlib import Path

import pytest

PDF = b"%PDF-1.7\n% the terms\n"
TOOL = {
    "type": "function",
    "function": {
        "name": "look_up",
        "parameters": {"type": "object", "properties": {"term": {"type": "string"}}, "required": ["term"]},
    },
}
APIS = ("chat", "responses", "messages")
ANY = [{"not": {"contains": "\u2603"}}]


@pytest.fixture
def suite(tmp_path: Path, write) -> Path:
    (tmp_path / "terms.pdf").write_bytes(PDF)
    (tmp_path / ".git").mkdir()
    return write(
        models=[{"name": api, "id": "claude-sonnet-4", "api": api} for api in APIS],
        prompts=[{"system": "Be brief.", "user": "{{ q }}"}],
        defaults={"params": {"seed": 3}},
        cases=[
            {"id": "plain", "vars": {"q": "Who are you?"}, "checks": ANY},
            {"id": "file", "vars": {"q": "Sum it up."}, "files": ["terms.pdf", "https://h.example/b.pdf"],
             "checks": ANY},
            {"id": "tool", "vars": {"q": "Who is Ada?"}, "params": {"tools": [TOOL], "tool_choice": "required"},
             "checks": [*ANY, {"finish_reason": "tool_calls"}]},
        ],
    )  # fmt: skip


@pytest.mark.parametrize("flags", [(), ("--stream",)])
def test_a_model_is_the_same_through_every_api(cli, suite, flags):
    ended = cli("run", suite, "--offline", "--report", "json", *flags)
    assert (ended.code, len(ended.records)) == (0, 9), ended.err
    by_case = defaultdict(list)
    for record in ended.records:
        response, usage = record["response"], record["response"]["usage"]
        called = [(call["name"], call["arguments"]) for call in response["tool_calls"]]
        by_case[record["case_id"]].append((response["text"], usage["input_tokens"], usage["output_tokens"], called))
    for answers in by_case.values():
        assert answers == answers[:1] * len(APIS)
    assert by_case["tool"][0][0] == ""
    assert by_case["tool"][0][3] == [("look_up", '{"term": "text"}')]
    assert by_case["file"][0][1] > by_case["plain"][0][1] + 2000


def test_a_file_is_kept_once_and_named_in_each_api_s_words(cli, suite):
    ended = cli("run", suite, "--offline", "-k", "file", "--report", "json")
    hashed = hashlib.sha256(PDF).hexdigest()
    assert [(file.name, file.read_bytes()) for file in (ended.folder / "media").iterdir()] == [(hashed, PDF)]
    bodies = {record["model"]: record["request"] for record in ended.records}
    assert bodies["chat"]["messages"][1]["content"][1:] == [
        {"type": "file", "file": {"filename": "terms.pdf", "file_data": f"media/{hashed}"}},
        {"type": "file", "file": {"filename": "b.pdf", "file_data": "https://h.example/b.pdf"}},
    ]
    assert bodies["responses"]["input"][1]["content"][1:] == [
        {"type": "input_file", "filename": "terms.pdf", "file_data": f"media/{hashed}"},
        {"type": "input_file", "file_url": "https://h.example/b.pdf"},
    ]
    source = {"type": "base64", "media_type": "application/pdf", "data": f"media/{hashed}"}
    assert bodies["messages"]["system"] == "Be brief."
    assert bodies["messages"]["messages"][0]["content"][1:] == [
        {"type": "document", "source": source},
        {"type": "document", "source": {"type": "url", "url": "https://h.example/b.pdf"}},
    ]


def test_what_an_api_has_no_word_for_is_left_out_and_the_cap_it_demands_is_told(cli, suite):
    ended = cli("run", suite, "--offline", "-k", "plain", "--report", "json")
    bodies = {record["model"]: record["request"] for record in ended.records}
    assert ["seed" in bodies[api] for api in APIS] == [True, False, False]
    assert bodies["messages"]["max_tokens"] == 4096
    assert "note: messages is sent max_output_tokens 4096 where a case sets none" in ended.err
    assert "responses, messages are not sent the default seed" in ended.err


@pytest.mark.parametrize(
    ("api", "name", "value"),
    [("messages", "response_format", {"type": "json_object"}), ("messages", "seed", 3)],
)
def test_what_an_api_has_no_word_for_is_a_mistake_on_the_model_itself(cli, write, api, name, value):
    path = write(models=[{"id": "claude-sonnet-4", "api": api, "params": {name: value, "temperature": 0}}])
    ended = cli("run", path, "--offline")
    assert ended.code == 2
    assert f"the {api} API has no '{name}'; what a gateway takes besides goes under extra_body" in ended.err
    assert not (ended.place / "results").exists()


def test_what_a_model_itself_sets_is_sent_where_it_can_be_spelt(cli, write):
    path = write(models=[{"id": "o3", "params": {"seed": 3, "temperature": 0}, "max_attempts": 1}])
    ended = cli("run", path, "--offline")
    assert ended.code == 3  # the stand-in is as strict as the real one
    assert (ended.records[0]["request"]["seed"], ended.records[0]["request"]["temperature"]) == (3, 0)


def test_a_null_on_the_model_itself_is_no_mistake(cli, write):
    path = write(models=[{"id": "claude-sonnet-4", "api": "messages", "params": {"seed": None}}])
    assert cli("validate", path).code == 0
