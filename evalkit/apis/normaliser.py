"""What was billed, where gateways count thinking differently: inside the completion, beside it, or in the total alone.

Which case it is shows in whether prompt + completion (+ reasoning) make the total. Only grok's and gemini's own APIs
count thinking beside the completion; elsewhere a larger total is a gateway's mistake and is said.
"""

from __future__ import annotations

from msgspec.structs import replace

from evalkit.types import Usage

BESIDE = frozenset({"grok", "gemini"})
"""Families whose reasoning tokens may stand beside the completion tokens."""


def normalise(usage: Usage, family: str) -> tuple[Usage, str | None]:
    """Usage whose output has the reasoning in it, and what is odd about the gateway's own figures.

    Figures that were changed keep the gateway's own in `raw` and the rule in `rule`; unknown stays unknown.
    """
    prompt, completion, total = usage.input_tokens, usage.output_tokens, usage.total_tokens
    reasoning = usage.reasoning_tokens or 0
    if prompt is None or completion is None:
        return usage, None
    beside = family in BESIDE
    if total is None:
        if beside and reasoning > completion:
            return _with_output(usage, completion + reasoning, "more reasoning than completion: it stands beside"), None
        return usage, None
    if total == prompt + completion:
        return usage, None
    if beside and total > prompt + completion:
        return _with_output(usage, total - prompt, "output = total − prompt"), None
    return usage, f"usage does not add up: {prompt} + {completion} ≠ {total}; the parts are believed, not the total"


def _with_output(usage: Usage, output: int, rule: str) -> Usage:
    raw = {
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
        "total_tokens": usage.total_tokens,
    }
    return replace(usage, output_tokens=output, rule=rule, raw=raw)
