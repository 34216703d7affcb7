"""What a run notes about itself before it begins."""

from __future__ import annotations

import msgspec
import pytest

from evalkit.cli.manifest import cap_notes, left_out_notes
from tests.analysis.run_folder import asked


def models(**left_out):
    return [msgspec.structs.replace(asked(name), left_out=names) for name, names in left_out.items()]


def test_models_that_are_not_sent_the_same_defaults_share_a_note():
    asked_models = models(o3=("temperature",), gpt=(), o4=("temperature", "top_p"), o1=("temperature",))
    assert list(left_out_notes(asked_models)) == [
        "o3, o1 are not sent the default temperature: they would reject it",
        "o4 is not sent the default temperature, top_p: it would reject them",
    ]


def test_models_that_are_sent_everything_need_no_note():
    assert list(left_out_notes(models(gpt=()))) == []


def capped(name, cap=None, **changes):
    params = {} if cap is None else {"max_output_tokens": cap}
    return msgspec.structs.replace(asked(name), params=params, **changes)


def test_a_cap_that_an_api_demands_and_nobody_set_is_told():
    claudes = [capped(name, api="messages", family="claude") for name in ("opus", "sonnet")]
    assert list(cap_notes([*claudes, capped("haiku", 90, api="messages"), capped("gpt")])) == [
        "opus, sonnet are sent max_output_tokens 4096 where a case sets none: the messages API demands a cap"
    ]


@pytest.mark.parametrize(
    ("family", "cap", "told"),
    [
        ("reasoning", 16, ["m: max_output_tokens 16 is small for a model that thinks; answers may come out empty"]),
        ("gemini", 999, ["m: max_output_tokens 999 is small for a model that thinks; answers may come out empty"]),
        ("reasoning", 1000, []),
        ("reasoning", None, []),
        ("gpt", 16, []),
    ],
)
def test_a_cap_that_leaves_no_room_to_think_is_told(family, cap, told):
    assert list(cap_notes([capped("m", cap, family=family)])) == told
