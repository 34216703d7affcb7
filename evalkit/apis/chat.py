"""The chat API: `POST chat/completions`, spoken by every model behind the gateway."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from evalkit.apis.chat_stream import ChatAssembler
from evalkit.apis.outcome import outcome_of
from evalkit.apis.reading import Words, read, refuse_error
from evalkit.apis.usage import read_usage
from evalkit.errors import Undecodable
from evalkit.registry import APIS
from evalkit.types import Document, Image, ImageURL, Message, Request, Response


class _Choice(msgspec.Struct, frozen=True):
    message: Words | None = None
    finish_reason: str | None = None


class _Body(msgspec.Struct, frozen=True):
    choices: list[_Choice] | msgspec.UnsetType | None = msgspec.UNSET
    model: str | None = None
    usage: Any = None


class ChatApi:
    """Bodies of `chat/completions`."""

    path: str = "chat/completions"
    headers: Mapping[str, str] = {}

    def encode(self, request: Request, image_url: ImageURL) -> dict[str, Any]:
        """The body: only what was set is in it; `extra_body` is laid over it last."""
        body: dict[str, Any] = {
            "model": request.model,
            "messages": [_encode_message(message, image_url, request.family) for message in request.messages],
        }
        for name, value in request.params.items():
            if name != "extra_body":
                body[request.cap_field if name == "max_output_tokens" else name] = value
        if request.stream is not None:
            body["stream"] = request.stream
        if request.stream:
            body["stream_options"] = {"include_usage": True}
        body.update(request.params.get("extra_body", {}))
        return body

    def decode(self, body: Any) -> Response:
        """The first choice of a chat completion."""
        refuse_error(body)
        answer = read(body, _Body)
        if answer.choices is msgspec.UNSET:
            raise Undecodable("protocol", "the answer's body has no `choices`: this is no chat completion")
        if not answer.choices:
            raise Undecodable("empty_response", "`choices` is empty")
        choice = answer.choices[0]
        message = choice.message or Words()
        text, refusal = message.said()
        calls = message.called()
        return Response(
            text=refusal or text,
            model=answer.model,
            finish_reason=choice.finish_reason,
            outcome=outcome_of(choice.finish_reason, text=text, refusal=refusal, calls=bool(calls)),
            usage=read_usage(answer.usage),
            tool_calls=calls,
            raw=body,
        )

    def assembler(self) -> ChatAssembler:
        """For one streamed chat completion."""
        return ChatAssembler()


CHAT = APIS.register("chat")(ChatApi())


def _encode_message(message: Message, image_url: ImageURL, family: str) -> dict[str, Any]:
    encoded: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.name is not None:
        encoded["name"] = message.name
    if message.media:
        text = [{"type": "text", "text": message.content}] if message.content else []
        pictures = [_encode_image(image, image_url) for image in message.images]
        encoded["content"] = [*text, *pictures, *(_encode_file(file, image_url, family) for file in message.files)]
    return encoded


def _encode_image(image: Image, image_url: ImageURL) -> dict[str, Any]:
    picture = {"url": image_url(image)}
    if image.detail is not None:
        picture["detail"] = image.detail
    return {"type": "image_url", "image_url": picture}


def _encode_file(file: Document, image_url: ImageURL, family: str) -> dict[str, Any]:
    """Gemini takes a PDF where the others take a picture."""
    if family == "gemini":
        return {"type": "image_url", "image_url": {"url": image_url(file)}}
    return {"type": "file", "file": {"filename": file.name, "file_data": image_url(file)}}
