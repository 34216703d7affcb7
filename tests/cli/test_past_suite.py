"""`run --baseline git:REF`: the suite of then beside that of today, what is unchanged asked once."""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from evalkit.cli.past_suite import checked_out
from evalkit.errors import UsageError
from tests.cli.conftest import asked, case, fails, says

PROMPTS = [{"name": "kept", "user": "{{ q }}"}, {"name": "edited", "user": "{{ q }}, please"}]
CASES = [case(f"c{number}") for number in range(8)]


def git(folder: Path, *arguments: str) -> str:
    who = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.org", "GIT_COMMITTER_NAME": "a",
           "GIT_COMMITTER_EMAIL": "a@example.org", "GIT_CONFIG_GLOBAL": os.devnull}  # fmt: skip
    return subprocess.run(
        ["git", "-C", str(folder), *arguments], check=True, capture_output=True, text=True, env={**os.environ, **who}
    ).stdout.strip()


@pytest.fixture
def commit(tmp_path):
    """Puts all that lies in the folder of the test into a commit."""
    git(tmp_path, "init", "--quiet")
    (tmp_path / ".gitignore").write_text("results*\n", encoding="utf-8")

    def committed(message="next"):
        git(tmp_path, "add", "--all")
        git(tmp_path, "commit", "--quiet", "--message", message)
        return git(tmp_path, "rev-parse", "HEAD")

    return committed


@pytest.fixture
def two_versions(write, commit):
    """A suite whose second prompt was other words in the commit before."""
    write(prompts=[PROMPTS[0], {"name": "edited", "user": "{{ q }}, now"}], cases=CASES)
    commit("before")
    suite = write(prompts=PROMPTS, cases=CASES)
    commit("after")
    return suite


def questions(gateway) -> Counter[str]:
    return Counter(map(asked, gateway.arrived))


def past_records(ended) -> dict[tuple[str, str], dict]:
    lines = (ended.folder / "baseline/records.jsonl").read_text("utf-8").splitlines()
    return {(record["case_id"], record["prompt"]): record for record in map(json.loads, lines)}


def pairs(ended):
    found = json.loads((ended.folder / "summary.json").read_text("utf-8"))["comparison"]["pairs"]
    return {pair["prompt"]: pair for pair in found}


def test_both_suites_are_asked_and_what_is_unchanged_once(cli, two_versions, gateway):
    ended = cli("run", two_versions, "--baseline", "git:HEAD~1")
    assert ended.code == 0
    assert "8 of its 16 trials are unchanged, and asked once" in ended.err
    wanted = [f"c{number}{end}" for number in range(8) for end in ("", ", please", ", now")]
    assert questions(gateway) == Counter(wanted)
    assert len(ended.records) == len(past_records(ended)) == 16


def test_what_is_unchanged_is_charged_once_and_marked(cli, two_versions):
    ended = cli("run", two_versions, "--baseline", "git:HEAD~1")
    past = past_records(ended)
    assert {prompt: {past[f"c{n}", prompt].get("cached") for n in range(8)} for prompt in ("kept", "edited")} == {
        "kept": {True}, "edited": {False},
    }  # fmt: skip
    assert not any(record["cached"] for record in ended.records)
    kept = pairs(ended)["kept"]
    assert (kept["same_answers"], kept["verdict"], kept["low"], kept["high"]) == (8, "no_difference", 0.0, 0.0)
    assert pairs(ended)["edited"]["same_answers"] == 0


def test_the_two_are_asked_by_turns(cli, two_versions, gateway):
    cli("run", two_versions, "--baseline", "git:HEAD~1", "-j", "1", "-p", "edited")
    ends = [asked(arrived).partition(", ")[2] for arrived in gateway.arrived]
    assert ends == ["now", "please"] * 8


def test_a_prompt_that_got_worse_is_found(cli, two_versions, gateway):
    gateway.answer = lambda arrived: says("no" if "please" in asked(arrived) else "yes")
    ended = cli("run", two_versions, "--baseline", "git:HEAD~1")
    assert ended.code == 1
    assert ended.reason.startswith("exit 1: regressed against git:HEAD~1 (")
    assert (pairs(ended)["edited"]["verdict"], pairs(ended)["kept"]["verdict"]) == ("regressed", "no_difference")
    assert pairs(ended)["edited"]["broken"] == 8


def test_an_unchanged_question_is_judged_by_the_checks_of_each_side(cli, write, commit, gateway):
    write(cases=[case(f"c{number}", wanted="no") for number in range(8)])
    commit()
    ended = cli("run", write(cases=CASES), "--baseline", "git:HEAD")
    assert questions(gateway) == Counter(f"c{number}" for number in range(8))
    (pair,) = pairs(ended).values()
    assert (pair["base_rate"], pair["new_rate"], pair["verdict"]) == (0.0, 1.0, "improved")


