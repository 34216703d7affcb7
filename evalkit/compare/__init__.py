"""Comparisons: whether what changed between two runs, or differs between two models or prompts, is more than chance."""

from __future__ import annotations

from evalkit.compare.comparing import compare_runs, compare_within
from evalkit.compare.keeping import read_comparison, write_comparison

__all__ = ["compare_runs", "compare_within", "read_comparison", "write_comparison"]
