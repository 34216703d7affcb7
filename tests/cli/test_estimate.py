"""`evalkit estimate` and `run --dry-run` as people use them: every format, every source, no key, no network."""

from __future__ import annotations

import csv
import io
import json
import socket
from pathlib import Path

import pytest

from tests.another_gateway import Answer
from tests.cli.conftest import case, says

SUITES = Path(__file__).parent.parent.parent / "suites"
RANGES = {"low", "median", "high", "worst"}


@pytest.fixture
def nowhere(monkeypatch):
    """No key, and no socket that could be opened."""
    monkeypatch.delenv("GPTPROTO_API_KEY", raising=False)

    def refuse(*_args, **_kwargs):
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)


def estimated(cli, *arguments):
    ended = cli("estimate", *arguments, "--format", "json")
    assert ended.code == 0, ended.err
    return json.loads(ended.out)


@pytest.mark.usefixtures("nowhere")
def test_an_example_suite_is_estimated_without_key_or_network(cli):
    estimate = estimated(cli, SUITES / "vision.yaml")
    assert [model["model"] for model in estimate["models"]][:2] == ["gpt-4o", "o4-mini"]
    for model in estimate["models"]:
        for figure in ("input_tokens", "output_tokens", "cost_usd"):
            spread = model[figure]
            assert spread.keys() == RANGES
            assert 0 < spread["low"] <= spread["median"] <= spread["high"] <= spread["worst"]
        assert model["sources"]["input_tokens"] == "counted"
        assert model["sources"]["output_tokens"] == "prior"
    assert [model["model"] for model in estimate["models"] if model["reasoning_tokens"] is None] == [
        "gpt-4o", "doubao-1-5-vision-pro-32k-250115",
    ]  # fmt: skip
    assert estimate["total_cost_usd"].keys() == RANGES
    assert estimate["unpriced"] == []


@pytest.mark.usefixtures("nowhere")
def test_the_table_names_sources_uncertainty_and_time(cli):
    ended = cli("estimate", SUITES / "vision.yaml")
    assert ended.out.splitlines()[0].startswith("vision: 70 trials, probably ")
    for words in (
        "at most",
        "95 %",
        "counted",
        "prior",
        "Most uncertain: length of thinking",
        "Time to finish:",
        "know nothing of",
    ):
        assert words in ended.out
    assert max(map(len, ended.out.splitlines())) <= 120
    assert ended.err == ""


@pytest.mark.usefixtures("nowhere")
def test_a_dry_run_says_the_same(cli):
    estimate, dry = cli("estimate", SUITES / "quickstart.yaml"), cli("run", SUITES / "quickstart.yaml", "--dry-run")
    assert dry.code == 0
    assert dry.out == estimate.out
    assert not (dry.place / "results").exists()


def test_flags_choose_what_is_estimated(cli, write):
    suite = write(models=["gpt-4o", "o3"])
    estimate = estimated(cli, suite, "-m", "o3", "-k", "first", "--repeat", "4", "--set", "defaults.repeat=2")
    (model,) = estimate["models"]
    assert (model["model"], model["trials"]) == ("o3", 4)


def test_csv_and_markdown_have_a_row_a_model(cli, write):
    suite = write(models=["gpt-4o", "o3"])
    rows = list(csv.DictReader(io.StringIO(cli("estimate", suite, "--format", "csv").out)))
    assert [(row["model"], row["role"], row["trials"]) for row in rows] == [
        ("gpt-4o", "model", "2"),
        ("o3", "model", "2"),
    ]
    assert float(rows[0]["cost_usd_low"]) <= float(rows[0]["cost_usd_median"])
    assert rows[0]["reasoning_tokens_median"] == ""
    out = cli("estimate", suite, "--format", "md", "--traffic", "10/day", "--growth", "5%").out
    assert "| `gpt-4o` | 2 |" in out
    assert "### Rollout" in out


def test_an_unpriced_model_is_told_and_is_no_error(cli, write):
    suite = write(models=["gpt-4o", {"id": "nobodys", "provider": "gptproto", "api": "chat"}])
    estimate = estimated(cli, suite)
    assert estimate["models"][1]["cost_usd"] is None
    assert (estimate["unpriced"], estimate["total_cost_usd"]) == (["nobodys"], None)
    assert "without nobodys: unpriced" in cli("estimate", suite).out.splitlines()[0]


def billed(count: int) -> Answer:
    body = json.loads(says("yes").body)
    body["usage"] = {"prompt_tokens": count, "completion_tokens": count, "total_tokens": 2 * count}
    return Answer(json.dumps(body).encode())


