"""What a run notes about itself before it begins."""

from __future__ import annotations

import msgspec

from evalkit.cli.manifest import left_out_notes
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