def test_the_base_has_a_run_folder_of_its_own(cli, two_versions):
    ended = cli("run", two_versions, "--baseline", "git:HEAD~1")
    head = git(two_versions.parent, "rev-parse", "HEAD~1")
    about = json.loads((ended.folder / "baseline/run.json").read_text("utf-8"))
    assert (about["git_commit"], about["git_dirty"], about["id"]) == (head, False, f"{ended.folder.name}/baseline")
    assert about["suite_file"] == "git:HEAD~1:suite.yaml"
    assert about["ended_at"] is not None
    manifest = json.loads((ended.folder / "run.json").read_text("utf-8"))
    assert manifest["baseline"] == f"git:HEAD~1 ({head[:12]})"
    again = cli("compare", ended.folder / "baseline", ended.folder, "--format", "json")
    assert [pair["verdict"] for pair in json.loads(again.out)["pairs"]] == [
        pair["verdict"] for pair in pairs(ended).values()
    ]


def test_prompts_data_and_root_are_those_of_then(cli, tmp_path, write, commit, gateway):
    (tmp_path / "suites").mkdir()
    (tmp_path / "data.jsonl").write_text(json.dumps(case("c0", vars={"q": "then"})) + "\n", encoding="utf-8")
    (tmp_path / "words.md").write_text("old words: {{ q }}", encoding="utf-8")
    prompt = {"name": "p", "file": "../words.md"}
    suite = write("suites/suite.yaml", prompts=[prompt], cases=[], datasets=["../data.jsonl"])
    commit()
    (tmp_path / "data.jsonl").write_text(json.dumps(case("c0", vars={"q": "now"})) + "\n", encoding="utf-8")
    (tmp_path / "words.md").write_text("new words: {{ q }}", encoding="utf-8")
    ended = cli("run", suite, "--baseline", "git:HEAD")
    assert ended.code == 0
    assert questions(gateway) == Counter(["old words: then", "new words: now"])


def test_only_what_has_a_counterpart_today_is_asked(cli, write, commit, gateway):
    write(models=["gpt-4o", "gpt-4.1"], prompts=[*PROMPTS, {"name": "gone", "user": "gone: {{ q }}"}], cases=CASES)
    commit()
    cases = [*CASES[:2], case("brand-new")]
    ended = cli("run", write(prompts=[{"name": "edited", "user": "{{ q }}!"}], cases=cases), "--baseline", "git:HEAD")
    assert questions(gateway) == Counter(["c0!", "c1!", "brand-new!", "c0, please", "c1, please"])
    assert pairs(ended)["edited"]["only_in_new"] == ["brand-new"]


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (("-k", "c3"), ["c3", "c3, please", "c3, now"]),
        (("-p", "kept", "--limit", "2"), ["c0", "c1"]),
        (("-p", "edited", "-k", "c1", "--repeat", "2"), ["c1, please", "c1, now"] * 2),
    ],
)
def test_flags_choose_on_both_sides(cli, two_versions, gateway, arguments, wanted):
    cli("run", two_versions, "--baseline", "git:HEAD~1", *arguments)
    assert questions(gateway) == Counter(wanted)


def test_an_error_is_one_on_both_sides_where_it_was_asked_once(cli, two_versions, gateway):
    gateway.answer = lambda arrived: fails(400) if asked(arrived) == "c2" else says("yes")
    ended = cli("run", two_versions, "--baseline", "git:HEAD~1", "--max-error-rate", "1")
    assert questions(gateway)["c2"] == 1
    assert past_records(ended)["c2", "kept"]["error"]["kind"] == "bad_request"
    assert (pairs(ended)["kept"]["n"], pairs(ended)["kept"]["base_errors"]) == (7, 1)


def test_it_works_with_the_stand_in(cli, two_versions, gateway):
    ended = cli("run", two_versions, "--offline", "--baseline", "git:HEAD~1", "--exit-zero", "-q")
    assert ended.code == 0
    assert not gateway.arrived
    assert pairs(ended).keys() == {"kept", "edited"}
    assert json.loads((ended.folder / "baseline/run.json").read_text("utf-8"))["stand_in"] is True


def test_a_run_that_is_gone_on_with_asks_neither_side_again(cli, two_versions, gateway):
    broken = {"c3", "c5, now"}
    gateway.answer = lambda arrived: fails(400) if asked(arrived) in broken else says("yes")
    first = cli("run", two_versions, "--baseline", "git:HEAD~1", "--max-error-rate", "1")
    assert first.code in (0, 1)
    (two_versions.parent / "unrelated").write_text("x", encoding="utf-8")
    git(two_versions.parent, "add", "--all")
    git(two_versions.parent, "commit", "--quiet", "--allow-empty", "-m", "moves HEAD~1")
    gateway.arrived.clear()
    gateway.answer = lambda _: says("yes")
    moved = cli("run", "--resume", first.folder, "--baseline", "git:HEAD")
    assert (moved.code, moved.reason.endswith("and git:HEAD is another commit")) == (2, True)
    ended = cli("run", "--resume", first.folder)
    assert questions(gateway) == Counter(broken)
    assert "Against git:HEAD~1 (" in ended.out
    assert ended.code == 0
    assert {pair["n"] for pair in pairs(ended).values()} == {8}


