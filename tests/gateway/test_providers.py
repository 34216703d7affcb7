from __future__ import annotations

import pytest

from evalkit.errors import UsageError
from evalkit.gateway.providers import Key, MissingKey, authorization, endpoint, is_loopback, resolve_keys
from evalkit.types import Model, Provider

SECRET = "sk-canary-4711-0815"


def model(name="m", *, provider="p", base_url="https://gptproto.com/v1", env="SOME_KEY", auth="bearer") -> Model:
    where = Provider(name=provider, base_url=base_url, api_key_env=env, auth=auth)
    return Model(name=name, id=name, provider=where, api="chat", family="gpt")


@pytest.mark.parametrize(
    ("base_url", "url"),
    [
        ("https://gptproto.com", "https://gptproto.com/v1/chat/completions"),
        ("https://gptproto.com/", "https://gptproto.com/v1/chat/completions"),
        ("https://gptproto.com/v1", "https://gptproto.com/v1/chat/completions"),
        ("https://gptproto.com/v1//", "https://gptproto.com/v1/chat/completions"),
        ("http://127.0.0.1:9000/api/openai/", "http://127.0.0.1:9000/api/openai/chat/completions"),
        ("http://[::1]:9000", "http://[::1]:9000/v1/chat/completions"),
        ("https://h.example/v1?api-version=2", "https://h.example/v1/chat/completions?api-version=2"),
    ],
)
def test_a_path_is_put_below_its_base_url(base_url, url):
    assert endpoint(base_url, "chat/completions") == url


@pytest.mark.parametrize(
    "base_url", ["ftp://h.example", "gptproto.com/v1", "", "https://", "https:///v1", "http://[::1", "http://h:port/v1"]
)
def test_a_base_url_that_cannot_be_asked_is_refused(base_url):
    with pytest.raises(UsageError, match="base_url"):
        endpoint(base_url, "responses")


def test_a_password_in_a_base_url_is_refused_and_not_repeated():
    with pytest.raises(UsageError, match=r"h\.example") as error:
        endpoint(f"https://user:{SECRET}@h.example/v1", "responses")
    assert SECRET not in str(error.value)


@pytest.mark.parametrize("base_url", [f"ftp://u:{SECRET}@h.example", f"http://u:{SECRET}@h:port", f"u:{SECRET}@h"])
def test_a_base_url_that_is_doubly_wrong_does_not_give_its_password_away(base_url):
    with pytest.raises(UsageError) as error:
        endpoint(base_url, "responses")
    assert SECRET not in str(error.value)


def test_a_key_is_looked_up_once_for_each_provider():
    models = [model("a"), model("b"), model("c", provider="local", env=None), model("d", provider="open", auth="none")]
    assert resolve_keys(models, {"SOME_KEY": SECRET}) == {"p": SECRET, "local": None, "open": None}


@pytest.mark.parametrize("environ", [{}, {"SOME_KEY": ""}, {"SOME_KEY": "  "}])
def test_a_missing_key_is_named_with_the_models_that_need_it(environ):
    models = [model("a"), model("b"), model("c", provider="q", env="OTHER_KEY")]
    with pytest.raises(MissingKey) as error:
        resolve_keys(models, environ)
    assert error.value.missing == {"SOME_KEY": ("a", "b"), "OTHER_KEY": ("c",)}
    assert "SOME_KEY is not set: it holds the key for a, b" in str(error.value)
    assert isinstance(error.value, UsageError)


@pytest.mark.parametrize(
    "spoilt",
    [f"{SECRET}\n", f"{SECRET}\r\nX-Evil: 1", f"{SECRET}é", f"Bearer {SECRET}", f" {SECRET}", f"{SECRET}\x00", "\n"],
)
def test_a_key_that_cannot_be_sent_is_refused_and_not_repeated(spoilt):
    with pytest.raises(UsageError, match="SOME_KEY holds no usable key") as error:
        resolve_keys([model()], {"SOME_KEY": spoilt})
    assert SECRET not in str(error.value)
    assert not isinstance(error.value, MissingKey)


def test_a_raw_header_may_hold_a_scheme_of_its_own():
    assert resolve_keys([model(auth="raw")], {"SOME_KEY": "Token abc"}) == {"p": "Token abc"}


def test_a_bad_base_url_is_found_before_anything_is_sent():
    with pytest.raises(UsageError, match="base_url"):
        resolve_keys([model(base_url="gptproto.com")], {"SOME_KEY": SECRET})


@pytest.mark.parametrize(
    ("auth", "header"), [("bearer", {"authorization": "Bearer k"}), ("raw", {"authorization": "k"}), ("none", {})]
)
def test_the_header_has_the_providers_form(auth, header):
    assert authorization(Key("k"), auth) == header
    assert authorization(None, auth) == {}


def test_a_key_does_not_show_itself():
    keys = resolve_keys([model()], {"SOME_KEY": SECRET})
    assert SECRET not in repr(keys)


@pytest.mark.parametrize(
    ("base_url", "expected"),
    [
        ("http://127.0.0.1:1/v1", True),
        ("http://127.8.9.1", True),
        ("http://localhost", True),
        ("http://[::1]:80/", True),
        ("https://gptproto.com", False),
        ("http://10.0.0.1", False),
    ],
)
def test_loopback_is_this_machine_alone(base_url, expected):
    assert is_loopback(base_url) is expected
