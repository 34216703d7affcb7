"""Makes a share of the requests fail, the same ones for the same seed, so that retrying has something to do."""

from __future__ import annotations

from collections import Counter
from random import Random

from evalkit.simulator.errors import ApiError, gateway


class Faults:
    """Decides by seed, content and how often that content has arrived: a repeated request can succeed."""

    def __init__(self, rate: float, seed: int) -> None:
        self._rate = rate
        self._seed = seed
        self._arrivals: Counter[str] = Counter()

    def strike(self, content: str) -> None:
        """Raises an `ApiError` of status 429, 500 or 503 for the unlucky ones."""
        if not self._rate:
            return
        self._arrivals[content] += 1
        draw = Random(f"{self._seed}/{content}/{self._arrivals[content]}")  # noqa: S311
        if draw.random() < self._rate:
            raise draw.choice(_FAULTS)()


def _rate_limit() -> ApiError:
    return gateway(429, "Rate limit reached, please try again later", "429", {"Retry-After": "1"})


def _internal() -> ApiError:
    return gateway(500, "Internal server error", "500")


def _overloaded() -> ApiError:
    return gateway(503, "The server is overloaded, please try again later", "server_error")


_FAULTS = (_rate_limit, _internal, _overloaded)
