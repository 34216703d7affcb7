"""The estimate of a run: every model and judge simulated, and what makes the sum uncertain found by freezing it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from evalkit.costs.prices import prices_date, quote
from evalkit.costs.spans import within
from evalkit.estimate.figures import model_estimate
from evalkit.estimate.history import History
from evalkit.estimate.judging import JUDGES, Judged, jury_of, simulate_jury
from evalkit.estimate.known import Drawn, Known, know
from evalkit.estimate.outputs import Levels
from evalkit.estimate.requests import PARTS, Floats
from evalkit.estimate.simulation import SOURCES, Sums, levels_of, simulate
from evalkit.estimate.spreads import spread_of
from evalkit.estimate.survey import Survey
from evalkit.estimate.timing import Work, seconds_of, together
from evalkit.suite.plan import Plan
from evalkit.types import CostEstimate, Spread, UncertaintyShare

__all__ = ["DRAWS", "Estimator", "uncertainty_of"]

DRAWS = 4_000
FROZEN_DRAWS = 500
"""For each run with one source frozen."""
SHARE_SHOWN = 0.01
DEFAULT_LIMIT = 128
"""Requests at once over all models, where the suite sets no limit; as the runner has it."""
LEFT_OUT = (
    "answers unlike those that the figures come from, as after a change of the prompt or the model",
    "prices that change",
    "waits for rate limits and between retries",
)
"""What the intervals of a run know nothing of."""


class Estimator:
    """Estimates one plan that was surveyed. `seed` settles all that is drawn."""

    def __init__(
        self,
        plan: Plan,
        survey: Survey,
        history: History | None = None,
        *,
        concurrency: int | None = None,
        seed: int = 0,
    ) -> None:
        self._plan = plan
        self._survey = survey
        self._history = history or History()
        self._concurrency = concurrency
        self._seed = seed
        self.known = {asked.model.name: know(asked, self._history.of(asked.model.name)) for asked in survey.asked}
        """Model → what is known of it."""

    def estimate(self) -> CostEstimate:
        """The whole estimate, without a rollout."""
        drawn = self._draw(levels_of(DRAWS, self._seed))
        shares = self._shares()
        figures = {each.key: model_estimate(each, shares.get(each.key, ())) for each in drawn}
        return CostEstimate(
            suite=self._plan.suite.name,
            trials=round(sum(asked.trials for asked in self._survey.asked)),
            models=tuple(figures[each.key] for each in drawn if each.jury is None),
            judges=tuple(figures[each.key] for each in drawn if each.jury is not None),
            **_totals(drawn),
            time_s=self._time(drawn),
            uncertainty=shares.get("", ()),
            notes=(*self._survey.notes, *dict.fromkeys(self._history.notes)),
            leaves_out=LEFT_OUT,
            prices_date=prices_date(),
            stand_in=self._history.stand_in,
        )

    # --- what is drawn -----------------------------------------------------------------------------------------

    def _draw(self, levels: Levels, frozen: str | None = None) -> list[Drawn]:
        """Every model, and then every judge."""
        models = []
        for name, known in self.known.items():
            sums = simulate(known.asked, known.lengths, known.billing, levels, seed=self._seed, frozen=frozen)
            models.append(Drawn(key=name, known=known, sums=sums, work=self._work(known, sums)))
        judged = {each.key: _judged(each) for each in models}
        calls: dict[str, dict[str, int]] = defaultdict(dict)
        for (subject, judge), questions in self._survey.judge_calls.items():
            if subject in judged and questions:
                calls[judge][subject] = questions
        return [*models, *(self._jury(judge, numbers, judged, levels, frozen) for judge, numbers in calls.items())]

    def _jury(
        self, name: str, calls: Mapping[str, int], judged: Mapping[str, Judged], levels: Levels, frozen: str | None
    ) -> Drawn:
        judge, past = self._survey.judges[name], self._history.of_judge(name)
        jury = jury_of(judge, calls, judged, self._plan.judging.params(judge), past)
        lengths = past.lengths(None) if past is not None else None
        known = Known(
            asked=jury.asked, past=past, lengths={} if lengths is None else {"": lengths}, quote=quote(judge),
            billed_share=0.0 if past is None else 1.0,
        )  # fmt: skip
        sums = simulate_jury(jury, known.lengths, known.billing, levels, seed=self._seed + 1, frozen=frozen)
        if frozen == JUDGES:
            sums = _still(sums)
        return Drawn(key=f"judge {name}", known=known, sums=sums, work=self._work(known, sums), jury=jury)

    def _work(self, known: Known, sums: Sums) -> Work:
        latencies = known.past.latencies() if known.past is not None else np.zeros(0)
        asked = known.asked
        return seconds_of(asked.model, asked.sent, sums, latencies, concurrency=self._concurrency, seed=self._seed)

    def _time(self, drawn: Iterable[Drawn]) -> Spread | None:
        works = [each.work for each in drawn]
        return spread_of(together(works, self._plan.suite.max_concurrency or DEFAULT_LIMIT)) if works else None

    # --- what makes it uncertain -------------------------------------------------------------------------------

    def _shares(self) -> dict[str, tuple[UncertaintyShare, ...]]:
        """By key of a model or judge, and under "" for the total."""
        levels = levels_of(FROZEN_DRAWS, self._seed)
        whole = _costs(self._draw(levels))
        there = {source for known in self.known.values() for source in known.sources}
        there |= {JUDGES} if self._survey.judge_calls else set()
        frozen = {source: _costs(self._draw(levels, source)) for source in (*SOURCES, JUDGES) if source in there}
        return {
            key: uncertainty_of(cost, {source: costs[key] for source, costs in frozen.items()})
            for key, cost in whole.items()
        }


def uncertainty_of(whole: Floats, frozen: Mapping[str, Floats]) -> tuple[UncertaintyShare, ...]:
    """What part of the variance goes where one source is frozen, the largest first; those of less than 1 % left out."""
    variance = float(whole.var())
    if variance <= (1e-9 * float(whole.mean())) ** 2:
        return ()
    shares = {source: 1 - float(each.var()) / variance for source, each in frozen.items()}
    kept = sorted(((share, source) for source, share in shares.items() if share >= SHARE_SHOWN), reverse=True)
    return tuple(UncertaintyShare(source=source, share=round(min(1.0, share), 3)) for share, source in kept)


def _costs(drawn: Iterable[Drawn]) -> dict[str, Floats]:
    costs = {each.key: each.sums.cost_usd for each in drawn if each.sums.cost_usd is not None}
    return {**costs, "": np.sum(list(costs.values()), axis=0)} if costs else {}


def _totals(drawn: Iterable[Drawn]) -> dict[str, Any]:
    unpriced, costs, worst = [], [], 0.0
    for each in drawn:
        if each.sums.cost_usd is None:
            unpriced.append(each.known.asked.model.name)
        else:
            costs.append(each.sums.cost_usd)
            worst += each.worst[2] or 0.0
    priced = spread_of(np.sum(costs, axis=0), worst) if costs else None
    names = tuple(dict.fromkeys(unpriced))
    return {"total_cost_usd": None if names else priced, "priced_cost_usd": priced, "unpriced": names}


def _judged(drawn: Drawn) -> Judged:
    """What one model hands to its judges: of its prompts the texts, without pictures and documents."""
    asked = drawn.known.asked
    texts = (asked.parts[next(iter(PARTS))] * asked.repeats[:, None]).sum(axis=0) / max(asked.trials, 1)
    low, expected, high = map(float, texts)
    return Judged(
        task=within(low, expected, high, max(row.worst_input for row in asked.requests)),
        visible=drawn.sums.visible / max(asked.trials, 1),
        longest=round(float(asked.most_output.max())),
    )


def _still(sums: Sums) -> Sums:
    """As if it were known for certain."""

    def middle(values: Floats) -> Floats:
        return np.full_like(values, np.median(values))

    return Sums(
        input_tokens=middle(sums.input_tokens),
        visible=middle(sums.visible),
        reasoning=middle(sums.reasoning),
        cost_usd=None if sums.cost_usd is None else middle(sums.cost_usd),
    )
