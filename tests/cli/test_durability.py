"""Runs on disks that fill up, in folders that go away, killed and damaged: what people are told, and what is left."""

from __future__ import annotations

import json
import resource
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from evalkit.journal import in_doubt, iter_records
from tests.another_gateway import AnotherGateway, Arrived
from tests.cli.conftest import KEY, asked, case, says
from tests.command import COMMAND, begin, environment, evalkit, reason

PATIENCE_S = 30.0
PRICED = [{"id": "gpt-4o", "price": {"input": 2, "output": 10}, "params": {"max_output_tokens": 100}}]


@pytest.fixture
def held(gateway: AnotherGateway) -> Iterator[threading.Event]:
    """Lets the gateway answer its first three requests, and the others once this is set."""
    release = threading.Event()

    def answer(_: Arrived):
        if len(gateway.arrived) > 3:
            release.wait(PATIENCE_S)
        return says("yes")

    gateway.answer = answer
    yield release
    release.set()


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "waited for too long"
        time.sleep(0.01)


def run_folder(parent: Path) -> Path:
    (folder,) = (parent / "results").iterdir()
    return folder


def variables(gateway: AnotherGateway) -> dict[str, str]:
    return {"GPTPROTO_API_KEY": KEY, "GPTPROTO_API_BASE": gateway.base_url}


def begun(gateway: AnotherGateway, suite: Path) -> subprocess.Popen[str]:
    """A run of which three answers are kept, and others under way."""
    process = begin("run", suite, "-j", "2", cwd=suite.parent, **variables(gateway))
    until(lambda: len(gateway.arrived) > 4)
    until(lambda: (run_folder(suite.parent) / "records.jsonl").read_bytes().count(b"\n") == 3)
    return process


def many(count: int, **more: object) -> dict[str, object]:
    return {"cases": [case(f"c{n}") for n in range(count)], **more}


# --- faults of the disk --------------------------------------------------------------------------------------------


def test_a_disk_that_fills_up_ends_the_run_in_words_and_the_rest_is_asked_later(write, gateway, tmp_path):
    suite = write(**many(60))
    done = subprocess.run(
        [*COMMAND, "run", str(suite), "-j", "4"],
        cwd=tmp_path,
        env=environment(**variables(gateway)),
        capture_output=True,
        text=True,
        timeout=60,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (15_000, 15_000)),
    )
    folder = run_folder(tmp_path)
    kept = list(iter_records(folder / "records.jsonl"))
    assert done.returncode == 3, done.stderr
    assert 5 < len(kept) < 60
    told = f"evalkit: a result cannot be written: File too large; {Path('results') / folder.name / 'records.jsonl'}"
    assert reason(done.stderr) == (
        f"{told} keeps the {len(kept)} before it; "
        f"once that is mended, go on with: evalkit run --resume results/{folder.name}"
    )
    assert "Traceback" not in done.stderr

    before = len(gateway.arrived)
    again = evalkit("run", "--resume", folder, cwd=tmp_path, **variables(gateway))
    assert again.returncode == 0, again.stderr
    assert len(list(iter_records(folder / "records.jsonl"))) == 60
    assert len(gateway.arrived) - before == 60 - len(kept)


def test_a_folder_that_is_deleted_under_the_run_ends_it_in_words(write, gateway, held, tmp_path):
    process = begun(gateway, write(**many(12)))
    shutil.rmtree(run_folder(tmp_path))
    held.set()
    _, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 3, err
    assert "was deleted or moved while the run was under way" in reason(err)
    assert "Traceback" not in err


def test_a_place_that_cannot_be_written_is_told_before_anything_is_sent(write, gateway, tmp_path):
    (tmp_path / "file").write_text("")
    done = evalkit("run", write(), "-o", tmp_path / "file" / "results", cwd=tmp_path, **variables(gateway))
    assert done.returncode == 2
    assert "results cannot be written below" in reason(done.stderr)
    assert gateway.arrived == []


