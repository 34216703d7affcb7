"""A suite that was read, and what a run may change of it."""

from __future__ import annotations

TWO = "models: [gpt-4o, {id: m, provider: p, api: chat}]\nprompts: [x]\nproviders: {p: {base_url: 'http://h/v1'}}\n"


def test_every_model_can_be_asked_elsewhere(load):
    suite = load(TWO)
    moved = suite.with_gateway("http://127.0.0.1:1/v1")
    assert [model.provider.base_url for model in moved.models] == ["http://127.0.0.1:1/v1"] * 2
    assert [model.provider.name for model in moved.models] == ["gptproto", "p"]
    assert [model.provider.base_url for model in suite.models] == ["https://gptproto.com/v1", "http://h/v1"]


def test_every_model_can_be_asked_for_a_stream(load):
    assert {model.stream for model in load(TWO).with_stream(stream=True).models} == {True}
