"""`${VAR}`, `${VAR:-default}` and `${VAR:?why}` in provider and model settings, from the environment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from evalkit.suite.numbers import scalar

_REFERENCE = re.compile(r"\$\$|\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?:(?P<op>:-|:\?)(?P<word>[^}]*))?\}")


class VariableMissing(ValueError):
    """A `${VAR}` that the environment does not have."""


def interpolate(text: str, environ: Mapping[str, str]) -> Any:
    """The text, references replaced; then read as YAML again: `${TIMEOUT:-60}` is a number. `$$` is a `$`."""
    if "$" not in text:
        return text
    replaced = _REFERENCE.sub(lambda match: _value(match, environ), text)
    return replaced if replaced == text else scalar(replaced)


def _value(match: re.Match[str], environ: Mapping[str, str]) -> str:
    name, word = match["name"], match["word"]
    if name is None:
        return "$"
    value = environ.get(name, "")
    if value or (name in environ and match["op"] is None):
        return value
    if match["op"] == ":-":
        return word
    raise VariableMissing(f"environment variable {name} is not set" + (f": {word}" if word else ""))
