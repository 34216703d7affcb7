"""What is known of models by their ids: the API they are documented for, their family, what they reject."""

from __future__ import annotations

import re
from dataclasses import dataclass

NOT_IN_REASONING = frozenset({"temperature", "top_p", "stop"})
EFFORT = frozenset({"reasoning_effort"})
NOT_IN_API: dict[str, frozenset[str]] = {
    "responses": frozenset({"seed", "stop"}),
    "messages": frozenset({"seed", "reasoning_effort", "response_format"}),
}
"""By API: the neutral parameters for which it has no word. As defaults they are left out."""
_TAKE_SCHEMA = frozenset({"gpt", "reasoning", "gemini", "grok"})
_TAKE_NO_SCHEMA = re.compile(r"gpt-3\.5.*|gpt-4-turbo.*|gpt-4o-2024-05-13|chatgpt-4o.*|o1-(mini|preview).*")
UNSPEAKABLE = {"messages": NOT_IN_API["messages"]}
"""Of those, the ones that cannot be sent even where a model itself sets them; others go out under their own name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """The defaults for every model whose id matches `pattern`."""

    pattern: str
    family: str
    api: str = "chat"
    provider: str = "gptproto"
    cap_field: str = "max_tokens"
    rejects: frozenset[str] = frozenset()
    example: str = ""

    def rejected(self, api: str) -> frozenset[str]:
        """Neutral parameters that this model is known to reject when asked through `api`."""
        return self.rejects | NOT_IN_API.get(api, frozenset())


def _reasoning(pattern: str, *, api: str, example: str) -> Preset:
    return Preset(
        pattern=pattern,
        family="reasoning",
        api=api,
        cap_field="max_completion_tokens",
        rejects=NOT_IN_REASONING,
        example=example,
    )


PRESETS: tuple[Preset, ...] = (
    # The documented five first; the documentation shows o3 through responses and o4-mini through chat.
    Preset(pattern=r"gpt-4o(-.+)?|chatgpt-4o.*", family="gpt", rejects=EFFORT, example="gpt-4o"),
    _reasoning(r"o4-mini(-\d.*)?", api="chat", example="o4-mini"),
    _reasoning(r"o3(-\d.*)?", api="responses", example="o3"),
    Preset(pattern=r"gemini-.+", family="gemini", example="gemini-2.5-pro"),
    Preset(pattern=r"doubao-.+", family="doubao", example="doubao-1-5-vision-pro-32k-250115"),
    Preset(pattern=r"gpt-4\.1(-.+)?|gpt-4-turbo.*|gpt-3\.5-turbo.*", family="gpt", rejects=EFFORT, example="gpt-4.1"),
    _reasoning(r"o[134](-.+)?", api="responses", example="o1"),
    _reasoning(r"gpt-5(\..+|-.+)?", api="responses", example="gpt-5"),
    Preset(pattern=r"claude-.+", family="claude", example="claude-sonnet-4"),
    Preset(pattern=r"grok-.+", family="grok", rejects=EFFORT | {"stop"}, example="grok-4"),
    Preset(pattern=r"qwen.*", family="qwen", example="qwen-plus"),
)


def preset_for(model_id: str) -> Preset | None:
    """The first preset whose pattern fits the whole id; None for a model that nobody here knows."""
    return next((preset for preset in PRESETS if re.fullmatch(preset.pattern, model_id)), None)


def takes_schema(model_id: str, *, family: str, api: str) -> bool:
    """Whether a model is documented to take a JSON Schema as its `response_format`; others are told it in words."""
    known = family in _TAKE_SCHEMA and not _TAKE_NO_SCHEMA.fullmatch(model_id)
    return known and "response_format" not in NOT_IN_API.get(api, ())
