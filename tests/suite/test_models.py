"""Models, providers and prices, from a suite to what is asked."""

from __future__ import annotations

import pytest

from evalkit.types import Price, Provider

PROMPTS = "prompts: [x]\n"


def test_a_bare_id_is_a_model_with_all_that_its_preset_knows(load):
    [model] = load("models: [o3]\n" + PROMPTS).models
    assert (model.name, model.id, model.api, model.family) == ("o3", "o3", "responses", "reasoning")
    assert model.cap_field == "max_completion_tokens"
    assert model.provider == Provider(
        name="gptproto", base_url="https://gptproto.com/v1", api_key_env="GPTPROTO_API_KEY"
    )
    assert (model.stream, model.timeout_s, model.max_attempts, model.max_wait_s) == (None, 600.0, 5, 120.0)
    assert model.price is None


def test_settings_go_before_the_preset(load):
    model = (
        "{name: n, id: o3, api: chat, stream: false, timeout_s: 60, max_attempts: 2, max_wait_s: 5, max_concurrency: 3}"
    )
    [asked] = load(f"models: [{model}]\n{PROMPTS}").models
    assert (asked.name, asked.id, asked.api, asked.stream) == ("n", "o3", "chat", False)
    assert (asked.timeout_s, asked.max_attempts, asked.max_wait_s, asked.max_concurrency) == (60, 2, 5, 3)


def test_a_price_goes_with_its_model(load):
    [model] = load("models: [{id: o3, price: {input: 2, output: 8.5, batch: 0.5}}]\n" + PROMPTS).models
    assert model.price == Price(input=2, output=8.5, cached_input=None, batch=0.5)


def test_the_gateway_may_stand_elsewhere(load):
    [model] = load("models: [o3]\n" + PROMPTS, environ={"GPTPROTO_API_BASE": "http://127.0.0.1:1/v1"}).models
    assert model.provider.base_url == "http://127.0.0.1:1/v1"
    [model] = load("models: [o3]\n" + PROMPTS, environ={"GPTPROTO_API_BASE": ""}).models
    assert model.provider.base_url == "https://gptproto.com/v1"


@pytest.mark.parametrize(
    ("provider", "expected"),
    [
        ("{base_url: 'http://h/v1'}", ("http://h/v1", None, "none")),
        ("{base_url: 'http://h/v1', api_key_env: K}", ("http://h/v1", "K", "bearer")),
        ("{base_url: 'http://h/v1', api_key_env: K, auth: raw}", ("http://h/v1", "K", "raw")),
        ("{base_url: 'http://${HOST:-h}:${PORT}/v1'}", ("http://h:80/v1", None, "none")),
    ],
)
def test_a_provider_says_where_and_how(load, provider, expected):
    suite = load(
        f"models: [{{id: m, provider: p, api: chat}}]\n{PROMPTS}providers: {{p: {provider}}}\n", environ={"PORT": "80"}
    )
    [model] = suite.models
    assert (model.provider.base_url, model.provider.api_key_env, model.provider.auth) == expected
    assert (model.provider.name, model.family, model.cap_field) == ("p", "unknown", "max_tokens")


def test_a_suite_may_put_another_gateway_in_the_place_of_the_built_in_one(load):
    [model] = load(f"models: [o3]\n{PROMPTS}providers: {{gptproto: {{base_url: 'http://h/v1'}}}}\n").models
    assert model.provider == Provider(name="gptproto", base_url="http://h/v1", api_key_env=None, auth="none")


def test_the_environment_reaches_models_and_providers_only(load):
    text = "models: [{id: '${M}', timeout_s: '${T:-9}'}]\nprompts: ['${M}']\nname: '${M}'\n"
    suite = load(text, environ={"M": "o3"})
    assert (suite.models[0].id, suite.models[0].timeout_s) == ("o3", 9)
    assert (suite.name, suite.prompts[0].messages[0].content) == ("${M}", "${M}")


def test_names_may_be_spelt_like_numbers_or_booleans(load):
    suite = load("models: [{id: gpt-4o, name: true, params: {seed: 1}}, {id: o3, name: 1.10}]\n" + PROMPTS)
    assert [model.name for model in suite.models] == ["true", "1.10"]
    assert suite.model_params == {"true": {"seed": 1}, "1.10": {}}


