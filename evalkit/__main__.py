"""`python -m evalkit`, and the entry point of the `evalkit` command."""

from __future__ import annotations

import sys


def main() -> None:
    """Runs the command line and exits with its code."""
    from evalkit.cli.main import main as run

    sys.exit(run())


if __name__ == "__main__":
    main()
