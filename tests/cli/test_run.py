"""What the flags of `evalkit run` do, and what goes where."""

from __future__ import annotations

import json
import threading

import pytest

from tests.cli.conftest import KEY, asked, case, says


def test_stdout_has_the_comparison_and_stderr_the_rest(cli, write):
    ended = cli("run", write(name="invoices"))
    assert ended.out.startswith("invoices: 2 cases × 1 model\n")
    assert "PASS" in ended.out
    assert "results in" not in ended.out
    assert "2/2 trials  fail 0  err 0" in ended.err
    assert ended.err.splitlines()[-2:] == [
        f"results in results/{ended.folder.name}",
        "exit 0: 2 of 2 scored trials passed",
    ]


def test_quiet_leaves_the_last_lines(cli, write):
    ended = cli("run", write(), "-q")
    assert ended.err.splitlines() == [f"results in results/{ended.folder.name}", "exit 0: 2 of 2 scored trials passed"]


def test_verbose_says_what_is_sent_where(cli, write, gateway):
    ended = cli("run", write(defaults={"params": {"temperature": 0}}), "-v")
    host = gateway.base_url.removeprefix("http://").removesuffix("/v1")
    assert "2 cases, 1 prompt, 1 model: 2 trials\n" in ended.err
    assert f"  gpt-4o: gpt-4o by chat at {host}, params {{'temperature': 0}}\n" in ended.err
    assert KEY not in ended.err


def test_a_folder_has_all_reports_by_default(cli, write):
    names = {file.name for file in cli("run", write()).folder.iterdir()}
    assert names == {"run.json", "records.jsonl", "summary.md", "summary.csv", "summary.json"}


@pytest.mark.parametrize(
    ("listed", "files"), [("none", set()), ("json", {"summary.json"}), ("md, csv", {"summary.md", "summary.csv"})]
)
def test_reports_are_chosen_by_name(cli, write, listed, files):
    ended = cli("run", write(), "--report", listed)
    assert {file.name for file in ended.folder.iterdir()} == {"run.json", "records.jsonl"} | files


MANY = {
    "models": ["gpt-4o", {"name": "second", "id": "gpt-4o"}],
    "prompts": [{"name": "one", "user": "{{ q }}"}, {"name": "two", "user": "{{ q }}"}],
    "cases": [case("apple", tags=["fruit"]), case("Pear", tags=["fruit", "green"]), case("leek", tags=["green"])],
}


@pytest.mark.parametrize(
    ("flags", "made"),
    [
        ([], 12),
        (["-m", "second"], 6),
        (["-m", "sec*"], 6),
        (["-p", "two", "-m", "gpt-4o"], 3),
        (["-k", "PEA"], 4),
        (["-k", "apple", "-k", "leek"], 8),
        (["-k", "*e"], 4),
        (["--tag", "green"], 8),
        (["--limit", "1"], 4),
        (["--sample", "2", "--seed", "3"], 8),
        (["--repeat", "2", "--limit", "1"], 8),
        (["--set", "defaults.repeat=3", "--limit", "1"], 12),
    ],
)
def test_flags_choose_what_is_run(cli, write, gateway, flags, made):
    ended = cli("run", write(**MANY), *flags)
    assert ended.code == 0
    assert len(ended.records) == len(gateway.arrived) == made
    summary = json.loads((ended.folder / "summary.json").read_text())
    assert sum(row["n"] for row in summary["models"]) == made
    assert sum(row["not_run"] for row in summary["models"]) == 0


def test_the_same_seed_draws_the_same_cases(cli, write, gateway):
    suite = write(cases=[case(f"c{number}") for number in range(30)])
    drawn = []
    for seed in ("1", "1", "2"):
        gateway.arrived.clear()
        cli("run", suite, "--sample", "5", "--seed", seed)
        drawn.append({asked(arrived) for arrived in gateway.arrived})
    assert drawn[0] == drawn[1] != drawn[2]
    assert [len(each) for each in drawn] == [5, 5, 5]


def test_concurrency_is_what_the_flag_says(cli, write, gateway):
    together, after_the_first = threading.Barrier(3), threading.Event()

    def in_threes(_):
        if after_the_first.is_set():
            together.wait(timeout=20)  # breaks, and the run with it, unless three come at once
        after_the_first.set()
        return says("yes")

    gateway.answer = in_threes
    ended = cli("run", write(cases=[case(f"c{number}") for number in range(7)]), "-j", "3")
    assert ended.code == 0
    assert not together.broken


def test_bodies_stay_out_when_told(cli, write):
    (first, *_) = cli("run", write(), "--no-raw").records
    assert "request" not in first
    assert "raw" not in first["response"]
    assert first["response"]["text"] == "yes"


