"""A rollout: dollars a day and a month, whatever the evaluation repeated, judged or found stored."""

from __future__ import annotations

import pytest

from evalkit.estimate.history import History
from evalkit.estimate.request_log import Log, Logged
from evalkit.estimate.rollout import CASES, roll_out
from evalkit.suite.traffic import DAYS_A_MONTH, Traffic
from tests.estimate.plans import PRICE, estimator_of, history_of, plan_of, sample

TRAFFIC = Traffic(requests_per_day=50_000)
JUDGED = [{"id": name, "vars": {"q": name}, "checks": [{"judge": {"rubric": "kind", "model": "o3"}}]} for name in "abc"]


def feature(plan, *, outputs=(1200, 1200, 1200), inputs=(1200, 1200, 1200), **more) -> History:
    """Answers to each case, as they were billed."""
    samples = []
    for trial in plan.trials(plan.models[0]):
        place = "abc".index(trial.case_id)
        billed = {"input_tokens": inputs[place], "output_tokens": outputs[place]}
        samples.append(sample(key=trial.key, case_id=trial.case_id, tags=trial.tags, **billed, **more))
    return history_of(*samples)


def rolled(plan, census, history=None, traffic=TRAFFIC, mix=None, log=None):
    known = estimator_of(plan, census, history).known
    return roll_out(known, traffic, mix={"m": 1.0} if mix is None else mix, log=log)


@pytest.mark.parametrize(
    ("suite", "answers"),
    [
        ({}, {}),
        ({"defaults": {"repeat": 7}}, {}),
        ({"cases": JUDGED}, {}),
        ({"defaults": {"repeat": 3}, "cases": JUDGED}, {"cached_input_tokens": 1024}),
    ],
    ids=["plain", "repeated", "judged", "all of it, with the gateway's own cache"],
)
def test_fifty_thousand_requests_of_1200_tokens_in_and_out_cost_600_dollars_a_day(tmp_path, suite, answers):
    models = [{"name": "m", "id": "gpt-4o", "price": {**PRICE, "cached_input": 0.5}}]
    plan, census = plan_of(tmp_path, models=models, **suite)
    rollout = rolled(plan, census, feature(plan, **answers))
    assert rollout.cost_per_day_usd.median == pytest.approx(600, rel=0.01)
    assert rollout.cost_per_day_usd.low <= 600 <= rollout.cost_per_day_usd.high
    assert rollout.cost_per_month_usd.median == pytest.approx(600 * DAYS_A_MONTH, rel=0.01)
    assert len(rollout.months) == 1


def test_answers_that_vary_cost_what_their_mean_costs(tmp_path):
    plan, census = plan_of(tmp_path, defaults={"repeat": 30})
    rollout = rolled(plan, census, feature(plan, outputs=(900, 1200, 1500)))
    assert rollout.cost_per_day_usd.median == pytest.approx(600, rel=0.02)


def test_less_than_a_request_a_month_costs_as_much_less(tmp_path):
    plan, census = plan_of(tmp_path)
    rare = rolled(plan, census, feature(plan), Traffic(requests_per_day=0.001))
    assert rare.cost_per_day_usd.median == pytest.approx(0.001 * 0.012, rel=0.01)


def test_traffic_grows_by_the_month(tmp_path):
    plan, census = plan_of(tmp_path)
    traffic = Traffic(requests_per_day=50_000, growth_per_month=0.1, months=6)
    rollout = rolled(plan, census, feature(plan), traffic)
    first, *_, last = rollout.months
    assert (first.month, last.month) == (1, 6)
    assert last.requests == pytest.approx(first.requests * 1.1**5)
    assert last.cost_usd.median == pytest.approx(first.cost_usd.median * 1.1**5)
    assert last.input_tokens.median == pytest.approx(first.input_tokens.median * 1.1**5, rel=1e-6)
    assert rollout.total_cost_usd.median == pytest.approx(first.cost_usd.median * sum(1.1**n for n in range(6)))


def test_a_cached_share_and_a_retry_rate_are_as_they_are_given(tmp_path):
    models = [{"name": "m", "id": "gpt-4o", "price": {**PRICE, "cached_input": 0.5}}]
    plan, census = plan_of(tmp_path, models=models)
    traffic = Traffic(requests_per_day=50_000, cached_input_share=0.5, retry_rate=0.02)
    rollout = rolled(plan, census, feature(plan), traffic)
    expected = 50_000 * 1.02 * (600 * 2 + 600 * 0.5 + 1200 * 8) / 1e6
    assert rollout.cost_per_day_usd.median == pytest.approx(expected, rel=0.01)


