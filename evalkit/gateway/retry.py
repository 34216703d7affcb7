"""Decides whether an attempt is repeated and how long to wait before it; tenacity does the repeating."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from tenacity import AsyncRetrying, RetryCallState, stop_after_attempt

from evalkit.gateway.faults import Failure
from evalkit.gateway.verdicts import Retry
from evalkit.types import Fault, Model

BASE_S = 0.5
CAP_S = 30.0
SPREAD = 0.2
"""Waits are stretched by up to this share, so that those who failed together do not come back together."""

Pause = Callable[[float], Awaitable[None]]
"""Waits for some seconds; the runner's gives the concurrency slot back meanwhile."""


class OnRetry(Protocol):
    """Is told of each wait before it begins."""

    def __call__(self, fault: Fault, attempt: int, wait_s: float, retry_after_s: float | None, /) -> None:
        """`attempt` is the number of the one to come: "retry 2/5 in 12 s"; `retry_after_s` is the gateway's wish."""
        ...


def retrying(model: Model, *, pause: Pause, jitter: random.Random, on_retry: OnRetry | None) -> AsyncRetrying:
    """The retry loop of one call. One per call: tenacity keeps a call's state in it."""
    patience = _Patience(model, jitter)

    async def sleep(seconds: float) -> None:
        if seconds > 0:
            await pause(seconds)

    def announce(state: RetryCallState) -> None:
        if on_retry is not None:
            failure = _failure(state)
            on_retry(failure.fault, state.attempt_number + 1, state.upcoming_sleep, failure.retry_after_s)

    return _AfterAFailure(
        sleep=sleep,
        stop=stop_after_attempt(model.max_attempts),
        retry=patience.is_worth_it,
        wait=patience.wait_s,
        before_sleep=announce,
        reraise=True,
    )


def backoff_s(attempt: int, jitter: random.Random) -> float:
    """The wait after attempt 1, 2, …: exponential with equal jitter, half of it fixed and half of it drawn."""
    full = min(CAP_S, BASE_S * 2.0 ** min(attempt - 1, 16))
    return full / 2 + jitter.uniform(0, full / 2)


class _AfterAFailure(AsyncRetrying):
    """tenacity, called in once a first attempt has failed: its bookkeeping costs more than reading an answer does."""

    async def __call__(self, fn: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any) -> Any:  # type: ignore[override]
        try:
            return await fn(*args, **kwargs)
        except Failure as failure:
            failures = [failure]

        async def attempt() -> Any:
            if failures:
                raise failures.pop()
            return await fn(*args, **kwargs)

        return await super().__call__(attempt)


class _Patience:
    """What one call may still expect: it remembers which single retries are spent."""

    def __init__(self, model: Model, jitter: random.Random) -> None:
        self._max_wait_s = model.max_wait_s
        self._jitter = jitter
        self._seen: set[Retry] = set()
        self._at_once = False

    def is_worth_it(self, state: RetryCallState) -> bool:
        failure = state.outcome.exception() if state.outcome else None
        if not isinstance(failure, Failure) or failure.retry is Retry.NEVER:
            return False
        first = failure.retry not in self._seen
        self._seen.add(failure.retry)
        self._at_once = first and failure.retry is Retry.ONCE_AT_ONCE
        # Coming back earlier than told would only be refused again.
        return (first or failure.retry is not Retry.ONCE) and (failure.retry_after_s or 0) <= self._max_wait_s

    def wait_s(self, state: RetryCallState) -> float:
        if self._at_once:
            return 0.0
        wait_s = max(_failure(state).retry_after_s or 0.0, backoff_s(state.attempt_number, self._jitter))
        return wait_s * (1 + self._jitter.uniform(0, SPREAD))


def _failure(state: RetryCallState) -> Failure:
    failure = state.outcome.exception() if state.outcome else None
    if not isinstance(failure, Failure):
        raise TypeError("only a Failure is ever retried")
    return failure
