"""The usage rules on the figures that gateways were seen to send."""

from __future__ import annotations

import pytest

from evalkit.apis.normaliser import normalise
from evalkit.types import Usage

VECTORS = [
    ("reasoning", 2008, 266, 2274, 261, 266, False),
    ("grok", 10120, 1499, 14428, 2809, 4308, False),
    ("gemini", 21, 0, 81, 60, 60, False),
    ("gemini", 20, 198, 623, None, 603, False),
    ("gemini", 4, 946, 950, None, 946, False),
    ("reasoning", 18, 145, 163, None, 145, False),
    ("reasoning", 7, 177, 184, 128, 177, False),
    ("claude", 64, 135, 277, 78, 135, True),
    ("gpt", 64, 135, 100, None, 135, True),
    ("gemini", 64, 135, 100, None, 135, True),
    ("grok", 10, 5, None, 20, 25, False),
    ("grok", 10, 20, None, 5, 20, False),
    ("gpt", 10, 20, None, None, 20, False),
]


@pytest.mark.parametrize(("family", "prompt", "completion", "total", "reasoning", "output", "odd"), VECTORS)
def test_output_has_all_that_was_billed_and_odd_figures_are_said(
    family, prompt, completion, total, reasoning, output, odd
):
    usage = Usage(input_tokens=prompt, output_tokens=completion, total_tokens=total, reasoning_tokens=reasoning)
    normalised, note = normalise(usage, family)
    assert normalised.output_tokens == output
    assert (note is not None) is odd
    assert normalised.input_tokens == prompt


def test_a_changed_figure_keeps_the_gateways_own_beside_the_rule():
    usage = Usage(input_tokens=20, output_tokens=198, total_tokens=623)
    normalised, _ = normalise(usage, "gemini")
    assert normalised.rule == "output = total − prompt"
    assert normalised.raw["output_tokens"] == 198


@pytest.mark.parametrize(
    "usage", [Usage(), Usage(input_tokens=3, total_tokens=9), Usage(output_tokens=3, total_tokens=9)]
)
def test_what_is_unknown_stays_unknown(usage):
    assert normalise(usage, "gemini") == (usage, None)
