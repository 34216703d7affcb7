"""An answer that is refused, blocked or empty passes nothing, whatever a suite forbids it to be."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from evalkit.checks.scoring import score_trial
from evalkit.registry import CHECKS
from evalkit.types import BoundCheck, Finding, Model, Provider, Request, Response, Trial, Usage

pytestmark = pytest.mark.anyio

INNER = {
    "contains": {"text": "x"}, "icontains": {"text": "x"}, "starts_with": {"text": "x"}, "ends_with": {"text": "x"},
    "contains_any": {"texts": ["x"]}, "contains_all": {"texts": ["x"]}, "one_of": {"texts": ["x"]},
    "equals": {"value": "x"}, "regex": {"pattern": "x"}, "word_count": {"min": 100}, "char_count": {"min": 999},
    "similarity": {"text": "x"}, "rouge": {"reference": "x"}, "bleu": {"reference": "x"}, "chrf": {"reference": "x"},
    "is_refusal": {"phrases": ["xyz"]}, "json": {}, "json_schema": {"schema": {}}, "json_path": {"path": "x"},
    "yaml": {}, "xml": {}, "code_block": {}, "choice": {"value": "B"}, "number": {"value": 7},
    "set_equals": {"items": ["x"]}, "list_equals": {"items": ["x"]}, "f1": {"answers": "x"},
    "exact_match": {"answers": "x"},
}  # fmt: skip
NEGATIVE = {name: CHECKS["not"](check=CHECKS[name](**arguments)) for name, arguments in INNER.items()} | {
    "json: false": CHECKS["json"](valid=False),
    "yaml: false": CHECKS["yaml"](valid=False),
    "xml: false": CHECKS["xml"](valid=False),
    "is_refusal: false": CHECKS["is_refusal"](refused=False),
    "at most": CHECKS["word_count"](max=100),
}


async def passes(check, text: str, outcome: str, accept: frozenset = frozenset()) -> bool | None:
    async def run_blocking(func: Callable[[], Finding]) -> Finding:
        return func()

    model = Model(
        name="m", id="m", api="chat", family="gpt", provider=Provider(name="p", base_url="", api_key_env=None)
    )
    trial = Trial(
        key="k", case_id="c", prompt="p", model=model, repeat=0, accept=accept,
        request=Request(model="m", messages=()), checks=(BoundCheck(name="x", bind=lambda output: check),),
    )  # fmt: skip
    response = Response(text=text, model=None, finish_reason=None, outcome=outcome, usage=Usage())
    verdict = await score_trial(trial, response, latency_s=1.0, cost_usd=0.0, run_blocking=run_blocking)
    return verdict.passed


@pytest.mark.parametrize("name", NEGATIVE)
async def test_a_negative_check_passes_an_answer_and_never_its_absence(name):
    check = NEGATIVE[name]
    assert await passes(check, "Paris it is", "ok")
    assert await passes(check, "Paris it is", "refusal") is False
    assert await passes(check, "", "refusal") is False
    assert await passes(check, "Paris it is", "content_policy") is False
    assert await passes(check, "", "ok") is False
    assert await passes(check, " \n", "ok") is False
    assert await passes(check, "\u200b \ufeff\u2060", "ok") is False
    assert await passes(check, "", "length") is False


async def test_a_refusal_that_is_wanted_passes_where_it_is_accepted():
    check = CHECKS["is_refusal"]()
    assert await passes(check, "I can't help with that", "refusal", frozenset({"refusal"}))
    assert await passes(check, "", "content_policy", frozenset({"content_policy"}))
    assert await passes(check, "I can't help with that", "refusal") is False
    assert await passes(check, "Paris", "ok") is False
