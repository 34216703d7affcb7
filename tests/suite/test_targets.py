"""Targets in a suite: what they may say, and what a trial hands them."""

from __future__ import annotations

import pytest

from evalkit.types import FunctionTarget, HttpTarget, Price

APP = "type: http, url: 'http://h/ask', body: {q: '{{ q }}'}, answer: a"
CASE = "cases: [{id: one, vars: {q: why, n: 0012}, expected: yes, checks: [{contains: x}]}]\n"


def suite(provider: str = APP, model: str = "name: app, provider: p", case: str = CASE, more: str = "") -> str:
    return f"providers: {{p: {{{provider}}}}}\nmodels: [{{{model}}}]\nprompts: ['{{{{ q }}}}?']\n{case}{more}"


def app(body: str = "{q: '{{ q }}'}", headers: str = "{}") -> str:
    return f"type: http, url: 'http://h/ask', body: {body}, answer: a, headers: {headers}"


# --- what a suite says -------------------------------------------------------------------------------------------


def test_an_application_is_a_model_without_id_and_api(load):
    [model] = load(suite(APP + ", usage: u.x, headers: {X-Team: eval, X-N: 1.10}")).models
    assert (model.name, model.id, model.api, model.family) == ("app", "app", "http", "unknown")
    assert (model.provider.base_url, model.provider.api_key_env, model.provider.auth) == ("http://h/ask", None, "none")
    target = model.provider.target
    assert isinstance(target, HttpTarget)
    assert (target.answer.expression, target.usage.expression) == ("a", "u.x")
    assert target.headers == {"x-team": "eval", "x-n": "1.10"}


def test_a_function_is_named_by_its_file_and_its_name(load, write, home):
    path = write("app/pipeline.py", "")
    [model] = load(suite("type: python, function: 'app/pipeline.py:answer'", "provider: p")).models
    assert (model.name, model.id, model.api) == ("p", "p", "python")
    assert model.provider.target == FunctionTarget(path=path.resolve(), name="answer")
    assert model.provider.base_url == ""


def test_settings_key_and_price_are_those_of_models(load):
    provider = APP.replace("http://h/ask", "${APP}/ask") + ", api_key_env: K, auth: raw"
    [model] = load(
        suite(provider, "id: x, provider: p, timeout_s: 3, max_attempts: 2, price: {input: 1, output: 2}"),
        environ={"APP": "https://a.example"},
    ).models
    assert (model.name, model.timeout_s, model.max_attempts) == ("x", 3, 2)
    assert model.price == Price(input=1, output=2)
    assert (model.provider.base_url, model.provider.api_key_env, model.provider.auth) == (
        "https://a.example/ask",
        "K",
        "raw",
    )


USER_IN_URL = "url has a user or password in it; a key goes by api_key_env"
NO_PORT = "url cannot be read: Port could not be cast to integer value as 'x'"
INCOMPLETE = "no JMESPath: Invalid jmespath expression: Incomplete expression"
UNENDED = "template: unexpected end of template, expected 'end of print statement'."
UNSENDABLE = "is no value for a header: it takes printable ASCII, without blanks at its ends"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("ftp://h", "url begins with http:// or https://"),
        ("http://", "url names no host"),
        ("http://h/a b", "url has a blank in it; write %20"),
        ("http://h:x/", NO_PORT),
        ("http://user:word@h", USER_IN_URL),
        ("${U}", "environment variable U is not set"),
    ],
)
def test_what_is_wrong_with_a_url_is_told_in_its_place(problems, marked, url, message):
    text, place = marked(suite(f"type: http, url: ▸'{url}', body: x, answer: a"))
    assert problems(text) == [f"{place}: {message}"]


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ("body: x, answer: ▸'a['", f"answer: {INCOMPLETE}"),
        ("body: x, answer: a, usage: ▸'u('", f"usage: {INCOMPLETE}"),
        ("answer: a, body: {q: [▸'{{ q']}", UNENDED),
        ("answer: a, body: {q: ▸'{{ expected }}'}", "`expected` is the case's `expected`, which no target is told"),
        ("body: x, answer: a, headers: {X: ▸'{{ output }}'}", "`output` is the answer, which no target is told"),
        (
            "body: x, answer: a, headers: {▸Authorization: x}",
            "'Authorization' cannot be set: a key goes by api_key_env and auth",
        ),
        ("body: x, answer: a, headers: {▸Host: x}", "'Host' cannot be set: evalkit sets it"),
        ("body: x, answer: a, headers: {▸'X Y': x}", "'X Y' is no name of a header"),
        ("body: x, answer: a, headers: {X: 1, ▸x: 2}", "'x' is set twice"),
        ("body: x, answer: a, headers: {X: ▸é}", f"'X' {UNSENDABLE}"),
    ],
)
def test_what_is_wrong_with_an_application_is_told_in_its_place(problems, marked, parts, message):
    text, place = marked(suite(f"type: http, url: 'http://h', {parts}"))
    assert problems(text) == [f"{place}: {message}"]


