"""Runs through bad weather on a virtual clock: rate limits, server faults, an outage, requests that never answer."""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise

import anyio
import pytest

from evalkit.pacing.lane import LIMITED_ROUNDS, PASSAGES_A_PLACE, Lane
from tests import stage
from tests.stage import Asked, ok, refusal, stage_run
from tests.virtual_time import run_virtually

CASES = int(os.environ.get("EVALKIT_WEATHER_CASES", "200"))
"""Per model; 2,000 is the full length."""
MODELS = {
    "calm": {"max_concurrency": 16},
    "limited": {"max_concurrency": 32},
    "shaky": {"max_concurrency": 32},
    "stormy": {"max_concurrency": 32},
    "silent": {"max_concurrency": 16, "timeout_s": 60},
}
SHARES = {
    "calm": (0.0, 0.0),
    "limited": (0.3, 0.0),
    "shaky": (0.0, 0.3),
    "stormy": (0.15, 0.15),
    "silent": (0.02, 0.02),
}
"""Of 429s and of 5xxs among all answers."""
OUTAGE_S = (1_005.0, 1_065.0)
"""In which nothing but 503s comes; the clock begins at 1,000."""


@dataclass
class Weather:
    """What the models answer, drawn from a seed, and what they saw."""

    dice: random.Random
    told: dict[tuple[str, str], float] = field(default_factory=dict)
    """Model and trial → the time before which it may not come again."""
    too_early: list[tuple[str, str, float]] = field(default_factory=list)
    silences: Counter[tuple[str, str]] = field(default_factory=Counter)
    answered: Counter[tuple[str, str]] = field(default_factory=Counter)
    in_outage: Counter[str] = field(default_factory=Counter)

    async def answer(self, asked: Asked):
        who = (asked.model, asked.text)
        now = anyio.current_time()
        if now < self.told.get(who, 0.0):
            self.too_early.append((*who, self.told[who] - now))
        await anyio.sleep(self.dice.lognormvariate(0.0, 0.6))
        if OUTAGE_S[0] <= anyio.current_time() < OUTAGE_S[1]:
            self.in_outage[asked.model] += 1
            return refusal(503, "overloaded")
        limited, broken = SHARES[asked.model]
        draw = self.dice.random()
        if draw < limited:
            return self._limit(who)
        if draw < limited + broken:
            return refusal(self.dice.choice([500, 502, 503]), "broken")
        if asked.model == "silent" and self.dice.random() < 0.05:
            self.silences[who] += 1
            await anyio.sleep(10_000)
        self.answered[who] += 1
        return ok(prompt_tokens=3, completion_tokens=1)

    def _limit(self, who: tuple[str, str]):
        if self.dice.random() < 0.5:
            return refusal(429, "slow down")
        seconds = self.dice.choice([1, 2, 5])
        self.told[who] = anyio.current_time() + seconds
        return refusal(429, "slow down", retry_after=str(seconds))


@pytest.fixture
def lanes(monkeypatch: pytest.MonkeyPatch) -> list[Lane]:
    """Every lane that a run opens."""
    opened: list[Lane] = []
    create = Lane.__init__

    def note(self: Lane, *arguments, **named) -> None:
        create(self, *arguments, **named)
        opened.append(self)

    monkeypatch.setattr(Lane, "__init__", note)
    monkeypatch.setattr(stage, "PATIENCE_S", 1e9)
    return opened


@pytest.mark.parametrize("seed", [1, 2])
def test_every_trial_ends_in_exactly_one_record_whatever_the_weather(tmp_path, lanes, seed):
    weather = Weather(random.Random(seed))
    run = stage_run(tmp_path, MODELS, cases=CASES)
    run.stage.script = weather.answer
    ending = run_virtually(run.go)

    records = Counter((record.model, record.case_id) for record in run.records)
    assert len(records) == CASES * len(MODELS)
    assert set(records.values()) == {1}
    assert not ending.stopped

    lost = [record for record in run.records if record.error is not None]
    assert all(record.error.kind == "timeout" and record.model == "silent" for record in lost)
    assert all(weather.silences["silent", record.case_id.replace("c", "q")] == 2 for record in lost)
    assert weather.too_early == []
    assert all(lane._places.borrowed_tokens == 0 for lane in lanes)
    assert max(weather.answered.values()) == 1


