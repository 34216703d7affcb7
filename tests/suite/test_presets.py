"""What is known of a model by its id."""

from __future__ import annotations

import re

import pytest

from evalkit.registry import APIS
from evalkit.suite.presets import PRESETS, preset_for


@pytest.mark.parametrize(
    ("model_id", "api", "family", "cap_field", "rejected"),
    [
        ("gpt-4o", "chat", "gpt", "max_tokens", {"reasoning_effort"}),
        ("gpt-4o-mini-2024-07-18", "chat", "gpt", "max_tokens", {"reasoning_effort"}),
        ("o4-mini", "chat", "reasoning", "max_completion_tokens", {"temperature", "top_p", "stop"}),
        ("o3", "responses", "reasoning", "max_completion_tokens", {"temperature", "top_p", "stop", "seed"}),
        ("o3-pro", "responses", "reasoning", "max_completion_tokens", {"temperature", "top_p", "stop", "seed"}),
        ("gpt-5-mini", "responses", "reasoning", "max_completion_tokens", {"temperature", "top_p", "stop", "seed"}),
        ("gemini-2.5-pro", "chat", "gemini", "max_tokens", set()),
        ("doubao-1-5-vision-pro-32k-250115", "chat", "doubao", "max_tokens", set()),
    ],
)
def test_a_model_is_known_by_its_id(model_id, api, family, cap_field, rejected):
    preset = preset_for(model_id)
    assert (preset.api, preset.family, preset.cap_field) == (api, family, cap_field)
    assert preset.rejected(preset.api) == rejected


@pytest.mark.parametrize("model_id", ["", "gpt", "gpt-4", "GPT-4o", "my-gpt-4o", "o9", "llama-3"])
def test_what_no_pattern_fits_is_unknown(model_id):
    assert preset_for(model_id) is None


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.example)
def test_every_preset_knows_its_own_example_and_an_api_that_exists(preset):
    assert preset_for(preset.example) is preset or re.fullmatch(preset.pattern, preset.example)
    assert preset.api in APIS
