"""Draws of the output tokens that one model will give: visible ones and thinking, answer by answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from evalkit.estimate.measured import Measured, draw_measured, scores
from evalkit.estimate.requests import Asked, Floats, Ints

__all__ = ["ANSWERS", "THINKING", "Levels", "Outputs", "draw_outputs"]

ANSWERS = "length of answers"
THINKING = "length of thinking"
MOST_COLUMNS = 256
"""Of more answers than these, so many are drawn, spread evenly, and what chance does to the others is added."""
_ROUNDING = 1e-6


@dataclass(frozen=True, slots=True)
class Levels:
    """What all answers of a suite share where nothing is known of them: one standard normal value a draw."""

    answers: Floats
    thinking: Floats

    @property
    def draws(self) -> int:
        """D."""
        return len(self.answers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """D draws of C answers that stand for `sent` requests."""

    rows: Ints
    """Column → the row of `Asked` that it answers."""
    visible: Floats
    """D × C."""
    reasoning: Floats
    sent: float
    chance: tuple[Floats, Floats] | None
    """Of visible and reasoning, a standard normal value a draw, where the columns stand for more."""

    def sum_visible(self, by_row: Floats) -> Floats:
        """Over all requests, each weighted by its row's figure (R, or D × R)."""
        return self._sum(self.visible * by_row[..., self.rows], 0)

    def sum_reasoning(self, by_row: Floats) -> Floats:
        """The same for thinking."""
        return self._sum(self.reasoning * by_row[..., self.rows], 1)

    def _sum(self, columns: Floats, which: int) -> Floats:
        if self.chance is None:
            return np.asarray(columns.sum(axis=1), dtype=float)
        spread = np.sqrt(self.sent) * columns.std(axis=1) * self.chance[which]
        return np.asarray(np.maximum(0.0, self.sent * columns.mean(axis=1) + spread), dtype=float)


def draw_outputs(
    asked: Asked,
    known: Mapping[str, Measured],
    levels: Levels,
    rng: np.random.Generator,
    *,
    frozen: str | None = None,
) -> Outputs:
    """Draws what a model answers; `known` has what was measured of a prompt. What is `frozen` has its middle value."""
    rows = _columns(asked)
    even = abs(asked.sent - len(rows)) > _ROUNDING
    visible, reasoning = _by_prior(asked, rows, levels, rng, even=even)
    prompts = np.array([request.prompt for request in asked.requests])[rows]
    for prompt, lengths in known.items():
        columns = np.flatnonzero(prompts == prompt)
        if len(columns):
            visible[:, columns], reasoning[:, columns] = draw_measured(
                lengths, levels.draws, len(columns), rng, even=even
            )
    if frozen == ANSWERS:
        visible = np.broadcast_to(np.median(visible, axis=0), visible.shape)
    if frozen == THINKING:
        reasoning = np.broadcast_to(np.median(reasoning, axis=0), reasoning.shape)
    return Outputs(
        rows=rows,
        **_within_bounds(asked, rows, visible, reasoning),
        sent=asked.sent,
        chance=(rng.standard_normal(levels.draws), rng.standard_normal(levels.draws)) if even else None,
    )


def _columns(asked: Asked) -> Ints:
    """The row of each answer that is drawn: all, or an even selection of very many."""
    ends = np.cumsum(asked.repeats)
    number = min(MOST_COLUMNS, max(1, round(asked.sent)))
    places = (np.arange(number) + 0.5) * asked.sent / number
    return np.minimum(np.searchsorted(ends, places), len(ends) - 1)


def _by_prior(
    asked: Asked, rows: Ints, levels: Levels, rng: np.random.Generator, *, even: bool
) -> tuple[Floats, Floats]:
    """Lengths where nothing was measured: median · exp(suite's sigma · level + trial's sigma · chance)."""

    def draw(length: Floats, level: Floats) -> Floats:
        median, suite_sigma, trial_sigma = length[rows].T
        chance = scores(levels.draws, len(rows), rng, even=even)
        return np.asarray(median * np.exp(suite_sigma * level[:, None] + trial_sigma * chance))

    return draw(asked.visible, levels.answers), draw(asked.reasoning, levels.thinking)


def _within_bounds(asked: Asked, rows: Ints, visible: Floats, reasoning: Floats) -> dict[str, Floats]:
    """Thinking comes first and takes what the cap allows; what is left is for the answer. Several answers to one
    request are as long as each other."""
    most, answers = asked.most_output[rows], asked.answers[rows]
    reasoning = np.clip(reasoning * answers, 0, most)
    return {"visible": np.clip(visible * answers, 0, most - reasoning), "reasoning": reasoning}
