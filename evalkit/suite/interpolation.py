"""`${VAR}`, `${VAR:-default}` and `${VAR:?why}` in provider and model settings, from the environment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from evalkit.suite.numbers import scalar

_REFERENCE = re.compile(r"\$\$|\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?:(?P<op>:-|:\?)(?P<word>[^}]*))?\}|\$\{")


class ReferenceInvalid(ValueError):
    """A `${VAR}` that the environment does not have, or that is written in another way."""


def interpolate(text: str, environ: Mapping[str, str]) -> Any:
    """The text, references replaced; then read as YAML again: `${TIMEOUT:-60}` is a number. `$$` is a `$`.

    Raises ReferenceInvalid.
    """
    if "$" not in text:
        return text
    replaced = _REFERENCE.sub(lambda match: _value(match, environ), text)
    return replaced if replaced == text else scalar(replaced)


def _value(match: re.Match[str], environ: Mapping[str, str]) -> str:
    name, word = match["name"], match["word"]
    if match[0] == "$$":
        return "$"
    if name is None:
        raise ReferenceInvalid("write ${VAR}, ${VAR:-default} or ${VAR:?why}, and $$ for a dollar sign")
    value = environ.get(name, "")
    if value or (name in environ and match["op"] is None):
        return value
    if match["op"] == ":-":
        return word
    raise ReferenceInvalid(f"environment variable {name} is not set" + (f": {word}" if word else ""))
