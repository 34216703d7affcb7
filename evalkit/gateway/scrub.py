"""Takes the key out of whatever comes back, before anything else sees it."""

from __future__ import annotations

from typing import Any

import msgspec

MASK = "[key]"
SHORTEST = 8
"""A shorter key is no secret, and blanking it would spoil answers that hold those letters by chance."""


class Scrubber:
    """Replaces one key by `[key]`. Never shows the key itself."""

    def __init__(self, key: str | None) -> None:
        # A plain str: msgspec encodes no subclass, and `providers.Key` is one.
        self._key = str(key) if key and len(key) >= SHORTEST else None

    def text(self, text: str) -> str:
        """`text` without the key."""
        return text.replace(self._key, MASK) if self._key else text

    def value(self, value: Any, body: bytes) -> Any:
        """Decoded JSON without the key; `body` is what it was decoded from and spares most answers the walk."""
        if self._key is None or not (self._key.encode() in body or self._is_escaped(value, body)):
            return value
        return self._walk(value)

    def _is_escaped(self, value: Any, body: bytes) -> bool:
        """Whether the key stands in the body in other letters: JSON can spell each one as \\uXXXX."""
        return b"\\" in body and msgspec.json.encode(self._key)[1:-1] in msgspec.json.encode(value)

    def _walk(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self._walk(item) for item in value]
        if isinstance(value, dict):
            return {self.text(name): self._walk(item) for name, item in value.items()}
        return value
