"""Starts `evalkit` often without importing it each time: every line of stdin is one life, in a fork of its own.

A line is a JSON array: the file that gets the key of each result as it is reported safe, and the arguments. The answer
is the process's number when it begins, and its status when it has ended.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any

from evalkit.cli import progress
from evalkit.cli.main import main
from evalkit.registry import APIS, CHECKS, REPORTS

WHAT_A_RUN_IMPORTS = (
    "anyio._backends._asyncio",
    "evalkit.cli.run_command",
    "evalkit.cli.session",
    "evalkit.gateway.engine",
)


def live(reported: Path, arguments: list[str]) -> None:
    """One run, in this process, which somebody else will kill."""
    told = os.open(reported, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    finished = progress.Lines.finished

    def tell(self: progress.Lines, record: Any) -> None:
        os.write(told, f"{record.key}\n".encode())
        finished(self, record)

    progress.Lines.finished = tell  # type: ignore[method-assign]
    output = os.open(os.devnull, os.O_WRONLY)
    os.dup2(output, 1)
    os._exit(main(arguments))


def serve() -> None:
    """Reads lines until there are no more."""
    for module in WHAT_A_RUN_IMPORTS:
        importlib.import_module(module)
    _ = [*CHECKS, *APIS, *REPORTS]
    for line in sys.stdin:
        reported, *arguments = json.loads(line)
        number = os.fork()
        if number == 0:
            live(Path(reported), arguments)
        print(number, flush=True)
        print(os.waitpid(number, 0)[1], flush=True)


if __name__ == "__main__":
    serve()