def test_a_mix_is_the_weighted_sum_and_what_if_is_each_model_alone(tmp_path):
    models = [
        {"name": name, "id": "gpt-4o", "price": price}
        for name, price in (("m", PRICE), ("cheap", {"input": 1, "output": 1}))
    ]
    plan, census = plan_of(tmp_path, models=models)
    history = feature(plan)
    history.models["cheap"] = history.models["m"]
    rollout = rolled(plan, census, history, mix={"m": 0.8, "cheap": 0.2})
    dear, cheap = rollout.what_if
    assert dear.cost_per_day_usd.median == pytest.approx(600, rel=0.02)
    assert rollout.cost_per_day_usd.median == pytest.approx(
        0.8 * dear.cost_per_day_usd.median + 0.2 * cheap.cost_per_day_usd.median, rel=0.01
    )
    assert [(row.model, row.share, row.requests_per_day) for row in rollout.models] == [
        ("m", 0.8, 40_000), ("cheap", 0.2, 10_000),
    ]  # fmt: skip


def test_without_a_mix_nothing_is_summed_up(tmp_path):
    plan, census = plan_of(tmp_path, models=["gpt-4o", "o3"])
    rollout = rolled(plan, census, mix={})
    assert rollout.total_cost_usd is None
    assert rollout.months[0].cost_usd is None
    assert [row.model for row in rollout.models] == ["gpt-4o", "o3"]


def test_an_unpriced_model_in_the_mix_leaves_the_sum_unknown(tmp_path):
    models = ["gpt-4o", {"id": "nobodys", "provider": "gptproto", "api": "chat"}]
    plan, census = plan_of(tmp_path, models=models)
    rollout = rolled(plan, census, mix={"gpt-4o": 0.5, "nobodys": 0.5})
    assert rollout.cost_per_day_usd is None
    assert rollout.models[0].cost_per_day_usd is not None
    assert rollout.months[0].input_tokens.median > 0


def test_cases_come_as_often_as_their_weights_say(tmp_path):
    cases = [
        {"id": name, "vars": {"q": name}, "tags": tags, "checks": "none"}
        for name, tags in (("a", ["long"]), ("b", []), ("c", []))
    ]
    plan, census = plan_of(tmp_path, cases=cases, defaults={"repeat": 40})
    history = feature(plan, outputs=(3000, 300, 300), inputs=(3000, 300, 300))
    plain = rolled(plan, census, history).models[0].input_tokens_per_request.median
    tagged = Traffic(requests_per_day=50_000, tag_weights={"long": 7})
    weighed = rolled(plan, census, history, tagged).models[0]
    assert plain == pytest.approx(1200, rel=0.1)
    assert weighed.input_tokens_per_request.median == pytest.approx((7 * 3000 + 600) / 9, rel=0.1)
    assert weighed.output_tokens_per_request.median == pytest.approx((7 * 3000 + 600) / 9, rel=0.2)


def test_few_and_unlike_cases_make_the_interval_wide(tmp_path):
    plan, census = plan_of(tmp_path, defaults={"repeat": 30})
    alike = rolled(plan, census, feature(plan)).cost_per_day_usd
    unlike = rolled(plan, census, feature(plan, inputs=(100, 500, 3000)))
    assert alike.high / alike.low < 1.5
    assert unlike.cost_per_day_usd.high / unlike.cost_per_day_usd.low > alike.high / alike.low
    assert CASES in {share.source for share in unlike.uncertainty}


def test_logged_requests_take_the_place_of_the_cases(tmp_path):
    plan, census = plan_of(tmp_path)
    lines = tuple(Logged(name=f"line {n}", input_tokens=1200, output_tokens=1200) for n in range(40))
    rollout = rolled(plan, census, log=Log(name="log.jsonl", lines=lines))
    assert rollout.cost_per_day_usd.median == pytest.approx(600, rel=0.01)
    assert rollout.requests_from == "log.jsonl"


def test_a_conversation_is_one_request_of_the_traffic(tmp_path):
    cases = [{"id": "a", "turns": ["Hello.", "Go on."], "checks": "none"}]
    plan, census = plan_of(tmp_path, cases=cases)
    (trial,) = plan.trials(plan.models[0])
    history = history_of(*(sample(key=trial.key, turn=n, input_tokens=600, output_tokens=600) for n in (0, 1)))
    rollout = rolled(plan, census, history)
    assert rollout.cost_per_day_usd.median == pytest.approx(600, rel=0.01)
    assert any("whole conversation" in note for note in rollout.notes)


def test_what_the_interval_leaves_out_is_said(tmp_path):
    plan, census = plan_of(tmp_path)
    assert any("unlike those that were counted" in note for note in rolled(plan, census).notes)
