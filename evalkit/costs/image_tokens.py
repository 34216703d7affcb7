"""What a picture costs in input tokens, by the published rule of each family of models.

Sizes are pixels. docs/tokens-and-prices.md has the rules, their sources and worked values.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Literal

from evalkit.costs.model_ids import first_match
from evalkit.costs.spans import Span, exactly, within
from evalkit.types import Detail, Image

Extent = Literal["low", "high"]
"""How closely a picture is looked at."""
Rule = Callable[[int, int, Extent], int]
"""Tokens from width, height and extent."""


def tiles(base: int, each: int) -> Rule:
    """`base`, and `each` for every tile of 512² after fitting to 2048² and a short side of 768. Low: `base` alone."""

    def count(width: int, height: int, extent: Extent) -> int:
        if extent == "low":
            return base
        scale = min(1.0, 2048 / max(width, height))
        scale = min(scale, 768 / min(width, height))
        return base + each * _ceil(width * scale / 512) * _ceil(height * scale / 512)

    return count


def patches(factor: float, *, most: int = 1536) -> Rule:
    """`factor` for every patch of 32², of which there are at most `most`: a larger picture is shrunk to fit.

    Low: the picture shrunk to fit into 512².
    """

    def count(width: int, height: int, extent: Extent) -> int:
        if extent == "low":
            scale = min(1.0, 512 / max(width, height))
            width, height = max(1, round(width * scale)), max(1, round(height * scale))
        return _ceil(patch_count(width, height, most=most) * factor)

    return count


def patch_count(width: int, height: int, *, most: int = 1536) -> int:
    """Patches of 32² that cover a picture, after shrinking it where they were more than `most`."""
    number = math.ceil(width / 32) * math.ceil(height / 32)
    if number <= most:
        return number
    shrink = math.sqrt(32 * 32 * most / (width * height))
    columns, rows = width * shrink / 32, height * shrink / 32
    shrink *= min(max(1, math.floor(columns)) / columns, max(1, math.floor(rows)) / rows, 1.0)
    return min(most, _ceil(width * shrink / 32) * _ceil(height * shrink / 32))


def crops(width: int, height: int, extent: Extent = "high") -> int:
    """258 for a picture of at most 384², or for each crop whose side is two thirds of its short one (Gemini)."""
    if max(width, height) <= 384 or extent == "low":
        return 258
    unit = max(1, math.floor(min(width, height) / 1.5))
    return 258 * math.ceil(width / unit) * math.ceil(height / unit)


def area(pixels: int, *, most: int, most_low: int | None = None) -> Rule:
    """One token for so many `pixels`, rounded down, up to a cap (Doubao, Qwen)."""

    def count(width: int, height: int, extent: Extent) -> int:
        cap = most_low if most_low is not None and extent == "low" else most
        return max(1, min(width * height // pixels, cap))

    return count


def claude(width: int, height: int, extent: Extent = "high") -> int:
    """One token for 750 pixels, after fitting to a long side of 1568 and to 1600 tokens. Knows no extent."""
    del extent
    scale = min(1.0, 1568 / max(width, height))
    return min(1600, max(1, math.ceil(width * scale * height * scale / 750)))


def grok(width: int, height: int, extent: Extent = "high") -> int:
    """256 for every tile of 448², of which there are at most six, and 256 for the whole."""
    if extent == "low":
        return 256
    return 256 * (1 + min(6, math.ceil(width / 448) * math.ceil(height / 448)))


Costs = Callable[[int, int, Detail | None], Span]
"""Tokens from width, height and the detail that is sent, with their limits."""


def _by(rule: Rule) -> Costs:
    """A rule that is published and kept to."""

    def costs(width: int, height: int, detail: Detail | None) -> Span:
        high = rule(width, height, "high")
        return exactly(rule(width, height, "low"), worst=high) if detail == "low" else exactly(high)

    return costs


def _by_patches(factor: float) -> Costs:
    """What low detail is to these models is not published: between the small picture and the whole."""
    rule = patches(factor)

    def costs(width: int, height: int, detail: Detail | None) -> Span:
        low, high = rule(width, height, "low"), rule(width, height, "high")
        return within(low, low, high) if detail == "low" else exactly(high)

    return costs


def _gemini(width: int, height: int, detail: Detail | None) -> Span:
    """From 258 flat, which is what some are billed, to the formula."""
    del detail  # the chat API has no word for it here
    top = crops(width, height)
    return within(258, (258 + top) / 2, top)


def _gemini_3(width: int, height: int, detail: Detail | None) -> Span:
    """Up to 1120 tokens a picture, by its media resolution."""
    span = _gemini(width, height, detail)
    return within(span.low, 1120, max(span.high, 1120))


_doubao_rule = area(784, most=5120, most_low=1312)


def _doubao(width: int, height: int, detail: Detail | None) -> Span:
    """Documented to be low where no detail is sent; the one bill that is known was high."""
    low, high = _doubao_rule(width, height, "low"), _doubao_rule(width, height, "high")
    if detail == "low":
        return exactly(low, worst=high)
    return exactly(high) if detail == "high" else within(low, high, high)


def _qwen(width: int, height: int, detail: Detail | None) -> Span:
    """The cap depends on the model and its settings: 1280, 2560 or 16384 tokens."""
    usual, newer, most = (area(784, most=cap)(width, height, "high") for cap in (1280, 2560, 16384))
    del detail
    return within(usual, usual, newer, most)


def _unknown(width: int, height: int, detail: Detail | None) -> Span:
    """No rule is known: one token for 784 pixels is what many take, and nobody takes ten times that."""
    tokens = area(784, most=5120)(width, height, "high")
    del detail
    return within(max(1, 0.1 * tokens), tokens, 2 * tokens, 10 * tokens)


_COSTS: tuple[tuple[str, Costs], ...] = (
    (r"gpt-4o-mini\b.*", _by(tiles(2833, 5667))),
    (r"o4-mini\b.*", _by_patches(1.72)),
    (r"(gpt-4\.1|gpt-5(\.\d)?)-mini\b.*", _by_patches(1.62)),
    (r"(gpt-4\.1|gpt-5(\.\d)?)-nano\b.*", _by_patches(2.46)),
    (r"gpt-5\b.*", _by(tiles(70, 140))),
    (r"o[1-9]\b.*", _by(tiles(75, 150))),
    (r"(chatgpt-|gpt-).*", _by(tiles(85, 170))),
    (r"gemini-[3-9].*", _gemini_3),
    (r"gemini\b.*", _gemini),
    (r"doubao\b.*", _doubao),
    (r"(qwen|qvq).*", _qwen),
    (r"claude\b.*", _by(claude)),
    (r"grok\b.*", _by(grok)),
)
"""Model id → what a picture costs; the first that matches."""

TYPICAL = (1600, 1200)
"""What a picture is taken for whose size is unknown: a photo as the web shows it."""
USUAL = ((256, 256), TYPICAL, (2560, 1440), (4096, 3072))
"""The sizes between which it probably lies."""
EXTREME = (*USUAL, (8192, 3072), (1024, 8192))
"""Sizes and shapes that cost most under one rule or another."""


def image_tokens(image: Image, model_id: str) -> Span:
    """What a picture costs a model, with its limits; those are wide where its size or its detail is unknown."""
    costs = _costs_of(model_id)
    if image.width is not None and image.height is not None:
        return costs(max(1, image.width), max(1, image.height), image.detail)
    usual = [costs(*size, image.detail) for size in USUAL]
    return Span(
        low=min(span.low for span in usual),
        expected=costs(*TYPICAL, image.detail).expected,
        high=max(span.high for span in usual),
        worst=max(costs(*size, image.detail).worst for size in EXTREME),
    )


@functools.cache
def _costs_of(model_id: str) -> Costs:
    return first_match(_COSTS, model_id) or _unknown


def is_unmeasured(image: Image) -> bool:
    """Whether its size is unknown: a remote picture that nobody has looked at."""
    return image.width is None or image.height is None


def _ceil(value: float) -> int:
    """Rounds up, but not for what floating point added."""
    return math.ceil(value - 1e-9)
