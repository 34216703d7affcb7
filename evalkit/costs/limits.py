"""How long a prompt and an answer can be at most, by model, as their makers document it."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import msgspec

from evalkit.costs.model_ids import first_match
from evalkit.types import Request

LIMITS_DATE = "2026-11-21"
"""When the table below was last looked over."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Of one model, in tokens."""

    context: int
    """Input and output together: what is longer is refused and costs nothing."""
    output: int
    """The longest answer, with all the thinking that a cap on it holds back too."""
    uncapped_thinking: int = 0
    """The most of thinking that no cap holds back: it is billed on top."""


def _limits(context: int, output: int, uncapped_thinking: int = 0) -> Limits:
    return Limits(context=context, output=output, uncapped_thinking=uncapped_thinking)


DEFAULT = _limits(1_048_576, 131_072)
"""For a model that the table does not know: more than nearly all can."""

_TABLE: tuple[tuple[str, Limits], ...] = (
    (r"gpt-4o-2024-05-13", _limits(128_000, 4_096)),
    (r"(chatgpt-4o|gpt-4o)\b.*", _limits(128_000, 16_384)),
    (r"gpt-4\.1\b.*", _limits(1_047_576, 32_768)),
    (r"gpt-4\.5\b.*", _limits(128_000, 16_384)),
    (r"gpt-4-turbo\b.*", _limits(128_000, 4_096)),
    (r"gpt-4-32k\b.*", _limits(32_768, 32_768)),
    (r"gpt-4", _limits(8_192, 8_192)),
    (r"gpt-3\.5-turbo\b.*", _limits(16_385, 4_096)),
    (r"gpt-5(\.\d)?-chat\b.*", _limits(128_000, 16_384)),
    (r"gpt-5(\.[0-3])?(-mini|-nano|-pro|-codex)?(-\d.*)?", _limits(400_000, 128_000)),
    (r"o1-mini\b.*", _limits(128_000, 65_536)),
    (r"o1-preview\b.*", _limits(128_000, 32_768)),
    (r"o[134](-mini|-pro)?(-\d.*)?", _limits(200_000, 100_000)),
    (r"gemini-1\.5\b.*", _limits(2_097_152, 8_192)),
    (r"gemini-2\.0\b.*", _limits(1_048_576, 8_192)),
    (r"gemini-(2\.5|3)\b.*", _limits(1_048_576, 65_536)),
    (r"claude-3-(5|opus|haiku|sonnet)\b.*", _limits(200_000, 8_192)),
    (r"claude-3-7\b.*", _limits(200_000, 128_000)),
    (r"claude-opus-4(-[01])?(-\d{8})?", _limits(200_000, 32_000)),
    (r"claude-(sonnet|haiku|opus)-4(-[015])?(-\d{8})?", _limits(1_000_000, 64_000)),
    (r"claude\b.*", _limits(1_000_000, 128_000)),
    (r"grok-[23]\b.*", _limits(131_072, 131_072)),
    (r"grok-4(-\d{4})?", _limits(256_000, 256_000, 256_000)),
    (r"doubao-1-5-vision-pro-32k\b.*", _limits(32_768, 12_288)),
    (r"doubao-1[-.]5-(thinking\b.*)", _limits(131_072, 16_384, 32_768)),
    (r"doubao-1[-.]5\b.*", _limits(262_144, 12_288)),
    (r"doubao-seed-1[-.]6\b.*", _limits(262_144, 32_768, 32_768)),
    (r"qwen-?(max|turbo|plus|flash|vl).*", _limits(1_000_000, 32_768, 81_920)),
)
"""Model id → limits; the first that matches."""


@functools.cache  # asked for every request
def limits_of(model_id: str) -> Limits:
    """The limits of a model; generous ones where nothing is known of it."""
    return first_match(_TABLE, model_id) or DEFAULT


SENT_CAPS: Mapping[str, int] = {"messages": 4096}
"""API → the cap that goes out where nobody set one, because that API demands one."""
_CAPS = ("max_output_tokens", "max_completion_tokens", "max_tokens")


def cap_of(request: Request) -> int | None:
    """The cap on output tokens that a request sets, by any of its names; None where it sets none."""
    for source in (_mapping(request.params.get("extra_body")), request.params):
        for name in _CAPS:
            value = source.get(name)
            if isinstance(value, int) and not isinstance(value, bool) and value > 0:
                return value
    return None


def answers_to(request: Request) -> int:
    """How many answers a request asks for at once (`n` of the chat API), all of them billed."""
    number = _mapping(request.params.get("extra_body")).get("n")
    return number if isinstance(number, int) and not isinstance(number, bool) and number > 1 else 1


def most_output_tokens(model_id: str, cap: int | None) -> int:
    """The most that one answer can have, thinking included, where `cap` holds it back or nothing does."""
    limits = limits_of(model_id)
    answer = limits.output if cap is None else min(cap, limits.output)
    return min(answer + limits.uncapped_thinking, limits.context)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
