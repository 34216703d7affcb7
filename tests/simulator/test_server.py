from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys

import httpx
import pytest

COMMAND = [sys.executable, "-m", "evalkit.simulator", "--latency-scale=0"]


@pytest.fixture
def start():
    started = []

    def run(*arguments, **options):
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        process = subprocess.Popen([*COMMAND, *arguments], text=True, **pipes, **options)
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


def test_one_line_says_where_it_serves(start):
    process = start("--seed=2")
    url = process.stdout.readline()
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/v1\n", url)
    assert httpx.get(f"{url.strip()}/models", headers={"Authorization": "sk-1"}, trust_env=False).status_code == 200
    process.terminate()
    assert process.communicate(timeout=10) == ("", "")


@pytest.mark.parametrize("arguments", [[], ["--parent-pipe"]])
@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(start, stop, arguments):
    process = start(*arguments)
    process.stdout.readline()
    process.send_signal(stop)
    assert process.wait(timeout=10) == 0
    assert process.stderr.read() == ""


def test_it_ends_at_once_though_an_answer_is_due(start):
    process = start("--latency-scale=1000")
    url = process.stdout.readline().strip()
    body = {"model": "o3", "messages": [{"role": "user", "content": "Hello"}]}
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(
            f"{url}/chat/completions", json=body, headers={"Authorization": "sk-1"}, timeout=0.3, trust_env=False
        )
    process.terminate()
    assert process.wait(timeout=5) == 0
    assert process.stderr.read() == ""


def test_the_end_of_stdin_ends_it_with_a_parent_pipe(start):
    process = start("--parent-pipe")
    process.stdout.readline()
    process.stdin.close()
    assert process.wait(timeout=10) == 0
    process.stdin = None


def test_without_a_parent_pipe_stdin_does_not_matter(start):
    process = start()
    url = process.stdout.readline().strip()
    process.stdin.close()
    process.stdin = None
    assert httpx.get(url, trust_env=False).status_code == 404


def test_a_port_in_use_is_one_line_and_status_2(start):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = start(f"--port={port}")
        stdout, stderr = process.communicate(timeout=10)
    assert process.returncode == 2
    assert stdout == ""
    assert re.fullmatch(rf"cannot listen on 127\.0\.0\.1:{port}: .+; choose another --port\n", stderr)


@pytest.mark.parametrize(
    "argument", ["--port=70000", "--fault-rate=1.5", "--latency-scale=-1", "--latency-scale=nan", "--responses-form=x"]
)
def test_an_argument_out_of_range_is_status_2(start, argument):
    process = start(argument)
    stderr = process.communicate(timeout=10)[1]
    assert process.returncode == 2
    assert argument.split("=")[0] in stderr


def test_an_expected_answer_may_be_longer_than_common_header_limits(start):
    url = start().stdout.readline().strip()
    headers = {"Authorization": "sk-1", "x-evalkit-expected": "long%20" * 30_000}
    body = {"model": "o3", "messages": [{"role": "user", "content": "Hello"}]}
    assert httpx.post(f"{url}/chat/completions", json=body, headers=headers, trust_env=False).status_code == 200
