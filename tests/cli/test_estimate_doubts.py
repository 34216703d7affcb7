"""What an estimate rests on, where that is less than it seems: another suite's run, a model without a price."""

from __future__ import annotations

import json


def test_a_history_of_another_suite_is_told(cli, write):
    ran = cli("run", write("other.yaml"), "-q")
    run = ran.folder
    ended = cli("estimate", write(), "--from", run, "--format", "json")
    assert ended.code == 0
    told = json.loads(ended.out)
    assert f"{run.name} is a run of another suite, 'other': it was asked other things" in told["notes"]
    assert told["models"][0]["sources"]["output_tokens"] == "history"


def test_of_a_history_of_the_suite_itself_nothing_is_told(cli, write):
    suite = write()
    ran = cli("run", suite, "-q")
    assert not json.loads(cli("estimate", suite, "--from", ran.folder, "--format", "json").out)["notes"]


def test_a_model_without_a_price_is_named_beside_what_the_others_cost(cli, write):
    unknown = {"id": "nobodys", "provider": "gptproto", "api": "chat"}
    ended = cli("estimate", write(models=["gpt-4o", unknown]))
    assert ended.code == 0
    assert ended.out.splitlines()[0].endswith("; without nobodys: unpriced")
