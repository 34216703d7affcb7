"""The environment of a run: the process's own, and under it an explicit `--env-file`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from evalkit.errors import UsageError


def with_env_file(environ: Mapping[str, str], path: Path | None) -> Mapping[str, str]:
    """`environ` laid over the variables of a file. Raises UsageError where it cannot be read."""
    if path is None:
        return environ
    from dotenv import dotenv_values

    try:
        with path.open(encoding="utf-8-sig") as file:
            values = dotenv_values(stream=file, interpolate=False)
    except OSError as error:
        raise UsageError(f"--env-file {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"--env-file {path}: not UTF-8") from error
    return {**{name: value for name, value in values.items() if value is not None}, **environ}
