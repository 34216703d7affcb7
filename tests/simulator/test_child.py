from __future__ import annotations

import signal
import subprocess
import sys
import time

import httpx
import pytest

from evalkit.simulator.child import StandIn, StandInFailed


def _serves(url: str) -> bool:
    try:
        return httpx.get(f"{url}/models", headers={"Authorization": StandIn.api_key}, trust_env=False).is_success
    except httpx.TransportError:
        return False


def _stops_serving(url: str, within_s: float = 10.0) -> bool:
    deadline = time.monotonic() + within_s
    while _serves(url):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_it_serves_inside_the_block_and_not_after_it():
    with StandIn(latency_scale=0) as stand_in:
        assert _serves(stand_in.base_url)
    assert not _serves(stand_in.base_url)


def test_it_dies_with_a_parent_that_is_killed():
    program = (
        "import time; from evalkit.simulator.child import StandIn\n"
        "with StandIn() as stand_in: print(stand_in.base_url, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    with parent:
        url = parent.stdout.readline().strip()
        assert _serves(url)
        parent.send_signal(signal.SIGKILL)
    assert _stops_serving(url)


def test_ctrl_c_in_the_terminal_leaves_it_to_its_parent():
    program = (
        "import os, signal, sys; from evalkit.simulator.child import StandIn\n"
        "signal.signal(signal.SIGINT, lambda *_: print('parent saw it', flush=True))\n"
        "with StandIn() as stand_in:\n"
        "    print(stand_in.base_url, flush=True); os.killpg(0, signal.SIGINT); sys.stdin.read()"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", program], start_new_session=True, **pipes) as parent:
        url = parent.stdout.readline().strip()
        assert parent.stdout.readline() == "parent saw it\n"
        assert _serves(url)
        parent.stdin.close()
    assert parent.returncode == 0


def test_a_child_that_cannot_start_says_why():
    with pytest.raises(StandInFailed, match=r"--fault-rate: 2\.0 is not between 0 and 1"):
        StandIn(fault_rate=2.0).__enter__()


def test_a_child_that_is_not_ready_in_time_is_given_up():
    with pytest.raises(StandInFailed, match=r"did not start \(limit 0\.001 s\)"):
        StandIn(start_within_s=0.001).__enter__()


def test_a_file_in_the_current_folder_cannot_break_it(tmp_path, monkeypatch):
    (tmp_path / "json.py").write_text("raise SystemExit('shadowed')")
    monkeypatch.chdir(tmp_path)
    with StandIn(latency_scale=0) as stand_in:
        assert _serves(stand_in.base_url)


def test_it_needs_no_server_package_in_the_parent():
    program = (
        "import sys; import evalkit.simulator.child; print({'starlette', 'uvicorn', 'asyncio'} & sys.modules.keys())"
    )
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "set()"
