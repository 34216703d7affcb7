"""Puts a message together from its events: a beginning, blocks in pieces, and an end in two steps."""

from __future__ import annotations

from typing import Any

import msgspec

from evalkit.apis.reading import read, refuse_error_event
from evalkit.registry import Progress, TokenKind

_PIECES: dict[str, tuple[str, TokenKind | None]] = {
    "text_delta": ("text", "answer"),
    "input_json_delta": ("partial_json", "answer"),
    "thinking_delta": ("thinking", "reasoning"),
    "signature_delta": ("signature", None),
}
"""The deltas of a block: the field that holds the piece, and the kind of its tokens."""


class _Event(msgspec.Struct, frozen=True):
    type: str | None = None
    message: dict[str, Any] | None = None
    index: int = 0
    content_block: dict[str, Any] | None = None
    delta: dict[str, Any] | None = None
    usage: dict[str, Any] | None = None


class MessagesAssembler:
    """One streamed message."""

    def __init__(self) -> None:
        self._message: dict[str, Any] = {}
        self._blocks: dict[int, _Block] = {}
        self._end: dict[str, Any] = {}
        self._usage: dict[str, Any] = {}
        self._stopped = False

    @property
    def progress(self) -> Progress:
        """Finished with the reason why it stopped, complete with `message_stop`."""
        if self._stopped:
            return "complete"
        return "finished" if self._end.get("stop_reason") else "running"

    def feed(self, event: str, data: Any) -> TokenKind | None:
        """Takes in one event."""
        refuse_error_event(event, data)
        told = read(data, _Event)
        name = told.type or event
        if name == "content_block_start":
            block = self._blocks[told.index] = _Block(told.content_block or {})
            return block.first_token
        if name == "content_block_delta":
            return self._blocks.setdefault(told.index, _Block({})).add(told.delta or {})
        if name == "message_start":
            self._message = told.message or {}
            self._bill(self._message.get("usage"))
        elif name == "message_delta":
            self._end |= _known(told.delta)
            self._bill(told.usage)
        self._stopped = self._stopped or name == "message_stop"
        return None

    def body(self) -> dict[str, Any]:
        """A `message`."""
        content = [block.whole() for _, block in sorted(self._blocks.items())]
        usage = self._usage or None
        return {**self._message, "content": content or self._message.get("content"), **self._end, "usage": usage}

    def _bill(self, usage: Any) -> None:
        """The input stands at the beginning, the output at the end, and some repeat the one beside the other."""
        self._usage |= _known(usage)


def _known(told: Any) -> dict[str, Any]:
    return {name: value for name, value in told.items() if value is not None} if isinstance(told, dict) else {}


class _Block:
    """One block of the content: as it was announced, and the pieces that came then."""

    def __init__(self, announced: dict[str, Any]) -> None:
        self._announced = announced
        self._pieces: dict[str, list[str]] = {}

    @property
    def first_token(self) -> TokenKind | None:
        """What its announcement says already: the name of a tool, or the first words."""
        kind = self._announced.get("type")
        if kind == "tool_use" or (kind == "text" and self._announced.get("text")):
            return "answer"
        return "reasoning" if kind == "thinking" and self._announced.get("thinking") else None

    def add(self, delta: dict[str, Any]) -> TokenKind | None:
        """Takes in a piece."""
        field, kind = _PIECES.get(str(delta.get("type")), ("", None))
        piece = delta.get(field)
        if not (isinstance(piece, str) and piece):
            return None
        self._pieces.setdefault(field, []).append(piece)
        return kind

    def whole(self) -> dict[str, Any]:
        """The block as one piece; a tool's input stays text, as the model wrote it."""
        texts = {name: "".join(pieces) for name, pieces in self._pieces.items()}
        if "partial_json" in texts:
            return {"type": "tool_use", **self._announced, "input": texts["partial_json"]}
        for name, text in texts.items():
            texts[name] = self._begun(name) + text
        return {"type": "thinking" if "thinking" in texts else "text", **self._announced, **texts}

    def _begun(self, name: str) -> str:
        begun = self._announced.get(name)
        return begun if isinstance(begun, str) else ""
