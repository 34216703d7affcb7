"""Plans of small suites, their estimates, and requests as columns, for the tests of the estimate."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evalkit.costs.priors import Length, OutputPrior
from evalkit.costs.spans import Span, exactly
from evalkit.estimate.estimating import Estimator
from evalkit.estimate.history import History, Past, Sample
from evalkit.estimate.requests import PARTS, Asked, AskedRequest, tabulate
from evalkit.estimate.survey import survey_of
from evalkit.suite.loader import load_suite
from evalkit.suite.plan import Census, Plan
from evalkit.types import CostEstimate
from tests.costs.asked import model

PRICE = {"input": 2.0, "output": 8.0}


def plan_of(folder: Path, **suite: Any) -> tuple[Plan, Census]:
    """A plan of one model at $2/$8, one prompt and three cases, or as `suite` has it."""
    suite = {
        "models": [{"name": "m", "id": "gpt-4o", "price": PRICE}],
        "prompts": ["{{ q }}"],
        "cases": [{"id": name, "vars": {"q": f"Say {name}."}, "checks": "none"} for name in "abc"],
        **suite,
    }
    file = folder / "suite.yaml"
    file.write_text(json.dumps(suite), encoding="utf-8")
    plan = Plan(load_suite(file, environ={}))
    return plan, plan.prepare()


def estimator_of(plan: Plan, census: Census, history: History | None = None, **more: Any) -> Estimator:
    return Estimator(plan, survey_of(plan, census), history, **more)


def estimate_of(plan: Plan, census: Census, history: History | None = None, **more: Any) -> CostEstimate:
    return estimator_of(plan, census, history, **more).estimate()


def row(**changes: Any) -> AskedRequest:
    """A request of 100 input tokens that nothing is known of."""
    first, *others = PARTS
    values: Mapping[str, Any] = {
        "prompt": "p",
        "case_id": "c",
        "tags": (),
        "key": "k",
        "turn": 0,
        "later": 0,
        "parts": {first: exactly(100), **dict.fromkeys(others, exactly(0))},
        "worst_input": 1_000,
        "most_output": 16_384,
        "answers": 1,
        "capped": False,
        "prior": OutputPrior(
            visible=Length(median=50, suite_sigma=1.0, trial_sigma=0.5), reasoning=None, basis="a prior"
        ),
    }
    return AskedRequest(**{**values, **changes})


def asked_of(*rows: AskedRequest, model_id: str = "gpt-4o") -> Asked:
    trials = sum(each.repeats for each in rows if each.turn == 0)
    return tabulate(model(model_id), rows, trials=trials, method="exact")


def with_parts(**parts: Span) -> dict[str, Span]:
    """Input tokens by what makes them uncertain; none of what is not named."""
    return {name: parts.get(name, exactly(0)) for name in PARTS}


def sample(**changes: Any) -> Sample:
    """An answer of 20 tokens to a prompt of 10."""
    values: Mapping[str, Any] = {
        "key": "", "case_id": "a", "tags": (), "prompt": "default", "turn": 0, "input_tokens": 10,
        "output_tokens": 20, "reasoning_tokens": None, "cached_input_tokens": None, "latency_s": None,
    }  # fmt: skip
    return Sample(**{**values, **changes})


def history_of(*samples: Sample, model_name: str = "m", pilot: bool = False) -> History:
    return History(models={model_name: Past(samples=list(samples), runs={"run-1": pilot})})
