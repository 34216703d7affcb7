"""The suites that newcomers learn from: valid, answerable, checked by checks that can fail, and runnable offline."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import msgspec
import pytest
from msgspec.structs import replace
from PIL import Image, ImageChops

from evalkit.checks.scoring import Verdict, score_trial
from evalkit.simulator.wrong import wrong
from evalkit.suite.loader import load_suite
from evalkit.suite.plan import Plan
from evalkit.types import Finding, Response, Summary, Timing, ToolCall, Trial, Usage
from tests.checks.judges import Judges, honest

pytestmark = pytest.mark.anyio

SUITES = Path(__file__).parent.parent / "suites"
IMAGES = SUITES / "images"
NAMES = ["checks", "dialogue", "judged", "quickstart", "reasoning", "regression", "vision"]
FIVE = ["gpt-4o", "o4-mini", "o3", "gemini-2.5-pro", "doubao-1-5-vision-pro-32k-250115"]

MISLED = {
    "not": "Venus",
    "invoice-number": "INV-2040",
    "no-fruit": "apple",
    "seven-in-letters": "7",
    "injected-instruction": "The sea, the sea",
    "praise-of-the-website": "technical",
    "colour": "red",
    "takes-a-correction": "Tuesday",
}
"""By case: what its `not` forbids."""


def plan_of(name: str) -> Plan:
    return Plan(load_suite(SUITES / f"{name}.yaml", environ={}))


def questions(name: str) -> Iterator[Trial]:
    """Every case with every prompt, once; a conversation turn by turn, with the checks of each turn, and as a whole."""
    plan = plan_of(name)
    for trial in plan.trials(plan.models[0]):
        if trial.repeat > 0:
            continue
        own = (trial.first_turn_checks, *(turn.checks for turn in trial.turns))
        for number, checks in enumerate(own):
            if checks:
                yield replace(trial, checks=checks, expected=trial.expected_at(number), threshold=None)
        if any(check.in_score for check in trial.checks):
            yield trial


async def judged(
    trial: Trial, text: str, *, latency_s: float = 1.0, cost_usd: float = 0.001, finish_reason: str = "stop"
) -> Verdict:
    async def run_blocking(func: Callable[[], Finding]) -> Finding:
        return func()

    tokens = round(1000 * latency_s)  # slow is long
    usage = Usage(input_tokens=1, output_tokens=tokens, reasoning_tokens=tokens, total_tokens=tokens + 1)
    response = Response(
        text=text, model=None, finish_reason=finish_reason, outcome="ok", usage=usage, tool_calls=calls(trial, text)
    )
    timing = Timing(queue_s=0, backoff_s=0, latency_s=latency_s, e2e_s=latency_s, ttft_s=latency_s)
    answers = dict.fromkeys(FIVE, trial.expected or "")  # in case it is compared with one of them
    judges = Judges(honest(trial.expected or ""), answers=answers)
    return await score_trial(
        trial,
        response,
        latency_s=latency_s,
        cost_usd=cost_usd,
        timing=timing,
        run_blocking=run_blocking,
        others=judges,
    )


def calls(trial: Trial, text: str) -> tuple[ToolCall, ...]:
    """The tool that is called by who knows what is expected, with what its parameters demand."""
    if "tools" not in trial.request.params or text != trial.expected:
        return ()
    return (ToolCall(id=None, name=text, arguments=json.dumps({"city": "Oslo"})),)


def test_every_suite_in_the_folder_is_tested_here():
    assert sorted(path.stem for path in SUITES.glob("*.yaml")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_first_line_names_the_schema_for_editors(name):
    first = (SUITES / f"{name}.yaml").read_text().splitlines()[0]
    assert first == "# yaml-language-server: $schema=./suite.schema.json"


@pytest.mark.parametrize(
    ("name", "cases", "skipped", "trials_of_each"),
    [
        ("quickstart", 24, 0, 24),
        ("vision", 14, 0, 14),
        ("reasoning", 12, 0, 36),
        ("regression", 37, 1, 37),
        ("dialogue", 6, 0, 18),
        ("judged", 8, 0, 8),
        ("checks", 37, 1, 37),
    ],
)
def test_a_suite_means_so_many_trials(name, cases, skipped, trials_of_each):
    census = plan_of(name).prepare()
    assert (census.cases, len(census.skipped)) == (cases, skipped)
    assert {planned.trials for planned in census.planned} == {trials_of_each}


@pytest.mark.parametrize("name", ["quickstart", "vision"])
def test_the_documented_five_are_compared(name):
    assert [model.name for model in plan_of(name).models] == FIVE


def test_reasoning_asks_each_model_with_its_own_settings():
    plan = plan_of("reasoning")
    asked = {model.name: (model.id, model.api, *plan.params(model)) for model in plan.models}
    assert asked["o4-mini-low"] == (
        "o4-mini", "chat", {"reasoning_effort": "low", "max_output_tokens": 8000}, ("temperature",),
    )  # fmt: skip
    assert asked["o3"] == ("o3", "responses", {"reasoning_effort": "medium"}, ("temperature",))
    assert asked["o3-chat"] == ("o3", "chat", {"reasoning_effort": "medium"}, ("temperature",))
    assert asked["gpt-4o"] == ("gpt-4o", "chat", {"temperature": 0, "max_output_tokens": 1000}, ())
    assert asked["gemini-2.5-pro"] == ("gemini-2.5-pro", "chat", {}, ())


@pytest.mark.parametrize("name", NAMES)
async def test_every_check_passes_on_the_expected_answer(name):
    for trial in questions(name):
        assert trial.expected is not None, trial.case_id
        verdict = await judged(trial, trial.expected)
        assert [score.check for score in verdict.scores if not score.passed] == [], trial.case_id


@pytest.mark.parametrize("name", NAMES)
async def test_a_wrong_answer_fails(name):
    for trial in questions(name):
        for seed in range(10):
            text = wrong(trial.expected, Random(seed))
            verdict = await judged(trial, text)
            assert verdict.passed is False, f"{trial.case_id} passes with {text!r}"


@pytest.mark.parametrize("name", NAMES)
async def test_every_check_can_fail(name):
    for trial in questions(name):
        verdicts = [
            await judged(trial, "I do not know.", latency_s=1000.0, cost_usd=10.0, finish_reason="odd"),
            await judged(trial, MISLED.get(trial.case_id, "?")),
        ]
        tried = zip(*(verdict.scores for verdict in verdicts), strict=True)
        never = [scores[0].check for scores in tried if not any(score.passed is False for score in scores)]
        assert never == [], trial.case_id


async def test_the_thinking_before_the_answer_is_not_checked():
    trial = next(trial for trial in questions("reasoning") if trial.prompt == "stepwise")
    assert (await judged(trial, f"2 + 2 is 4.\nAnswer: {trial.expected}")).passed
    assert not (await judged(trial, f"{trial.expected}? No.\nAnswer: 1")).passed


async def test_json_in_a_fence_is_right():
    trial = next(trial for trial in questions("quickstart") if trial.case_id == "person-as-json")
    assert (await judged(trial, f"```json\n{trial.expected}\n```")).passed


# --- pictures ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def drawn(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("drawn")
    subprocess.run([sys.executable, IMAGES / "draw.py", folder], check=True, timeout=60)
    return folder


def largest_difference(one: Path, other: Path) -> int:
    """Between two pictures averaged over squares of 4: another FreeType may shade the edge of a letter differently."""
    pictures = [Image.open(path).convert("RGB").reduce(4) for path in (one, other)]
    assert pictures[0].size == pictures[1].size
    return max(high for _, high in ImageChops.difference(*pictures).getextrema())


def test_the_program_draws_just_the_pictures_that_are_there(drawn):
    assert sorted(path.name for path in drawn.iterdir()) == sorted(path.name for path in IMAGES.glob("*.png"))


@pytest.mark.parametrize("path", sorted(IMAGES.glob("*.png")), ids=lambda path: path.stem)
def test_a_picture_is_as_drawn_and_small(path, drawn):
    assert largest_difference(path, drawn / path.name) <= 16
    assert path.stat().st_size < 16_000


def test_a_missing_shape_is_a_difference():
    assert largest_difference(IMAGES / "shapes.png", IMAGES / "shapes-later.png") > 100


def test_every_picture_is_asked_about():
    images = {image.path.name for case in plan_of("vision").cases() for image in case.images}
    assert images == {path.name for path in IMAGES.glob("*.png")}


# --- offline -----------------------------------------------------------------------------------------------------


def run_offline(name: str, out: Path, *flags: str) -> tuple[subprocess.CompletedProcess[str], Summary]:
    command = [sys.executable, "-m", "evalkit", "run", SUITES / f"{name}.yaml", "--offline", "-q", "-o", out, *flags]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    (summary,) = out.glob("*/summary.json")
    return done, msgspec.json.decode(summary.read_bytes(), type=Summary)


def test_the_gates_of_regression_are_met_offline(tmp_path):
    done, summary = run_offline("regression", tmp_path)
    assert done.returncode == 0, done.stderr
    assert [gate.result for gate in summary.gates] == ["pass"] * 7


def test_every_check_works_offline(tmp_path):
    done, summary = run_offline("checks", tmp_path)
    assert done.returncode == 0, done.stderr
    assert not any(row.errors or row.not_run for row in summary.models)


def test_quickstart_compares_five_models_with_a_95th_percentile(tmp_path):
    done, summary = run_offline("quickstart", tmp_path)
    assert done.returncode == 1, done.stderr
    assert [row.model for row in summary.models] == FIVE
    assert all(row.latency_s.p95 for row in summary.models)
    assert not any(row.errors for row in summary.models)


@pytest.mark.parametrize(
    ("name", "flags"),
    [("vision", ["-m", "gpt-4o", "-m", "o3"]), ("reasoning", ["--limit", "2"]), ("dialogue", ["--repeat", "1"])],
)
def test_the_others_run_offline_without_errors(name, flags, tmp_path):
    done, summary = run_offline(name, tmp_path, *flags)
    assert done.returncode in (0, 1), done.stderr
    assert summary.models
    assert not any(row.errors or row.not_run for row in summary.models)