# --- two at once ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [["run", "--resume"], ["recover"]])
def test_a_run_that_is_under_way_has_its_folder_to_itself(write, gateway, held, tmp_path, command):
    process = begun(gateway, write(**many(8)))
    folder = run_folder(tmp_path)
    before = len(gateway.arrived)
    second = evalkit(*command, folder, cwd=tmp_path, **variables(gateway))
    assert second.returncode == 2, second.stderr
    assert reason(second.stderr) == f"evalkit: another process is writing to {folder}; wait for it, or stop it"
    assert len(gateway.arrived) == before
    held.set()
    _, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, err
    assert len(list(iter_records(folder / "records.jsonl"))) == 8


# --- what is in doubt ----------------------------------------------------------------------------------------------


def test_what_a_killed_run_had_under_way_is_listed_with_its_worst_case(write, gateway, held, tmp_path):
    process = begun(gateway, write(**many(12, models=PRICED)))
    process.kill()
    process.communicate(timeout=PATIENCE_S)
    held.set()
    folder = run_folder(tmp_path)
    attempts = in_doubt(folder)
    kept = {record.case_id for record in iter_records(folder / "records.jsonl")}
    sent = {asked(arrived) for arrived in gateway.arrived}
    assert {attempt.case_id for attempt in attempts} == sent - kept
    assert all(
        0.001 < attempt.worst_case_usd < 0.0015 for attempt in attempts
    )  # 100 tokens at $10 per million, and some

    told = evalkit("recover", folder, cwd=tmp_path)
    total = sum(attempt.worst_case_usd for attempt in attempts)
    assert told.returncode == 0
    assert f"may have cost at most ${total:.4f}" in told.stdout
    assert all(f"gpt-4o, default, {attempt.case_id}, turn 0: attempt 1 at 20" in told.stdout for attempt in attempts)

    again = evalkit("run", "--resume", folder, cwd=tmp_path, **variables(gateway))
    assert again.returncode == 0, again.stderr
    assert len(gateway.arrived) == 12 + len(attempts)
    manifest = json.loads((folder / "run.json").read_text())
    assert manifest["in_doubt"] == {"attempts": len(attempts), "worst_case_usd": total, "without_worst_case": 0}


def test_a_timeout_stays_in_doubt_though_the_next_attempt_is_answered(write, gateway, tmp_path, cli):
    late = threading.Event()

    def answer(arrived: Arrived):
        if asked(arrived) == "c1" and sum(asked(each) == "c1" for each in gateway.arrived) == 1:
            late.wait(PATIENCE_S)
        return says("yes")

    gateway.answer = answer
    done = cli("run", write(**many(3, models=[{**PRICED[0], "timeout_s": 0.3}])))
    late.set()
    assert done.code == 0, done.err
    (attempt,) = in_doubt(done.folder)
    assert (attempt.case_id, attempt.number, attempt.fate) == ("c1", 1, "lost")
    manifest = json.loads((done.folder / "run.json").read_text())
    assert manifest["in_doubt"]["attempts"] == 1
    (note,) = manifest["notes"]
    assert note.startswith("1 request was sent without an answer that could be kept, and may have cost at most $0.00")


def test_a_run_that_ends_well_leaves_nothing_but_results(write, cli):
    done = cli("run", write())
    names = {file.name for file in done.folder.iterdir()}
    assert {"records.jsonl", "run.json"} <= names
    assert not names & {"attempts.jsonl", "records.damaged"}
    assert not [name for name in names if name.startswith(".")]
    assert json.loads((done.folder / "run.json").read_text())["in_doubt"] == {}


# --- recover -------------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(write, cli, gateway) -> Path:
    """Of a finished run with six records."""
    done = cli("run", write(**many(6)))
    assert done.code == 0, done.err
    gateway.arrived.clear()
    return done.folder


def damage(folder: Path, line: int, *, was: bytes = b'"passed":true', now: bytes = b'"passed":null') -> None:
    path = folder / "records.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    assert was in lines[line - 1]
    lines[line - 1] = lines[line - 1].replace(was, now)
    path.write_bytes(b"".join(lines))