def test_an_outage_is_probed_rather_than_stormed(tmp_path, lanes):
    weather = Weather(random.Random(3))
    run = stage_run(tmp_path, {"calm": {"max_concurrency": 16}}, cases=max(CASES, 200))
    run.stage.script = weather.answer
    run_virtually(run.go)
    # Those under way when it began, their first retries, and then one probe after the other.
    assert 20 <= weather.in_outage["calm"] <= 80
    assert all(record.error is None for record in run.records)


def test_an_outage_without_end_stops_the_model_and_loses_few_trials(tmp_path, lanes):
    run = stage_run(tmp_path, {"dead": {"max_outage_s": 120}, "well": {}}, cases=100)

    async def script(asked: Asked):
        await anyio.sleep(0.5)
        return refusal(503, "overloaded") if asked.model == "dead" else ok()

    run.stage.script = script
    ending = run_virtually(run.go)
    assert "nothing was answered for 120 s" in ending.stopped["dead"].message
    assert len(run.of("well")) == 100
    assert 1 <= len(run.of("dead")) <= 32
    assert run.stage.times("dead") < 150


def test_a_herd_waits_for_the_same_retry_after(tmp_path, lanes):
    run = stage_run(tmp_path, {"m": {"max_concurrency": 8}}, cases=40)
    arrivals: list[float] = []

    async def script(asked: Asked):
        arrivals.append(anyio.current_time())
        await anyio.sleep(0.1)
        return refusal(429, "slow", retry_after="30") if asked.number == 5 else ok()

    run.stage.script = script
    run_virtually(run.go)
    gaps = [later - earlier for earlier, later in pairwise(arrivals)]
    assert max(gaps) >= 29.9
    assert run.watched.holds[0][1] == pytest.approx(30.0)
    assert len(run.records) == 40


def test_requests_a_minute_are_kept(tmp_path, lanes):
    run = stage_run(tmp_path, {"m": {"rpm": 60}}, cases=150)
    arrivals: list[float] = []

    async def script(asked: Asked):
        arrivals.append(anyio.current_time())
        return ok()

    run.stage.script = script
    run_virtually(run.go)
    busiest = max(sum(start <= moment < start + 60 for moment in arrivals) for start in arrivals)
    assert 55 <= busiest <= 60


def test_tokens_a_minute_are_kept_by_what_answers_really_used(tmp_path, lanes):
    run = stage_run(tmp_path, {"m": {"tpm": 6000}}, cases=120)
    spent: list[float] = []

    async def script(asked: Asked):
        spent.append(anyio.current_time())
        return ok(prompt_tokens=50, completion_tokens=50)

    run.stage.script = script
    run_virtually(run.go)
    minutes = (spent[-1] - spent[0]) / 60
    assert 100 * len(spent) / minutes <= 6000 * 1.1
    assert minutes < 5


def test_concurrency_starts_small_and_finds_the_limit(tmp_path, lanes):
    run = stage_run(tmp_path, {"m": {"max_concurrency": 64}}, cases=600)

    async def script(asked: Asked):
        crowded = run.stage.under_way["m"] > 40
        await anyio.sleep(1.0)
        return refusal(429, "too many") if crowded else ok()

    run.stage.script = script
    run_virtually(run.go)
    limits = [change.limit for change in lanes[0].history]
    assert limits[:4] == [8, 16, 32, 64]
    assert lanes[0].history[1].at_s == pytest.approx(2.0)  # the first trial alone, then a round of eight
    assert min(limits[4:]) >= 26
    assert len(run.records) == 600
    assert all(record.error is None for record in run.records)


async def _storm(asked: Asked):
    await anyio.sleep(0.1)
    return refusal(429, "slow down") if anyio.current_time() < 1_200 else ok()


