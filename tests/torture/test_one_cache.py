"""Several runs at once over one cache: none fails, and each answer is there for the next."""

from __future__ import annotations

import json
import os

import pytest

from tests.another_gateway import AnotherGateway
from tests.cli.conftest import case, says
from tests.command import begin, evalkit

FULL = os.environ.get("EVALKIT_TORTURE") == "1"
RUNS = 8 if FULL else 3
CASES = 500 if FULL else 40


@pytest.mark.timeout(600 if FULL else 120)
def test_runs_side_by_side_share_a_cache(tmp_path):
    (tmp_path / "suite.yaml").write_text(
        json.dumps({"models": ["gpt-4o"], "prompts": ["{{ q }}"], "cases": [case(f"q{n}") for n in range(CASES)]})
    )
    with AnotherGateway(lambda _: says("yes")) as gateway:
        named = {"GPTPROTO_API_KEY": "sk-test", "GPTPROTO_API_BASE": gateway.base_url}
        named["EVALKIT_CACHE_DIR"] = str(tmp_path / "cache")
        command = ("run", "suite.yaml", "--cache", "--report", "json", "-q")
        runs = [begin(*command, "-o", f"out{number}", cwd=tmp_path, **named) for number in range(RUNS)]
        ends = [(*run.communicate(timeout=300), run.returncode) for run in runs]
        sent = len(gateway.arrived)
        last = evalkit(*command, "-o", "last", cwd=tmp_path, **named)
        assert len(gateway.arrived) == sent
    assert [(error, code) for _, error, code in ends if code] == []
    assert all("note" not in error for _, error, _ in ends)
    assert CASES <= sent <= RUNS * CASES
    assert last.returncode == 0
    (summary,) = tmp_path.glob("last/*/summary.json")
    (row,) = json.loads(summary.read_text())["models"]
    assert (row["n"], row["cached"]) == (CASES, CASES)
