"""The JSON Schema of a suite file agrees with the loader."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from evalkit.registry import CHECKS
from evalkit.suite.checking import signature
from evalkit.suite.json_schema import suite_schema
from evalkit.suite.numbers import unspelt
from evalkit.suite.source import Document

SUITES = Path(__file__).parents[2] / "suites"


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(suite_schema())


def misfits(validator, text: str) -> list[str]:
    """What the schema finds wrong with a suite's text."""
    document = Document("s.yaml", text)
    assert document.problems == []
    return [error.message for error in validator.iter_errors(unspelt(document.value))]


def test_it_is_a_json_schema(validator):
    assert suite_schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema.Draft202012Validator.check_schema(suite_schema())


def test_every_reference_leads_somewhere():
    schema = suite_schema()

    def references(value) -> list[str]:
        if isinstance(value, list):
            return [found for item in value for found in references(item)]
        if not isinstance(value, dict):
            return []
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [found for item in value.values() for found in references(item)]

    assert "x-definition" not in json.dumps(schema)
    found = set(references(schema))
    assert found
    assert {reference.removeprefix("#/$defs/") for reference in found} <= set(schema["$defs"])


def test_every_check_and_every_argument_is_in_it():
    definitions = suite_schema()["$defs"]
    for name in CHECKS:
        arguments = definitions[f"check.{name}"]["anyOf"][0]["properties"]
        assert set(arguments) == set(signature(name).hints)
        assert all(argument.get("description") for argument in arguments.values()), name
        assert definitions[f"check.{name}"]["description"]


def test_every_key_says_what_it_is_for_in_the_schema_s_own_words():
    section = suite_schema()["$defs"]["CaseFile"]["properties"]
    assert section["threshold"]["description"].startswith("Pass when the weighted score reaches it")


def test_the_committed_copy_is_in_step():
    committed = (SUITES / "suite.schema.json").read_text(encoding="utf-8")
    assert committed == json.dumps(suite_schema(), indent=2, ensure_ascii=False) + "\n", "run `make schema`"


@pytest.mark.parametrize("path", sorted(SUITES.glob("*.yaml")), ids=lambda path: path.name)
def test_every_suite_of_this_repository_fits(validator, path):
    assert misfits(validator, path.read_text(encoding="utf-8")) == []


HEAD = "models: [gpt-4o]\nprompts: [x]\n"
GOOD = [
    HEAD,
    HEAD + "cases: [{checks: none}]\n",
    HEAD + "x-anything: {a: 1}\nname: 5\ndescription: 1.10\nroot: .\nmax_concurrency: 1\n",
    HEAD + "providers: {p: {base_url: 'http://h', auth: raw, x-why: fun}}\n",
    HEAD + "judges: [gpt-4.1, {name: strict, id: o3, params: {reasoning_effort: high}}]\n"
    "cases: [{expected: a, checks: [\n"
    "  {judge: r}, {judge: {criteria: [a, {criterion: b, weight: 2}], models: [strict, gpt-4.1], combine: mean}},\n"
    "  factuality, {preference: {against_text: t, threshold: 1}}, {any_of: [{judge: r}, {contains: a}]}]}]\n",
    HEAD + "budget: {max_cost_usd: 5}\ntraffic: {requests: 50000/day}\ndefaults: {pass_if: 2/3}\n",
    HEAD + "cases: [{turns: [hi, {user: 5, expected: {a: 1}, images: [a.png], checks: [json]}], cluster: 7,\n"
    "         xfail: true, skip: false, pass_if: 0.5, checks: [json]}, {checks: none, pass_if: any, xfail: bug 12}]\n",
    HEAD + "matrix: {l: [en, 中文], n: [1, null, {a: 1}]}\n",
    HEAD + "defaults: {params: {temperature: 0, stop: [a], extra_body: {a: 1}, seed: null}, repeat: 3}\n",
    HEAD + "defaults: {transform: '{{ output }}', checks: [{max_latency_s: 60}]}\ncases: [{checks: [json]}]\n",
    HEAD + "datasets: [d/*.csv, {file: d.csv, id: n, images: p, expected: e, sample: 3, seed: 7}]\n",
    HEAD + "gates: {pass_rate: '>= 90%', p95_latency_s: '<= 15', models: {gpt-4o: {cost_usd: '<2'}}}\n",
    "models: [{id: o3, name: 3, api: responses, stream: false, timeout_s: 9.5, price: {input: 1, output: 2}}]\n"
    "prompts: [{name: a, system: s, user: 5, variants: {'3': other}}, {name: b, messages: [{role: user, content: x}]},"
    " {name: c, file: p.md}]\n",
    HEAD + "cases:\n"
    "  - {id: 5, vars: {a: [1]}, expected: {a: 1}, tags: [a, 1], images: [a.png, {url: b.png, detail: low}],\n"
    "     models: [gpt-4o], accept: [length], threshold: 0.5, skip: why, repeat: 2, params: {seed: 1},\n"
    "     checks: [{contains: 1.10}, {not: {contains: x}}, {number: {value: '{{ a }}', tolerance: 1}, weight: 2},\n"
    "              {equals: a, weight: 0, metric: m, threshold: 0.5, when: '{{ output }}'}, {json: , when: false},\n"
    "              {any_of: [{all_of: [json, {contains: a}]}, {contains: b, threshold: 1}]},\n"
    "              {at_least: {n: 1, checks: [json]}}, {python: 'True'}, {python: {code: 'True', timeout_s: 1}},\n"
    "              {tool_call: f}, {tool_call: {none: true}}, {tool_call: {order: [f, {name: g}]}}, tool_call,\n"
    "              {number: '{{ a }}'}, {equals: {a: 1}}, {json_schema: {type: object}}, {one_of: [a, 1]}, json,\n"
    "              {json: }, {finish_reason: stop}, {finish_reason: [stop, length]}, {regex: {pattern: a}}]}\n",
]  # fmt: skip


