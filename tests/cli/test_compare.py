"""`evalkit compare`: what is compared, what is said, and how it ends."""

from __future__ import annotations

import json

import pytest

from tests.analysis.run_folder import manifest, write
from tests.compare.sides import trials


@pytest.fixture
def runs(tmp_path):
    """Run folders of these names, each of marks or records."""

    def made(**sides):
        folders = []
        for name, content in sides.items():
            records = trials(content) if isinstance(content, str) else content
            models = tuple(dict.fromkeys(record.model for record in records))
            prompts = tuple(dict.fromkeys(record.prompt for record in records))
            run = manifest(id=name, models=models, prompts=prompts)
            folders.append(write(tmp_path / "runs" / name, records, run))
        return folders

    return made


@pytest.mark.parametrize(
    ("now", "code", "reason"),
    [
        ("+" * 200, 0, "exit 0: of 1 comparison, 1 without a difference"),
        ("-" * 8 + "+" * 192, 1, "exit 1: of 1 comparison, 1 regressed"),
        ("-" * 2 + "+" * 198, 0, "exit 0: of 1 comparison, 1 without a difference"),
    ],
)
def test_a_regression_ends_in_1(cli, runs, now, code, reason):
    ended = cli("compare", *runs(old="+" * 200, new=now))
    assert (ended.code, ended.reason) == (code, reason)


def test_an_open_verdict_ends_in_1_only_with_strict(cli, runs):
    folders = runs(old="+" * 20, new="-" * 3 + "+" * 17)
    assert cli("compare", *folders).code == 0
    strict = cli("compare", *folders, "--strict")
    assert (strict.code, strict.reason) == (1, "exit 1: of 1 comparison, 1 inconclusive")


def test_an_improvement_ends_in_0(cli, runs):
    ended = cli("compare", *runs(old="-" * 10 + "+" * 30, new="+" * 40), "--strict")
    assert (ended.code, ended.reason) == (0, "exit 0: of 1 comparison, 1 improved")


def test_the_json_has_what_programs_read(cli, runs):
    ended = cli("compare", *runs(old="+" * 40, new="-" * 7 + "+" * 33), "--format", "json")
    found = json.loads(ended.out)
    (pair,) = found["pairs"]
    names = {"base", "new", "model", "prompt", "n", "verdict", "delta", "low", "high", "p_value", "mde", "flips"}
    assert names <= pair.keys()
    assert (found["verdict"], pair["verdict"], pair["n"], pair["delta"]) == ("regressed", "regressed", 40, -7 / 40)
    assert {key: pair["flips"][0][key] for key in ("case_id", "from", "to")} == {
        "case_id": "c0", "from": "pass", "to": "fail",
    }  # fmt: skip
    assert pair["low"] < pair["delta"] < pair["high"] < 0


def test_the_text_shows_verdict_interval_n_and_what_broke(cli, runs):
    ended = cli("compare", *runs(old="+" * 40, new="-" * 7 + "+" * 33))
    row = next(line for line in ended.out.splitlines() if line.startswith("gpt-4o "))
    assert row.split()[:8] == ["gpt-4o", "40", "100.0", "82.5", "-17.5", "-32", "to", "-7"]
    assert "✗ REGRESSED" in row
    assert "Broken (7)" in ended.out
    assert "      - Paris\n      + Lyon" in ended.out
    assert ended.out.endswith("✗ REGRESSED: of 1 comparison, 1 regressed\n")


def test_markdown_is_for_pull_requests(cli, runs):
    ended = cli("compare", *runs(old="+" * 40, new="-" * 7 + "+" * 33), "--format", "md")
    assert ended.out.startswith("# ✗ REGRESSED: new against old\n")
    assert "| `gpt-4o` | 40 | 100.0 | 82.5 | -17.5 |" in ended.out


@pytest.mark.parametrize(
    "words",
    [
        ("--models", "a", "b", "{run}"),
        ("{run}", "--models", "a", "b"),
        ("{run}", "--models", "a", "--models", "b"),
        ("--strict", "--models", "a", "b", "--margin", "2pp", "{run}"),
    ],
)
def test_models_of_a_run_may_stand_anywhere(cli, runs, words):
    (run,) = runs(run=[*trials("+" * 40, model="a"), *trials("-" * 9 + "+" * 31, model="b")])
    ended = cli("compare", *(str(run) if word == "{run}" else word for word in words))
    assert (ended.code, ended.reason) == (1, "exit 1: of 1 comparison, 1 regressed")
    assert "a → b" in ended.out


def test_prompts_of_a_run_are_compared_for_each_model(cli, runs):
    records = [each for prompt in ("long", "short") for model in "ab" for each in trials("+" * 9, model=model,
                                                                                       prompt=prompt)]  # fmt: skip
    ended = cli("compare", *runs(run=records), "--prompts", "long", "short", "--format", "json")
    assert [(pair["base"], pair["new"], pair["model"]) for pair in json.loads(ended.out)["pairs"]] == [
        ("long", "short", "a"), ("long", "short", "b"),
    ]  # fmt: skip


def test_all_models_make_a_matrix_that_ends_in_0(cli, runs):
    records = [*trials("+" * 40, model="a"), *trials("-" * 9 + "+" * 31, model="b"), *trials("+" * 40, model="c")]
    ended = cli("compare", *runs(run=records), "--models", "all")
    assert ended.code == 0
    assert "-22.5 ▼" in ended.out
    assert "+22.5 ▲" in ended.out
    assert len(json.loads(cli("compare", *runs(run=records), "--models", "all", "--format", "json").out)["pairs"]) == 3


