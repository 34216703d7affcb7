"""Takes keys out of whatever comes back, before anything else sees it."""

from __future__ import annotations

from typing import Any

import msgspec

MASK = "[key]"
SHORTEST = 8
"""A shorter key is no secret, and blanking it would spoil answers that hold those letters by chance."""


class Scrubber:
    """Replaces keys by `[key]`; None for one that is not needed. Never shows a key itself."""

    def __init__(self, *keys: str | None) -> None:
        # A plain str: msgspec encodes no subclass, and `providers.Key` is one.
        secrets = {str(key) for key in keys if key and len(key) >= SHORTEST}
        self._keys = sorted(secrets, key=len, reverse=True)  # one may be the beginning of another

    def text(self, text: str) -> str:
        """`text` without the keys."""
        for key in self._keys:
            text = text.replace(key, MASK)
        return text

    def value(self, value: Any, body: bytes) -> Any:
        """Decoded JSON without the keys; `body` is what it was decoded from and spares most answers the walk."""
        if any(key.encode() in body or self._is_escaped(key, value, body) for key in self._keys):
            return self._walk(value)
        return value

    def _is_escaped(self, key: str, value: Any, body: bytes) -> bool:
        """Whether a key stands in the body in other letters: JSON can spell each one as \\uXXXX."""
        return b"\\" in body and msgspec.json.encode(key)[1:-1] in msgspec.json.encode(value)

    def _walk(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self._walk(item) for item in value]
        if isinstance(value, dict):
            return {self.text(name): self._walk(item) for name, item in value.items()}
        return value