def test_results_go_where_they_are_told(cli, write, tmp_path):
    ended = cli("run", write(), "-o", "deep/er")
    (folder,) = (tmp_path / "deep" / "er").iterdir()
    assert f"results in deep/er/{folder.name}" in ended.err


def test_a_key_file_lies_under_the_environment(cli, write, tmp_path, monkeypatch, gateway):
    (tmp_path / ".env").write_text(f"GPTPROTO_API_KEY='sk-from-the-file'\nGPTPROTO_API_BASE={gateway.base_url}\n")
    suite = write(cases=[case("only")])
    cli("run", suite, "--env-file", ".env")
    monkeypatch.delenv("GPTPROTO_API_KEY")
    cli("run", suite, "--env-file", ".env")
    assert [arrived.headers["authorization"] for arrived in gateway.arrived] == [
        f"Bearer {KEY}",
        "Bearer sk-from-the-file",
    ]


OTHERS = {
    "providers": {"other": {"base_url": "http://127.0.0.1:9/v1", "api_key_env": "OTHER_KEY"}},
    "models": ["gpt-4o", {"name": "far", "id": "gpt-4o", "provider": "other"}],
}


def test_models_without_a_key_can_be_left_out(cli, write):
    ended = cli("run", write(**OTHERS), "--no-key", "skip")
    assert ended.code == 0
    assert "note: not asked, because OTHER_KEY is not set: far\n" in ended.err
    manifest = json.loads((ended.folder / "run.json").read_text())
    assert [model["name"] for model in manifest["models"]] == ["gpt-4o"]
    assert [(row["model"], row["trials"]) for row in manifest["planned"]] == [("gpt-4o", 2)]
    assert manifest["notes"] == ["not asked, because OTHER_KEY is not set: far"]


def test_leaving_out_all_models_is_no_run(cli, write, monkeypatch, gateway):
    monkeypatch.delenv("GPTPROTO_API_KEY")
    ended = cli("run", write(), "--no-key", "skip")
    assert ended.code == 5
    assert "--no-key skip leaves no model, because GPTPROTO_API_KEY is not set" in ended.reason
    assert gateway.arrived == []


def test_a_missing_key_is_named_before_the_first_request(cli, write, monkeypatch, gateway):
    ended = cli("run", write(**OTHERS))
    assert ended.code == 2
    assert "OTHER_KEY is not set: it holds the key for far" in ended.reason
    monkeypatch.delenv("GPTPROTO_API_KEY")
    ended = cli("run", write(**OTHERS))
    assert "GPTPROTO_API_KEY is not set: it holds the key for gpt-4o" in ended.reason
    assert "OTHER_KEY is not set" in ended.reason
    assert gateway.arrived == []
    assert not (ended.place / "results").exists()


def test_a_base_url_moves_the_built_in_gateway_only(cli, write, monkeypatch, gateway):
    monkeypatch.setenv("GPTPROTO_API_BASE", "http://127.0.0.1:9/v1")
    assert cli("run", write(), "--base-url", gateway.base_url).code == 0
    assert len(gateway.arrived) == 2


def test_a_default_that_a_model_rejects_is_left_out_and_said(cli, write, gateway):
    ended = cli("run", write(models=["gpt-4o", "o4-mini"], defaults={"params": {"temperature": 0}}))
    sent = {arrived.body["model"]: arrived.body.get("temperature") for arrived in gateway.arrived}
    assert sent == {"gpt-4o": 0, "o4-mini": None}
    assert "note: o4-mini is not sent the default temperature: it would reject it\n" in ended.err


def test_a_repeated_case_gets_a_record_each_time(cli, write):
    records = cli("run", write(cases=[case("only", repeat=3)])).records
    assert sorted(record["repeat"] for record in records) == [0, 1, 2]
    assert len({record["key"] for record in records}) == 3


def test_keys_of_trials_hold_over_runs_and_change_with_the_question(cli, write, tmp_path):
    def keys(name: str, **changes) -> set[str]:
        cli("run", write(**changes), "-o", name)
        (file,) = tmp_path.glob(f"{name}/*/records.jsonl")
        return {json.loads(line)["key"] for line in file.read_text().splitlines()}

    first = keys("one")
    assert keys("two", cases=[case("zero"), case("first"), case("second")]) > first
    assert keys("three", defaults={"params": {"temperature": 1}}).isdisjoint(first)


def test_unscored_trials_are_neither_passed_nor_failed(cli, write):
    ended = cli("run", write(cases=[{"id": "free", "vars": {"q": "q"}, "checks": "none"}]))
    assert (ended.code, ended.reason) == (0, "exit 0: 0 of 0 scored trials passed")
    assert ended.records[0]["passed"] is None


def test_colour_comes_when_asked_for(cli, write):
    assert "\x1b[" in cli("run", write(), "--color", "always").out
    assert "\x1b[" not in cli("run", write()).out