@pytest.mark.parametrize(
    ("provider", "message"),
    [
        ("type: ▸htp, url: 'http://h'", "expected 'http' or 'python', found 'htp'; did you mean 'http'?"),
        ("type: python, function: ▸pipeline.answer", "write path.py:name, found 'pipeline.answer'"),
        ("type: python, function: ▸'app/p.py:f'", "no such file: 'app/p.py' (looked in HOME)"),
        (
            "type: python, function: ▸'../p.py:f'",
            "'../p.py' lies outside the suite's root (HOME); set `root:` if that is meant",
        ),
        ("type: python, function: 'here.py:f', ▸url: x", "unknown key 'url'; known here: api_key_env, function, type"),
    ],
)
def test_what_is_wrong_with_a_function_is_told_in_its_place(problems, marked, write, provider, message):
    write("here.py", "")
    text, place = marked(suite(provider))
    assert problems(text) == [f"{place}: {message}"]


@pytest.mark.parametrize(
    ("provider", "message"),
    [
        ("type: http", ["'url' is missing", "'body' is missing", "'answer' is missing"]),
        ("url: 'http://h', body: x, answer: a", ["'type' is missing"]),
        ("function: 'f.py:f'", ["'type' is missing"]),
        ("type: python", ["'function' is missing"]),
    ],
)
def test_what_a_target_lacks_is_told(problems, provider, message):
    assert problems(suite(provider)) == [f"s.yaml:1:16: {each}" for each in message]


@pytest.mark.parametrize("setting", ["params: {seed: 1}", "api: chat", "stream: true"])
def test_what_only_a_model_has_is_a_mistake_on_a_target(problems, marked, setting):
    text, place = marked(suite(model=f"name: app, provider: p, ▸{setting}"))
    assert problems(text) == [f"{place}: 'app' is a target of its own: it has no {setting.partition(':')[0]}"]


def test_a_model_at_a_gateway_still_needs_its_id(problems):
    assert problems(suite("base_url: 'http://h/v1'")) == ["s.yaml:2:10: 'id' is missing"]


# --- what a trial hands over -------------------------------------------------------------------------------------


def test_a_body_is_rendered_and_a_sole_expression_keeps_its_type(trials):
    body = (
        "{n: '{{ n }}', sum: '{{ n + 1 }}', text: 'n={{ n }}', on: true, five: 5, nothing: null, "
        "deep: [{q: '{{ q }}'}], prompt: '{{ prompt }}', all: '{{ messages }}', case: '{{ case.id }}'}"
    )
    [trial] = trials(suite(app(body)))
    assert trial.request.payload == {
        "n": 12,
        "sum": 13,
        "text": "n=0012",
        "on": True,
        "five": 5,
        "nothing": None,
        "deep": [{"q": "why"}],
        "prompt": "why?",
        "all": [{"role": "user", "content": "why?"}],
        "case": "one",
    }
    assert type(trial.request.payload["n"]) is int


