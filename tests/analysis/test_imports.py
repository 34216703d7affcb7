"""A run pays for no statistics library: what it shows is worked out without scipy."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import evalkit
from tests.command import environment

SUITE = Path(evalkit.__file__).parent.parent / "suites" / "quickstart.yaml"
PROGRAM = """
import sys
from evalkit.cli.main import main
code = main(["run", sys.argv[1], "--offline", "--limit", "6", "--repeat", "2", "-m", "gpt-4o", "--exit-zero", "-q"])
print(code, "pandas" in sys.modules, "scipy" in sys.modules)
"""


def test_a_run_with_all_its_intervals_loads_no_scipy(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(SUITE)], cwd=tmp_path, env=environment(), capture_output=True, text=True
    )
    assert done.stdout.splitlines()[-1:] == ["0 True False"], done.stderr
