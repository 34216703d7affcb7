"""How many input tokens a picture costs, roughly, by the published rule of each family."""

from __future__ import annotations

import math
from collections.abc import Callable

PictureTokens = Callable[[int, int, str], int]
"""From width and height in pixels and the detail ("low", "high" or "auto")."""


def tiles(base: int, tile: int) -> PictureTokens:
    """`base`, and `tile` for each 512 px square after fitting to 2048² and a short side of 768 (GPT-4o, o1, o3)."""

    def count(width: int, height: int, detail: str) -> int:
        if detail == "low":
            return base
        scale = min(1.0, 2048 / max(width, height))
        scale = min(scale, 768 / min(width, height))
        return base + tile * math.ceil(width * scale / 512) * math.ceil(height * scale / 512)

    return count


def patches(factor: float) -> PictureTokens:
    """32 px squares, at most 1536 of them, times `factor` (o4-mini, GPT-4.1-mini and -nano)."""

    def count(width: int, height: int, detail: str) -> int:  # noqa: ARG001
        return int(min(1536, math.ceil(width / 32) * math.ceil(height / 32)) * factor)

    return count


def crops() -> PictureTokens:
    """258 for each crop, whose side is two thirds of the picture's short one (Gemini)."""

    def count(width: int, height: int, detail: str) -> int:  # noqa: ARG001
        if max(width, height) <= 384:
            return 258
        unit = max(1, int(min(width, height) / 1.5))
        return 258 * math.ceil(width / unit) * math.ceil(height / unit)

    return count


def area(pixels: int, *, cap: int, low_cap: int | None = None) -> PictureTokens:
    """One token for so many `pixels`, up to a cap (Doubao, Claude, Qwen)."""

    def count(width: int, height: int, detail: str) -> int:
        return max(1, min(width * height // pixels, low_cap if low_cap and detail == "low" else cap))

    return count
