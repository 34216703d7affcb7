from __future__ import annotations

import pytest

from evalkit.simulator import tokens


@pytest.mark.parametrize(
    ("text", "count"),
    [("", 0), ("Hello", 1), ("Hello, world!", 4), ("你好吗", 3), ("internationalisation", 3), ("1234", 2), (" \n", 0)],
)
def test_words_digits_marks_and_cjk_are_counted(text, count):
    assert tokens.count(text) == count


def test_a_cut_text_has_as_many_tokens_as_were_left():
    text = "One two, three 你好 four."
    for limit in range(1, tokens.count(text) + 1):
        cut = tokens.cut(text, limit)
        assert text.startswith(cut)
        assert tokens.count(cut) == limit
    assert tokens.cut(text, 99) == text


def test_a_prompt_costs_three_a_message_three_to_prime_and_its_pictures(ask):
    assert tokens.prompt_tokens(ask("gpt-4o", "Hello")) == 4 + 3 + 1
    picture = {"type": "image_url", "image_url": {"url": "https://example.com/a.png", "detail": "low"}}
    assert tokens.prompt_tokens(ask("gpt-4o", [{"type": "text", "text": "Hello"}, picture])) == 8 + 85
