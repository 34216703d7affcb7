"""Code fences, as CommonMark reads them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.checks.fences import complaint, fences


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        ("no fence", []),
        ("`inline` and ``two``", []),
        ("```\nx\n```", [("", "x")]),
        ("```python\nx = 1\ny = 2\n```\n", [("python", "x = 1\ny = 2")]),
        ("a\n```json\n{}\n```\nb\n~~~\nc\n~~~", [("json", "{}"), ("", "c")]),
        ("1. item\n   ```py\n   x\n     y\n z\n   ```", [("py", "x\n  y\nz")]),
        ("  ~~~\n\n\tx\n  ~~~", [("", "\nx")]),
        ("~~~\n```\n~~~", [("", "```")]),
        ("````md\n```\nx\n```\n````", [("md", "```\nx\n```")]),
        ("```\nx\n`````", [("", "x")]),
        ("```\nx", [("", "x")]),
        ("```Python title='a'\r\nx\r\n```\r\n", [("python", "x")]),
        ("``` {.json}\n{}\n```", [("json", "{}")]),
        ("``` a`b\nx", []),
        ("```\nx\n``` no close\n```", [("", "x\n``` no close")]),
        ("```中文\n北京\n```", [("中文", "北京")]),
        ("```\n\n```", [("", "")]),
    ],
)
def test_blocks_are_found_with_their_language(text, found):
    assert [(fence.language, fence.code) for fence in fences(text)] == found


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "text",
    ["```\n" * 80_000, "`" * 1_000_000, "``` a" + " " * 1_000_000 + "b", " " * 1_000_000 + "```", "~~~ x\n" * 99_999],
)
def test_a_hostile_megabyte_is_read_in_linear_time(text):
    fences(text)


@given(st.text(alphabet="ab \n", max_size=40), st.sampled_from(["```", "~~~", "`````"]))
def test_what_stands_in_a_fence_comes_out_of_it(code, mark):
    assert [fence.code for fence in fences(f"before\n{mark}x\n{code}\n{mark}\nafter")] == [code]


def test_one_right_fence_is_enough():
    def judge(text):
        return None if text == "right" else "wrong"

    text = "```\nleft\n```\n```\nright\n```"
    assert complaint(judge, text, in_fences=True) is None
    assert complaint(judge, text, in_fences=False) == "wrong"
    assert complaint(judge, "```\nleft\n```", in_fences=True) == "in the code fence: wrong"
    assert complaint(judge, "right", in_fences=False) is None
