"""What stands beside a check's name and is not its argument: `weight`, `metric`, `threshold`, `when`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from evalkit.errors import EvalkitError
from evalkit.suite.conditions import When
from evalkit.suite.numbers import as_text
from evalkit.suite.templates import is_template
from evalkit.suite.validation import Mistakes, describe

KEYS: dict[str, dict[str, Any]] = {
    "weight": {"type": "number", "minimum": 0, "description": "Its share in the score; 0: it is only looked at."},
    "metric": {
        "type": ["string", "number"],
        "minLength": 1,
        "description": "A named sub-score that its value goes into, reported for each model.",
    },
    "threshold": {
        "type": "number",
        "minimum": 0,
        "maximum": 1,
        "description": "It passes when its value (0..1) reaches this, in place of its own verdict.",
    },
    "when": {
        "type": ["string", "boolean"],
        "description": "A template; where it renders to nothing, 0, false, no or none, the check is not asked.",
    },
}
"""Key → its JSON Schema."""
WITHIN = ("threshold",)
"""Those that a check inside another may have: the score is made of the outermost ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What a suite says of a check besides its arguments."""

    weight: float | None = None
    """None where none is given: 1, or none at all for an operational check."""
    metric: str | None = None
    threshold: float | None = None
    when: When | None = None


NOTHING = Beside()


def read_beside(value: dict[str, Any], mistakes: Mistakes, *, inside: str | None) -> Beside | None:
    """What stands beside a check's name; None, and its mistakes noted, where some of it is wrong.

    `inside` is the name of the check that holds this one, if one does.
    """
    before = len(mistakes.problems)
    for key in [key for key in value if key in KEYS and inside is not None and key not in WITHIN]:
        mistakes.add(f"'{key}' has no meaning inside '{inside}': write it beside '{inside}'", value, key, of_key=True)
    beside = Beside(
        weight=_number(value, "weight", mistakes),
        metric=_metric(value, mistakes),
        threshold=_number(value, "threshold", mistakes, at_most=1.0),
        when=_when(value, mistakes),
    )
    return beside if len(mistakes.problems) == before else None


def _number(value: dict[str, Any], key: str, mistakes: Mistakes, at_most: float = math.inf) -> float | None:
    given = value.get(key)
    if given is None:
        return None
    is_number = isinstance(given, (int, float)) and not isinstance(given, bool)
    if not is_number or not math.isfinite(given) or not 0 <= given <= at_most:
        limits = "of at least 0" if at_most > 1 else "from 0 to 1"
        mistakes.add(f"{key} is a number {limits}, found {describe(given)}", value, key)
        return None
    return float(given)


def _metric(value: dict[str, Any], mistakes: Mistakes) -> str | None:
    given = value.get("metric")
    if given is None:
        return None
    name = None if isinstance(given, bool) else as_text(given)
    if name is None or not name.strip() or is_template(name):
        mistakes.add(f"metric is a name, such as 'clarity', found {describe(given)}", value, "metric")
        return None
    return name.strip()


def _when(value: dict[str, Any], mistakes: Mistakes) -> When | None:
    given = value.get("when")
    if given is None:
        return None
    try:
        return When(given)
    except (ValueError, EvalkitError) as error:
        mistakes.add(f"when: {error}" if isinstance(error, EvalkitError) else str(error), value, "when")
        return None
