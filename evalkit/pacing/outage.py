"""Tells an outage from single faults, and sends one probe at a time until it is over.

Over half of at least 20 attempts failing is an outage (429s count neither way: they are a matter of pace). It is waited
out up to a limit, counted from the first failure after the last success.
"""

from __future__ import annotations

import math
from collections import deque

WINDOW = 40
FEWEST = 20
SHARE = 0.5
FIRST_PROBE_S = 1.0
LONGEST_PROBE_S = 30.0


class Outage:
    """The state of one model's way. It reads no clock: each call brings one."""

    def __init__(self, *, max_outage_s: float, now_s: float) -> None:
        self._max_outage_s = max_outage_s
        self._recent: deque[bool] = deque(maxlen=WINDOW)
        self._failing_since_s: float | None = None
        self._last_success_s = -math.inf
        self._probe_s = FIRST_PROBE_S
        self._next_probe_s = now_s
        self._probing = False
        self.open = False
        """Whether there is an outage now."""

    def succeeded(self, now_s: float) -> None:
        """An answer came: the outage, if there was one, is over."""
        self._last_success_s = now_s
        self._failing_since_s = None
        if self.open:
            self.open = False
            self._recent.clear()
            self._probe_s = FIRST_PROBE_S
        self._probing = False
        self._recent.append(True)

    def failed(self, now_s: float, *, probe: bool = False) -> None:
        """An attempt failed by the gateway's or the network's fault; in an outage only the `probe` tells anything."""
        self._recent.append(False)
        self._note_failing(now_s)
        if self.open and not probe:
            return
        if self.open:
            self._probing = False
            self._next_probe_s = now_s + self._probe_s
            self._probe_s = min(2 * self._probe_s, LONGEST_PROBE_S)
        elif len(self._recent) >= FEWEST and self._recent.count(False) > SHARE * len(self._recent):
            self.open = True
            self._next_probe_s = now_s + self._probe_s

    def rate_limited(self, now_s: float) -> None:
        """A 429 came: no sign of an outage, but no answer either. A probe that met it makes room for another."""
        self._note_failing(now_s)
        self._probing = False

    def spared(self) -> None:
        """A request ended by its own fault: a probe makes room for another."""
        self._probing = False

    def wait_s(self, now_s: float) -> float | None:
        """Seconds until a request may go: 0 now; None where a probe is under way and its end must be waited for."""
        if not self.open:
            return 0.0
        return None if self._probing else max(0.0, self._next_probe_s - now_s)

    def admit(self) -> bool:
        """A request goes; whether it is the probe of an outage."""
        self._probing = self.open
        return self._probing

    def has_answered_since(self, moment_s: float) -> bool:
        """Whether any answer came after a moment."""
        return self._last_success_s >= moment_s

    def is_over_limit(self, now_s: float) -> bool:
        """Whether there were only failures for as long as is waited."""
        return self._failing_since_s is not None and now_s - self._failing_since_s >= self._max_outage_s

    def _note_failing(self, now_s: float) -> None:
        if self._failing_since_s is None:
            self._failing_since_s = now_s
