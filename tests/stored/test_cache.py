"""The cache as a source of answers."""

from __future__ import annotations

import json
import threading

import pytest
from msgspec.structs import replace

from evalkit.stored.cache import TRIM_EVERY, Cache
from evalkit.stored.cache_folder import CacheLimits
from evalkit.stored.database import Database
from evalkit.types import FunctionTarget
from tests.stored.trials import PROVIDER, answer, model, trial


@pytest.fixture
def path(tmp_path):
    return tmp_path / "answers.sqlite3"


@pytest.fixture
def opened(path):
    """Makes caches over one file, each with its own settings."""

    def make(**settings) -> Cache:
        return Cache(path, **{"limits": CacheLimits(), "tell": told.append, **settings})

    told: list[str] = []
    make.told = told
    return make


def fill(cache: Cache, *asked) -> None:
    with cache:
        for each in asked:
            cache.keep(each, each, "turn 0", answer(f"to {each.case_id}"))


def test_an_answer_outlives_the_run(opened):
    fill(opened(), trial("a"))
    with opened() as cache:
        found = cache.find(trial("a", key="another"), trial("a"), "turn 0")
        assert found == answer("to a")
        assert found.cached
        assert cache.find(trial("b"), trial("b"), "turn 0") is None


def test_an_answer_is_found_in_the_run_that_kept_it(opened):
    with opened() as cache:
        cache.keep(trial("a"), trial("a"), "turn 0", answer())
        cache._waiting.put("wait")
        while not cache._waiting.empty():
            threading.Event().wait(0.01)
    with opened() as cache:
        assert cache.find(trial("a"), trial("a"), "turn 0") == answer()


@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        ({}, True),
        ({"outcome": "length"}, True),
        ({"outcome": "length", "text": ""}, False),
        ({"outcome": "refusal"}, False),
        ({"outcome": "content_policy"}, False),
    ],
)
def test_only_complete_answers_and_those_cut_off_are_kept(opened, changes, kept):
    given = answer()
    with opened() as cache:
        cache.keep(trial(), trial(), "turn 0", replace(given, response=replace(given.response, **changes)))
    with opened() as cache:
        assert (cache.find(trial(), trial(), "turn 0") is not None) is kept


def test_an_application_is_neither_kept_nor_found(opened, path):
    asked = trial(asked=model(provider=replace(PROVIDER, target=FunctionTarget(path=None, name="f"))))
    fill(opened(), asked)
    with opened() as cache:
        assert cache.find(asked, asked, "turn 0") is None
    with Database(path) as database:
        assert list(database.rows()) == []


def test_what_is_too_old_is_not_found_and_goes(opened, path):
    fill(opened(clock=lambda: 1000.0), trial())
    limits = CacheLimits(max_age_s=10.0)
    with opened(limits=limits, clock=lambda: 1010.0) as cache:
        assert cache.find(trial(), trial(), "turn 0") is not None
    with opened(limits=limits, clock=lambda: 1010.1) as cache:
        assert cache.find(trial(), trial(), "turn 0") is None
    with Database(path) as database:
        assert list(database.rows()) == []


def test_finding_an_answer_keeps_it_from_going(opened, path):
    for moment, name in ((1.0, "a"), (2.0, "b")):
        fill(opened(clock=lambda moment=moment: moment), trial(name))
    with opened(clock=lambda: 3.0) as cache:
        cache.find(trial("a"), trial("a"), "turn 0")
    with Database(path) as database:
        size = max(len(row.question) + len(row.answer) for row in database.rows())
    fill(opened(clock=lambda: 4.0, limits=CacheLimits(max_bytes=2 * size + 10)), trial("c"))
    with Database(path) as database:
        kept = {json.loads(row.question)["body"]["messages"][0]["content"] for row in database.rows()}
    assert kept == {"a", "c"}


def test_a_long_run_is_trimmed_as_it_goes(opened, path):
    limits = CacheLimits(max_bytes=50_000)
    with opened(limits=limits) as cache:
        for number in range(2 * TRIM_EVERY + 10):
            asked = trial(str(number))
            cache.keep(asked, asked, "turn 0", answer())
    with Database(path) as database:
        assert 0 < sum(len(row.question) + len(row.answer) for row in database.rows()) <= limits.max_bytes


def test_the_stand_in_and_models_never_share_an_answer(opened):
    fill(opened(stand_in="stand-in 1, seed 0"), trial())
    with opened() as real, opened(stand_in="stand-in 1, seed 0") as stand_in:
        assert real.find(trial(), trial(), "turn 0") is None
        assert stand_in.find(trial(), trial(), "turn 0") is not None


def test_bodies_are_left_out_where_they_are_not_wanted(opened):
    fill(opened(keep_raw=False), trial())
    with opened() as cache:
        assert cache.find(trial(), trial(), "turn 0").response.raw is None


def test_an_answer_in_a_form_of_another_version_is_none(opened, path):
    fill(opened(), trial())
    with Database(path) as database:
        (row,) = database.rows()
        database.keep([row._replace(answer=b'{"other": 1}', created_at=row.created_at + 1)], now=0.0)
    with opened() as cache:
        assert cache.find(trial(), trial(), "turn 0") is None


def test_what_fails_after_the_opening_is_told_once_and_the_run_goes_on(opened, path):
    with opened() as cache:
        cache._reading._connection.execute("DROP TABLE answers")
        for name in "abc":
            assert cache.find(trial(name), trial(name), "turn 0") is None
            cache.keep(trial(name), trial(name), "turn 0", answer())
    assert len(opened.told) == 1
    assert opened.told[0].startswith("the cache fails (no such table: answers)")
    assert opened.told[0].endswith("; the run goes on without it")
