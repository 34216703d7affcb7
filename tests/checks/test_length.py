"""The checks `word_count` and `char_count`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.checks.length import _characters
from evalkit.checks.words import characters_apart, count_words
from evalkit.registry import CHECKS

MEGABYTE = "lorem ipsum " * 90_000


@pytest.mark.parametrize(
    ("answer", "count"),
    [
        ("", 0),
        ("one", 1),
        ("two  words\n", 2),
        ("don't be well-known", 3),
        ("1,234.5 €", 1),
        ("- a\n* b\n• c", 3),
        ("wait—what…now", 3),
        ("and/or (maybe)", 2),
        ("北京是首都", 5),
        ("我有3个apple", 5),
        ("東京タワー", 5),
        ("대한민국의 수도", 2),
        ("e\u0301te\u0301", 1),
        ("👍 🎉", 0),
        ("-- — ** __", 0),
        (MEGABYTE, 180_000),
        ("中" * 1_000_000, 1_000_000),
        ("a" * 1_000_000, 1),
        ("\u0301" * 1_000_000, 0),
    ],
)
def test_words_are_counted_with_and_without_blanks_between_them(find, answer, count):
    finding = find("word_count", answer, exact=count)
    assert finding.passed, finding.reason
    assert not find("word_count", answer, exact=count + 1).passed


@pytest.mark.parametrize(
    ("answer", "count"),
    [
        ("", 0),
        (" \n ", 0),
        ("abc", 3),
        ("  abc\n", 3),
        ("a b", 3),
        ("a\r\nb", 3),
        ("e\u0301", 1),
        ("é", 1),
        ("👩‍👩‍👧", 1),
        ("🇩🇪🇫🇷", 2),
        ("👍🏽", 1),
        ("北京", 2),
        ("नमस्ते", 3),
        ("각", 1),
        ("\u1100\u1161", 1),
        (MEGABYTE, len(MEGABYTE) - 1),
        ("e\u0301" * 300_000, 300_000),
        ("a" + "\u0301" * 1_000_000, 1),
    ],
)
def test_characters_are_counted_as_a_reader_sees_them(find, answer, count):
    finding = find("char_count", answer, exact=count)
    assert finding.passed, finding.reason
    assert not find("char_count", answer, exact=count + 1).passed


@pytest.mark.parametrize(
    ("bounds", "passed", "reason"),
    [
        ({"exact": 3}, True, "3 words"),
        ({"exact": 2}, False, "3 words, wanted 2"),
        ({"min": 3}, True, "3 words"),
        ({"min": 4}, False, "3 words, wanted at least 4"),
        ({"max": 3}, True, "3 words"),
        ({"max": 2}, False, "3 words, wanted at most 2"),
        ({"min": 1, "max": 2}, False, "3 words, wanted at least 1 and at most 2"),
        ({"min": 3, "max": 3}, True, "3 words"),
    ],
)
def test_bounds_are_inclusive(find, bounds, passed, reason):
    finding = find("word_count", "one two three", **bounds)
    assert (finding.passed, finding.reason) == (passed, reason)


def test_one_is_no_plural(find):
    assert find("char_count", "a", max=5).reason == "1 character"


@pytest.mark.parametrize(
    ("bounds", "reason"),
    [
        ({}, "give a number"),
        ({"exact": 1, "max": 2}, "exact stands alone"),
        ({"min": 3, "max": 2}, "no count lies there: at least 3 and at most 2"),
        ({"max": -1}, "no count lies there: at most -1"),
    ],
)
@pytest.mark.parametrize("name", ["word_count", "char_count"])
def test_bounds_that_no_answer_can_meet_are_refused(name, bounds, reason):
    with pytest.raises(ValueError, match=reason):
        CHECKS[name](**bounds)


@given(st.text(alphabet="ab 1-é中あ\n", max_size=60))
def test_blanks_around_words_change_no_count(text):
    assert count_words(f"  {text} \n") == count_words(text) == count_words(text.replace(" ", "   "))
    assert characters_apart(text).split() == [piece for run in text.split() for piece in characters_apart(run).split()]


@given(st.text(alphabet="ab1_-*' .,\n\t\0\x1c\x7f", max_size=40))
def test_words_are_counted_alike_the_quick_way_and_beside_other_scripts(text):
    assert count_words(text) + 1 == count_words(f"{text} é") == count_words(f"{text}北")


PLAIN = [(0x20, 0x2FF), (0x391, 0x482), (0x2010, 0x2027), (0x20A0, 0x20BF), (0x3000, 0x3029), (0x3041, 0x30FF),
    (0x4E00, 0x4EFF), (0xAC00, 0xACFF), (0xFF01, 0xFF5E), (0x300, 0x310), (0x1100, 0x11FF)]  # fmt: skip


@given(st.text(alphabet=st.one_of(*(st.characters(min_codepoint=low, max_codepoint=high) for low, high in PLAIN))))
def test_characters_are_counted_alike_the_quick_way_and_by_the_standard(text):
    import regex

    assert _characters(text) == len(regex.findall(r"\X", text))
