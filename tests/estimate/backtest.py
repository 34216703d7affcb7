"""The estimates of the example suites against what the stand-in's answers cost, over many seeds.

`python -m tests.estimate.backtest [SEEDS]` writes the table of docs/estimate.md.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from evalkit.estimate.estimating import Estimator
from evalkit.estimate.history import History, Past
from evalkit.estimate.survey import survey_of
from evalkit.suite.loader import load_suite
from evalkit.suite.plan import Plan
from evalkit.types import CostEstimate
from tests.estimate.past_lives import Life, PastLives
from tests.estimate.plans import sample

FOLDER = Path(__file__).parent.parent.parent / "suites"
SUITES = ("checks", "dialogue", "quickstart", "reasoning", "regression", "vision")


@dataclass(frozen=True)
class Found:
    """How often the cost lay inside: of each model, and of the total."""

    by_prior: dict[str, float]
    by_history: dict[str, float]
    """After a run of another seed."""
    width_by_prior: float
    """The ratio of the ends of the total's interval."""
    width_by_history: float


def backtest(name: str, seeds: Iterable[int], *, with_history: bool = False) -> Found:
    """One suite over many seeds."""
    plan = Plan(load_suite(FOLDER / f"{name}.yaml", environ={}))
    survey = replace(survey_of(plan, plan.prepare()), judge_calls={})  # these lives have no judges
    prior = Estimator(plan, survey).estimate()
    lives, inside, again = PastLives(plan), Counter[str](), Counter[str]()
    tried, widths, before = 0, [1.0], None
    for seed in seeds:
        lived = list(lives.live(seed))
        tried += 1
        inside.update(_inside(prior, lived))
        if with_history and before is not None:
            estimate = Estimator(plan, survey, _history(before)).estimate()
            again.update(_inside(estimate, lived))
            widths.append(_width(estimate))
        before = lived
    names = [*(model.model for model in prior.models), "total"]
    return Found(
        by_prior={each: inside[each] / tried for each in names},
        by_history={each: again[each] / max(tried - 1, 1) for each in names} if with_history else {},
        width_by_prior=_width(prior),
        width_by_history=sorted(widths)[len(widths) // 2],
    )


def _width(estimate: CostEstimate) -> float:
    assert estimate.total_cost_usd is not None
    return estimate.total_cost_usd.high / estimate.total_cost_usd.low


def _inside(estimate: CostEstimate, lived: list[Life]) -> list[str]:
    costs: defaultdict[str, float] = defaultdict(float)
    for life in lived:
        costs[life.trial.model.name] += life.cost_usd
        costs["total"] += life.cost_usd
    spreads = {model.model: model.cost_usd for model in estimate.models} | {"total": estimate.total_cost_usd}
    return [name for name, spread in spreads.items() if spread and spread.low <= costs[name] <= spread.high]


def _history(lived: list[Life]) -> History:
    """What a run with these answers would have left."""
    models: dict[str, Past] = defaultdict(Past)
    for life in lived:
        trial = life.trial
        models[trial.model.name].runs["before"] = False
        models[trial.model.name].samples.append(
            sample(
                key=trial.key,
                case_id=trial.case_id,
                prompt=trial.prompt,
                input_tokens=life.input_tokens,
                output_tokens=life.output_tokens,
                reasoning_tokens=life.reasoning_tokens,
            )
        )
    return History(models=dict(models), stand_in=True)


def main() -> None:
    """The whole table."""
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    print(f"| suite, {seeds} seeds | total inside | worst model | after a run of another seed | ends of the total |")
    print("|---|---|---|---|---|")
    for name in SUITES:
        with_history = name != "dialogue"  # a life of a conversation has one line, a record has one a turn
        found = backtest(name, range(seeds), with_history=with_history)
        own = {model: share for model, share in found.by_prior.items() if model != "total"}
        later = f"{100 * found.by_history['total']:.0f} %" if with_history else "–"
        ends = f"×{found.width_by_prior:.0f}" + (f", then ×{found.width_by_history:.1f}" if with_history else "")
        print(
            f"| {name} | {100 * found.by_prior['total']:.0f} % | {100 * min(own.values()):.0f} % | {later} | {ends} |"
        )


if __name__ == "__main__":
    main()
