"""What the built-in checks share: how they declare an argument and how they word a finding."""

from __future__ import annotations

from dataclasses import MISSING, field
from typing import Any, ClassVar

from evalkit.display import clip
from evalkit.types import Finding


def argument(description: str, *, default: Any = MISSING) -> Any:
    """A dataclass field that is an argument in YAML; `description` is its help. Without `default` it is required."""
    return field(default=default, metadata={"description": description})


class BuiltInCheck:
    """What a check is unless it says otherwise: about the answer's content, and quick."""

    __slots__ = ()
    operational: ClassVar[bool] = False
    blocking: ClassVar[bool] = False


def verdict(*, passed: bool, reason: str, value: float | None = None) -> Finding:
    """A finding whose value is 1 or 0 by the verdict, unless `value` (0..1) is more exact."""
    return Finding(passed=passed, value=float(passed) if value is None else value, reason=reason)


def shown(text: str, columns: int = 60) -> str:
    """`text` as a reason quotes it: its head, with what cannot be seen spelt as an escape."""
    return repr(clip(text[: 2 * columns], columns))


def listed(texts: list[str], at_most: int = 5) -> str:
    """Several texts as a reason quotes them, the first few by name."""
    named = ", ".join(shown(text, 30) for text in texts[:at_most])
    return named if len(texts) <= at_most else f"{named} and {len(texts) - at_most} more"
