"""The check `regex`, and the time limit on all patterns."""

from __future__ import annotations

import pytest

from evalkit.checks.timed_regex import compiled, search, time_limit
from evalkit.errors import CheckFailedToRun
from evalkit.registry import CHECKS

CATASTROPHE, BAIT = r"(a|aa)+$", "a" * 60 + "b"


@pytest.mark.parametrize(
    ("answer", "arguments", "passed"),
    [
        ("Paris, 1889", {"pattern": r"\d{4}"}, True),
        ("Paris", {"pattern": r"\d{4}"}, False),
        ("", {"pattern": r"x"}, False),
        ("", {"pattern": r"^$"}, True),
        ("PARIS", {"pattern": "paris"}, False),
        ("PARIS", {"pattern": "paris", "ignore_case": True}, True),
        ("in Paris", {"pattern": "Paris", "full_match": True}, False),
        ("Paris", {"pattern": "Par..", "full_match": True}, True),
        ("a\nb", {"pattern": "a.b"}, False),
        ("a\nb", {"pattern": "(?s)a.b"}, True),
        ("a\nb", {"pattern": "(?m)^b$"}, True),
        ("答案是北京", {"pattern": r"\p{Han}{2}$"}, True),
        ("cafe\u0301", {"pattern": "^caf[é]$"}, True),
        ("café", {"pattern": "cafe\u0301"}, True),
        ("x" * 1_000_000 + "7", {"pattern": r"\d"}, True),
        ("x" * 1_000_000, {"pattern": r"^x+$"}, True),
    ],
)
def test_regex_searches_the_answer(find, answer, arguments, passed):
    finding = find("regex", answer, **arguments)
    assert (finding.passed, finding.value) == (passed, float(passed))
    assert len(finding.reason) < 400


def test_regex_shows_what_it_matched(find):
    assert find("regex", "built in 1889", pattern=r"\d+").reason == r"'1889' matches '\d+'"


@pytest.mark.parametrize(("pattern", "reason"), [("(", r"missing \)"), ("[a", "set"), ("*a", "repeat"), ("", "empty")])
def test_a_pattern_that_is_none_is_refused_when_the_check_is_made(pattern, reason):
    with pytest.raises(ValueError, match=reason):
        CHECKS["regex"](pattern=pattern)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("arguments", [{}, {"ignore_case": True}, {"full_match": True}])
def test_a_pattern_that_backtracks_without_end_is_stopped(find, arguments):
    with pytest.raises(CheckFailedToRun, match="ran out of time"):
        find("regex", BAIT, pattern=CATASTROPHE, **arguments)


@pytest.mark.timeout(20)
def test_the_time_limit_holds_for_all_searches_together():
    with time_limit(0.1):
        assert search(compiled("a"), "a")
        with pytest.raises(CheckFailedToRun):
            search(compiled(CATASTROPHE), BAIT)
        with pytest.raises(CheckFailedToRun):
            search(compiled("a"), "a")
    with time_limit():
        assert search(compiled("a"), "a")


def test_a_search_needs_a_time_limit():
    with pytest.raises(LookupError):
        search(compiled("a"), "a")
