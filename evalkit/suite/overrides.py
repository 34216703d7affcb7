"""`--set defaults.repeat=3`: one value of a suite, changed for one run."""

from __future__ import annotations

from typing import Any

from evalkit.errors import UsageError
from evalkit.suite.source import Document


def override(data: dict[str, Any], text: str) -> None:
    """Sets the value at a dotted key, in place; list items by their number from 0. Raises UsageError."""
    key, separator, value = text.partition("=")
    steps = key.strip().split(".")
    if not separator or not all(steps):
        raise UsageError(f"--set takes KEY=VALUE, as in defaults.repeat=3; found '{text}'")
    document = Document("--set", value)
    if document.problems:
        raise UsageError(f"--set {key}: {document.problems[0].message}")
    holder: Any = data
    for step in steps[:-1]:
        holder = _inside(holder, step, text)
    _put(holder, steps[-1], document.value, text)


def _inside(holder: Any, step: str, text: str) -> Any:
    if isinstance(holder, dict):
        if holder.get(step) is None:
            holder[step] = {}
        return holder[step]
    if isinstance(holder, list) and step.isdecimal() and int(step) < len(holder):
        return holder[int(step)]
    raise UsageError(f"--set {text}: nothing is called '{step}' there")


def _put(holder: Any, step: str, value: Any, text: str) -> None:
    if isinstance(holder, dict):
        holder[step] = value
    elif isinstance(holder, list) and step.isdecimal() and int(step) < len(holder):
        holder[int(step)] = value
    else:
        raise UsageError(f"--set {text}: nothing is called '{step}' there")
