"""Every key of the format is known."""

from __future__ import annotations

import pytest

from evalkit.registry import CHECKS
from evalkit.suite import schema
from evalkit.suite.beside import KEYS as BESIDE
from evalkit.suite.limits import COMPARED, METRICS
from evalkit.suite.params import SCHEMA as PARAMS

FORMAT = {
    schema.SuiteFile: "name description root providers models prompts matrix defaults cases datasets budget "
                      "max_concurrency gates traffic",
    schema.ProviderFile: "base_url api_key_env auth",
    schema.HttpTargetFile: "type url headers body answer usage api_key_env auth",
    schema.FunctionTargetFile: "type function api_key_env",
    schema.ModelFile: "id name provider api params stream timeout_s max_attempts max_wait_s max_outage_s "
                      "max_concurrency rpm tpm price",
    schema.PriceFile: "input output cached_input batch",
    schema.PromptFile: "name system user messages file variants",
    schema.PromptBody: "system user messages file",
    schema.MessageFile: "role content",
    schema.DefaultsFile: "params repeat pass_if stream transform checks",
    schema.CaseFile: "id tags vars expected checks images files cluster models prompts accept threshold xfail turns "
                     "skip params repeat pass_if transform",
    schema.TurnFile: "user expected images files checks",
    schema.BudgetFile: "max_cost_usd",
    schema.ImageFile: "url detail",
    schema.DatasetFile: "file id images expected sample seed",
    schema.GatesFile: "models pass_rate score error_rate p50_latency_s p90_latency_s p95_latency_s p99_latency_s "
                      "p95_ttft_s cost_usd cost_per_pass_usd input_tokens output_tokens new_failures",
}  # fmt: skip
"""The keys of each section, as the format's description has them."""


@pytest.mark.parametrize("section", FORMAT, ids=lambda section: section.__name__)
def test_every_key_of_the_format_is_known(section):
    assert set(FORMAT[section].split()) <= set(section.model_fields)


def test_every_gate_of_the_format_is_known():
    names = set(FORMAT[schema.GatesFile].split()) - {"models"}
    assert names | {f"delta.{name}" for name in names} == {*METRICS, *COMPARED}
    assert {*METRICS, *COMPARED} == set(schema.GateSet.model_fields)


def test_every_parameter_of_the_format_is_known():
    names = (
        "temperature top_p max_output_tokens reasoning_effort seed stop response_format tools tool_choice extra_body"
    )
    assert set(names.split()) == set(PARAMS["properties"])


def test_all_that_stands_in_or_beside_a_check_is_known():
    assert {"weight", "metric", "threshold", "when"} == set(BESIDE)
    assert {"icontains", "contains", "not", "number", "max_latency_s"} <= set(CHECKS)


HEAD = "models: [gpt-4o]\nprompts: [x]\n"


def test_keys_that_begin_with_x_are_notes(problems):
    assert problems(HEAD + "x-note: {anything: [goes]}\ncases: [{x-why: because, checks: none}]\n") == []
