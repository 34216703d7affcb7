"""`python -m evalkit`, and the entry point of the `evalkit` command."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def main() -> None:
    """Runs the command line and exits with its code."""
    _open_streams()
    try:
        from evalkit.cli.main import main as run

        sys.exit(run())
    except KeyboardInterrupt:  # so early that the command line is not there yet to take care of it
        sys.exit(130)


def _open_streams() -> None:
    """Makes stdout and stderr take any text: a closed one goes nowhere, a narrow one replaces what it cannot show."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 open until the end
        else:
            stream.reconfigure(errors="replace")


if __name__ == "__main__":
    main()