def test_a_storm_of_429s_holds_a_bounded_number_of_trials(tmp_path, lanes):
    run = stage_run(tmp_path, {"m": {"max_concurrency": 4}}, cases=400)
    run.stage.script = _storm
    seen: list[int] = []
    run.watched.waiting = lambda *_: seen.append(len({asked.text for asked in run.stage.asked}))
    run_virtually(run.go)
    assert max(seen[:400]) <= 4 * PASSAGES_A_PLACE
    assert len(run.records) == 400
    assert all(record.error is None for record in run.records)


def test_a_model_that_never_answers_is_given_up(tmp_path, lanes):
    run = stage_run(tmp_path, {"mute": {"timeout_s": 30, "max_outage_s": 120}}, cases=500)

    async def script(asked: Asked):
        await anyio.sleep(10_000)

    run.stage.script = script
    ending = run_virtually(run.go)
    assert "nothing was answered for 120 s" in ending.stopped["mute"].message
    assert run.stage.times("mute") < 60


def test_a_trial_that_alone_is_limited_for_ever_ends_by_itself(tmp_path, lanes):
    run = stage_run(tmp_path, {"m": {}}, cases=300)

    async def script(asked: Asked):
        await anyio.sleep(0.5)
        return refusal(429, "too large for your tokens a minute") if asked.text == "q7" else ok()

    run.stage.script = script
    ending = run_virtually(run.go)
    assert not ending.stopped
    errors = [record for record in run.records if record.error is not None]
    assert [record.case_id for record in errors] == ["c7"]
    assert sum(asked.text == "q7" for asked in run.stage.asked) <= 5 * LIMITED_ROUNDS


def test_a_case_that_is_wrong_by_itself_does_not_stop_its_model(tmp_path, lanes):
    run = stage_run(tmp_path, {"m": {}}, cases=50)

    async def script(asked: Asked):
        await anyio.sleep(8.0 if asked.text == "q1" else 0.1)
        return refusal(400, "an odd case") if asked.text == "q2" else ok()

    run.stage.script = script
    ending = run_virtually(run.go)
    assert not ending.stopped
    assert len(run.records) == 50


def test_rates_are_kept_through_a_hold(tmp_path, lanes):
    run = stage_run(tmp_path, {"m": {"rpm": 120, "max_concurrency": 64}}, cases=400)
    arrivals: list[float] = []

    async def script(asked: Asked):
        arrivals.append(anyio.current_time())
        await anyio.sleep(5.0)
        return refusal(429, "slow", retry_after="30") if asked.number % 40 == 0 else ok()

    run.stage.script = script
    run_virtually(run.go)
    busiest = max(sum(start <= moment < start + 60 for moment in arrivals) for start in arrivals)
    assert busiest <= 122


def test_an_allowance_that_is_spent_slows_down_and_loses_nothing(tmp_path, lanes):
    run = stage_run(tmp_path, {"m": {"max_concurrency": 1}}, cases=4)
    arrivals: list[float] = []

    async def script(asked: Asked):
        arrivals.append(anyio.current_time())
        answer = ok()
        if asked.number == 2:
            answer.headers["x-ratelimit-remaining-requests"] = "0"
            answer.headers["x-ratelimit-reset-requests"] = "20s"
        return answer

    run.stage.script = script
    run_virtually(run.go)
    assert arrivals[2] - arrivals[1] == pytest.approx(20.0)
    assert [record.error for record in run.records] == [None] * 4


def test_a_wall_clock_that_jumps_changes_no_duration(tmp_path, lanes, monkeypatch):
    run = stage_run(tmp_path, {"m": {}}, cases=3)

    async def script(asked: Asked):
        monkeypatch.setattr(time, "time", lambda: -1e9 * asked.number)
        await anyio.sleep(2.0)
        return ok()

    run.stage.script = script
    run_virtually(run.go)
    assert [record.timing.e2e_s for record in run.records] == [pytest.approx(2.0)] * 3
