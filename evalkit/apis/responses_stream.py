"""Puts a response together from its events.

The last event holds the whole response; what came before it counts where that one is missing or hollow. Behind some
gateways the stream is that of a chat completion.
"""

from __future__ import annotations

from typing import Any

import msgspec

from evalkit.apis.chat_stream import ChatAssembler
from evalkit.apis.reading import read, refuse_error_event
from evalkit.registry import Progress, TokenKind

_BEGINNINGS = frozenset({"response.created", "response.queued", "response.in_progress"})
_ENDS = frozenset({"response.completed", "response.incomplete", "response.failed", "response.cancelled"})
_PARTS: dict[str, tuple[str, TokenKind]] = {
    "response.output_text.delta": ("output_text", "answer"),
    "response.refusal.delta": ("refusal", "answer"),
    "response.function_call_arguments.delta": ("function_call", "answer"),
    "response.reasoning_summary_text.delta": ("reasoning", "reasoning"),
    "response.reasoning_text.delta": ("reasoning", "reasoning"),
}
"""The events that bring tokens: what their item holds, and the kind of the tokens."""


class _Event(msgspec.Struct, frozen=True):
    type: str | None = None
    response: dict[str, Any] | None = None
    item: dict[str, Any] | None = None
    output_index: int = 0
    delta: Any = None


class ResponsesAssembler:
    """One streamed response."""

    def __init__(self) -> None:
        self._chat: ChatAssembler | None = None
        self._response: dict[str, Any] = {}
        self._ended = False
        self._items: dict[int, _Item] = {}

    @property
    def progress(self) -> Progress:
        """Complete with the event that ends a response; of chat chunks, as these."""
        if self._chat is not None:
            return self._chat.progress
        return "complete" if self._ended else "running"

    def feed(self, event: str, data: Any) -> TokenKind | None:
        """Takes in one event."""
        if self._chat is not None or (isinstance(data, dict) and "choices" in data):
            self._chat = self._chat or ChatAssembler()
            return self._chat.feed(event, data)
        refuse_error_event(event, data)
        told = read(data, _Event)
        name = told.type or event
        if name in _ENDS or name in _BEGINNINGS:
            self._response = told.response or self._response
            self._ended = name in _ENDS
        elif told.item is not None:
            self._items[told.output_index] = _Item(told.item)
        elif name in _PARTS and isinstance(told.delta, str) and told.delta:
            part, kind = _PARTS[name]
            self._item(told).parts.setdefault(part, []).append(told.delta)
            return kind
        return None

    def body(self) -> dict[str, Any]:
        """A `response`, or a `chat.completion` where that was streamed."""
        if self._chat is not None:
            return self._chat.body()
        body = dict(self._response)
        if not self._ended:
            body.pop("status", None)  # "in_progress", which an end mark without a last event has belied
        if not body.get("output"):
            body["output"] = [item.body() for _, item in sorted(self._items.items())]
        return body

    def _item(self, told: _Event) -> _Item:
        return self._items.setdefault(told.output_index, _Item({}))


class _Item:
    """One item of the output: as it was announced, and the pieces that came then; or as it was closed."""

    def __init__(self, whole: dict[str, Any]) -> None:
        self.whole = whole
        self.parts: dict[str, list[str]] = {}

    def body(self) -> dict[str, Any]:
        """The item, with its pieces."""
        texts = {name: "".join(pieces) for name, pieces in self.parts.items()}
        if "function_call" in texts:
            return {"type": "function_call", **self.whole, "arguments": texts["function_call"]}
        if "reasoning" in texts:
            return {
                "type": "reasoning",
                **self.whole,
                "summary": [{"type": "summary_text", "text": texts["reasoning"]}],
            }
        said = {"output_text": "text", "refusal": "refusal"}
        content = [{"type": part, said[part]: text} for part, text in texts.items()]
        return {"type": "message", "role": "assistant", **self.whole, **({"content": content} if content else {})}
