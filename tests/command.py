"""The `evalkit` command as people call it: a process of its own, in an environment that holds nothing by accident."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

COMMAND = (sys.executable, "-m", "evalkit")
_OURS = ("GPTPROTO_", "EVALKIT_", "NO_COLOR", "COLUMNS", "PYTHONIOENCODING", "TEST_KEY")
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


def environment(**more: str) -> dict[str, str]:
    """This process's, without what would lead a run elsewhere."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(_OURS) and name.lower() not in _PROXIES
    }
    return kept | more


def evalkit(*arguments: str | Path, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs the command to its end, with `variables` in its environment."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=cwd,
        env=environment(**variables),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        stdin=subprocess.DEVNULL,
    )


def begin(*arguments: str | Path, cwd: Path, **variables: str) -> subprocess.Popen[str]:
    """Starts the command and leaves it to the test."""
    pipes: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        cwd=cwd,
        env=environment(**variables),
        text=True,
        encoding="utf-8",
        start_new_session=True,  # its signals are not this process's
        **pipes,
    )


def reason(stderr: str) -> str:
    """The last line, which says why it ended."""
    return stderr.rstrip("\n").rpartition("\n")[2]
