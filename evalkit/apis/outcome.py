"""How an answer ended, told from the words that gateways use for it."""

from __future__ import annotations

from evalkit.errors import Undecodable
from evalkit.types import Outcome

_BY_FINISH_REASON: dict[str, Outcome] = {
    "length": "length",
    "max_tokens": "length",
    "max_output_tokens": "length",
    "content_filter": "content_policy",
    "safety": "content_policy",
    "prohibited_content": "content_policy",
    "refusal": "refusal",
}
"""Behind one gateway stand many vendors; a reason that is not here is a normal end."""


def outcome_of(finish_reason: str | None, *, text: str, refusal: str, calls: bool = False) -> Outcome:
    """The outcome. Raises `Undecodable` for an answer that claims to be complete, says nothing and calls no tool."""
    if refusal:
        return "refusal"
    outcome = _BY_FINISH_REASON.get((finish_reason or "").lower(), "ok")
    if outcome == "ok" and not (text or calls):
        raise Undecodable("empty_response", f"the answer has no text (finish_reason: {finish_reason or 'none'})")
    return outcome
