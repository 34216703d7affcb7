"""The one task group: who is asked when, how much at once, and what is kept."""

from __future__ import annotations

import json

import anyio
import pytest

from evalkit.gateway import retry
from evalkit.gateway.client import Reply
from evalkit.pacing.lane import ROUNDS
from evalkit.running import runner
from evalkit.types import Response, Usage
from tests.stage import Asked, Run, ok, refusal, stage_run

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "BASE_S", 0.02)


def wait_for_company(run: Run, **wanted: int) -> None:
    """From the second request on, no model answers before so many requests have been under way: at once."""
    reached = anyio.Event()

    async def script(asked: Asked):
        if all(run.stage.peak[name.strip("_")] >= count for name, count in wanted.items()):
            reached.set()
        if asked.number > 1:
            await reached.wait()
            await anyio.wait_all_tasks_blocked()  # whoever may still come, comes now
        return ok()

    run.stage.script = script


async def test_a_models_limit_is_reached_and_never_passed(tmp_path):
    run = stage_run(tmp_path, {"a": {"max_concurrency": 3}, "b": {"max_concurrency": 5}}, cases=20)
    wait_for_company(run, a=3, b=5)
    await run.go()
    assert run.stage.peak == {"a": 3, "b": 5, "": 8}
    assert len(run.records) == 40


async def test_the_limit_over_all_models_is_reached_and_never_passed(tmp_path):
    models = {name: {"max_concurrency": 4} for name in "abc"}
    run = stage_run(tmp_path, models, cases=12, max_concurrency=5)
    wait_for_company(run, _=5)
    await run.go()
    assert run.stage.peak[""] == 5
    assert len(run.records) == 36


async def test_a_given_concurrency_takes_the_place_of_every_models_own(tmp_path):
    run = stage_run(tmp_path, {"a": {"max_concurrency": 1}, "b": {"max_concurrency": 7}}, cases=9)
    wait_for_company(run, a=2, b=2)
    await run.go(concurrency=2)
    assert run.stage.peak == {"a": 2, "b": 2, "": 4}


async def test_a_slow_model_does_not_hold_back_the_others(tmp_path):
    run = stage_run(tmp_path, {"slow": {}, "quick": {}}, cases=30)
    quick_is_done = anyio.Event()

    async def script(asked: Asked):
        if asked.model == "slow":
            await quick_is_done.wait()
        elif asked.number == 30:
            quick_is_done.set()
        return ok()

    run.stage.script = script
    await run.go()
    assert len(run.of("slow")) == len(run.of("quick")) == 30


async def test_models_take_turns_rather_than_queue_one_behind_the_other(tmp_path):
    run = stage_run(tmp_path, {"a": {"max_concurrency": 1}, "b": {"max_concurrency": 1}}, cases=10, max_concurrency=1)
    await run.go()
    halves = [{asked.model for asked in half} for half in (run.stage.asked[:10], run.stage.asked[10:])]
    assert halves == [{"a", "b"}, {"a", "b"}]


async def test_the_first_trial_of_each_model_goes_alone(tmp_path):
    run = stage_run(tmp_path, {"a": {}, "b": {}}, cases=10)
    alone: dict[str, int] = {}

    async def script(asked: Asked):
        if asked.number == 1:
            await anyio.wait_all_tasks_blocked()
            alone[asked.model] = run.stage.times(asked.model)
        return ok()

    run.stage.script = script
    await run.go()
    assert alone == {"a": 1, "b": 1}
    assert len(run.records) == 20


async def test_the_rest_does_not_wait_for_a_first_trial_that_takes_long(tmp_path, monkeypatch):
    monkeypatch.setattr(runner, "FIRST_ALONE_S", 0.01)
    run = stage_run(tmp_path, {"a": {}}, cases=10)
    others_came = anyio.Event()

    async def script(asked: Asked):
        if asked.number == 10:
            others_came.set()
        if asked.number == 1:
            await others_came.wait()
        return ok()

    run.stage.script = script
    await run.go()
    assert len(run.records) == 10


async def test_every_planned_trial_has_one_record(tmp_path):
    run = stage_run(
        tmp_path,
        {"a": {}, "b": {}},
        cases=5,
        prompts=[{"name": "one", "user": "{{ q }}"}, {"name": "two", "user": "{{ q }}!"}],
        defaults={"repeat": 3},
    )
    await run.go()
    made = {(record.model, record.prompt, record.case_id, record.repeat) for record in run.records}
    assert len(run.records) == len(made) == len({record.key for record in run.records}) == run.census.trials == 60
    assert run.watched.records == run.records


class InstantGateway:
    """Answers without a network."""

    async def ask(self, trial, **_):
        await anyio.lowlevel.checkpoint()
        response = Response(text="yes", model=None, finish_reason="stop", outcome="ok", usage=Usage())
        return Reply(response=response, latency_s=0.0, attempts=1)


async def test_trials_are_made_as_they_are_needed(tmp_path, monkeypatch):
    run = stage_run(tmp_path, {"a": {"max_concurrency": 4}}, cases=1, defaults={"repeat": 10_000})
    run.gateway = InstantGateway()
    ahead, made, trials = 0, 0, run.plan.trials

    def counted(model):
        nonlocal ahead, made
        for trial in trials(model):
            made += 1
            ahead = max(ahead, made - len(run.watched.records))
            yield trial

    monkeypatch.setattr(run.plan, "trials", counted)
    await run.go(keep_raw=False)
    assert made == len(run.watched.records) == 10_000
    assert ahead < 2000  # what waits to be written, and to be safe on disk


