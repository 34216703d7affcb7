"""Production requests from a file: every form that a line may have, and what is wrong with others."""

from __future__ import annotations

import json

import numpy as np
import pytest

from evalkit.errors import SuiteInvalid
from evalkit.estimate.request_log import MOST_REQUESTS, read_log
from tests.estimate.plans import asked_of, row


def log_of(tmp_path, *lines):
    file = tmp_path / "log.jsonl"
    file.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines), encoding="utf-8")
    return read_log(file, "log.jsonl")


def test_billed_tokens_are_taken_as_they_were(tmp_path):
    log = log_of(
        tmp_path,
        {"input_tokens": 100, "output_tokens": 20},
        {"usage": {"prompt_tokens": 200, "completion_tokens": 40}},
        {"response": {"usage": {"input_tokens": 300, "output_tokens": 60, "reasoning_tokens": 10}}, "count": 3},
    )
    assert [(line.input_tokens, line.output_tokens, line.count) for line in log.lines] == [
        (100, 20, 1), (200, 40, 1), (300, 60, 3),
    ]  # fmt: skip
    assert log.lengths is not None
    assert list(log.lengths.visible) == [20, 40, 60]
    assert log.lengths.weights[2] == pytest.approx(3 * log.lengths.weights[0])
    rows = log.requests(asked_of(row()))
    assert [(each.input.expected, each.repeats) for each in rows] == [(100, 1), (200, 1), (300, 3)]


def test_messages_are_counted_as_the_suites_are(tmp_path):
    log = log_of(
        tmp_path,
        {"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "word " * 100}]},
        {"prompt": "word " * 100},
        {"request": {"messages": [{"role": "user", "content": [{"type": "text", "text": "word " * 100}]}]}},
    )
    assert log.lengths is None
    first, second, third = (each.input.expected for each in log.requests(asked_of(row())))
    assert second == third
    assert 100 < second < 120
    assert first > second


def test_a_picture_in_a_log_is_of_unknown_size(tmp_path):
    parts = [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": "https://e.example/a.png"}},
    ]
    log = log_of(tmp_path, {"messages": [{"role": "user", "content": parts}]})
    (asked,) = log.requests(asked_of(row()))
    assert asked.parts["pictures"].low < asked.parts["pictures"].high


def test_the_records_of_a_run_can_be_such_a_file(tmp_path):
    usage = {"input_tokens": 9, "output_tokens": 2, "reasoning_tokens": None}
    record = {"request": {"messages": [{"role": "user", "content": "hi"}]}, "response": {"text": "yes", "usage": usage}}
    log = log_of(tmp_path, record)
    assert (log.lines[0].input_tokens, log.lines[0].output_tokens) == (9, 2)


def test_a_long_file_is_taken_evenly(tmp_path):
    log = log_of(tmp_path, *({"input_tokens": n, "output_tokens": 1} for n in range(5 * MOST_REQUESTS)))
    assert len(log.lines) == MOST_REQUESTS
    assert np.mean([line.input_tokens for line in log.lines]) == pytest.approx(2.5 * MOST_REQUESTS, rel=0.01)
    assert "2,000 of the 10,000 requests" in log.notes[0]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{", "not JSON"),
        ("[1]", "a request is a JSON object"),
        ({}, "has neither `messages`, `prompt` or `input`, nor the input_tokens"),
        ({"output_tokens": 5}, "has neither"),
        ({"input_tokens": -1}, "whole number from 0 on; found -1"),
        ({"input_tokens": 1.5}, "whole number from 0 on; found 1.5"),
        ({"input_tokens": 1, "count": 0}, "count is a number above 0"),
        ({"messages": "hi"}, "`messages` is a list"),
        ({"messages": [{"role": "robot", "content": "hi"}]}, "a message has a role"),
        ({"messages": [{"role": "user", "content": 5}]}, "a text or a list of parts"),
    ],
)
def test_a_wrong_line_is_told_with_its_number(tmp_path, line, told):
    with pytest.raises(SuiteInvalid) as error:
        log_of(tmp_path, {"input_tokens": 1}, line)
    (problem,) = error.value.problems
    assert (problem.file, problem.line) == ("log.jsonl", 2)
    assert told in problem.message


def test_an_empty_file_is_told(tmp_path):
    with pytest.raises(SuiteInvalid, match="has no request"):
        log_of(tmp_path, "")
