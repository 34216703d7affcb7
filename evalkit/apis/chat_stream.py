"""Puts a chat completion together from its chunks.

Gateways differ in where the usage comes (behind the last choice, beside it, in every chunk), in what they call the
thinking, and in how they tell parallel tool calls apart; each of their ways is read.
"""

from __future__ import annotations

from typing import Any

import msgspec

from evalkit.apis.reading import Call, Words, read, refuse_error_event
from evalkit.registry import Progress, TokenKind

_NOT_KEPT = frozenset({"choices", "usage", "object", "obfuscation"})
"""Of a chunk: what is put together otherwise, and OpenAI's padding against those who listen in on lengths."""


class _Delta(Words, frozen=True):
    reasoning_content: Any = None
    reasoning: Any = None


class _Choice(msgspec.Struct, frozen=True):
    index: int | None = None
    delta: _Delta | None = None
    message: _Delta | None = None
    finish_reason: str | None = None


class _Chunk(msgspec.Struct, frozen=True):
    choices: list[_Choice] | None = None


class ChatAssembler:
    """One streamed chat completion. Chunks without choices bring no token, whatever else they bring."""

    def __init__(self) -> None:
        self._head: dict[str, Any] = {}
        self._usage: Any = None
        self._choices: dict[int, _Answer] = {}

    @property
    def progress(self) -> Progress:
        """Never "complete": usage may come behind the end of every choice."""
        finished = self._choices and all(answer.finish_reason for answer in self._choices.values())
        return "finished" if finished else "running"

    def feed(self, event: str, data: Any) -> TokenKind | None:
        """Takes in one chunk."""
        refuse_error_event(event, data)
        chunk = read(data, _Chunk)
        if "choices" in data:
            new = [name for name in data if name not in self._head and name not in _NOT_KEPT]
            self._head |= {name: data[name] for name in new if data[name] is not None}
        self._usage = data.get("usage") or self._usage
        kinds = [self._answer(choice).add(choice) for choice in chunk.choices or ()]
        return next((kind for kind in ("answer", "reasoning") if kind in kinds), None)

    def body(self) -> dict[str, Any]:
        """A `chat.completion`."""
        choices = [answer.choice(index) for index, answer in sorted(self._choices.items())]
        return {**self._head, "object": "chat.completion", "choices": choices, "usage": self._usage}

    def _answer(self, choice: _Choice) -> _Answer:
        return self._choices.setdefault(choice.index or 0, _Answer())


class _Answer:
    """One choice."""

    def __init__(self) -> None:
        self.finish_reason: str | None = None
        self._texts: dict[str, list[str]] = {}
        self._calls: list[_ToolCall] = []

    def add(self, choice: _Choice) -> TokenKind | None:
        """What a chunk brings to it. Some send a whole `message` for want of deltas."""
        self.finish_reason = choice.finish_reason or self.finish_reason
        whole = None if self._texts or self._calls else choice.message
        delta = choice.delta or whole or _Delta()
        text, refusal = delta.said()
        thought = [self._say("reasoning_content", delta.reasoning_content), self._say("reasoning", delta.reasoning)]
        said = [self._say("content", text), self._say("refusal", refusal)]
        called = [self._call(call) for call in delta.tool_calls or ()]
        if any(said) or any(called):
            return "answer"
        return "reasoning" if any(thought) else None

    def choice(self, index: int) -> dict[str, Any]:
        """The choice as one piece."""
        texts = {name: "".join(pieces) for name, pieces in self._texts.items()}
        message: dict[str, Any] = {"role": "assistant", "content": None, **texts}
        if self._calls:
            message["tool_calls"] = [call.whole() for call in self._calls]
        return {"index": index, "message": message, "finish_reason": self.finish_reason}

    def _say(self, name: str, piece: Any) -> bool:
        if not (isinstance(piece, str) and piece):
            return False
        self._texts.setdefault(name, []).append(piece)
        return True

    def _call(self, piece: Call) -> bool:
        call = next((call for call in reversed(self._calls) if call.continues(piece)), None)
        if call is None:
            call = _ToolCall(piece)
            self._calls.append(call)
        return call.add(piece)


class _ToolCall:
    """One tool call of a choice."""

    def __init__(self, first: Call) -> None:
        self._index = first.index
        self._id = first.id
        self._name = ""
        self._arguments: list[str] = []

    def continues(self, piece: Call) -> bool:
        """Whether `piece` is more of this call.

        Not by index alone, as some give 0 to all calls, nor by id alone, as some make up a new one for each piece.
        """
        another = piece.id and self._id and piece.id != self._id and piece.asked.name
        return piece.index == self._index and not another

    def add(self, piece: Call) -> bool:
        """Takes in a piece; whether there was anything in it."""
        self._id = self._id or piece.id
        self._name = self._name or piece.asked.name or ""
        self._arguments.append(piece.asked.written)
        return bool(piece.asked.name or piece.asked.written)

    def whole(self) -> dict[str, Any]:
        """The call as one piece."""
        function = {"name": self._name, "arguments": "".join(self._arguments)}
        return {"id": self._id, "type": "function", "function": function}
