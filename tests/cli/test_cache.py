"""`evalkit run --cache` and `evalkit cache`: answers kept over runs, found by what is sent."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from tests.another_gateway import Answer
from tests.cli.conftest import KEY, asked, case, fails, says

THREE = [case("a"), case("b"), case("c")]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache's file."""
    monkeypatch.setenv("EVALKIT_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache" / "answers.sqlite3"


@pytest.fixture
def cached(cli, write):
    """Runs a suite with the cache: how it ended, and which of its trials were answered from it."""

    def ran(*flags: str, **suite: object) -> tuple:
        before = set(Path("results").iterdir()) if Path("results").exists() else set()
        ended = cli("run", write(**{"cases": THREE, **suite}), "--cache", *flags)
        (folder,) = set(Path("results").iterdir()) - before
        lines = (folder / "records.jsonl").read_text("utf-8").splitlines()
        return ended, {record["case_id"]: record["cached"] for record in map(json.loads, lines)}, folder

    return ran


def info(cli) -> dict:
    return json.loads(cli("cache", "info", "--format", "json").out)


def test_what_was_answered_once_is_not_asked_again(cached, gateway):
    cached()
    ended, found, folder = cached()
    assert (ended.code, found, len(gateway.arrived)) == (0, {"a": True, "b": True, "c": True}, 3)
    (row,) = json.loads((folder / "summary.json").read_text("utf-8"))["models"]
    assert (row["n"], row["latency_s"]["n"]) == (3, 0)
    assert "cached 3/3  $0.0000" in ended.err


def test_it_is_off_unless_asked_for(cli, write, gateway, cache):
    cli("run", write())
    cli("run", write(), "--no-cache")
    assert len(gateway.arrived) == 4
    assert not cache.exists()


def test_it_goes_by_what_is_sent_not_by_names(cached, gateway):
    cached()
    other = [{"id": "other", "vars": {"question": "a"}, "checks": [{"icontains": "Y"}]}]
    _, found, _ = cached(
        cases=other, prompts=[{"name": "new", "user": "{{ question }}"}], models=[{"name": "m", "id": "gpt-4o"}]
    )
    assert (found, len(gateway.arrived)) == ({"other": True}, 3)


@pytest.mark.parametrize(
    "suite",
    [
        {"prompts": ["{{ q }}!"]},
        {"models": ["o4-mini"]},
        {"defaults": {"params": {"temperature": 0}}},
        {"models": [{"id": "gpt-4o", "stream": True}]},
        {"models": [{"id": "gpt-4o", "api": "responses"}]},
    ],
    ids=["words", "model", "parameters", "stream", "api"],
)
def test_what_is_sent_otherwise_is_another_question(cached, gateway, suite):
    cached()
    cached(**suite)
    assert len(gateway.arrived) >= 6


def test_another_host_has_other_answers(cached, gateway, cli, write, monkeypatch):
    cached()
    monkeypatch.setenv("GPTPROTO_API_BASE", gateway.base_url.replace("127.0.0.1", "localhost"))
    cached()
    assert len(gateway.arrived) == 6


def test_each_repeat_has_an_answer_of_its_own(cached, gateway):
    cached("--repeat", "2")
    cached("--repeat", "3")
    assert len(gateway.arrived) == 9


def test_errors_refusals_and_blocks_are_not_kept(cached, gateway, cli):
    refusal = {
        "choices": [{"message": {"role": "assistant", "content": None, "refusal": "no"}, "finish_reason": "stop"}]
    }
    played = {"a": says("yes"), "b": fails(413, "too long"), "c": Answer(json.dumps(refusal).encode())}
    gateway.answer = lambda arrived: played[asked(arrived)]
    cached()
    assert info(cli)["answers"] == 1
    _, found, _ = cached()
    assert found == {"a": True, "b": False, "c": False}


def test_the_stand_in_has_a_cache_of_its_own(cached, gateway, cli):
    cached("--offline")
    _, found, _ = cached("--offline")
    assert (all(found.values()), gateway.arrived) == (True, [])
    _, found, _ = cached("--offline", "--seed", "7")
    assert not any(found.values())
    _, found, _ = cached()
    assert (any(found.values()), len(gateway.arrived)) == (False, 3)
    assert len({row["origin"] for row in info(cli)["models"]}) == 3


def test_bodies_are_not_kept_where_they_are_not_wanted(cached, cli):
    cached("--no-raw")
    cli("cache", "export", "all.jsonl")
    assert all(
        json.loads(line)["answer"]["response"]["raw"] is None for line in Path("all.jsonl").read_text().splitlines()
    )


def test_no_key_and_no_name_is_in_it(cached, cli, cache):
    cached(cases=[case("a"), {**case("secret-name"), "vars": {"q": "b"}}])
    assert KEY.encode() not in cache.read_bytes()
    assert b"secret-name" not in cache.read_bytes()


def test_without_a_key_cached_answers_are_used(cached, gateway, monkeypatch):
    cached()
    monkeypatch.delenv("GPTPROTO_API_KEY")
    ended, found, _ = cached("--no-key", "skip", cases=[*THREE, case("d")])
    assert (ended.code, len(found), len(gateway.arrived)) == (0, 3, 3)


def test_a_resumed_run_remembers_the_cache(cached, gateway, cli):
    cached()
    _, _, folder = cached()
    (folder / "records.jsonl").write_text("")
    cli("run", "--resume", folder)
    assert len(gateway.arrived) == 3


# --- the command -----------------------------------------------------------------------------------------------------


def test_an_export_is_sorted_and_comes_in_again(cached, cli, gateway):
    cached()
    assert "3 answers" in cli("cache", "export", "all.jsonl").out
    lines = Path("all.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["key"] for line in lines] == sorted(json.loads(line)["key"] for line in lines)
    assert json.loads(lines[0])["question"]["body"]["model"] == "gpt-4o"
    assert "3 answers removed" in cli("cache", "clear").out
    assert info(cli)["answers"] == 0
    assert "3 came in" in cli("cache", "import", "all.jsonl").out
    assert "0 came in" in cli("cache", "import", "all.jsonl").out
    cli("cache", "export", "again.jsonl")
    assert Path("again.jsonl").read_bytes() == Path("all.jsonl").read_bytes()
    cached()
    assert len(gateway.arrived) == 3


def test_only_old_answers_are_cleared_if_so_wanted(cached, cli):
    cached()
    assert "0 answers removed" in cli("cache", "clear", "--older-than", "1").out
    assert "3 answers removed" in cli("cache", "clear", "--older-than", "0").out


def test_an_empty_cache_is_no_mistake(cli, cache):
    assert cli("cache", "info").out.startswith(f"{cache}: 0 answers, 0.0 MB (at most 1,024 MB, for 30 days)")
    assert cli("cache", "clear").out == f"{cache}: nothing is cached\n"
    assert not cache.exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda line: "{", "x.jsonl:2: not a line of an exported cache"),
        (lambda line: line.replace('"content":"', '"content":"!', 1), "x.jsonl:2: its question was changed"),
        (lambda line: line.replace('"outcome":"ok"', '"outcome":"fine"'), "x.jsonl:2: not a line of an exported cache"),
        (lambda line: line.replace('"created_at":"2', '"created_at":"x'), "x.jsonl:2: not a line of an exported cache"),
    ],
)
def test_of_a_file_with_a_mistake_nothing_comes_in(cached, cli, change, message):
    cached()
    cli("cache", "export", "x.jsonl")
    lines = Path("x.jsonl").read_text("utf-8").splitlines()
    Path("x.jsonl").write_text("\n".join([lines[0], change(lines[1]), lines[2]]), "utf-8")
    cli("cache", "clear")
    ended = cli("cache", "import", "x.jsonl")
    assert (ended.code, info(cli)["answers"], len(ended.err.splitlines())) == (2, 0, 1)
    assert message in ended.reason


