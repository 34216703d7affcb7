"""`traffic` in a suite: what it means, and every mistake in its place."""

from __future__ import annotations

import pytest

from evalkit.errors import SuiteInvalid
from evalkit.suite.loader import load_suite
from evalkit.suite.traffic import Traffic

HEAD = """\
models: [gpt-4o, o3]
prompts: ["{{ q }}"]
cases: [{id: a, vars: {q: hi}, checks: none}]
"""


def read(tmp_path, traffic: str) -> Traffic | None:
    file = tmp_path / "s.yaml"
    file.write_text(f"{HEAD}traffic: {traffic}\n", encoding="utf-8")
    return load_suite(file, environ={}).traffic


def test_every_key_is_read(tmp_path):
    (tmp_path / "log.jsonl").write_text("{}\n")
    traffic = read(
        tmp_path,
        "{requests: 50000/day, growth: 10%/month, months: 6, mix: {gpt-4o: 0.8, o3: 0.2}, cached_input_share: 0.3, "
        "retry_rate: 2%, weights: {tag: {geo: 3}, case: {a: 2}}, requests_file: log.jsonl}",
    )
    assert traffic == Traffic(
        requests_per_day=50_000,
        growth_per_month=pytest.approx(0.1),
        months=6,
        mix={"gpt-4o": 0.8, "o3": 0.2},
        cached_input_share=0.3,
        retry_rate=0.02,
        tag_weights={"geo": 3},
        case_weights={"a": 2},
        requests_file=(tmp_path / "log.jsonl").resolve(),
    )


@pytest.mark.parametrize(("given", "months"), [("requests: 1/day", 1), ("requests: 1/day, growth: 5%", 12)])
def test_one_looks_a_month_ahead_or_a_year_where_there_is_growth(tmp_path, given, months):
    traffic = read(tmp_path, f"{{{given}}}")
    assert traffic is not None
    assert traffic.months == months


@pytest.mark.parametrize(
    ("given", "at", "told"),
    [
        ("{requests: plenty}", "plenty", "as in 50000/day"),
        ("{growth: 10%}", None, "'requests' is missing"),
        ("{requests: 5/day, growth: fast}", "fast", "as in 10%/month"),
        ("{requests: 5/day, months: 0}", "0}", "greater than or equal to 1"),
        ("{requests: 5/day, mix: {gpt4: 1}}", "gpt4", "'gpt4' is no model of this suite; did you mean 'gpt-4o'?"),
        ("{requests: 5/day, mix: {gpt-4o: 0.5}}", "{gpt-4o", "add up to 0.5, not to 1"),
        ("{requests: 5/day, mix: [gpt-4o]}", "[gpt-4o]", "expected a mapping, found a list"),
        ("{requests: 5/day, retry_rate: 3}", "3}", "retry_rate is a share from 0 to 1"),
        ("{requests: 5/day, weights: {tag: {geo: -1}}}", "-1", "greater than 0"),
        ("{requests: 5/day, weight: {tag: {geo: 1}}}", "weight:", "unknown key 'weight'; did you mean 'weights'?"),
        ("{requests: 5/day, requests_file: nowhere.jsonl}", "nowhere", "no such file: 'nowhere.jsonl'"),
        ("{requests: null}", "null", "'requests' is missing"),
        ("50000/day", "50000", "expected a mapping"),
    ],
)
def test_a_mistake_is_told_in_its_place(tmp_path, given, at, told):
    with pytest.raises(SuiteInvalid) as error:
        read(tmp_path, given)
    (problem,) = error.value.problems
    assert told in problem.message
    assert problem.line == 4
    if at is not None:
        assert f"traffic: {given}"[problem.column - 1 :].startswith(at)


def test_all_mistakes_are_told_at_once(tmp_path):
    with pytest.raises(SuiteInvalid) as error:
        read(
            tmp_path,
            "{requests: many, growth: fast, months: 0, mix: {gpt4: 1}, retry_rate: 7, requests_file: no.jsonl}",
        )
    wrong = ["many", "fast", "greater than or equal to 1", "gpt4", "retry_rate", "no.jsonl"]
    told = [problem.message for problem in error.value.problems]
    assert len(told) == len(wrong)
    assert all(any(word in message for message in told) for word in wrong)