def test_a_history_tells_what_the_rollout_costs(cli, write, gateway):
    gateway.answer = lambda _: billed(1200)
    suite = write(models=[{"id": "gpt-4o", "price": {"input": 2, "output": 8}}])
    ran = cli("run", suite, "--repeat", "3", "--cache")
    assert ran.code == 0, ran.err
    estimate = estimated(cli, suite, "--from", ran.folder, "--traffic", "50000/day")
    assert estimate["models"][0]["sources"]["output_tokens"] == "history"
    assert estimate["rollout"]["cost_per_day_usd"]["median"] == pytest.approx(600, rel=0.02)


def test_the_newest_run_that_asked_the_same_is_used_unnamed(cli, write, gateway):
    gateway.answer = lambda _: billed(77)
    suite = write()
    ran = cli("run", suite)
    (model,) = estimated(cli, suite)["models"]
    assert model["sources"]["output_tokens"] == "history"
    assert model["input_tokens"]["median"] == 2 * 77
    assert ran.folder.name in model["basis"]["output_tokens"]
    changed = write(prompts=["Say {{ q }} at length."])
    assert estimated(cli, changed)["models"][0]["sources"]["output_tokens"] == "prior"


def test_runs_of_the_stand_in_are_used_only_for_it_or_when_named(cli, write):
    suite = write()
    cli("run", suite, "--offline")
    assert estimated(cli, suite)["models"][0]["sources"]["output_tokens"] == "prior"
    offline = estimated(cli, suite, "--offline")
    assert offline["models"][0]["sources"]["output_tokens"] == "history"
    assert offline["stand_in"] is True
    (folder,) = Path("results").iterdir()
    assert "they say nothing about any model" in cli("estimate", suite, "--from", folder).out


def test_a_pilot_is_announced_kept_and_used_again(cli, write, gateway):
    suite = write(cases=[case(f"c{n}", tags=[f"t{n % 3}"]) for n in range(12)])
    ended = cli("estimate", suite, "--pilot", "6", "--max-cost", "5", "--format", "json")
    assert ended.code == 0, ended.err
    lines = ended.err.splitlines()
    assert lines[0].startswith("pilot: 6 trials of 12, probably ")
    assert "never more than 5 USD" in lines[0]
    assert len(gateway.arrived) == 6
    (model,) = json.loads(ended.out)["models"]
    assert model["sources"]["output_tokens"] == "pilot"
    command = lines[-1].rpartition("to use them: evalkit ")[2].split()
    again = cli(*command)
    assert again.code == 0, again.err
    assert len(gateway.arrived) == 12


def test_a_pilot_stays_within_its_budget(cli, write, gateway):
    suite = write(cases=[case(f"c{n}") for n in range(12)])
    ended = cli("estimate", suite, "--pilot", "6", "--max-cost", "0.000001")
    assert ended.code == 4
    assert gateway.arrived == []
    assert "stopped by the budget" in ended.err


def test_a_pilot_needs_a_key(cli, write, monkeypatch):
    monkeypatch.delenv("GPTPROTO_API_KEY")
    ended = cli("estimate", write(), "--pilot", "2")
    assert ended.code == 2
    assert "GPTPROTO_API_KEY" in ended.reason


def test_what_a_replay_finds_costs_nothing_more(cli, write):
    suite = write()
    ran = cli("run", suite, "-k", "first")
    dry = cli("run", suite, "--dry-run", "--replay", ran.folder)
    assert dry.code == 0, dry.err
    assert "suite: 1 trial, probably" in dry.out
    assert "1 of 2 trials are answered already" in dry.out


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--traffic", "lots"], "as in 50000/day"),
        (["--traffic", "-5/day"], "as in 50000/day"),
        (["--traffic", "5/day", "--growth", "quick"], "as in 10%/month"),
        (["--traffic", "5/day", "--mix", "gpt-4o"], "MODEL=SHARE"),
        (["--traffic", "5/day", "--mix", "gpt-4o=0.5"], "add up to 0.5"),
        (["--traffic", "5/day", "--mix", "gpt-5o=1"], "'gpt-5o' is not asked; did you mean 'gpt-4o'?"),
        (["--traffic", "5/day", "--cached-input-share", "2"], "a share from 0 to 1"),
        (["--growth", "10%/month"], "add --traffic N/day"),
        (["--from", "nowhere"], "no run folder"),
        (["--pilot", "0"], "--pilot"),
        (["--months", "0"], "--months"),
        (["-m", "gpt-5o"], "did you mean 'gpt-4o'?"),
    ],
)  # fmt: skip
def test_wrong_flags_are_told_in_a_line(cli, write, flags, told):
    ended = cli("estimate", write(), *flags)
    assert ended.code == 2
    assert told in ended.err
    assert "Traceback" not in ended.err


def test_a_history_of_another_suite_is_refused(cli, write):
    ran = cli("run", write())
    ended = cli("estimate", write("other.yaml", models=["o3"]), "--from", ran.folder)
    assert ended.code == 2
    assert ended.reason.endswith("name a run of this suite's models")


