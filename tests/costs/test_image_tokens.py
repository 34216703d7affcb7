"""Pictures cost what the published rules say, and within limits where something is unknown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.costs.image_tokens import image_tokens, patch_count
from evalkit.types import Image

MODELS = (
    "gpt-4o",
    "gpt-4o-mini",
    "o3",
    "o4-mini",
    "gpt-4.1-mini",
    "gemini-2.5-pro",
    "doubao-seed-1.6",
    "claude-sonnet-4",
)
SIZES = {
    (512, 512): (255, 8500, 225, 441, 415, 1032, 334, 350),
    (1024, 1024): (765, 25501, 675, 1762, 1659, 1032, 1337, 1399),
    (1800, 2400): (765, 25501, 675, 2498, 2353, 1032, 5120, 1600),
    (2048, 4096): (1105, 36835, 975, 2508, 2362, 2064, 5120, 1600),
    (2560, 1669): (1105, 36835, 975, 2560, 2411, 1548, 5120, 1600),
    (960, 540): (765, 25501, 675, 878, 827, 1548, 661, 692),
    (384, 384): (255, 8500, 225, 248, 234, 258, 188, 197),
}
"""Worked values: size → tokens for each of the models above, at high detail."""
ALL = (*MODELS, "gpt-4.1", "gpt-4.1-nano", "gpt-5", "gpt-5-mini", "gemini-3-pro", "qwen-vl-max", "grok-4", "nobody's")


def picture(width: int | None, height: int | None, detail: str | None = "high") -> Image:
    return Image(url="https://example.com/a.jpg", width=width, height=height, detail=detail)


@pytest.mark.parametrize(
    ("size", "model_id", "tokens"),
    [(size, model, tokens) for size, row in SIZES.items() for model, tokens in zip(MODELS, row, strict=True)],
)
def test_worked_values(size, model_id, tokens):
    span = image_tokens(picture(*size), model_id)
    if model_id == "gemini-2.5-pro":
        assert (span.low, span.high) == (258, tokens)  # some are billed 258 flat
    else:
        assert (span.low, span.expected, span.high) == (tokens, tokens, tokens)


@pytest.mark.parametrize(
    ("model_id", "tokens"),
    [
        ("gpt-4o", 1105),
        ("gpt-4.1", 1105),
        ("gpt-4.5-preview", 1105),
        ("o1", 975),
        ("gpt-4.1-nano", 3661),
        ("gpt-5", 910),
    ],
)
def test_the_worked_example_for_the_other_models_of_openai(model_id, tokens):
    assert image_tokens(picture(2560, 1669), model_id).expected == tokens


@pytest.mark.parametrize(
    ("size", "patches"),
    [((512, 512), 256), ((1024, 1024), 1024), ((1800, 2400), 1452), ((2048, 4096), 1458), ((2560, 1669), 1488),
     ((960, 540), 510), ((384, 384), 144), ((1, 1), 1), ((100_000, 1), 1536)],
)  # fmt: skip
def test_patches_are_counted_after_shrinking(size, patches):
    assert patch_count(*size) == patches


@pytest.mark.parametrize(("model_id", "base"), [("gpt-4o", 85), ("gpt-4o-mini", 2833), ("o3", 75)])
def test_low_detail_costs_the_base_whatever_the_size(model_id, base):
    for size in SIZES:
        assert image_tokens(picture(*size, "low"), model_id).expected == base


@pytest.mark.parametrize("detail", ["auto", None])
def test_a_detail_that_is_left_to_the_model_costs_as_high(detail):
    assert image_tokens(picture(2560, 1669, detail), "gpt-4o") == image_tokens(picture(2560, 1669), "gpt-4o")


@pytest.mark.parametrize(
    ("size", "low"),
    [((512, 512), 334), ((1024, 1024), 1312), ((2560, 1669), 1312), ((960, 540), 661), ((384, 384), 188)],
)
def test_doubao_caps_low_detail_lower(size, low):
    assert image_tokens(picture(*size, "low"), "doubao-seed-1.6").expected == low


def test_doubao_without_a_detail_lies_between_both_and_was_billed_as_high():
    span = image_tokens(picture(2560, 1669, None), "doubao-1-5-vision-pro-32k-250115")
    assert (span.low, span.expected, span.high) == (1312, 5120, 5120)


@pytest.mark.parametrize("model_id", ALL)
def test_a_picture_of_unknown_size_has_a_range_that_holds_usual_ones(model_id):
    span = image_tokens(picture(None, None, None), model_id)
    assert 0 < span.low < span.high <= span.worst
    for size in ((300, 300), (800, 600), (1024, 1024), (1920, 1080), (2560, 1669), (4032, 3024), (3024, 4032)):
        known = image_tokens(picture(*size, None), model_id)
        assert span.low <= known.expected <= span.high, size
        assert known.worst <= span.worst


@given(
    st.sampled_from(ALL), st.integers(1, 20_000), st.integers(1, 20_000), st.sampled_from(["low", "high", "auto", None])
)
def test_any_picture_has_a_cost_and_detail_never_makes_it_cheaper(model_id, width, height, detail):
    span = image_tokens(picture(width, height, detail), model_id)
    assert 1 <= span.low <= span.expected <= span.high <= span.worst
    low, high = (image_tokens(picture(width, height, each), model_id) for each in ("low", "high"))
    assert low.expected <= high.expected
    assert span.worst <= max(high.worst, low.worst)


@given(st.integers(1, 3_000), st.integers(1, 3_000))
def test_turning_a_picture_does_not_change_its_cost(width, height):
    for model_id in ("gpt-4o", "gemini-2.5-pro", "doubao-seed-1.6", "claude-sonnet-4"):
        assert image_tokens(picture(width, height), model_id) == image_tokens(picture(height, width), model_id)
