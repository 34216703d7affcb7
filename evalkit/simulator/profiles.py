"""The models that the stand-in plays: how good, how fast and how talkative each is. Plausible, and measured nowhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from evalkit.simulator.picture_tokens import PictureTokens, area, crops, patches, tiles

Dialect = Literal["bare", "sorted", "detailed", "ark"]
"""Whose sample a chat body follows: gpt-4o's, gemini's, o4-mini's (usage details) or doubao's (details, tier)."""

_REASONING = frozenset({
    "temperature", "top_p", "frequency_penalty", "presence_penalty", "logit_bias", "logprobs", "top_logprobs",
    "max_tokens",
})  # fmt: skip
_GROK = frozenset({"stop", "frequency_penalty", "presence_penalty"})
_EFFORTS = ("low", "medium", "high")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lognormal:
    """A distribution with a long right tail."""

    median: float
    sigma: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One model."""

    id: str
    skill: float
    """The probability of a right answer, over all cases."""
    start_s: Lognormal
    """Seconds until the first token."""
    tokens_per_s: float
    """Output tokens, reasoning included."""
    pictures: PictureTokens
    reasoning_tokens: Lognormal | None = None
    """At medium effort; None for a model that does not reason."""
    shows_thinking: bool = False
    """Whether its chat answers hold the thinking too."""
    answers_as: str
    """The name in its answers."""
    dialect: Dialect
    rejects: frozenset[str] = frozenset()
    """Parameters that it does not take, by their chat names."""
    efforts: tuple[str, ...] = _EFFORTS
    """How long it can be told to think; empty where it cannot be told."""

    @property
    def sees_pdfs(self) -> bool:
        """Whether a PDF may come to it in the place of a picture, as to Gemini."""
        return self.dialect == "sorted"


def _gpt(name: str, date: str, skill: float, start_s: float, tokens_per_s: float, pictures: PictureTokens) -> Profile:
    return Profile(
        id=name, skill=skill, start_s=Lognormal(median=start_s, sigma=0.35), tokens_per_s=tokens_per_s,
        pictures=pictures, answers_as=f"{name}-{date}", dialect="bare", efforts=(),
    )  # fmt: skip


def _reasoner(
    name: str, skill: float, tokens: float, tokens_per_s: float, pictures: PictureTokens,
    *, rejects: frozenset[str] = _REASONING | {"stop"}, efforts: tuple[str, ...] = _EFFORTS,
) -> Profile:  # fmt: skip
    return Profile(
        id=name, skill=skill, start_s=Lognormal(median=0.9, sigma=0.35), tokens_per_s=tokens_per_s, pictures=pictures,
        reasoning_tokens=Lognormal(median=tokens, sigma=0.8), answers_as=name, dialect="detailed", rejects=rejects,
        efforts=efforts,
    )  # fmt: skip


def _other(
    name: str, dialect: Dialect, skill: float, tokens_per_s: float, pictures: PictureTokens,
    *, reasoning: float | None = None, answers_as: str | None = None, rejects: frozenset[str] = frozenset(),
    efforts: tuple[str, ...] = _EFFORTS, shows_thinking: bool = False,
) -> Profile:  # fmt: skip
    return Profile(
        id=name, skill=skill, start_s=Lognormal(median=0.8, sigma=0.4), tokens_per_s=tokens_per_s, pictures=pictures,
        reasoning_tokens=None if reasoning is None else Lognormal(median=reasoning, sigma=0.9),
        answers_as=answers_as or name, dialect=dialect, rejects=rejects, efforts=efforts,
        shows_thinking=shows_thinking,
    )  # fmt: skip


_CLAUDE = area(750, cap=1600)
_DOUBAO = area(784, cap=5120, low_cap=1312)
_QWEN = area(784, cap=1280)

_ALL = (
    _gpt("gpt-4o", "2024-08-06", 0.82, 0.45, 90, tiles(85, 170)),
    _gpt("gpt-4o-mini", "2024-07-18", 0.70, 0.35, 110, tiles(2833, 5667)),
    _gpt("gpt-4.1", "2025-04-14", 0.85, 0.50, 85, tiles(85, 170)),
    _gpt("gpt-4.1-mini", "2025-04-14", 0.78, 0.40, 110, patches(1.62)),
    _gpt("gpt-4.1-nano", "2025-04-14", 0.62, 0.30, 150, patches(2.46)),
    _reasoner("o1", 0.86, 900, 100, tiles(75, 150), rejects=_REASONING),
    _reasoner("o3", 0.92, 500, 110, tiles(75, 150)),
    _reasoner("o4-mini", 0.88, 350, 130, patches(1.72)),
    _reasoner("gpt-5", 0.93, 600, 110, tiles(70, 140), efforts=("minimal", *_EFFORTS)),
    _reasoner("gpt-5-mini", 0.87, 400, 140, patches(1.62), efforts=("minimal", *_EFFORTS)),
    _other("gemini-2.5-pro", "sorted", 0.90, 150, crops(), reasoning=700),
    _other("gemini-2.5-flash", "sorted", 0.83, 220, crops(), reasoning=300),
    _other("doubao-1-5-vision-pro-32k-250115", "ark", 0.76, 60, _DOUBAO),
    _other("doubao-seed-1.6", "ark", 0.80, 80, _DOUBAO, reasoning=400, shows_thinking=True),
    _other("claude-sonnet-4", "bare", 0.87, 70, _CLAUDE, answers_as="claude-sonnet-4-20250514"),
    _other("grok-4", "detailed", 0.86, 75, crops(), reasoning=600, answers_as="grok-4-0709", rejects=_GROK, efforts=()),
    _other("qwen-max", "bare", 0.79, 55, _QWEN),
    _other("qwen-plus", "bare", 0.74, 75, _QWEN),
    _other("qwen-turbo", "bare", 0.64, 120, _QWEN),
    _other("qwen-vl-max", "bare", 0.75, 55, _QWEN),
)

PROFILES = {profile.id: profile for profile in _ALL}
