"""What only a real process shows: signals, streams that fail, a terminal, and the stand-in as a child."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import signal
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from evalkit.cli import session
from tests.another_gateway import AnotherGateway
from tests.cli.conftest import KEY, case, says
from tests.command import COMMAND, begin, environment, evalkit, reason

EIGHT = [case(f"c{number}") for number in range(8)]
PATIENCE_S = 30.0


@pytest.fixture
def held(gateway: AnotherGateway) -> Iterator[threading.Event]:
    """Lets the gateway answer its first request, and the others once this is set."""
    release = threading.Event()

    def answer(_):
        if len(gateway.arrived) > 1:
            release.wait(PATIENCE_S)
        return says("yes")

    gateway.answer = answer
    yield release
    release.set()


def run_until(requests: int, gateway: AnotherGateway, *suites: Path) -> subprocess.Popen[str]:
    """Starts a run and waits until so many requests have come."""
    variables = {"GPTPROTO_API_KEY": KEY, "GPTPROTO_API_BASE": gateway.base_url}
    process = begin("run", *suites, "-j", "3", cwd=suites[0].parent, **variables)
    deadline = time.monotonic() + PATIENCE_S
    while len(gateway.arrived) < requests:
        assert time.monotonic() < deadline, "the requests did not come"
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.01)
    return process


def await_line(process: subprocess.Popen[str], beginning: str) -> None:
    """Reads stderr up to a line."""
    assert any(line.startswith(beginning) for line in process.stderr)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_drains_saves_and_reports(write, gateway, held, tmp_path, number, code):
    process = run_until(4, gateway, write(cases=EIGHT))
    process.send_signal(number)
    await_line(process, "Interrupted: nothing more is sent")
    held.set()
    out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == code, err
    assert reason(err) == f"exit {code}: interrupted: 4/8 trials saved"
    assert len(gateway.arrived) == 4
    (folder,) = (tmp_path / "results").iterdir()
    assert len((folder / "records.jsonl").read_text().splitlines()) == 4
    manifest = json.loads((folder / "run.json").read_text())
    assert manifest["ended_at"] is not None
    assert manifest["notes"] == [f"interrupted by {number.name}"]
    assert json.loads((folder / "summary.json").read_text())["models"][0]["not_run"] == 4
    assert "4 not run" in out


def test_a_second_signal_does_not_wait_for_answers(write, gateway, held, tmp_path):
    process = run_until(4, gateway, write(cases=EIGHT))
    process.send_signal(signal.SIGINT)
    await_line(process, "Interrupted: ")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, reason(err)) == (130, "exit 130: interrupted: 1/8 trials saved")
    assert "Traceback" not in err


def test_a_signal_ends_the_suites_that_are_still_to_come(write, gateway, held, tmp_path):
    process = run_until(4, gateway, write("one.yaml", cases=EIGHT), write("two.yaml", cases=EIGHT))
    process.send_signal(signal.SIGINT)
    await_line(process, "Interrupted: ")
    held.set()
    _, err = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, reason(err)) == (130, "exit 130: one: interrupted: 4/8 trials saved")
    assert len(list((tmp_path / "results").iterdir())) == 1


# --- streams -------------------------------------------------------------------------------------------------------


SIGNALS = [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]


@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_a_signal_before_anything_is_asked_ends_in_words(write, gateway, tmp_path, number, code):
    began = tmp_path / "began"
    git = tmp_path / "bin" / "git"
    git.parent.mkdir()
    git.write_text(f"#!/bin/sh\ntouch {began}\nexec sleep {PATIENCE_S:.0f}\n")  # the run waits for it as it begins
    git.chmod(0o755)
    path = f"{git.parent}{os.pathsep}{os.environ['PATH']}"
    process = begin("run", write(cases=EIGHT), cwd=tmp_path, **keyed(gateway), PATH=path)
    deadline = time.monotonic() + PATIENCE_S
    while not began.exists():
        assert time.monotonic() < deadline, "the run did not begin"
        time.sleep(0.01)
    process.send_signal(number)
    _, err = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, reason(err)) == (code, f"exit {code}: interrupted while nothing was asked")
    assert "Traceback" not in err
    assert not gateway.arrived


@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_a_signal_once_there_is_a_folder_says_how_to_go_on(cli, write, gateway, monkeypatch, number, code):
    suite = write(cases=EIGHT)
    with monkeypatch.context() as patch:
        patch.setattr(session, "ask", lambda *_: signal.raise_signal(number))
        ended = cli("run", suite)
    (folder,) = Path("results").iterdir()
    *_, hint, why = ended.err.splitlines()
    assert (ended.code, hint) == (code, f"go on with:  evalkit run --resume {folder}")
    assert why == f"exit {code}: interrupted while nothing was asked; what was answered is kept"
    assert cli("run", "--resume", folder).code == 0
    assert len(gateway.arrived) == 8


def into(stdout: int, *arguments: str, cwd: Path, stderr: int = subprocess.PIPE, **variables: str):
    return subprocess.run(
        [*COMMAND, *arguments], cwd=cwd, env=environment(**variables), stdout=stdout, stderr=stderr, timeout=60
    )


def test_a_reader_that_has_gone_is_no_failed_case(tmp_path):
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as gone:
        done = into(gone.fileno(), "list", "checks", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.fixture
def full() -> Iterator[int]:
    """A disk without room."""
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    with Path("/dev/full").open("wb") as file:
        yield file.fileno()


def test_a_full_disk_under_stdout_is_one_line(tmp_path, full):
    done = into(full, "list", "checks", cwd=tmp_path)
    assert done.returncode == 3
    assert done.stderr.decode() == "evalkit: output cannot be written or read: No space left on device\n"


def keyed(gateway: AnotherGateway) -> dict[str, str]:
    return {"GPTPROTO_API_KEY": KEY, "GPTPROTO_API_BASE": gateway.base_url}


def test_a_run_goes_on_where_nobody_can_be_told_of_it(write, gateway, tmp_path, full):
    write(cases=EIGHT)
    done = into(subprocess.PIPE, "run", "suite.yaml", cwd=tmp_path, stderr=full, **keyed(gateway))
    assert b"8 passed" in done.stdout
    assert len(gateway.arrived) == 8


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_closed_streams_are_no_reason_to_fail(write, gateway, tmp_path, closed):
    write()
    line = f'exec "$@" {closed}'
    done = subprocess.run(
        ["sh", "-c", line, "sh", *COMMAND, "run", "suite.yaml"],
        cwd=tmp_path,
        env=environment(**keyed(gateway)),
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    (records,) = tmp_path.glob("results/*/records.jsonl")
    assert len(records.read_text().splitlines()) == 2


def test_characters_that_a_stream_cannot_show_are_replaced(tmp_path):
    suite = "models: [gpt-4o]\nprompts: ['{{ q }}']\ncases: [{id: 法国, vars: {q: x}, checks: [{contains: x}]}]\n"
    (tmp_path / "suite.yaml").write_text(suite, encoding="utf-8")
    done = evalkit("list", "cases", "suite.yaml", cwd=tmp_path, PYTHONIOENCODING="latin-1")
    assert (done.returncode, done.stderr) == (0, "")
    assert any(line.startswith("?? ") for line in done.stdout.splitlines())


def test_a_terminal_gets_a_bar_for_each_model(write, gateway, tmp_path):
    write(models=["gpt-4o", {"name": "豆包", "id": "gpt-4o"}], cases=EIGHT)
    terminal, inner = pty.openpty()
    fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
    shown = bytearray()

    def read() -> None:
        try:
            while chunk := os.read(terminal, 4096):
                shown.extend(chunk)
        except OSError:
            pass  # how a terminal says that the last writer has gone

    reader = threading.Thread(target=read)
    with subprocess.Popen(
        [*COMMAND, "run", "suite.yaml"],
        cwd=tmp_path,
        env=environment(TERM="xterm", **keyed(gateway)),
        stdout=subprocess.PIPE,
        stderr=inner,
    ) as process:
        os.close(inner)
        reader.start()
        out = process.stdout.read().decode()
    reader.join(PATIENCE_S)
    os.close(terminal)
    text = shown.decode()
    assert process.returncode == 0
    assert "gpt-4o    0/8 |" in text
    assert "豆包      0/8 |" in text  # padded by the columns it takes
    assert text.rstrip().endswith("exit 0: 16 of 16 scored trials passed")
    assert "16 passed" in out


# --- the stand-in --------------------------------------------------------------------------------------------------


def test_offline_needs_no_key_and_says_what_it_is(write, tmp_path):
    write(cases=[case(f"{number} + 1", str(number + 1), expected=number + 1) for number in range(10)])
    done = evalkit("run", "suite.yaml", "--offline", "--exit-zero", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "stand-in" in done.stdout
    (folder,) = (tmp_path / "results").iterdir()
    manifest = json.loads((folder / "run.json").read_text())
    assert manifest["stand_in"] is True
    records = [json.loads(line) for line in (folder / "records.jsonl").read_text().splitlines()]
    assert len(records) == 10
    assert sum(record["passed"] for record in records) >= 5  # it was told what is expected
    assert b"x-evalkit" not in (folder / "records.jsonl").read_bytes()


def test_the_stand_in_serves_a_run_as_any_gateway_would(write, tmp_path):
    write(cases=[case("hello", checks=[{"regex": "."}])])
    served = begin("simulate", "--port", "0", "--latency-scale", "0", cwd=tmp_path)
    with served:
        url = served.stdout.readline().strip()
        done = evalkit("run", "suite.yaml", "--base-url", url, cwd=tmp_path, GPTPROTO_API_KEY="sk-any")
        taken = evalkit("simulate", "--port", url.rpartition(":")[2].removesuffix("/v1"), cwd=tmp_path)
        served.send_signal(signal.SIGTERM)
    assert done.returncode == 0, done.stderr
    assert json.loads(next(tmp_path.glob("results/*/run.json")).read_text())["stand_in"] is False
    assert taken.returncode == 2
    assert "choose another --port" in taken.stderr
    assert served.returncode == 0
