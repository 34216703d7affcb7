"""The lines of progress, in words."""

from __future__ import annotations

import pytest

from evalkit.cli.progress import Lines, stopped_line, waiting_line
from evalkit.types import Fault, Model, Provider

MODEL = Model(
    name="o3",
    id="o3",
    provider=Provider(name="p", base_url="http://127.0.0.1/v1", api_key_env=None),
    api="chat",
    family="reasoning",
)
LIMITED = Fault(kind="rate_limit", status=429, message="slow down")
LOST = Fault(kind="network", status=None, message="gone")


@pytest.mark.parametrize(
    ("fault", "line"), [(LIMITED, "o3: 429, retry 2/5 in 12 s"), (LOST, "o3: network, retry 2/5 in 12 s")]
)
def test_a_wait_says_for_what_and_how_long(fault, line):
    assert waiting_line(MODEL, fault, 2, 12.4) == line


def test_a_stop_says_who_and_why():
    assert stopped_line("o3", LIMITED) == "o3 stopped: slow down"
    assert stopped_line(None, LIMITED) == "the run stopped: slow down"


@pytest.mark.parametrize(("quiet", "said"), [(False, ["o3: 429, retry 2/5 in 9 s"]), (True, [])])
def test_only_long_waits_are_said_and_none_when_quiet(capsys, quiet, said):
    lines = Lines({"o3": 10}, quiet=quiet)
    lines.waiting(MODEL, LIMITED, 2, 1.0)
    lines.waiting(MODEL, LIMITED, 2, 9.0)
    assert capsys.readouterr().err.splitlines() == said


def test_a_stop_and_an_interruption_are_said_even_when_quiet(capsys):
    lines = Lines({"o3": 10}, quiet=True)
    lines.stopped("o3", LIMITED)
    lines.interrupted(2)
    stopped, interrupted = capsys.readouterr().err.splitlines()
    assert stopped == "o3 stopped: slow down"
    assert interrupted.startswith("Interrupted: nothing more is sent")
