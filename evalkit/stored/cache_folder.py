"""Where the cache lies, and how much of it is kept: by the system's custom, or as the environment says."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from evalkit.errors import UsageError

__all__ = ["DATABASE", "CacheLimits", "cache_folder", "cache_limits"]

DATABASE = "answers.sqlite3"
_FOLDER = "EVALKIT_CACHE_DIR"
_MEGABYTES = "EVALKIT_CACHE_MAX_MB"
_DAYS = "EVALKIT_CACHE_MAX_DAYS"
_DAY_S = 86_400.0


class CacheLimits(NamedTuple):
    """How much a cache holds, and for how long."""

    max_bytes: int = 1024 * 1024 * 1024
    """Of questions and answers; beyond it, those that were used longest ago go."""
    max_age_s: float = 30 * _DAY_S
    """Since the answer was given."""


def cache_folder(environ: Mapping[str, str]) -> Path:
    """The folder of the cache: EVALKIT_CACHE_DIR, else `evalkit` where this system keeps caches."""
    if environ.get(_FOLDER):
        return Path(environ[_FOLDER]).expanduser()
    if sys.platform == "win32":
        local = environ.get("LOCALAPPDATA")
        return (Path(local) if local else Path.home() / "AppData" / "Local") / "evalkit" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "evalkit"
    named = Path(environ.get("XDG_CACHE_HOME", ""))
    return (named if named.is_absolute() else Path.home() / ".cache") / "evalkit"


def cache_limits(environ: Mapping[str, str]) -> CacheLimits:
    """The limits as the environment sets them. Raises UsageError."""
    limits = CacheLimits()
    if environ.get(_MEGABYTES):
        limits = limits._replace(max_bytes=int(_positive(environ, _MEGABYTES) * 1024 * 1024))
    if environ.get(_DAYS):
        limits = limits._replace(max_age_s=_positive(environ, _DAYS) * _DAY_S)
    return limits


def _positive(environ: Mapping[str, str], name: str) -> float:
    try:
        value = float(environ[name])
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise UsageError(f"{name} is '{environ[name]}': set it to a number above 0")
    return value
