"""Code in a suite: `file.py:function` below its root, or a short expression; nothing of it is run here."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from evalkit.suite.templates import is_template

FindFile = Callable[[str], Path]
"""The real path of a file that a suite names. Raises PathInvalid."""
_FUNCTION = re.compile(r"(?P<file>[^\n]+\.py)\s*:\s*(?P<function>[^\W\d]\w*)")


def settle_code(text: str, find_file: FindFile) -> str:
    """`text` with the whole path of the file it names; an expression as it is.

    Raises PathInvalid for a file that cannot be, ValueError for text that would be dangerous or means nothing.
    """
    text = text.strip()
    if is_template(text):
        raise ValueError(
            "no template stands in code, where it would make code of an answer: "
            "write the names themselves, such as output, expected or vars['question']"
        )
    named = _FUNCTION.fullmatch(text)
    if named is not None:
        return f"{find_file(named['file'])}:{named['function']}"
    if text.endswith(".py"):
        raise ValueError(f"name its function: {text}:function")
    return text