def test_a_damaged_history_is_refused_when_named_and_passed_over_when_not(cli, write):
    suite = write()
    ran = cli("run", suite)
    records = ran.folder / "records.jsonl"
    records.write_bytes(b"{}\n" + records.read_bytes())
    assert cli("estimate", suite, "--from", ran.folder).code == 3
    ended = cli("estimate", suite)
    assert ended.code == 0
    assert "earlier runs are of no use" in ended.err


def test_nothing_selected_is_exit_5_and_a_wrong_suite_2(cli, write):
    assert cli("estimate", write(), "--tag", "none").code == 5
    assert cli("estimate", "nowhere.yaml").code == 2
    assert cli("estimate", write(traffic={"requests": "lots"})).code == 2


def test_absurd_prices_are_a_mistake_of_the_suite(cli, write):
    for price in ({"input": -1, "output": 1}, {"input": 1e6, "output": 1}):
        assert cli("estimate", write(models=[{"id": "gpt-4o", "price": price}])).code == 2


@pytest.mark.parametrize(
    ("weights", "told"),
    [({"tag": {"lat": 2}}, "has the tag 'lat'; did you mean 'late'?"), ({"case": {"x": 2}}, "is called 'x'")],
)
def test_weights_of_what_is_not_there_are_told(cli, write, weights, told):
    ended = cli("estimate", write(traffic={"requests": "5/day", "weights": weights}))
    assert ended.code == 2
    assert told in ended.reason


def test_a_model_of_the_mix_that_is_asked_nothing_is_told(cli, write):
    suite = write(models=["gpt-4o", "o3"], cases=[case("a", models=["o3"])],
                  traffic={"requests": "5/day", "mix": {"gpt-4o": 0.5, "o3": 0.5}})  # fmt: skip
    ended = cli("estimate", suite)
    assert ended.code == 0
    assert "the mix of the suite is left out: gpt-4o is not among the models that are asked" in " ".join(
        ended.out.split()
    )
    assert cli("estimate", suite, "--mix", "gpt-4o=1").code == 2


def test_an_estimate_of_another_version_does_not_keep_a_run_from_being_reported(cli, write):
    ended = cli("run", write())
    manifest = json.loads((ended.folder / "run.json").read_bytes())
    manifest["estimate"] = {"figures": "in another form"}
    (ended.folder / "run.json").write_text(json.dumps(manifest))
    assert cli("report", ended.folder).code == 0
    assert cli("run", "--resume", ended.folder).code == 0


def test_a_picture_of_unknown_size_is_a_range_and_said(cli, write):
    suite = write(cases=[case("a", images=["https://example.com/a.png"])])
    (model,) = estimated(cli, suite)["models"]
    assert model["input_tokens"]["high"] > model["input_tokens"]["low"] + 300
    assert "1 remote picture of unknown size" in cli("estimate", suite).out


def test_logged_requests_can_be_rolled_out(cli, write):
    Path("log.jsonl").write_text('{"input_tokens": 1200, "output_tokens": 1200}\n' * 30)
    suite = write(models=[{"id": "gpt-4o", "price": {"input": 2, "output": 8}}],
                  traffic={"requests": "50000/day", "requests_file": "log.jsonl"})  # fmt: skip
    rollout = estimated(cli, suite)["rollout"]
    assert rollout["cost_per_day_usd"]["median"] == pytest.approx(600, rel=0.01)
    assert rollout["requests_from"] == "log.jsonl"
    Path("log.jsonl").write_text('{"input_tokens": 1200}\n{"in": 5}\n')
    ended = cli("estimate", suite)
    assert ended.code == 2
    assert "log.jsonl:2" in ended.err


def test_a_run_keeps_its_estimate_with_what_it_took(cli, write, gateway):
    gateway.answer = lambda _: billed(10)
    ended = cli("run", write())
    (model,) = json.loads((ended.folder / "run.json").read_bytes())["estimate"]["models"]
    assert model["actual"]["trials"] == 2
    assert model["actual"]["output_tokens"] == 20
    assert model["actual"]["inside"] in (True, False)
    assert "estimate: 2 trials, probably" in ended.err
    assert "off by" in ended.out
    assert "## Estimate" in (ended.folder / "summary.md").read_text("utf-8")
    assert "estimate:" not in cli("run", write("other.yaml"), "-q").err


def test_bills_far_from_the_count_are_told(cli, write, gateway):
    gateway.answer = lambda _: billed(500)
    ended = cli("run", write())
    manifest = json.loads((ended.folder / "run.json").read_bytes())
    (note,) = [note for note in manifest["notes"] if "prompt tokens were billed" in note]
    assert note.startswith("gpt-4o: 1,000 prompt tokens were billed in 2 answers")
    assert "another prompt was sent on" in ended.out
    gateway.answer = lambda _: billed(9)
    assert "were billed" not in cli("run", write("other.yaml"), "-o", "elsewhere").out
