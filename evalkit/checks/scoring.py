"""From the checks of a trial and its answer to the trial's verdict.

An answer that is missing (refused, blocked, or with neither text nor tool calls) fails without being checked, unless
the trial accepts its outcome. A check that raises has an error in place of a value and leaves the trial without verdict
and score. One whose `when` does not hold is skipped: neither passed nor failed, and no part of the score.
"""

from __future__ import annotations

import functools
import inspect
import math
import unicodedata
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Protocol, TypeVar

import msgspec

from evalkit.checks.contract import shown
from evalkit.errors import CheckFailedToRun, EvalkitError, JudgeFailed
from evalkit.findings import drop, look
from evalkit.types import BoundCheck, Check, Context, Finding, Message, Others, Response, Score, Timing, Trial

T = TypeVar("T")
Looked = Score | Awaitable[Finding]
"""What a check came to, or will come to once others have answered."""

OUTCOME = "outcome"
"""What stands in place of a check's name where there was nothing to check."""
_ROUNDING = 1e-9
"""How far a sum of weights may lie beside what it would be on paper."""
_ERROR_LENGTH = 1000
_UNSEEN = {"Cc", "Cf", "Zl", "Zp", "Zs"}
"""Unicode's categories of what leaves no mark."""
LONG_ANSWER = 8192
"""Characters from which on the checks of an answer leave the event loop to others."""


class RunBlocking(Protocol):
    """Runs a function beside the event loop, in a thread."""

    def __call__(self, func: Callable[[], T], /) -> Awaitable[T]:
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
    run_blocking: RunBlocking,
    latency_s: float | None = None,
    cost_usd: float | None = None,
    timing: Timing | None = None,
    cached: bool = False,
    messages: tuple[Message, ...] | None = None,
    others: Others | None = None,
    checks: Sequence[BoundCheck] | None = None,
) -> Verdict:
    """Runs the checks of `trial` on its answer, those that wait for others one after another.

    `messages` and `checks` are the trial's own where they are not given; one turn of a conversation has others. Raises
    nothing but cancellation: what a check, its arguments or the transform raise becomes the check's error.
    """
    checks = trial.checks if checks is None else checks
    if not checks:
        return Verdict(passed=None, score=None, scores=())
    missing = missing_answer(trial, response)
    if missing:
        return failed_unchecked(missing)
    try:
        output = trial.transform(response.text) if trial.transform else response.text
    except Exception as error:  # noqa: BLE001 a template of the suite may raise anything; the other trials go on
        return judge([_failed(bound, error, "transform: ") for bound in checks], threshold=trial.threshold)
    if is_visible(response.text) and not is_visible(output):
        return failed_unchecked(f"the transform leaves nothing of {shown(response.text)}")
    context = Context(
        output=output,
        response=response,
        latency_s=latency_s,
        cost_usd=cost_usd,
        timing=timing,
        messages=trial.request.messages if messages is None else messages,
        expected=trial.expected,
        cached=cached,
        others=others,
    )
    return judge(await _score_all(checks, context, run_blocking), threshold=trial.threshold)


def judge(scores: Iterable[Score], *, threshold: float | None) -> Verdict:
    """The verdict on checks that were run.

    score = Σ(value × weight) / Σ(weight), over the checks that were asked. A check that is not `in_score` (operational,
    and without a weight of its own) has no share in it, but fails the trial all the same. A check of weight 0 is looked
    at, but neither fails the trial nor counts in the score. Where no check is left that counts, nothing was asked and
    the trial stays without verdict. One that errors leaves the trial without verdict whatever its weight.
    """
    scores = tuple(scores)
    asked = [score for score in scores if score.weight > 0 and not score.skipped]
    counting = [score for score in asked if score.in_score]
    if not counting or any(score.error is not None for score in scores):
        return Verdict(passed=None, score=None, scores=scores)
    weighted = math.fsum(score.value * score.weight for score in counting if score.value is not None)
    mean = weighted / math.fsum(score.weight for score in counting)
    if threshold is None:
        passed = all(score.passed for score in asked)
    else:
        passed = mean >= threshold - _ROUNDING and all(score.passed for score in asked if not score.in_score)
    return Verdict(passed=passed, score=mean, scores=scores)


