"""Gates: the conditions that CI obeys, and the verdict on a run."""

from __future__ import annotations

from evalkit.gates.changes import figures_for, is_change
from evalkit.gates.judging import judge, judge_gate
from evalkit.gates.readings import METRICS

__all__ = ["METRICS", "figures_for", "is_change", "judge", "judge_gate"]