async def test_the_slot_is_free_while_a_request_waits_to_be_sent_again(tmp_path):
    run = stage_run(tmp_path, {"a": {"max_concurrency": 1}}, cases=3)

    async def script(asked: Asked):
        return refusal(429, retry_after="0.3") if asked.number == 2 else ok()

    run.stage.script = script
    await run.go()
    assert [asked.text for asked in run.stage.asked] == ["q1", "q2", "q3", "q2"]
    assert run.stage.peak["a"] == 1


async def test_attempts_and_waits_are_counted(tmp_path):
    run = stage_run(tmp_path, {"a": {}}, cases=1)

    async def script(asked: Asked):
        return ok() if asked.number == 3 else refusal(500)

    run.stage.script = script
    await run.go()
    assert run.records[0].attempts == 3
    assert run.watched.waits == [("a", "server", 2), ("a", "server", 3)]


async def test_the_parts_of_a_trials_time_add_up(tmp_path):
    run = stage_run(tmp_path, {"a": {"max_concurrency": 1}}, cases=3)

    async def script(asked: Asked):
        await anyio.sleep(0.02)
        return refusal(429, retry_after="0.1") if asked.number == 2 else ok()

    run.stage.script = script
    await run.go()
    by_case = {record.case_id: record.timing for record in run.records}
    for timing in by_case.values():
        gap = timing.e2e_s - (timing.queue_s + timing.backoff_s + timing.latency_s)
        assert 0 <= gap < 0.5  # the attempt that failed, and what the loop was busy with
        assert timing.latency_s >= 0.02
        assert (timing.ttft_s, timing.ttfo_s, timing.tpot_s) == (None, None, None)
    assert by_case["c2"].backoff_s >= 0.1
    assert by_case["c1"].backoff_s == by_case["c3"].backoff_s == 0
    assert by_case["c3"].queue_s >= 0.02  # c2's first attempt had the only slot


async def test_a_check_that_raises_leaves_its_trial_unscored_and_the_others_alone(tmp_path):
    broken = {
        "id": "broken",
        "vars": {"q": "q"},
        "checks": [{"contains": "{{ output.no.such.thing }}"}, {"equals": "yes"}],
    }
    sound = {"id": "sound", "vars": {"q": "q"}, "checks": [{"equals": "yes"}]}
    run = stage_run(tmp_path, {"a": {}}, cases=[broken, sound])
    await run.go()
    records = {record.case_id: record for record in run.records}
    assert (records["broken"].passed, records["broken"].score, records["broken"].error) == (None, None, None)
    assert [(score.check, score.passed) for score in records["broken"].scores] == [("contains", None), ("equals", True)]
    assert "no" in records["broken"].scores[0].error
    assert records["sound"].passed is True


async def test_a_trial_without_an_answer_is_kept_with_its_fault(tmp_path):
    run = stage_run(tmp_path, {"a": {"max_attempts": 2}}, cases=1)

    async def script(asked: Asked):
        return refusal(503, "overloaded")

    run.stage.script = script
    await run.go()
    record = run.records[0]
    assert (record.response, record.passed, record.score, record.scores, record.cost_usd) == (
        None,
        None,
        None,
        (),
        None,
    )
    assert (record.error.kind, record.error.status, record.attempts, record.timing.latency_s) == (
        "server",
        503,
        2 * ROUNDS,
        None,
    )


@pytest.mark.parametrize("keep_raw", [True, False])
async def test_bodies_are_kept_unless_told_otherwise(tmp_path, keep_raw):
    run = stage_run(tmp_path, {"a": {}}, cases=1)
    await run.go(keep_raw=keep_raw)
    record = json.loads((run.folder / "records.jsonl").read_text())
    assert record["response"]["text"] == "yes"
    assert ("request" in record, "raw" in record["response"]) == (keep_raw, keep_raw)


async def test_the_expected_answer_is_told_to_the_stand_in_only(tmp_path):
    cases = [{"id": "c", "vars": {"q": "q"}, "expected": "巴黎, oui", "checks": [{"equals": "yes"}]}]
    run = stage_run(tmp_path, {"a": {}}, cases=cases)
    for stand_in in (False, True):
        await run.go(stand_in=stand_in)
    real, played = (
        {name: value for name, value in asked.headers.items() if name.startswith("x-evalkit")}
        for asked in run.stage.asked
    )
    assert real == {}
    assert played == {"x-evalkit-expected": "%E5%B7%B4%E9%BB%8E%2C%20oui", "x-evalkit-repeat": "0"}


async def test_costs_come_from_usage_and_the_suites_price(tmp_path):
    run = stage_run(tmp_path, {"a": {"price": {"input": 2, "output": 10}}, "b": {}}, cases=1)

    async def script(asked: Asked):
        return ok(prompt_tokens=1000, completion_tokens=500) if asked.model == "a" else ok()

    run.stage.script = script
    await run.go()
    assert run.of("a")[0].cost_usd == pytest.approx(0.007)
    assert run.of("b")[0].cost_usd is None
