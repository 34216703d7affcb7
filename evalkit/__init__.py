"""Batch evaluation and benchmarking of language models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evalkit.analysis.runs import load_run

__all__ = ["__version__", "load_run"]
__version__ = "0.1.0"

_HOMES = {"load_run": "evalkit.analysis.runs"}
"""Public name → its module, which is imported when the name is first asked for: `import evalkit` costs nothing."""


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'evalkit' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
