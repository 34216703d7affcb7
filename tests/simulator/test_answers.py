from __future__ import annotations

import json
import subprocess
import sys
from statistics import median

import pytest

from evalkit.simulator.answers import answer, is_right
from evalkit.simulator.profiles import PROFILES
from evalkit.simulator.tokens import count

CASES = 3000


def test_the_same_question_gets_the_same_answer_in_any_order(ask):
    questions = [ask(model, f"Question {number}?") for number in range(5) for model in ("gpt-4o", "o3")]
    forwards = [answer(question, seed=1, expected="Paris") for question in questions]
    backwards = [answer(question, seed=1, expected="Paris") for question in reversed(questions)]
    assert forwards == backwards[::-1]


def test_another_process_gives_the_same_answer(ask):
    program = (
        "from evalkit.simulator import chat; from evalkit.simulator.answers import answer;"
        "asked = chat.read({'model': 'o3', 'messages': [{'role': 'user', 'content': 'Hello'}]});"
        "print(answer(asked, seed=3, expected='Paris', repeat=2))"
    )
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == str(answer(ask("o3", "Hello"), seed=3, expected="Paris", repeat=2))


def test_seed_model_content_and_repeat_each_change_the_draw(ask):
    ids = {
        answer(ask("o3", "Hello"), seed=0).id,
        answer(ask("o3", "Hello"), seed=1).id,
        answer(ask("o3", "Hello"), seed=0, repeat=1).id,
        answer(ask("o3", "Hello"), seed=0, expected="Paris").id,
        answer(ask("o3", "Hello!"), seed=0).id,
        answer(ask("gpt-4o", "Hello"), seed=0).id,
    }
    assert len(ids) == 6


@pytest.mark.parametrize("model", ["gpt-4.1-nano", "gpt-4o", "o3"])
def test_a_model_is_right_as_often_as_its_skill_says(ask, model):
    right = sum(is_right(ask(model, f"q{n}"), seed=7, expected="Paris", repeat=0) for n in range(CASES))
    assert right / CASES == pytest.approx(PROFILES[model].skill, abs=0.025)


def test_what_is_hard_for_one_model_is_hard_for_another(ask):
    missed_by = {
        model: {n for n in range(CASES) if not is_right(ask(model, f"q{n}"), seed=7, expected="Paris", repeat=0)}
        for model in ("gpt-4o", "gpt-4.1")
    }
    both = len(missed_by["gpt-4o"] & missed_by["gpt-4.1"]) / CASES
    by_chance = len(missed_by["gpt-4o"]) * len(missed_by["gpt-4.1"]) / CASES**2
    assert both > 1.5 * by_chance


def test_repeats_agree_mostly_but_not_always(ask):
    runs = [[is_right(ask("gpt-4o", f"q{n}"), seed=7, expected="x", repeat=r) for r in range(3)] for n in range(500)]
    flaky = sum(0 < sum(run) < 3 for run in runs) / len(runs)
    assert 0.03 < flaky < 0.35


def test_a_right_answer_is_the_expected_text_verbatim(ask):
    expected = "  Paris,\n“la ville” "
    texts = {answer(ask("o3", f"q{n}"), seed=0, expected=expected).text for n in range(30)}
    assert expected in texts
    assert len(texts) > 1


def test_without_an_expected_answer_it_talks_about_the_topic(ask):
    assert "boardwalk" in answer(ask("gpt-4o", "Please describe the boardwalk."), seed=0).text
    assert "人工智能" in answer(ask("gpt-4o", "人工智能?"), seed=0).text
    assert answer(ask("gpt-4o", "boardwalk"), seed=0, expected=" ") != answer(ask("gpt-4o", "?"), seed=0)


def test_json_is_answered_where_json_is_asked_for(ask):
    asked = ask("gpt-4o", "Say hello in json", response_format={"type": "json_object"})
    assert set(json.loads(answer(asked, seed=0).text)) == {"answer"}


def test_a_cap_over_the_answer_changes_nothing(ask):
    free = answer(ask("o3"), seed=0)
    assert answer(ask("o3", max_completion_tokens=free.completion_tokens), seed=0) == free
    assert free.finish_reason == "stop"


def test_a_cap_cuts_the_visible_text(ask):
    free = answer(ask("o3"), seed=0)
    cut = answer(ask("o3", max_completion_tokens=free.reasoning_tokens + 4), seed=0)
    assert cut.finish_reason == "length"
    assert free.text.startswith(cut.text)
    assert (count(cut.text), cut.visible_tokens, cut.reasoning_tokens) == (4, 4, free.reasoning_tokens)
    assert cut.latency_s < free.latency_s


def test_reasoning_can_take_up_the_whole_cap(ask):
    cut = answer(ask("o3", max_completion_tokens=16), seed=0)
    assert (cut.text, cut.finish_reason) == (None, "length")
    assert (cut.reasoning_tokens, cut.completion_tokens) == (16, 16)


def test_more_effort_means_more_reasoning(ask):
    low, high = (answer(ask("o3", reasoning_effort=effort), seed=0) for effort in ("low", "high"))
    assert high.reasoning_tokens > 4 * low.reasoning_tokens
    assert high.latency_s > low.latency_s
    assert high.text == low.text


def test_only_reasoning_models_reason(ask):
    assert answer(ask("gpt-4o"), seed=0).reasoning_tokens == 0
    drawn = [answer(ask("o3", f"q{n}"), seed=0).reasoning_tokens for n in range(400)]
    assert median(drawn) == pytest.approx(PROFILES["o3"].reasoning_tokens.median, rel=0.15)


def test_a_stop_text_ends_the_answer(ask):
    free = answer(ask("gpt-4o", "Tell me about harbours."), seed=0)
    stopped = answer(ask("gpt-4o", "Tell me about harbours.", stop=["§", "harb", "ours"]), seed=0)
    assert stopped.text == free.text[: free.text.index("harb")]
    assert stopped.finish_reason == "stop"
    assert stopped.completion_tokens < free.completion_tokens


@pytest.mark.parametrize(("words", "text", "refused"), [("[[refusal]]", None, True), ("[[empty]]", None, False)])
def test_a_message_can_provoke_an_outcome(ask, words, text, refused):
    provoked = answer(ask("gpt-4o", f"Please {words}"), seed=0, expected="Paris")
    assert provoked.text is text
    assert (provoked.refusal is not None) is refused
    assert provoked.finish_reason == "stop"