def test_a_body_need_be_no_mapping(trials):
    assert [trial.request.payload for trial in trials(suite(app("['{{ q }}', 1]")))] == [["why", 1]]
    assert [trial.request.payload for trial in trials(suite(app("'{{ q }}'")))] == ["why"]


def test_headers_are_rendered(trials):
    [trial] = trials(suite(app(headers="{X-Case: '{{ case.id }}', X-Team: eval}")))
    assert trial.request.headers == {"x-case": "one", "x-team": "eval"}


def test_a_var_goes_before_what_has_its_name(trials):
    case = "cases: [{id: one, vars: {q: why, prompt: mine}, checks: none}]\n"
    [trial] = trials(suite(app("{p: '{{ prompt }}'}"), case=case))
    assert trial.request.payload == {"p": "mine"}


def test_a_function_is_handed_prompt_messages_vars_and_case(trials, write):
    write("p.py", "")
    more = "matrix: {language: [en, zh]}\n"
    made = trials(suite("type: python, function: 'p.py:f'", more=more))
    assert [trial.request.payload for trial in made] == [
        {
            "prompt": "why?",
            "messages": [{"role": "user", "content": "why?"}],
            "vars": {"q": "why", "n": 12, "language": language},
            "case_id": f"one[language={language}]",
        }
        for language in ("en", "zh")
    ]


def test_defaults_of_models_pass_a_target_by(trials, plan):
    text = suite(more="defaults: {params: {temperature: 0}, stream: true}\n")
    [trial] = trials(text)
    assert (trial.request.params, trial.request.stream) == ({}, None)
    [model] = plan(text).suite.with_stream(stream=True).models
    assert model.stream is None


@pytest.mark.parametrize(
    ("provider", "message"),
    [
        (app("{q: '{{ qq }}'}"), "provider 'p': no variable 'qq'; did you mean 'q'?"),
        (app(headers="{X: '{{ qq }}'}"), "provider 'p': no variable 'qq'; did you mean 'q'?"),
        (app(headers="{X: 'a{{ q }}é'}"), f"provider 'p': 'x' {UNSENDABLE}"),
    ],
)
def test_what_cannot_be_rendered_is_told_before_anything_is_sent(problems, provider, message):
    assert problems(suite(provider)) == [f"s.yaml:4:9: case 'one', prompt 'default': {message}"]


def test_a_target_is_given_no_pictures(problems):
    case = "cases: [{id: one, vars: {q: why}, images: ['https://h/x.png'], checks: none}]\n"
    [found] = problems(suite(case=case))
    assert found.endswith("'app' is a target and is given no pictures or files; `models:` leaves it out")
    more = "models: [{provider: p, name: app}, gpt-4o]\n"
    text = suite(case=case.replace("checks", "models: [gpt-4o], checks"))
    assert problems(text.replace("models: [{name: app, provider: p}]\n", more)) == []


def test_a_target_is_asked_by_a_user_message(problems):
    text = suite().replace("prompts: ['{{ q }}?']", "prompts: [{messages: [{role: system, content: x}]}]")
    [found] = problems(text)
    assert found.endswith("'app' is a target and asked by the last user message: this prompt has none")


def test_a_trials_identity_is_what_is_handed_over(trials):
    [before] = trials(suite(app()))
    same = [suite(app(headers="{X: '1'}")), suite(app().replace("http://h", "http://other"))]
    assert {trial.key for text in same for trial in trials(text)} == {before.key}
    others = [suite(app("{q: '{{ q }}', k: 2}")), suite(app("{q: '{{ q }}!'}"))]
    keys = {trial.key for text in others for trial in trials(text)}
    assert len(keys) == 2
    assert before.key not in keys


def test_a_prompt_that_the_body_does_not_hold_is_no_part_of_the_identity(trials):
    [before] = trials(suite())
    [after] = trials(suite().replace("{{ q }}?'", "Please: {{ q }}?'"))
    assert before.key == after.key
