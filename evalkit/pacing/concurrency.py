"""How many requests to one model may be under way: found by trying, cut when the gateway says that it is too many.

Slow start doubles the number after each clean round until the first 429; from then on a clean round adds 5 %. A 429
takes a fifth away, once an episode: the 429s that follow within 15 s belong to the same cause, and a long Retry-After
does not make the episode longer.
"""

from __future__ import annotations

import math
from typing import NamedTuple

START = 8
GROWTH = 1.05
CUT = 0.8
EPISODE_S = 15.0
BUSY = 0.8
"""Growth needs this share of the limit to be in use, else the limit says nothing."""


class Change(NamedTuple):
    """One step in the history of a limit, as run.json has it."""

    at_s: float
    """Seconds since the run began."""
    limit: int
    why: str


class AdaptiveLimit:
    """A number between 1 and `ceiling` that follows what the gateway bears. It reads no clock: each call brings one."""

    def __init__(self, *, start: int, ceiling: int) -> None:
        self._ceiling = ceiling
        self._level = float(min(start, ceiling))
        self._slow_start = True
        self._clean = 0
        self._peak = 0
        self._held = False
        self._cut_at = -math.inf
        self.history: list[Change] = [Change(0.0, self.limit, "start")]

    @property
    def limit(self) -> int:
        """Requests that may be under way."""
        return max(1, int(self._level + 1e-9))

    def began(self, under_way: int) -> None:
        """A request was sent, as one of `under_way`."""
        self._peak = max(self._peak, under_way)

    def succeeded(self, now_s: float) -> None:
        """An answer came. After as many as the limit, a round is over."""
        self._clean += 1
        if self._clean < self.limit:
            return
        busy = self._peak >= BUSY * self.limit
        if busy and not self._held and self._level < self._ceiling:
            self._grow(now_s)
        self._begin_round()

    def failed(self) -> None:
        """The gateway failed: growth waits until the next round."""
        self._held = True

    def rate_limited(self, now_s: float) -> None:
        """A 429 came: cuts the limit, unless it was cut for the same cause."""
        self._slow_start = False
        self._begin_round()
        if now_s - self._cut_at < EPISODE_S:
            return
        self._cut_at = now_s
        self._set(max(1.0, self._level * CUT), now_s, "429")

    def _grow(self, now_s: float) -> None:
        level = self._level * (2.0 if self._slow_start else GROWTH)
        self._set(min(level, float(self._ceiling)), now_s, "slow start" if self._slow_start else "clean round")

    def _begin_round(self) -> None:
        self._clean = 0
        self._peak = 0
        self._held = False

    def _set(self, level: float, now_s: float, why: str) -> None:
        before = self.limit
        self._level = level
        if self.limit != before:
            self.history.append(Change(now_s, self.limit, why))
