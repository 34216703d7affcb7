"""Counts the tokens of a text as a model would: which tokenizer it has, and how near we come to it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field

from evalkit.costs import segments, vocabularies
from evalkit.costs.model_ids import first_match
from evalkit.costs.segments import Habits
from evalkit.costs.spans import Source, Span, within
from evalkit.costs.vocabularies import Vocabulary

__all__ = ["BYTES", "Counter", "counter_for"]

Band = tuple[float, float]
"""How far the true number may lie below and above ours, as shares of ours: (-0.25, 0.25)."""

ESTIMATED: Band = (-0.25, 0.25)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """Counts texts for one kind of model."""

    name: str
    """The vocabulary, or "segments" for the rule of thumb."""
    source: Source
    band: Band
    _count: Callable[[str], int] = field(repr=False)

    def count(self, text: str) -> int:
        """Tokens of a text; 1 MB of any text takes less than a second."""
        return self._count(text) if text else 0

    def span(self, text: str) -> Span:
        """Tokens of a text with their limits; at worst one for each of its bytes in UTF-8."""
        tokens = self.count(text)
        if self.source == "exact":
            return within(tokens, tokens, tokens)
        low, high = self.band
        size = _size(text)
        return within(min(tokens * (1 + low), size), min(tokens, size), min(tokens * (1 + high), size), size)

    def __str__(self) -> str:
        if self.source == "exact":
            return f"exact ({self.name})"
        low, high = (round(100 * share) for share in self.band)
        near = "rule of thumb" if self.name == "segments" else self.name
        return f"{self.source} ({near}, {'±' + str(high) if -low == high else f'−{-low}…+{high}'} %)"


@dataclass(frozen=True, slots=True)
class _Rule:
    """What is known of the tokenizer of some models."""

    vocabulary: Vocabulary
    source: Source
    band: Band
    habits: Habits


_EXACT: Band = (0.0, 0.0)
_KIN: Band = (-0.05, 0.05)
"""An unpublished tokenizer of a line whose others are known."""
_DOUBAO: Band = (-0.11, 0.19)
"""qwen3 counts 2 % more than Doubao's bills in total, from 16 % less to 12 % more on single texts."""
_CLAUDE: Band = (-0.25, 0.40)
"""Nothing exact is public; newer Claude models take up to 1.35 times the tokens of older ones, by Anthropic's notes."""

_RULES = (
    (r"(gpt-4o|chatgpt-4o|gpt-4\.[15]|gpt-5|gpt-oss|o[1-9])\b.*", _Rule("o200k_base", "exact", _EXACT, segments.GPT)),
    (r"(gpt-4|gpt-3\.5|gpt-35)\b.*", _Rule("cl100k_base", "exact", _EXACT, segments.GPT)),
    (r"(gemini-2|gemma-3)\b.*", _Rule("gemma3", "exact", _EXACT, segments.GEMINI)),
    (r"(gemini|gemma)\b.*", _Rule("gemma3", "stand-in", _KIN, segments.GEMINI)),
    (r"(qwen-?[23](\.5)?|qwq)\b.*", _Rule("qwen3", "exact", _EXACT, segments.QWEN)),
    (r"(qwen|qvq).*", _Rule("qwen3", "stand-in", _KIN, segments.QWEN)),
    (r"doubao\b.*", _Rule("qwen3", "stand-in", _DOUBAO, segments.DOUBAO)),
    (r"deepseek\b.*", _Rule("deepseek_v3", "stand-in", _KIN, segments.GPT)),
    (r"claude\b.*", _Rule("o200k_base", "estimated", _CLAUDE, segments.GPT)),
)
"""Model id → the nearest tokenizer; the first that matches."""
_ANY = _Rule("o200k_base", "estimated", ESTIMATED, segments.GPT)


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


BYTES = Counter(name="bytes", source="estimated", band=(-1.0, 0.0), _count=_size)
"""One token a byte: the bound of every tokenizer, in no time."""


@functools.cache
def counter_for(model_id: str, *, by_tokenizer: bool | None = None) -> Counter:
    """The nearest counter there is for a model.

    `by_tokenizer` False keeps to the rule of thumb; None takes the tokenizers where the extra is installed.
    """
    rule = first_match(_RULES, model_id) or _ANY
    if by_tokenizer is None:
        by_tokenizer = vocabularies.is_installed()
    if by_tokenizer:
        count = vocabularies.encoder(rule.vocabulary)
        return Counter(name=rule.vocabulary, source=rule.source, band=rule.band, _count=count)
    band = (min(ESTIMATED[0], rule.band[0]), max(ESTIMATED[1], rule.band[1]))
    count = functools.partial(segments.count, habits=rule.habits)
    return Counter(name="segments", source="estimated", band=band, _count=count)
