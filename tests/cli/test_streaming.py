"""A run that asks for streams, from its flag to its gate."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import case

MODELS = ["gpt-4o", "o3", "doubao-seed-1.6"]


@pytest.fixture
def run(cli, write):
    def ended(*flags, **suite):
        path = write(**{"models": MODELS, "cases": [case(number) for number in ("one", "two", "three")], **suite})
        return cli("run", path, "--offline", "--exit-zero", *flags)

    return ended


def summary(ended):
    return json.loads((ended.folder / "summary.json").read_text(encoding="utf-8"))


def test_a_run_with_stream_has_the_times_of_its_tokens(run):
    ended = run("--stream")
    for record in ended.records:
        timing = record["timing"]
        assert 0 < timing["ttft_s"] <= timing["ttfo_s"] <= timing["latency_s"] <= timing["e2e_s"]
        assert timing["buffered"] in (True, False)
        assert record["request"]["stream"] is True
        assert record["response"]["usage"]["output_tokens"] > 0
        assert record["response"]["notes"] == []
    for model in summary(ended)["models"]:
        assert model["ttft_s"]["n"] == 3
        assert 0 < model["ttft_s"]["p50"] <= model["latency_s"]["p50"]


def test_a_run_without_stream_has_none(run):
    for timing in (record["timing"] for record in run().records):
        assert (timing["ttft_s"], timing["ttfo_s"], timing["tpot_s"], timing["buffered"]) == (None, None, None, None)


@pytest.mark.parametrize(
    ("suite", "flags", "streamed"),
    [
        ({"defaults": {"stream": True}}, (), {"gpt-4o", "o3"}),
        ({"defaults": {"stream": True}}, ("--no-stream",), set()),
        ({"models": ["gpt-4o", {"id": "o3", "stream": True}]}, (), {"o3"}),
        ({"models": ["gpt-4o", {"id": "o3", "stream": False}], "defaults": {"stream": True}}, (), {"gpt-4o"}),
        ({"models": ["gpt-4o", {"id": "o3", "stream": False}]}, ("--stream",), {"gpt-4o", "o3"}),
    ],
)
def test_the_flag_goes_before_the_model_and_the_model_before_the_defaults(run, suite, flags, streamed):
    found = run(*flags, **({"models": MODELS[:2]} | suite)).records
    assert {record["model"] for record in found if record["timing"]["ttft_s"] is not None} == streamed
    assert {record["model"] for record in found if record["request"].get("stream")} == streamed


def test_a_gate_may_bound_the_time_to_the_first_token(run):
    flags = ("--stream", "--repeat", "7", "-m", "gpt-4o", "--gate", "p95_ttft_s < 10")
    gates = summary(run(*flags, gates={"models": {"gpt-4o": {"p95_ttft_s": "> 9"}}}))["gates"]
    assert {(gate["gate"], gate["result"], gate["n"]) for gate in gates} == {
        ("p95_ttft_s < 10", "pass", 21),
        ("gpt-4o: p95_ttft_s > 9", "fail", 21),
    }