HINT = "; a model without a preset needs `provider` and `api`"
KNOWN = (
    "gpt-4o, o4-mini, o3, gemini-2.5-pro, doubao-1-5-vision-pro-32k-250115, gpt-4.1, o1, gpt-5, claude-sonnet-4, "
    "grok-4, qwen-plus and their kin"
)


@pytest.mark.parametrize(
    ("models", "message"),
    [
        ("[▸gtp-4o]", "unknown model 'gtp-4o'; did you mean 'gpt-4o'?" + HINT),
        ("[{id: ▸zzz}]", f"unknown model 'zzz'; presets know {KNOWN}{HINT}"),
        ("[{id: ▸zzz, provider: gptproto}]", f"unknown model 'zzz'; presets know {KNOWN}{HINT}"),
        ("[▸{name: x}]", "'id' is missing"),
        ("[{id: o3, provider: ▸gptprot}]", "unknown provider 'gptprot'; did you mean 'gptproto'?"),
        ("[{id: o3, api: ▸chta}]", "unknown api 'chta'; did you mean 'chat'?"),
        ("[o3, ▸o3]", "two models are called 'o3': give one of them another `name`"),
        ("[o3, ▸{id: gpt-4o, name: o3}]", "two models are called 'o3': give one of them another `name`"),
        ("[▸null]", "expected text, found nothing"),
        ("[▸[o3]]", "expected a mapping, found a list"),
        ("[{id: o3, timeout_s: ▸0}]", "must be greater than 0"),
        ("[{id: o3, timeout_s: ▸.inf}]", "must be a finite number"),
        ("[{id: o3, max_attempts: ▸2.5}]", "expected a whole number, found '2.5'"),
        ("[{id: o3, max_concurrency: ▸0}]", "must be greater than or equal to 1"),
        ("[{id: o3, stream: ▸maybe}]", "expected true or false, found 'maybe'"),
        ("[{id: o3, price: ▸{input: 1}}]", "'output' is missing"),
        ("[{id: o3, price: {input: ▸-1, output: 1}}]", "must be greater than or equal to 0"),
        ("[{id: o3, price: ▸5}]", "expected a mapping, found '5'"),
        ("[{id: o3, ▸api_key: sk-1}]", "unknown key 'api_key'; did you mean 'api'?"),
        ("[{id: o3, params: {▸topp: 1}}]", "unknown key 'topp'; did you mean 'top_p'?"),
        ("[{id: o3, params: ▸5}]", "params is a mapping, found '5'"),
        ("[{id: ▸'${NOPE}'}]", "environment variable NOPE is not set"),
    ],
)
def test_what_is_wrong_with_a_model_is_told_in_its_place(problems, marked, models, message):
    text, place = marked(f"models: {models}\n{PROMPTS}")
    assert problems(text) == [f"{place}: {message}"]


@pytest.mark.parametrize(
    ("provider", "message"),
    [
        ("▸{}", "'base_url' is missing"),
        ("{base_url: ▸'ftp://h'}", "base_url begins with http:// or https://"),
        ("{base_url: 'http://h', auth: ▸basic}", "expected 'bearer', 'raw' or 'none', found 'basic'"),
        ("{base_url: 'http://h', ▸key: sk}", "unknown key 'key'; known here: api_key_env, auth, base_url"),
        ("▸x", "expected a mapping, found 'x'"),
        ("{base_url: ▸'${B:?set B}'}", "environment variable B is not set: set B"),
        ("{base_url: ▸'${B-x}'}", "write ${VAR}, ${VAR:-default} or ${VAR:?why}, and $$ for a dollar sign"),
        ("{base_url: ▸'${B:-}'}", "'base_url' is missing"),
    ],
)
def test_what_is_wrong_with_a_provider_is_told_in_its_place(problems, marked, provider, message):
    text, place = marked(f"models: [{{id: m, provider: p, api: chat}}]\n{PROMPTS}providers: {{p: {provider}}}\n")
    assert problems(text) == [f"{place}: {message}"]
