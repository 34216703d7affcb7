"""Models and requests as a suite makes them."""

from __future__ import annotations

from typing import Any

from evalkit.suite.presets import preset_for
from evalkit.types import Image, Message, Model, Price, Provider, Request

GPTPROTO = Provider(name="gptproto", base_url="https://gptproto.com/v1", api_key_env="GPTPROTO_API_KEY")


def model(model_id: str, *, api: str = "chat", price: Price | None = None, provider: Provider = GPTPROTO) -> Model:
    """A model by its id, of its preset's family."""
    preset = preset_for(model_id)
    family = preset.family if preset is not None else "unknown"
    return Model(name=model_id, id=model_id, provider=provider, api=api, family=family, price=price)


def says(content: str, *images: Image, role: Any = "user", **more: Any) -> Message:
    """A message."""
    return Message(role=role, content=content, images=images, **more)


def request(*messages: Message | str, **params: Any) -> Request:
    """A request of messages; a text is the user's."""
    turns = tuple(says(message) if isinstance(message, str) else message for message in messages)
    return Request(model="any", messages=turns, params=params)
