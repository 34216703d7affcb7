"""How long answers are where nothing is known of them: a rough prior, wide on purpose, for each kind of model.

Lengths are taken to be lognormal. Trials of one suite share an unknown level (`suite_sigma`): a suite that asks for one
word is short throughout. A history or a pilot replaces all of this.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from evalkit.costs.model_ids import plain_id
from evalkit.types import Model, Request

__all__ = ["Length", "OutputPrior", "output_prior", "reasons"]


class Length(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens of one part of an answer: `median · exp(suite_sigma · z₁ + trial_sigma · z₂)`, z₁ one for the suite."""

    median: float
    suite_sigma: float
    trial_sigma: float


class OutputPrior(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer is made of."""

    visible: Length
    reasoning: Length | None
    """None for a model that does not think first."""
    basis: str
    """In words, for the estimate's list of sources."""


UNTOLD = Length(median=120, suite_sigma=1.3, trial_sigma=0.9)
"""Nothing said about the answer: from a word to a page."""
_MORE_THAN_EXPECTED = 2.0
_TOLD_SIGMA = 1.1
_THINKING = Length(median=550, suite_sigma=0.9, trial_sigma=1.0)
_EFFORTS: Mapping[str, float] = {"none": 0.0, "minimal": 0.1, "low": 0.35, "medium": 1.0, "high": 2.5, "xhigh": 4.0}
"""reasoning_effort → a factor on the thinking."""

_THINKERS = re.compile(
    r"(o[1-9]|gpt-5|gpt-oss|grok-4|qwq|deepseek-(r|reasoner)|gemini-(2\.5|[3-9])|doubao-seed)\b.*|.*\b(thinking|reasoning)\b.*"
)
_NOT_THINKERS = re.compile(r"gpt-5(\.\d)?-chat\b.*|.*(flash-lite|non-reasoning|-image)\b.*")


def reasons(model_id: str, params: Mapping[str, Any]) -> bool:
    """Whether a model thinks before it answers, by its id or because it is told to."""
    plain = plain_id(model_id)
    extra = params.get("extra_body")
    thinking = extra.get("thinking") if isinstance(extra, Mapping) else None
    if isinstance(thinking, Mapping) and thinking.get("type") in ("enabled", "disabled", "adaptive"):
        return bool(thinking["type"] != "disabled")
    if params.get("reasoning_effort") == "none":
        return False
    return bool(_THINKERS.fullmatch(plain)) and not _NOT_THINKERS.fullmatch(plain)


def output_prior(model: Model, request: Request, *, expected_tokens: int | None = None) -> OutputPrior:
    """The prior for an answer; `expected_tokens`: the length of the answer that its case expects, where it does.

    Tokens are those before any cap: who uses the prior cuts it at `limits.most_output_tokens`.
    """
    visible, basis = UNTOLD, "a prior for any answer"
    if expected_tokens is not None:
        median = max(2.0, _MORE_THAN_EXPECTED * expected_tokens)
        visible = Length(median=median, suite_sigma=_TOLD_SIGMA, trial_sigma=UNTOLD.trial_sigma)
        basis = "a prior from the expected answers"
    if not reasons(model.id, request.params):
        return OutputPrior(visible=visible, reasoning=None, basis=basis)
    effort = str(request.params.get("reasoning_effort") or "medium")
    factor = _EFFORTS.get(effort, 1.0)
    thinking = msgspec.structs.replace(_THINKING, median=_THINKING.median * factor)
    return OutputPrior(visible=visible, reasoning=thinking, basis=f"{basis}, and one for thinking at {effort} effort")
