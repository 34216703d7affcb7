"""The budgets of a command: what may be spent on its runs."""

from __future__ import annotations

import math
from collections.abc import Iterable

from evalkit.cli.preparing import Prepared
from evalkit.costs.prices import price_for
from evalkit.errors import UsageError
from evalkit.pacing.budget import Budget

__all__ = ["set_budgets"]


def set_budgets(prepared: Iterable[Prepared], max_cost_usd: float | None) -> None:
    """Gives every run its budget: `--max-cost` for all of them together, else each suite's own.

    Raises UsageError where a model has no price, before anything is sent.
    """
    if max_cost_usd is not None and not math.isfinite(max_cost_usd):
        raise UsageError(f"--max-cost is an amount in USD; found {max_cost_usd}")
    shared = Budget(max_cost_usd) if max_cost_usd is not None else None
    for each in prepared:
        own = each.plan.suite.budget_usd
        each.budget = shared or (Budget(own) if own is not None else None)
        if each.budget is not None:
            _refuse_unpriced(each)


def _refuse_unpriced(prepared: Prepared) -> None:
    unpriced = [model for model in prepared.plan.asked if price_for(model) is None]
    if unpriced:
        names = ", ".join(sorted({model.name for model in unpriced}))
        raise UsageError(
            f"{prepared.plan.suite.file}: a budget needs prices, and {names} has none; give it `price: {{input: …, "
            "output: …}` in the suite (USD per 1M tokens; 0 where it costs nothing), or leave the budget out"
        )
