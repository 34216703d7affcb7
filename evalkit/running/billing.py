"""Prompt tokens as they are billed, held against the local count: who bills far more or less asked something else."""

from __future__ import annotations

from dataclasses import dataclass

from evalkit.costs.request_tokens import TOLERANCE, request_tokens
from evalkit.types import Asked, Usage

__all__ = ["Bills"]

LOOKED_AT = 50
"""Answers of each model; a hidden prompt or another model shows in the first ones."""
LONGEST = 200_000
"""Characters of a request that is counted beside the answers that are being waited for."""


@dataclass(slots=True)
class _Compared:
    answers: int = 0
    billed: int = 0
    low: int = 0
    expected: int = 0
    high: int = 0


class Bills:
    """What was billed in one run."""

    def __init__(self) -> None:
        self._models: dict[str, _Compared] = {}

    def compare(self, asked: Asked, usage: Usage) -> None:
        """Takes in an answer. An application of its own is not looked at: nobody knows its prompt."""
        model, request = asked.model, asked.request
        if usage.input_tokens is None or model.provider.target is not None:
            return
        compared = self._models.setdefault(model.name, _Compared())
        if compared.answers >= LOOKED_AT or sum(len(message.content) for message in request.messages) > LONGEST:
            return
        counted = request_tokens(request, model)
        compared.answers += 1
        compared.billed += usage.input_tokens
        compared.low += counted.low
        compared.expected += counted.expected
        compared.high += counted.high

    def notes(self) -> list[str]:
        """A sentence for each model whose bills lie more than 15 % beyond the limits of the count."""
        return [
            f"{model}: {found.billed:,} prompt tokens were billed in {found.answers:,} answers, and {_counted(found)} "
            "are counted here: another prompt was sent on, or another model answered"
            for model, found in self._models.items()
            if not (1 - TOLERANCE) * found.low <= found.billed <= (1 + TOLERANCE) * found.high
        ]


def _counted(found: _Compared) -> str:
    limits = f" ({found.low:,} to {found.high:,})" if found.low < found.high else ""
    return f"{found.expected:,}{limits}"
