"""What docs/composition.md shows can be loaded."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

from evalkit.suite.conditions import FALSE_WORDS

PAGE = (Path(__file__).parents[2] / "docs" / "composition.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
SUITE = "models: [gpt-4o]\nprompts: ['{{ q }}']\ncases:\n  - vars: {q: x}\n    expected: 1\n"


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_of_the_page_loads(problems, example):
    assert problems(SUITE + textwrap.indent(example, "    ")) == []


def test_the_page_names_every_word_that_means_no():
    assert len(EXAMPLES) == 6
    (row,) = re.findall(r"^\| `when` \|.*$", PAGE, re.MULTILINE)
    assert FALSE_WORDS - {""} == {word for word in re.findall(r"`(\w+)`", row) if word != "when"}