def test_one_model_of_two_runs_may_be_chosen(cli, runs):
    both = {name: [*trials("+" * 9, model="a"), *trials("+" * 9, model="b")] for name in ("old", "new")}
    found = json.loads(cli("compare", *runs(**both), "--models", "a", "--format", "json").out)
    assert [pair["model"] for pair in found["pairs"]] == ["a"]


@pytest.mark.parametrize(
    ("gate", "code"),
    [
        ("delta.pass_rate > -10pp", 0),
        ("delta.pass_rate > -2pp", 1),
        ("new_failures == 0", 1),
        ("new_failures <= 4", 0),
        ("pass_rate >= 0.9", 0),
        ("pass_rate >= 0.99", 1),
        ("gpt-4o: delta.p50_latency_s < 1", 0),
    ],
)
def test_gates_decide_beside_the_verdict(cli, runs, gate, code):
    ended = cli("compare", *runs(old="+" * 300, new="-" * 4 + "+" * 296), "--gate", gate, "--strict")
    assert (ended.code, "Gates" in ended.out) == (code, True)


def test_a_regression_ends_in_1_though_gates_pass(cli, runs):
    ended = cli("compare", *runs(old="+" * 40, new="-" * 7 + "+" * 33), "--gate", "pass_rate > 0.5")
    assert ended.code == 1


def test_a_baseline_file_may_be_the_base(cli, runs, tmp_path):
    old, new = runs(old="+" * 40, new="-" * 7 + "+" * 33)
    assert cli("baseline", "update", old, "-o", "b.json").code == 0
    ended = cli("compare", "b.json", new)
    assert (ended.code, "Broken (7)" in ended.out) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["{old}"], "of one run, say what to compare: --models A B, or --prompts A B; or name a second run"),
        (["{old}", "nowhere"], "nowhere: no such file or folder; name a run folder, or a baseline file"),
        (["nowhere", "{old}"], "nowhere: no such file or folder; name a run folder, or a baseline file"),
        (["{old}", "--models", "gpt-4o"], "old: a comparison needs two models; it has gpt-4o"),
        (["{old}", "--models", "gpt-4o", "gpt-4"],
         "old: no model is called 'gpt-4'; did you mean 'gpt-4o'?"),
        (["{old}", "{new}", "--gate", "passrate > 1"], "--gate: unknown gate 'passrate'; did you mean 'pass_rate'?"),
        (["{old}", "{new}", "--gate", "gpt-4: pass_rate > 0"],
         "new: no model is called 'gpt-4'; did you mean 'gpt-4o'?"),
        (["{old}", "{new}", "--gate", "delta.pass_rate > -2%"],
         "--gate: gate 'delta.pass_rate' is a difference of shares: write points, as in '-2pp', not per cent"),
        (["{old}", "{new}", "--models", "o3"], "new: no model is called 'o3'; known: gpt-4o"),
        (["{old}", "{new}", "--margin", "-1"], "--margin is a number of points from 0 to 100, as in 5pp; found '-1'"),
        (["{old}", "{new}", "--margin", "x"], "--margin is a number of points from 0 to 100, as in 5pp; found 'x'"),
        (["{old}", "{new}", "--margin", "nan"], "--margin is a number of points from 0 to 100, as in 5pp; found 'nan'"),
    ],
)  # fmt: skip
def test_what_cannot_be_compared_is_said_in_a_line(cli, runs, arguments, reason):
    folders = dict(zip(("{old}", "{new}"), runs(old="+" * 3, new="+" * 3), strict=True))
    ended = cli("compare", *(folders.get(word, word) for word in arguments))
    assert (ended.code, ended.err) == (2, f"evalkit: {reason}\n")


@pytest.mark.parametrize("margin", ["2pp", "2", "0.02", " 2 pp"])
def test_a_margin_may_be_written_as_points_or_as_a_share(cli, runs, margin):
    ended = cli("compare", *runs(old="+" * 20, new="+" * 20), "--margin", margin, "--format", "json")
    assert json.loads(ended.out)["margin"] == 0.02


@pytest.mark.parametrize(
    ("names", "gate", "said"),
    [
        (["a", "b", "c"], "delta.pass_rate > 0", "a gate on what changed needs two sides, and 3 models are compared"),
        (["a", "b"], "a: delta.pass_rate > 0", "--gate: between two models a gate speaks of both: name none in it"),
        (["a", "b"], "pass_rate > 0",
         "--gate: only a run has figures of its own; here gates are on delta.…, or on new_failures"),
    ],
)  # fmt: skip
def test_gates_between_models_are_on_their_difference(cli, runs, names, gate, said):
    records = [each for model in "abc" for each in trials("+" * 9, model=model)]
    ended = cli("compare", *runs(run=records), "--models", *names, "--gate", gate)
    assert (ended.code, ended.reason) == (2, f"evalkit: {said}")
    within = cli("compare", *runs(run=records), "--models", "a", "b", "--gate", "delta.pass_rate > -90pp")
    assert (within.code, "✓ PASS" in within.out) == (0, True)


def test_two_runs_without_anything_in_common_end_in_5(cli, runs):
    ended = cli("compare", *runs(old="+++", new=trials("+++", model="o3")))
    assert ended.code == 5
    assert "old has gpt-4o; new has o3" in ended.reason


def test_damaged_records_end_in_3(cli, runs):
    old, new = runs(old="+++", new="+++")
    lines = (new / "records.jsonl").read_text("utf-8").splitlines()
    (new / "records.jsonl").write_text("\n".join(["{broken", *lines[1:]]) + "\n", encoding="utf-8")
    ended = cli("compare", old, new)
    assert ended.code == 3
    assert f"{new / 'records.jsonl'}:1" in ended.reason