@pytest.mark.parametrize("text", GOOD)
def test_what_the_loader_takes_fits(validator, problems, write, picture, text):
    for name in ("a.png", "b.png"):
        write(name, picture("PNG"))
    write("p.md", "x")
    write("d.csv", "n,p,e\na,,\n")
    write("d/e.csv", "e\n1\n")
    found = [problem for problem in problems(text) if "column" not in problem and "no checks" not in problem]
    assert found == []
    assert misfits(validator, text) == []


BAD = [
    "{}\n",
    "models: []\nprompts: [x]\n",
    "models: [gpt-4o]\n",
    "models: gpt-4o\nprompts: [x]\n",
    HEAD + "nmae: x\n",
    HEAD + "max_concurrency: 0\n",
    HEAD + "matrix: {l: []}\n",
    HEAD + "providers: {p: {}}\n",
    HEAD + "providers: {p: {base_url: 'http://h', auth: basic}}\n",
    HEAD + "defaults: {repeat: 0}\n",
    HEAD + "defaults: {params: {topp: 1}}\n",
    HEAD + "defaults: {params: {temperature: hot}}\n",
    HEAD + "gates: {pass_rate: 0.9}\n",
    HEAD + "gates: {pass_rate: '>= x'}\n",
    HEAD + "gates: {pass_rte: '>= 0'}\n",
    HEAD + "datasets: [{id: n}]\n",
    HEAD + "datasets: d.csv\n",
    HEAD + "cases: {checks: none}\n",
    HEAD + "cases: [{checks: some}]\n",
    HEAD + "cases: [{checks: [{contian: x}]}]\n",
    HEAD + "cases: [{checks: [{contains: {txt: x}}]}]\n",
    HEAD + "cases: [{checks: [{contains: [x]}]}]\n",
    HEAD + "cases: [{checks: [{}]}]\n",
    HEAD + "cases: [{checks: [{weight: 1}]}]\n",
    HEAD + "cases: [{checks: [{contains: a, equals: b}]}]\n",
    HEAD + "cases: [{checks: [{contains: x, weight: -1}]}]\n",
    HEAD + "cases: [{checks: [contains]}]\n",
    HEAD + "cases: [{checks: [{contains: x, threshold: 2}]}]\n",
    HEAD + "cases: [{checks: [{contains: x, metric: [m]}]}]\n",
    HEAD + "cases: [{checks: [{contains: x, when: 5}]}]\n",
    HEAD + "cases: [{checks: [{not: {contains: x, weight: 2}}]}]\n",
    HEAD + "cases: [{checks: [{any_of: [{contains: x, when: '{{ output }}'}]}]}]\n",
    HEAD + "cases: [{checks: [{any_of: [{contian: x}]}]}]\n",
    HEAD + "cases: [{checks: [{at_least: {checks: [json]}}]}]\n",
    HEAD + "cases: [{checks: [{tool_call: {nmae: f}}]}]\n",
    HEAD + "cases: [{checks: none, threshold: 2}]\n",
    HEAD + "cases: [{checks: none, accept: [ok]}]\n",
    HEAD + "cases: [{checks: none, models: []}]\n",
    HEAD + "cases: [{checks: none, images: [{detail: low}]}]\n",
    HEAD + "cases: [{checks: none, turns: []}]\n",
    HEAD + "cases: [{checks: none, turns: [{usr: x}]}]\n",
    HEAD + "cases: [{checks: none, turns: [{expected: x}]}]\n",
    HEAD + "cases: [{checks: none, pass_if: most}]\n",
    HEAD + "cases: [{checks: none, pass_if: 2}]\n",
    HEAD + "cases: [{checks: none, xfail: [x]}]\n",
    HEAD + "budget: {max_cost_usd: 0}\n",
    HEAD + "budget: 5\n",
    HEAD + "traffic: 5\n",
    "models: [{name: x}]\nprompts: [x]\n",
    "models: [{id: o3, timeout_s: 0}]\nprompts: [x]\n",
    "models: [{id: o3, price: {input: 1}}]\nprompts: [x]\n",
    "models: [o3]\nprompts: [{messages: [{role: usr, content: x}]}]\n",
    "models: [o3]\nprompts: [{messages: []}]\n",
]


@pytest.mark.parametrize("text", BAD)
def test_what_does_not_fit_is_refused_by_the_loader_too(validator, problems, text):
    assert misfits(validator, text)
    assert problems(text)