def test_a_file_that_is_not_there_is_two(cli):
    assert cli("cache", "import", "none.jsonl").code == 2


def test_a_damaged_cache_is_set_aside_and_begun_anew(cached, cli, cache, gateway):
    cached()
    cache.write_bytes(b"this is no database" * 100)
    ended, found, _ = cached()
    assert (ended.code, any(found.values()), len(gateway.arrived)) == (0, False, 6)
    assert f"the cache {cache} is damaged" in ended.err
    assert f"it was moved to {cache}.damaged" in ended.err
    _, found, _ = cached()
    assert all(found.values())


def test_damage_inside_costs_the_cache_and_not_the_run(cached, cli, cache, gateway):
    cached(cases=[case(f"q{n}", checks=[{"equals": "yes"}]) for n in range(40)])
    data = bytearray(cache.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    cache.write_bytes(bytes(data))
    ended, found, _ = cached()
    assert (ended.code, any(found.values())) == (0, False)
    assert "cache" in ended.err
    ended, found, _ = cached()
    assert ended.code == 0


def test_a_cache_that_cannot_be_opened_is_two_before_anything_is_sent(cli, write, cache, gateway, tmp_path):
    cache.parent.write_text("a file")
    ended = cli("run", write(), "--cache")
    assert (ended.code, gateway.arrived, len(ended.err.splitlines())) == (2, [], 1)
    assert f"the cache {cache} cannot be opened" in ended.reason
    assert "EVALKIT_CACHE_DIR" in ended.reason


def test_a_cache_of_another_format_is_two(cached, cli, write, cache):
    cached()
    with sqlite3.connect(cache) as connection:
        connection.execute("PRAGMA user_version = 9")
    connection.close()
    ended = cli("run", write(), "--cache")
    assert (ended.code, "is of format 9" in ended.reason) == (2, True)


@pytest.mark.parametrize("name", ["EVALKIT_CACHE_MAX_MB", "EVALKIT_CACHE_MAX_DAYS"])
def test_a_limit_that_is_none_is_two(cli, write, monkeypatch, name):
    monkeypatch.setenv(name, "many")
    ended = cli("run", write(), "--cache")
    assert (ended.code, f"{name} is 'many': set it to a number above 0" in ended.reason) == (2, True)