def failed_unchecked(why: str) -> Verdict:
    """The verdict on an answer that there is nothing of to look at."""
    score = Score(check=OUTCOME, value=0.0, passed=False, reason=_storable(why))
    return Verdict(passed=False, score=0.0, scores=(score,))


async def _score_all(checks: Sequence[BoundCheck], context: Context, run_blocking: RunBlocking) -> list[Score]:
    """The scores in the order of `checks`; all together in a thread where one of them, or the answer, may take long."""
    made = [_made(bound, context) for bound in checks]
    look = functools.partial(_look_all, checks, made, context)
    slow = len(context.output) >= LONG_ANSWER or any(getattr(check, "blocking", False) for check in made)
    looked = await run_blocking(look) if slow else look()
    try:
        return [await _settled(bound, found) for bound, found in zip(checks, looked, strict=True)]
    finally:
        drop(found for found in looked if not isinstance(found, Score))  # where it was cancelled before their turn


def _made(bound: BoundCheck, context: Context) -> Check | Score:
    """The check of this answer, or what became of it before there was one."""
    try:
        if bound.when is not None and not bound.when(context.output):
            return _about(bound, reason="not asked: its `when` does not hold", skipped=True)
        return bound.bind(context.output)
    except Exception as error:  # noqa: BLE001 whatever a template raises is its check's error
        return _failed(bound, error)


def _look_all(checks: Sequence[BoundCheck], made: Sequence[Check | Score], context: Context) -> list[Looked]:
    return [_look(bound, check, context) for bound, check in zip(checks, made, strict=True)]


def _look(bound: BoundCheck, check: Check | Score, context: Context) -> Looked:
    if isinstance(check, Score):
        return check
    try:
        found = look(check, context)
        return found if inspect.isawaitable(found) else _found(bound, found)
    except Exception as error:  # noqa: BLE001 whatever a check raises is its error, never a wrong answer
        return _failed(bound, error)


async def _settled(bound: BoundCheck, found: Looked) -> Score:
    if isinstance(found, Score):
        return found
    try:
        return _found(bound, await found)
    except Exception as error:  # noqa: BLE001 whatever a check raises is its error, never a wrong answer
        return _failed(bound, error)


def _found(bound: BoundCheck, finding: Finding) -> Score:
    if not isinstance(finding, Finding):  # a check of somebody else's, whose types nobody looked at
        raise CheckFailedToRun(f"it found a {type(finding).__name__}, which is no Finding")
    if not 0 <= finding.value <= 1:
        raise CheckFailedToRun(f"its value {finding.value} does not lie between 0 and 1", opinions=finding.opinions)
    if bound.threshold is not None:
        finding = finding.judged_at(bound.threshold)
    return _about(
        bound,
        value=finding.value,
        passed=finding.passed,
        reason=_storable(finding.reason),
        opinions=finding.opinions,
    )


def _failed(bound: BoundCheck, error: Exception, where: str = "") -> Score:
    kind = "" if isinstance(error, EvalkitError) else f"{type(error).__name__}: "  # ours say enough by themselves
    message = f"{where}{kind}{error}"
    opinions = error.opinions if isinstance(error, CheckFailedToRun) else ()
    judge_failed = isinstance(error, JudgeFailed)
    return _about(bound, error=_storable(message[:_ERROR_LENGTH]), opinions=opinions, judge_failed=judge_failed)


def _about(bound: BoundCheck, **found: Any) -> Score:
    return Score(check=bound.name, weight=bound.weight, metric=bound.metric, in_score=bound.in_score, **found)


def missing_answer(trial: Trial, response: Response) -> str | None:
    """Why there is nothing to check; None where there is, or where the trial accepts that."""
    outcome, text = response.outcome, response.text.strip()
    if outcome != "ok" and outcome in trial.accept:
        return None
    if outcome == "refusal":
        return f"refused: {shown(text)}" if text else "refused without a word"
    if outcome == "content_policy":
        return "blocked by a content policy"
    if is_visible(text) or response.tool_calls:
        return None
    return "cut off before any text; a larger max_output_tokens may help" if outcome == "length" else "no text"


def is_visible(text: str) -> bool:
    """Whether a reader sees anything of a text: no blanks alone, nor characters without width, nor control ones."""
    return any(unicodedata.category(char) not in _UNSEEN for char in text)


def _storable(text: str) -> str:
    """Lone surrogates, which JSON can spell and UTF-8 cannot, as escapes."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