def test_a_suite_that_was_wrong_then_is_told_with_its_place_then(cli, two_versions, tmp_path, commit, gateway):
    text = two_versions.read_text("utf-8")
    two_versions.write_text(text.replace('"prompts"', '"promts"'), encoding="utf-8")
    commit("a mistake")
    two_versions.write_text(text, encoding="utf-8")
    ended = cli("run", two_versions, "--baseline", "git:HEAD")
    assert ended.code == 2
    assert "git:HEAD:suite.yaml:1:" in ended.err
    assert "unknown key 'promts'; did you mean 'prompts'?" in ended.err
    assert str(tmp_path) not in ended.err.replace(str(two_versions), "")
    assert not gateway.arrived


@pytest.mark.parametrize(
    ("ref", "said"),
    [
        ("git:nope", "git:nope: there is no such commit in"),
        ("git:", "git: wants a commit, branch or tag, as in git:HEAD~1"),
        ("git:--help", "git:--help: there is no such commit in"),
        ("git:HEAD~9", "git:HEAD~9: there is no such commit in"),
    ],
)
def test_a_commit_that_is_none_is_refused(cli, two_versions, gateway, ref, said):
    ended = cli("run", two_versions, "--baseline", ref)
    assert (ended.code, ended.reason.startswith(f"evalkit: {said}")) == (2, True), ended.reason
    assert not gateway.arrived
    assert not (ended.place / "results").exists()


def test_a_suite_that_was_not_there_is_refused(cli, two_versions, write):
    ended = cli("run", write("fresh.yaml"), "--baseline", "git:HEAD")
    assert (ended.code, "git:HEAD has no fresh.yaml: there was no such suite then" in ended.reason) == (2, True)


def test_a_suite_without_any_counterpart_is_refused(cli, two_versions, write, gateway):
    ended = cli("run", write(cases=[case("other")]), "--baseline", "git:HEAD")
    assert ended.code == 2
    assert "has no case, prompt and model of today's suite: there is nothing to compare" in ended.reason
    assert not gateway.arrived


def test_the_repository_is_left_as_it_was(two_versions):
    folder = two_versions.parent
    two_versions.write_text(two_versions.read_text("utf-8") + "\n", encoding="utf-8")
    git(folder, "add", "--all")
    before = git(folder, "status", "--porcelain=v2"), git(folder, "worktree", "list"), git(folder, "stash", "list")
    with checked_out(two_versions, "HEAD~1") as past:
        assert json.loads(past.file.read_text("utf-8"))["prompts"][1]["user"] == "{{ q }}, now"
        tree = past.tree
    assert not tree.exists()
    after = git(folder, "status", "--porcelain=v2"), git(folder, "worktree", "list"), git(folder, "stash", "list")
    assert after == before


def test_inside_a_hook_git_is_not_led_astray(two_versions, monkeypatch):
    monkeypatch.setenv("GIT_DIR", "/nowhere/.git")
    monkeypatch.setenv("GIT_INDEX_FILE", "/nowhere/index")
    with checked_out(two_versions, "HEAD") as past:
        assert past.file.is_file()


def test_files_that_archives_leave_out_are_there(two_versions, commit):
    folder = two_versions.parent
    (folder / ".gitattributes").write_text("*.jsonl export-ignore\n", encoding="utf-8")
    (folder / "data.jsonl").write_text("{}\n", encoding="utf-8")
    commit()
    with checked_out(two_versions, "HEAD") as past:
        assert (past.tree / "data.jsonl").is_file()


def test_a_shallow_clone_says_how_to_have_more(two_versions, tmp_path):
    clone = tmp_path / "results-clone"
    git(tmp_path, "clone", "--quiet", "--depth", "1", f"file://{tmp_path}", str(clone))
    with (
        pytest.raises(UsageError, match="this clone is shallow: fetch more of it"),
        checked_out(clone / "suite.yaml", "HEAD~1"),
    ):
        pass


def test_where_there_is_no_git_that_is_said(two_versions, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UsageError, match="git is not installed"), checked_out(two_versions, "HEAD"):
        pass


def test_a_stopped_run_is_compared_as_far_as_it_came(cli, two_versions, gateway):
    """A model that is given up half-way: what was answered is paired, the rest is said."""
    gateway.answer = lambda arrived: fails(401) if "c4" in asked(arrived) else says("yes")
    ended = cli("run", two_versions, "--baseline", "git:HEAD~1", "-j", "1")
    assert ended.code == 3
    assert "Against git:HEAD~1" in ended.out
