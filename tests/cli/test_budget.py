"""Budgets as a user meets them."""

from __future__ import annotations

import json

import pytest

from tests.another_gateway import Answer, Arrived
from tests.cli.conftest import case

UNCAPPED_O3 = {
    "models": ["o3"],
    "prompts": ["{{ q }} {{ n }}"],
    "matrix": {"n": list(range(30))},
    "cases": [case("q", repeat=4)],
}


def thoughtful(arrived: Arrived) -> Answer:
    """1,500 tokens: $0.0108 by GPTProto's prices, so that 120 of these cost $1.30."""
    message = {"role": "assistant", "content": "yes"}
    usage = {"prompt_tokens": 20, "completion_tokens": 1500, "total_tokens": 1520}
    return Answer(json.dumps({"choices": [{"message": message, "finish_reason": "stop"}], "usage": usage}).encode())


def manifest_of(ended) -> dict:
    return json.loads((ended.folder / "run.json").read_text("utf-8"))


def spent(ended) -> float:
    return sum(record["cost_usd"] for record in ended.records)


def test_what_really_costs_less_than_its_budget_is_finished_however_much_it_could_have_cost(cli, write, gateway):
    gateway.answer = thoughtful
    ended = cli("run", write(**UNCAPPED_O3), "--max-cost", "2")
    assert ended.code == 0
    assert len(ended.records) == 120
    assert spent(ended) == pytest.approx(1.30, abs=0.01)


def test_a_run_over_its_budget_ends_with_4_and_keeps_what_is_done(cli, write, gateway):
    gateway.answer = thoughtful
    ended = cli("run", write(**UNCAPPED_O3), "--max-cost", "1")
    assert ended.code == 4
    assert 60 < len(ended.records) == len(gateway.arrived) < 100
    assert spent(ended) <= 1
    assert f"${spent(ended):.4f} of $1.0000 spent" in ended.reason
    summary = json.loads((ended.folder / "summary.json").read_text("utf-8"))
    assert summary["models"][0]["not_run"] == 120 - len(ended.records)


def test_the_budget_of_a_suite_holds_too(cli, write, gateway):
    gateway.answer = thoughtful
    ended = cli("run", write(**UNCAPPED_O3, budget={"max_cost_usd": 0.5}))
    assert (ended.code, gateway.arrived) == (4, [])
    assert "could have cost up to $0.72" in ended.reason
    assert manifest_of(ended)["budget_usd"] == 0.5


def test_the_flag_takes_the_place_of_the_suites_budget(cli, write, gateway):
    gateway.answer = thoughtful
    ended = cli("run", write(**UNCAPPED_O3, budget={"max_cost_usd": 0.5}), "--max-cost", "2")
    assert ended.code == 0
    assert manifest_of(ended)["budget_usd"] == 2


def test_one_budget_holds_over_all_suites_of_a_command(cli, write, gateway):
    gateway.answer = thoughtful
    ended = cli("run", write("a.yaml", **UNCAPPED_O3), write("b.yaml", **UNCAPPED_O3), "--max-cost", "2")
    assert ended.code == 4
    assert len(gateway.arrived) * 0.0108 <= 2


def test_a_model_without_a_price_starts_no_run_with_a_budget(cli, write, gateway):
    model = {"id": "house-model", "provider": "gptproto", "api": "chat"}
    ended = cli("run", write(models=["gpt-4o", model]), "--max-cost", "1")
    assert (ended.code, gateway.arrived) == (2, [])
    assert "house-model has none" in ended.err
    assert not (ended.place / "results").exists()


def test_a_price_of_nothing_is_a_price(cli, write, gateway):
    model = {"id": "house-model", "provider": "gptproto", "api": "chat", "price": {"input": 0, "output": 0}}
    ended = cli("run", write(models=[model]), "--max-cost", "0.000001")
    assert ended.code == 0


@pytest.mark.parametrize("amount", ["0", "-1", "nan", "inf", "two"])
def test_an_amount_that_is_none_is_said(cli, write, gateway, amount):
    ended = cli("run", write(), "--max-cost", amount)
    assert (ended.code, gateway.arrived) == (2, [])
    assert "--max-cost" in ended.err
