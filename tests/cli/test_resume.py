"""`evalkit run --resume`: nothing that was answered is asked again, and the figures are those of the whole run."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from evalkit.errors import UsageError
from evalkit.journal import Attempt, Journal
from tests.cli.conftest import KEY, asked, case, fails, says

TEN = [case(f"q{n}") for n in range(10)]


def cut(folder: Path, kept: int) -> None:
    """Leaves the first records of a run, as a crash would have."""
    lines = (folder / "records.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "records.jsonl").write_bytes(b"".join(lines[:kept]))
    manifest = json.loads((folder / "run.json").read_text("utf-8"))
    (folder / "run.json").write_text(json.dumps({**manifest, "ended_at": None}), "utf-8")


def questions(gateway) -> list[str]:
    return sorted(asked(arrived) for arrived in gateway.arrived)


def manifest_of(folder: Path) -> dict:
    return json.loads((folder / "run.json").read_text("utf-8"))


def summary_of(folder: Path) -> list[dict]:
    return json.loads((folder / "summary.json").read_text("utf-8"))["models"]


def test_only_what_is_not_kept_is_asked_and_the_totals_are_those_of_both_parts(cli, write, gateway):
    first = cli("run", write(cases=TEN))
    cut(first.folder, 6)
    gateway.arrived.clear()
    ended = cli("run", "--resume", first.folder)
    assert (ended.code, len(gateway.arrived)) == (0, 4)
    assert sorted(record["case_id"] for record in ended.records) == [f"q{n}" for n in range(10)]
    assert not any(record["cached"] for record in ended.records)
    (row,) = summary_of(ended.folder)
    assert (row["n"], row["not_run"], row["input_tokens"], row["latency_s"]["n"]) == (10, 0, 100, 10)
    assert "note: resumed with 6 of 10 trials done" in ended.err
    assert "7/10 trials" in ended.err


def test_the_folder_and_its_beginning_stay_and_each_resuming_is_noted(cli, write):
    first = cli("run", write(cases=TEN))
    before = manifest_of(first.folder)
    for kept in (3, 5):
        cut(first.folder, kept)
        cli("run", "--resume", first.folder)
    after = manifest_of(first.folder)
    assert (after["id"], after["started_at"]) == (before["id"], before["started_at"])
    assert len(after["resumed_at"]) == 2
    assert after["ended_at"] > before["ended_at"]
    assert [folder.name for folder in Path("results").iterdir()] == [first.folder.name]


def test_the_suite_may_be_named_and_the_run_by_a_file_in_it(cli, write, gateway):
    suite = write(cases=TEN)
    first = cli("run", suite)
    cut(first.folder, 9)
    assert cli("run", suite, "--resume", first.folder / "run.json").code == 0
    assert len(gateway.arrived) == 11


def test_errors_are_asked_again_unless_that_is_not_wanted(cli, write, gateway):
    gateway.answer = lambda arrived: fails(400, "bad") if asked(arrived) in ("q3", "q5") else says("yes")
    first = cli("run", write(cases=TEN))
    assert first.code == 3
    gateway.arrived.clear()
    kept = cli("run", "--resume", first.folder, "--no-retry-errors")
    assert (kept.code, gateway.arrived) == (3, [])
    gateway.answer = lambda _: says("yes")
    ended = cli("run", "--resume", first.folder)
    assert (ended.code, questions(gateway)) == (0, ["q3", "q5"])
    assert "2 errors asked again" in ended.err
    (row,) = summary_of(ended.folder)
    assert (row["n"], row["passed"], row["errors"]) == (10, 10, 0)


def test_a_check_that_could_not_look_is_tried_again_on_the_answer_that_is_there(cli, write, gateway):
    broken = {"id": "a", "vars": {"q": "a"}, "checks": [{"number": {"value": "{{ output }}"}}]}
    first = cli("run", write(cases=[broken, case("b")]))
    assert (first.code, len(gateway.arrived)) == (3, 2)
    mended = {**broken, "checks": [{"equals": "yes"}]}
    ended = cli("run", write(cases=[mended, case("b")]), "--resume", first.folder)
    assert (ended.code, len(gateway.arrived)) == (0, 2)
    assert [record["cached"] for record in ended.records] == [False, False, False]
    (row,) = summary_of(ended.folder)
    assert (row["n"], row["passed"], row["latency_s"]["n"]) == (2, 2, 2)


def test_a_complete_run_says_so_and_ends_as_it_did_without_a_key(cli, write, gateway, monkeypatch):
    first = cli("run", write(cases=[case("a"), case("b", "no")]))
    (first.folder / "summary.md").unlink()
    gateway.arrived.clear()
    monkeypatch.delenv("GPTPROTO_API_KEY")
    estimate = manifest_of(first.folder)["estimate"]["total_cost_usd"]
    ended = cli("run", "--resume", first.folder)
    assert (ended.code, ended.reason, gateway.arrived) == (1, first.reason, [])
    assert "estimate:" not in ended.err
    assert manifest_of(first.folder)["estimate"]["total_cost_usd"] == estimate
    assert "the run was complete when it was resumed: nothing was left to ask of its 2 trials" in ended.err
    assert (ended.folder / "summary.md").exists()


FLAGS = [
    (["-m", "second", "-p", "one", "--repeat", "2"], 4),
    (["-k", "apple", "--set", "defaults.repeat=3"], 12),
    (["--tag", "green"], 4),
    (["--sample", "1", "--seed", "3"], 4),
    (["--stream", "-j", "1", "--no-raw"], 8),
]
MANY = {
    "models": ["gpt-4o", {"name": "second", "id": "gpt-4o"}],
    "prompts": [{"name": "one", "user": "{{ q }}"}, {"name": "two", "user": "{{ q }}"}],
    "cases": [case("apple", tags=["fruit"]), case("leek", tags=["green"])],
}


@pytest.mark.parametrize(("flags", "trials"), FLAGS, ids=[" ".join(flags) for flags, _ in FLAGS])
def test_the_flags_of_the_run_hold_again(cli, write, gateway, flags, trials):
    first = cli("run", write(**MANY), *flags)
    assert len(gateway.arrived) == trials
    cut(first.folder, 2)
    gateway.arrived.clear()
    ended = cli("run", "--resume", first.folder)
    assert (ended.code, len(gateway.arrived), len(ended.records)) == (0, trials - 2, trials)
    assert manifest_of(ended.folder)["selection"] == manifest_of(first.folder)["selection"]
    assert any("raw" in record["response"] for record in ended.records) is ("--no-raw" not in flags)
    assert all(bool(arrived.body.get("stream")) is ("--stream" in flags) for arrived in gateway.arrived)


def test_flags_that_are_given_go_before_those_of_the_run(cli, write, gateway):
    first = cli("run", write(**MANY), "-m", "second", "--gate", "error_rate > 0.5")
    assert first.code == 1
    ended = cli("run", "--resume", first.folder, "-m", "*", "--gate", "pass_rate >= 0.5")
    assert (ended.code, len(ended.records)) == (0, 8)


def test_what_the_flags_leave_out_now_is_kept_and_counted_nowhere(cli, write):
    first = cli("run", write(**MANY))
    ended = cli("run", "--resume", first.folder, "-m", "second")
    assert [(row["model"], row["n"]) for row in summary_of(ended.folder)] == [("second", 2), ("second", 2)]
    left = "4 records of questions that the suite and the flags no longer have"
    assert f"kept, but counted nowhere: {left}" in ended.err
    again = cli("run", "--resume", first.folder, "-m", "*")
    assert sum(row["n"] for row in summary_of(again.folder)) == 8
    assert len(again.records) == 8


def test_what_narrows_a_resumed_run_holds_for_one_command(cli, write, gateway):
    cli("run", write())
    (folder,) = (write().parent / "results").iterdir()
    cli("run", "--resume", folder, "-k", "first")
    ended = cli("run", "--resume", folder)
    assert ended.code == 0
    assert "2 of 2 scored trials passed" in ended.reason
    assert len(gateway.arrived) == 2


def test_edits_elsewhere_in_the_suite_ask_nothing_again(cli, write, gateway):
    first = cli("run", write(cases=[case("a"), case("b"), case("c")]))
    gateway.arrived.clear()
    edited = [case("new"), case("c"), case("a", tags=["t"], checks=[{"icontains": "Y"}])]
    ended = cli("run", write(cases=edited, prompts=["{{ q }}"]), "--resume", first.folder)
    assert questions(gateway) == ["new"]
    (row,) = summary_of(ended.folder)
    assert (row["n"], row["not_run"]) == (3, 0)
    assert "kept, but counted nowhere: 1 record of questions that" in ended.err
    assert "the suite was edited since" in ended.err


def test_a_case_that_changed_is_asked_again_and_only_its_new_answer_counts(cli, write, gateway):
    first = cli("run", write(cases=[case("a", "no"), case("b")]))
    assert first.code == 1
    changed = {"id": "a", "vars": {"q": "a, please"}, "checks": [{"equals": "yes"}]}
    ended = cli("run", write(cases=[changed, case("b")]), "--resume", first.folder)
    assert [asked(arrived) for arrived in gateway.arrived[2:]] == ["a, please"]
    (row,) = summary_of(ended.folder)
    assert (ended.code, row["n"], row["passed"]) == (0, 2, 2)
    back = cli("run", write(cases=[case("a", "no"), case("b")]), "--resume", first.folder)
    assert (back.code, len(gateway.arrived)) == (1, 3)


def test_rows_inserted_above_ask_nothing_again(cli, write, gateway, tmp_path):
    rows = tmp_path / "rows.csv"
    suite = {"cases": [], "datasets": ["rows.csv"], "defaults": {"checks": [{"equals": "yes"}]}}
    rows.write_text("q\na\nb\n")
    first = cli("run", write(**suite))
    gateway.arrived.clear()
    rows.write_text("q\nz\na\nb\n")
    ended = cli("run", "--resume", first.folder)
    assert (ended.code, questions(gateway)) == (0, ["z"])


def test_another_suite_is_refused_and_nothing_is_sent_or_written(cli, write, gateway):
    first = cli("run", write(name="mine"))
    before = {file.name: file.read_bytes() for file in first.folder.iterdir()}
    gateway.arrived.clear()
    ended = cli("run", write("other.yaml", name="other", cases=[case("x")]), "--resume", first.folder)
    assert (ended.code, gateway.arrived) == (2, [])
    assert "none of its 2 records answers a question of" in ended.reason
    assert {file.name: file.read_bytes() for file in first.folder.iterdir()} == before


def test_flags_that_make_other_questions_of_all_are_refused(cli, write, gateway):
    first = cli("run", write(cases=[case("a")]))
    ended = cli("run", "--resume", first.folder, "--stream")
    assert (ended.code, len(gateway.arrived)) == (2, 1)
    assert "none of its 1 record answers a question of" in ended.reason
    assert "suite.yaml as it is now, with these flags; for a new run" in ended.reason
    assert "nothing was left to ask of its 1 trial\n" in cli("run", "--resume", first.folder).err


def test_a_run_without_a_record_is_begun_but_only_with_its_own_suite(cli, write, gateway):
    first = cli("run", write(name="mine"))
    cut(first.folder, 0)
    assert "is a run of 'mine'" in cli("run", write("o.yaml", name="o"), "--resume", first.folder).reason
    assert cli("run", "--resume", first.folder).code == 0
    assert len(gateway.arrived) == 4


def test_a_suite_that_is_gone_is_read_from_its_snapshot(cli, write, gateway):
    suite = write(cases=TEN)
    first = cli("run", suite)
    cut(first.folder, 5)
    suite.unlink()
    ended = cli("run", "--resume", first.folder)
    assert (ended.code, len(gateway.arrived)) == (0, 15)
    assert "suite.yaml is gone: its snapshot in run.json is used" in ended.err
    cut(first.folder, 5)
    assert cli("run", "--resume", first.folder).code == 0


def test_a_run_is_gone_on_with_from_another_folder(cli, write, gateway, tmp_path, monkeypatch):
    first = cli("run", write(cases=TEN))
    folder = first.folder
    cut(folder, 5)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    ended = cli("run", "--resume", Path("..") / "results" / folder.name)
    assert (ended.code, len(gateway.arrived)) == (0, 15)
    assert "gone" not in ended.err


def test_with_pictures_and_streams(cli, write, gateway, picture):
    suite = write(cases=[case(name, images=["p.png"]) for name in "abc"])
    first = cli("run", suite)
    cut(first.folder, 1)
    ended = cli("run", "--resume", first.folder)
    assert (ended.code, len(gateway.arrived), len(list((ended.folder / "media").iterdir()))) == (0, 5, 1)
    picture("p.png", 9)
    other = cli("run", "--resume", first.folder)
    assert "none of its 3 records" in other.reason


def test_conversations_are_kept_or_asked_as_a_whole(cli, write, gateway):
    turns = [{"user": "one"}, {"user": "two"}]
    cases = [{"id": name, "turns": turns, "checks": [{"equals": "yes"}]} for name in "ab"]
    first = cli("run", write(cases=cases))
    assert len(gateway.arrived) == 4
    cut(first.folder, 1)
    assert cli("run", "--resume", first.folder).code == 0
    assert len(gateway.arrived) == 6


def test_turns_before_an_error_are_not_asked_again(cli, write, gateway):
    gateway.answer = lambda arrived: fails(400, "bad") if asked(arrived) == "two" else says("yes")
    turns = {"id": "a", "turns": [{"user": "one"}, {"user": "two"}], "checks": [{"equals": "yes"}]}
    first = cli("run", write(cases=[turns, case("b")]))
    gateway.arrived.clear()
    gateway.answer = lambda _: says("yes")
    ended = cli("run", "--resume", first.folder)
    assert (ended.code, questions(gateway)) == (0, ["two"])


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda folder: (folder / "run.json").unlink(), "no run folder: its run.json cannot be read"),
        (lambda folder: (folder / "run.json").write_text("{"), "run.json: not the manifest of a run"),
        (lambda folder: _change(folder, format=9), "a run of format 9, and this evalkit reads format 1"),
        (lambda folder: _change(folder, selection={"limit": "ten"}), "its `selection` is not what a run writes"),
        (lambda folder: _flip(folder), "records.jsonl:1: not a record as it was written"),
    ],
)
def test_a_run_that_cannot_be_read_is_told_in_one_line(cli, write, gateway, spoil, message):
    first = cli("run", write())
    spoil(first.folder)
    ended = cli("run", "--resume", first.folder)
    assert (ended.code, ended.out, len(ended.err.splitlines()), len(gateway.arrived)) == (2, "", 1, 2)
    assert message in ended.reason


def _change(folder: Path, **changes: object) -> None:
    (folder / "run.json").write_text(json.dumps({**manifest_of(folder), **changes}), "utf-8")


def _flip(folder: Path) -> None:
    data = bytearray((folder / "records.jsonl").read_bytes())
    data[20] ^= 1
    (folder / "records.jsonl").write_bytes(data)


def test_damaged_records_are_offered_to_be_recovered(cli, write):
    first = cli("run", write())
    _flip(first.folder)
    assert "evalkit recover" in cli("run", "--resume", first.folder).reason
    assert cli("recover", first.folder).code == 0
    assert cli("run", "--resume", first.folder).code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--resume", "nowhere"], "nowhere: no run folder"),
        (["a.yaml", "b.yaml", "--resume", "RUN"], "--resume is about one run, and so about one suite: 2 are named"),
        (["--resume", "RUN", "--replay", "RUN"], "--resume and --replay exclude each other"),
        (["--resume", "RUN", "--failed", "RUN"], "--resume and --failed exclude each other"),
        (["--resume", "RUN", "--offline"], "has answers of models, and --offline asks the stand-in: leave it out"),
    ],
)
def test_what_cannot_be_meant_is_told_in_one_line(cli, write, gateway, arguments, message):
    folder = cli("run", write()).folder
    ended = cli("run", *(str(folder) if argument == "RUN" else argument for argument in arguments))
    assert (ended.code, len(ended.err.splitlines()), len(gateway.arrived)) == (2, 1, 2)
    assert message in ended.reason


def test_two_processes_on_one_folder_are_one_too_many(cli, write, gateway):
    first = cli("run", write())
    before = (first.folder / "run.json").read_bytes()
    program = (
        "import sys, pathlib; from evalkit.journal import Journal\n"
        "with Journal(pathlib.Path(sys.argv[1])): print('locked', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, first.folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout.readline() == "locked\n"
        ended = cli("run", "--resume", first.folder)
        listed = json.loads(cli("list", "runs", "--format", "json").out)
        other.communicate()
    assert (ended.code, len(gateway.arrived)) == (2, 2)
    assert "another process is writing to" in ended.reason
    assert (first.folder / "run.json").read_bytes() == before
    assert [row["state"] for row in listed] == ["running"]


def test_requests_in_doubt_are_listed(cli, write, gateway):
    first = cli("run", write(cases=TEN))
    lines = (first.folder / "records.jsonl").read_bytes().splitlines(keepends=True)
    record = json.loads(lines[0])
    (first.folder / "records.jsonl").write_bytes(b"".join(lines[1:]))
    with Journal(first.folder) as journal:
        names = {name: record[name] for name in ("key", "case_id", "prompt", "model", "repeat")}
        journal.attempts.sent(
            Attempt(**names, part="turn 0", number=1, sent_at="2026-01-01T00:00:00.000Z", worst_case_usd=0.25)
        )
    ended = cli("run", "--resume", first.folder)
    assert (ended.code, len(gateway.arrived)) == (0, 11)
    assert "1 request was sent without an answer" in ended.err
    assert f"gpt-4o, default, {record['case_id']}, turn 0: attempt 1" in ended.err
    assert manifest_of(ended.folder)["in_doubt"]["worst_case_usd"] == 0.25


def test_no_key_is_remembered(cli, write, tmp_path):
    env = tmp_path / "keys.env"
    env.write_text(f"GPTPROTO_API_KEY={KEY}\n")
    folder = cli("run", write(), "--env-file", env).folder
    assert KEY not in (folder / "run.json").read_text("utf-8")


def test_list_runs_says_how_far_each_is(cli, write):
    first = cli("run", write(cases=TEN))
    states = [json.loads(cli("list", "runs", "--format", "json").out)[0]]
    cut(first.folder, 4)
    states.append(json.loads(cli("list", "runs", "--format", "json").out)[0])
    assert [(row["state"], row["trials"], row["planned"]) for row in states] == [
        ("complete", 10, 10), ("interrupted", 4, 10),
    ]  # fmt: skip
    assert "interrupted  4 of 10" in cli("list", "runs").out


@pytest.fixture
def picture(tmp_path):
    from PIL import Image

    def draw(name: str, side: int) -> None:
        Image.new("RGB", (side, side)).save(tmp_path / name)

    draw("p.png", 8)
    return draw


def test_a_locked_folder_is_a_usage_error(cli, write):
    folder = cli("run", write()).folder
    with Journal(folder), pytest.raises(UsageError, match="another process is writing"), Journal(folder):
        pass


def test_every_answer_is_recorded_once(cli, write):
    first = cli("run", write(cases=TEN))
    cut(first.folder, 5)
    keys = Counter(record["key"] for record in cli("run", "--resume", first.folder).records)
    assert set(keys.values()) == {1}