def test_a_sound_run_has_nothing_to_repair(folder, cli):
    before = (folder / "records.jsonl").read_bytes()
    for path in (folder, folder / "run.json"):
        done = cli("recover", path)
        assert (done.code, done.err) == (0, "")
        assert done.out == f"{folder}: 6 records, all of them whole; nothing was changed\n"
    assert (folder / "records.jsonl").read_bytes() == before


@pytest.mark.parametrize(("command", "code"), [(["report"], 3), (["run", "--resume"], 2)])
def test_damage_in_the_middle_is_refused_with_its_place_and_recover_helps(folder, cli, gateway, command, code):
    damage(folder, 3)
    refused = cli(*command, folder)
    assert refused.code == code
    assert refused.reason.startswith(f"evalkit: {folder / 'records.jsonl'}:3: not a record as it was written")
    assert f"`evalkit recover {folder}`" in refused.reason
    assert gateway.arrived == []

    case_id = json.loads((folder / "records.jsonl").read_bytes().splitlines()[2])["case_id"]
    repaired = cli("recover", folder)
    assert repaired.code == 0
    size = len((folder / "records.damaged").read_bytes()) - 1
    assert repaired.out.splitlines() == [
        f"line 3 ({case_id}, gpt-4o): {size:,} bytes that are no whole record",
        f"{folder}: 5 records kept; 1 damaged piece set aside in records.damaged",
    ]
    assert cli("recover", folder).out.endswith("5 records, all of them whole; nothing was changed\n")
    assert cli(*command, folder).code == 0
    assert [asked(arrived) for arrived in gateway.arrived] == ([case_id] if "run" in command else [])


def test_a_torn_last_line_is_no_hindrance(folder, cli, gateway):
    path = folder / "records.jsonl"
    path.write_bytes(path.read_bytes()[:-40])
    assert cli("report", folder).code == 0
    done = cli("run", "--resume", folder)
    assert done.code == 0, done.err
    assert "bytes were no whole record and were cut off" in done.err
    assert len(gateway.arrived) == 1
    assert len(list(iter_records(path))) == 6


@pytest.mark.parametrize("there", [None, "a file"])
def test_what_is_no_run_folder_is_told(tmp_path, cli, there):
    if there:
        (tmp_path / "x").write_text(there)
    done = cli("recover", "x")
    assert done.code == 2
    assert done.reason == "evalkit: x: no run folder: it has neither run.json nor records.jsonl"


def test_a_run_that_kept_nothing_yet_has_nothing_to_repair(folder, cli):
    (folder / "records.jsonl").unlink()
    done = cli("recover", folder)
    assert (done.code, done.out) == (0, f"{folder}: no record was kept yet; there is nothing to repair\n")


def test_a_manifest_that_cannot_be_read_is_told_after_the_records_are_repaired(folder, cli):
    damage(folder, 2)
    (folder / "run.json").write_bytes(b"{")
    done = cli("recover", folder)
    assert done.code == 3
    assert "5 records kept" in done.out
    assert done.reason.startswith(f"evalkit: {folder / 'run.json'} cannot be read (")


def test_signals_leave_what_was_cancelled_in_doubt(write, gateway, held, tmp_path):
    process = begun(gateway, write(**many(12)))
    process.send_signal(signal.SIGINT)
    assert any(line.startswith("Interrupted") for line in process.stderr)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130
    folder = run_folder(tmp_path)
    kept = {record.case_id for record in iter_records(folder / "records.jsonl")}
    assert {attempt.case_id for attempt in in_doubt(folder)} == {asked(each) for each in gateway.arrived} - kept
    assert json.loads((folder / "run.json").read_text())["in_doubt"]["attempts"] == len(gateway.arrived) - len(kept)


HANDLES = Path("/proc/self/fd")


@pytest.mark.skipif(not HANDLES.exists(), reason="there is no other way to count handles")
def test_all_handles_are_given_back(folder, cli):
    before = len(list(HANDLES.iterdir()))
    for _ in range(3):
        cli("recover", folder)
        cli("run", "--resume", folder)
    assert len(list(HANDLES.iterdir())) <= before + 2
