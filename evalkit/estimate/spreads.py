"""From draws to figures: the middle, and the ends of the 95 % interval."""

from __future__ import annotations

import numpy as np

from evalkit.estimate.requests import Floats
from evalkit.types import Spread

__all__ = ["ends", "spread_of", "tokens_of"]

_LEVELS = (0.025, 0.975)


def ends(draws: Floats) -> tuple[float, float]:
    """The ends of the interval: of the two readings in the halves of the draws, the outermost."""
    half = len(draws) // 2
    low, high = zip(*(np.quantile(part, _LEVELS) for part in (draws[:half], draws[half:])), strict=True)
    return float(min(low)), float(max(high))


def spread_of(draws: Floats, worst: float | None = None) -> Spread:
    """Figures of an amount; none lies beyond `worst`."""
    low, high = ends(draws)
    most = float("inf") if worst is None else worst
    return Spread(low=min(low, most), median=min(float(np.median(draws)), most), high=min(high, most), worst=worst)


def tokens_of(draws: Floats, worst: float | None = None) -> Spread:
    """The same in whole tokens, rounded outwards."""
    spread = spread_of(draws, worst)
    return Spread(
        low=int(np.floor(spread.low)),
        median=round(spread.median),
        high=int(np.ceil(spread.high)),
        worst=None if worst is None else int(np.ceil(worst)),
    )
