"""`${VAR}` in settings."""

from __future__ import annotations

import pytest

from evalkit.suite.interpolation import ReferenceInvalid, interpolate

ENVIRON = {"HOST": "h", "PORT": "80", "EMPTY": "", "BOOL": "true", "WORD": "no", "DOLLAR": "${HOST}"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("plain", "plain"),
        ("http://${HOST}:${PORT}/v1", "http://h:80/v1"),
        ("${PORT}", 80),
        ("${BOOL}", True),
        ("${WORD}", "no"),
        ("${EMPTY}", None),
        ("${EMPTY:-x}", "x"),
        ("${NONE:-60}", 60),
        ("${NONE:-}", None),
        ("${NONE:-http://a/b?c=d}", "http://a/b?c=d"),
        ("${HOST:?why}", "h"),
        ("$$5 $$", "$5 $"),
        ("$${HOST}", "${HOST}"),
        ("$HOST $5", "$HOST $5"),
        ("${DOLLAR}", "${HOST}"),
    ],
)
def test_references_are_replaced_once_and_read_as_yaml(text, value):
    read = interpolate(text, ENVIRON)
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("${NONE}", "environment variable NONE is not set"),
        ("a${NONE:?the host of the gateway}", "environment variable NONE is not set: the host of the gateway"),
        ("${EMPTY:?}", "environment variable EMPTY is not set"),
        ("${HOST-x}", "write ${VAR}, ${VAR:-default} or ${VAR:?why}, and $$ for a dollar sign"),
        ("${HOST", "write ${VAR}, ${VAR:-default} or ${VAR:?why}, and $$ for a dollar sign"),
        ("${1}", "write ${VAR}, ${VAR:-default} or ${VAR:?why}, and $$ for a dollar sign"),
    ],
)
def test_a_reference_to_nothing_is_an_error(text, message):
    with pytest.raises(ReferenceInvalid) as caught:
        interpolate(text, ENVIRON)
    assert str(caught.value) == message
