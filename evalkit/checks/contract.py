"""What the built-in checks share: how they declare an argument and how they word a finding."""

from __future__ import annotations

import re
from dataclasses import MISSING, field
from typing import Any, ClassVar

from evalkit.display import clip
from evalkit.findings import then as then  # judges and compositions shape findings that are still to come
from evalkit.registry import Extra
from evalkit.types import Finding

_SEEMING_ESCAPE = re.compile(r"\\(?=[nrtxuU])")


def argument(description: str, *, default: Any = MISSING) -> Any:
    """A dataclass field that is an argument in YAML; `description` is its help. Without `default` it is required."""
    return field(default=default, metadata={"description": description})


class BuiltInCheck:
    """What a check is unless it says otherwise: about the answer's content, quick, and always there."""

    __slots__ = ()
    operational: ClassVar[bool] = False
    blocking: ClassVar[bool] = False
    extra: ClassVar[Extra | None] = None


def verdict(*, passed: bool, reason: str, value: float | None = None) -> Finding:
    """A finding whose value is 1 or 0 by the verdict, unless `value` (0..1) is more exact."""
    return Finding(passed=passed, value=float(passed) if value is None else value, reason=reason)


def shown(text: str, columns: int = 60) -> str:
    """`text` as a reason quotes it: its head, with what cannot be seen spelt as an escape.

    A backslash is doubled only where it would read as such an escape.
    """
    return _quoted(visible(_SEEMING_ESCAPE.sub(r"\\\\", text[: 2 * columns]), columns))


def written(pattern: str, columns: int = 60) -> str:
    """A pattern as a reason quotes it: its head, with the backslashes that its author wrote."""
    return _quoted(visible(pattern, columns))


def visible(text: str, columns: int = 60) -> str:
    """The head of `text`, with what cannot be seen spelt as an escape."""
    head = clip(text[: 2 * columns], columns)
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in head)


def _quoted(text: str) -> str:
    mark = '"' if "'" in text and '"' not in text else "'"
    return f"{mark}{text}{mark}"


def listed(texts: list[str], at_most: int = 5) -> str:
    """Several texts as a reason quotes them, the first few by name."""
    named = ", ".join(shown(text, 30) for text in texts[:at_most])
    return named if len(texts) <= at_most else f"{named} and {len(texts) - at_most} more"


def require_share(name: str, value: float) -> None:
    """Raises ValueError where an argument does not lie between 0 and 1."""
    if not 0 <= value <= 1:
        raise ValueError(f"{name} must lie between 0 and 1, not {value:g}")


def texts_of(texts: list[str] | str) -> list[str]:
    """An argument that may be one text or a list of them, as a list."""
    return [texts] if isinstance(texts, str) else texts


def require_some(*texts: str) -> None:
    """Raises ValueError for no text, which asks nothing, and for an empty one, which every answer holds."""
    if not texts:
        raise ValueError("the list of texts is empty; name at least one")
    if "" in texts:
        raise ValueError("an empty text would be found in every answer; write the text to look for")
