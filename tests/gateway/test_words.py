from __future__ import annotations

import pytest

from evalkit.gateway.words import LONGEST, one_line, words_of


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"error": {"message": "no"}}, "no"),
        ({"error": "no"}, "no"),
        ({"message": "no"}, "no"),
        ({"error": {"msg": "no"}}, "no"),
        ({"detail": "no"}, "no"),
        ({"detail": [{"msg": "no"}]}, '[{"msg": "no"}]'),
        ({"error": {"reason": 3}}, '{"reason": 3}'),
        ({}, "{}"),
        (["no"], '["no"]'),
        (None, "null"),
        ("no\nway", "no way"),
        ("", ""),
        ("<html><title>Bad\n gateway</title>", "a web page titled 'Bad gateway'"),
        ("\n<h1>Bad gateway</h1>", "a web page: <h1>Bad gateway</h1>"),
    ],
)
def test_an_errors_words_are_found_in_any_shape(body, message):
    assert words_of(body).message == message


def test_code_and_type_may_be_numbers_or_texts_of_numbers():
    assert words_of({"error": {"message": "no", "type": "401"}}).status == 401
    assert words_of({"error": {"message": "no", "code": 503, "type": "x"}}).status == 503
    assert words_of({"error": {"message": "no", "code": 1234, "type": True}}).status is None


def test_a_message_is_one_line_without_what_a_terminal_would_obey():
    assert one_line("a\r\n\tb\x1b[31mred\u2028\ud800c") == "a b [31mred c"


def test_a_message_is_cut_by_bytes_without_tearing_a_character():
    cut = one_line("界" * 5000)
    assert len(cut.encode()) <= LONGEST
    assert set(cut) == {"界"}
