"""From the checks of a trial and its answer to the trial's verdict.

An answer that is missing (refused, blocked, or with neither text nor tool calls) fails without being checked, unless
the trial accepts its outcome. A check that raises has an error in place of a value and leaves the trial without verdict
and score.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol

import msgspec

from evalkit.checks.contract import shown
from evalkit.errors import CheckFailedToRun
from evalkit.types import BoundCheck, Context, Finding, Response, Score, Trial

_ROUNDING = 1e-9
"""How far a sum of weights may lie beside what it would be on paper."""
_ERROR_LENGTH = 1000


class RunBlocking(Protocol):
    """Runs a function beside the event loop, in a thread."""

    def __call__(
        self, func: Callable[[], Finding | Awaitable[Finding]], /
    ) -> Awaitable[Finding | Awaitable[Finding]]:
        """What `func` returns or raises."""
        ...


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a trial that was answered; `passed` and `score` are None where it could not be judged."""

    passed: bool | None
    score: float | None
    """Weighted mean, from 0 to 1."""
    scores: tuple[Score, ...]


async def score_trial(
    trial: Trial,
    response: Response,
    *,
    latency_s: float | None,
    cost_usd: float | None,
    run_blocking: RunBlocking,
) -> Verdict:
    """Runs the checks of `trial` on its answer, one after another.

    Raises nothing but cancellation: what a check, its arguments or the transform raise becomes the check's error.
    """
    if not trial.checks:
        return Verdict(passed=None, score=None, scores=())
    missing = _missing_answer(trial, response)
    if missing:
        score = Score(check="outcome", value=0.0, passed=False, reason=_storable(missing))
        return Verdict(passed=False, score=0.0, scores=(score,))
    try:
        output = trial.transform(response.text) if trial.transform else response.text
    except Exception as error:  # noqa: BLE001 a template of the suite may raise anything; the other trials go on
        return judge([_failed(bound, error, "transform: ") for bound in trial.checks], threshold=trial.threshold)
    context = Context(output=output, response=response, latency_s=latency_s, cost_usd=cost_usd)
    scores = [await _score(bound, context, run_blocking) for bound in trial.checks]
    return judge(scores, threshold=trial.threshold)


def judge(scores: Iterable[Score], *, threshold: float | None) -> Verdict:
    """The verdict on checks that were run.

    score = Σ(value × weight) / Σ(weight). A check of weight 0 is looked at, but neither fails the trial nor counts in
    the score; where no other check is left, nothing was asked and the trial stays without verdict. One that errors
    leaves the trial without verdict whatever its weight.
    """
    scores = tuple(scores)
    counting = [score for score in scores if score.weight > 0]
    if not counting or any(score.error is not None for score in scores):
        return Verdict(passed=None, score=None, scores=scores)
    weighted = math.fsum(score.value * score.weight for score in counting if score.value is not None)
    mean = weighted / math.fsum(score.weight for score in counting)
    passed = all(score.passed for score in counting) if threshold is None else mean >= threshold - _ROUNDING
    return Verdict(passed=passed, score=mean, scores=scores)


async def _score(bound: BoundCheck, context: Context, run_blocking: RunBlocking) -> Score:
    try:
        check = bound.bind(context.output)
        find = functools.partial(check.find, context)
        found = await run_blocking(find) if check.blocking else find()
        return _found(bound, found if isinstance(found, Finding) else await found)
    except Exception as error:  # noqa: BLE001 whatever a check raises is its error, never a wrong answer
        return _failed(bound, error)


def _found(bound: BoundCheck, finding: Finding) -> Score:
    if not 0 <= finding.value <= 1:
        raise CheckFailedToRun(f"its value {finding.value} does not lie between 0 and 1")
    return Score(
        check=bound.name,
        value=finding.value,
        passed=finding.passed,
        reason=_storable(finding.reason),
        weight=bound.weight,
        metric=bound.metric,
        opinions=finding.opinions,
    )


def _failed(bound: BoundCheck, error: Exception, where: str = "") -> Score:
    message = f"{where}{type(error).__name__}: {error}"
    return Score(check=bound.name, error=_storable(message[:_ERROR_LENGTH]), weight=bound.weight)


def _missing_answer(trial: Trial, response: Response) -> str | None:
    """Why there is nothing to check; None where there is, or where the trial accepts that."""
    outcome, text = response.outcome, response.text.strip()
    if outcome != "ok" and outcome in trial.accept:
        return None
    if outcome == "refusal":
        return f"refused: {shown(text)}" if text else "refused without a word"
    if outcome == "content_policy":
        return "blocked by a content policy"
    if text or response.tool_calls:
        return None
    return "cut off before any text; a larger max_output_tokens may help" if outcome == "length" else "no text"


def _storable(text: str) -> str:
    """Lone surrogates, which JSON can spell and UTF-8 cannot, as escapes."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
