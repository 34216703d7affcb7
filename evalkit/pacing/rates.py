"""Requests and tokens a minute, kept by token buckets that hold about a second's worth."""

from __future__ import annotations


class Bucket:
    """A token bucket that hands out turns ahead of time: whoever takes too much waits, and those behind wait longer.

    The bucket holds `burst_s` seconds' worth, taken out of the rate, so that no window of 60 s exceeds `per_minute`.
    """

    def __init__(self, per_minute: float, *, now_s: float, burst_s: float = 1.0) -> None:
        self._capacity = max(1.0, per_minute / 60 * burst_s)
        self._rate_per_s = max(per_minute - self._capacity, per_minute / 2) / 60
        self._level = self._capacity
        self._at_s = now_s

    def take(self, amount: float, now_s: float) -> float:
        """Takes `amount` and returns the seconds to wait before using it."""
        self._refill(now_s)
        self._level -= amount
        return max(0.0, -self._level / self._rate_per_s)

    def give_back(self, amount: float, now_s: float) -> None:
        """Returns what was taken too much; a negative amount takes what was taken too little."""
        self._refill(now_s)
        self._level = min(self._capacity, self._level + amount)

    def _refill(self, now_s: float) -> None:
        self._level = min(self._capacity, self._level + (now_s - self._at_s) * self._rate_per_s)
        self._at_s = now_s


class TokenForecast:
    """What a request will cost in tokens, before it is known: its input as counted, and the mean of outputs so far."""

    FIRST_OUTPUT = 500.0

    def __init__(self) -> None:
        self._outputs = 0
        self._mean_output = self.FIRST_OUTPUT

    def expect(self, input_tokens: int, cap: int | None) -> float:
        """Tokens that a request with this input will probably use."""
        output = self._mean_output if cap is None else min(self._mean_output, float(cap))
        return input_tokens + output

    def learn(self, output_tokens: int) -> None:
        """Takes one answer into the mean, recent ones weighing more."""
        self._outputs += 1
        weight = max(1 / self._outputs, 0.05)
        self._mean_output += weight * (output_tokens - self._mean_output)
