"""Functions in place of models: how they are loaded, called and read, and what becomes of what they raise."""

# ruff: noqa: A002, A006 (`vars` is what a function is handed)

from __future__ import annotations

import asyncio
import inspect
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import anyio
import pytest

from evalkit.gateway.client import Gateway, Reply
from evalkit.gateway.functions import Function, FunctionInvalid, load_function
from evalkit.gateway.verdicts import Stop
from evalkit.types import FunctionTarget, Message, Model, Provider, Request, Trial, Usage

pytestmark = pytest.mark.anyio

KEY = "sk-canary-4711-0815"
TARGET = FunctionTarget(path=Path("pipeline.py"), name="answer")
PAYLOAD = {
    "prompt": "why?",
    "messages": [{"role": "user", "content": "why?"}],
    "vars": {"q": "why", "deep": [1]},
    "case_id": "one",
}


async def ask(function: Any, *, timeout_s: float = 5.0, tracebacks: list[str] | None = None, **more: Any) -> Reply:
    """One trial of a function."""
    where = Provider(name="f", base_url="", api_key_env=None, target=TARGET)
    model = Model(name="m", id="m", provider=where, api="python", family="unknown", timeout_s=timeout_s)
    request = Request(model="m", messages=(Message(role="user", content="why?"),), payload=PAYLOAD)
    trial = Trial(key="k", case_id="one", prompt="p", model=model, repeat=0, request=request, checks=())
    told = None if tracebacks is None else tracebacks.append
    functions = {"f": Function(TARGET, function)}
    async with Gateway({"f": None, "other": KEY}, functions=functions, on_traceback=told, **more) as gateway:
        return await gateway.ask(trial, image_url=str)


# --- calling -----------------------------------------------------------------------------------------------------


async def a_coroutine(prompt):
    await anyio.lowlevel.checkpoint()
    return f"later {prompt}"


class Called:
    def __call__(self, prompt, vars):
        return f"{prompt} {vars['q']}"


class AsyncCallable:
    async def __call__(self, prompt):
        return f"async {prompt}"


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (lambda prompt, vars: f"{prompt} {vars['q']}", "why? why"),
        (lambda question, variables: f"{question} {variables['q']}", "why? why"),
        (lambda *both: f"{both[0]} {len(both)}", "why? 2"),
        (lambda prompt: prompt, "why?"),
        (lambda vars, *, case_id: f"{vars['q']} {case_id}", "why one"),
        (lambda messages: messages[0]["content"], "why?"),
        (lambda prompt, temperature=0: f"{prompt} {temperature}", "why? 0"),
        (lambda question, context, top_k=3: f"{question} {top_k}", "why? 3"),
        (lambda **all_: " ".join(sorted(all_)), "case_id messages prompt vars"),
        (a_coroutine, "later why?"),
        (lambda prompt: a_coroutine(prompt), "later why?"),
        (Called(), "why? why"),
        (AsyncCallable(), "async why?"),
    ],
)
async def test_it_is_called_with_what_it_declares(function, text):
    reply = await ask(function)
    assert reply.response is not None, reply.fault
    assert (reply.response.text, reply.response.outcome, reply.attempts) == (text, "ok", 1)


@pytest.mark.parametrize("function", [lambda: "x", lambda question: "x", lambda a, b, c: "x", lambda prompt, /: "x"])
def test_one_that_cannot_be_called_is_refused(function):
    with pytest.raises(FunctionInvalid, match=r"answer\(\) in pipeline.py takes \(.*\): it is called with"):
        Function(TARGET, function)


async def test_what_it_does_to_its_arguments_stays_with_it():
    def spoil(prompt, vars):
        vars["deep"].append(2)
        return str(vars["deep"])

    assert (await ask(spoil)).response.text == "[1, 2]"
    assert (await ask(spoil)).response.text == "[1, 2]"


async def test_a_function_runs_beside_the_loop_and_a_coroutine_in_it():
    async def where(prompt):
        return threading.current_thread().name

    here = threading.current_thread().name
    assert (await ask(lambda prompt: threading.current_thread().name)).response.text != here
    assert (await ask(where)).response.text == here


async def test_its_latency_is_measured():
    clock = iter([10.0, 12.5])
    reply = await ask(lambda prompt: "x", clock=lambda: next(clock))
    assert reply.latency_s == 2.5


async def test_many_at_once_wait_for_each_other():
    together = threading.Barrier(50, timeout=5)
    replies: list[Reply] = []

    async def one() -> None:
        replies.append(await ask(lambda prompt: str(together.wait() >= 0)))

    async with anyio.create_task_group() as group:
        for _ in range(50):
            group.start_soon(one)
    assert [reply.response.text for reply in replies] == ["True"] * 50


# --- what it returns ---------------------------------------------------------------------------------------------


@dataclass
class Answer:
    text: str = "yes"
    usage: Any = field(default_factory=lambda: SimpleNamespace(prompt_tokens=7, completion_tokens=2))
    model: str = "mine-1"


@pytest.mark.parametrize(
    ("returned", "usage", "model"),
    [
        ("yes", Usage(), None),
        ({"text": "yes"}, Usage(), None),
        ({"text": "yes", "usage": None, "model": None}, Usage(), None),
        (
            {"text": "yes", "usage": {"input_tokens": 7, "output_tokens": 2}},
            Usage(input_tokens=7, output_tokens=2),
            None,
        ),
        ({"text": "yes", "usage": "much", "model": 5}, Usage(), None),
        (Answer(), Usage(input_tokens=7, output_tokens=2), "mine-1"),
        (
            Answer(usage=SimpleNamespace(input_tokens=7, output_tokens_details=SimpleNamespace(reasoning_tokens=1))),
            Usage(input_tokens=7, reasoning_tokens=1),
            "mine-1",
        ),
    ],
)
async def test_text_usage_and_model_are_read(returned, usage, model):
    response = (await ask(lambda prompt: returned)).response
    assert (response.text, response.usage, response.model) == ("yes", usage, model)


async def test_what_a_mapping_holds_besides_is_kept():
    response = (await ask(lambda prompt: {"text": "yes", "sources": ["a.md"], "when": Path("x")})).response
    assert response.raw == {"text": "yes", "sources": ["a.md"], "when": "x"}


@pytest.mark.parametrize("text", ["half a pair: \ud83d", "null: \0"])
async def test_text_that_a_record_could_not_hold_is_made_to_fit(text):
    response = (await ask(lambda prompt: text)).response
    assert response.text.encode().startswith(text[:4].encode())


async def test_no_number_is_null():
    assert (await ask(lambda prompt: {"text": "x", "score": float("nan")})).response.raw["score"] is None


@pytest.mark.parametrize(
    ("returned", "words"),
    [
        (None, "returned NoneType; it returns a text"),
        (5, "returned int; it returns a text"),
        (["yes"], "returned list; it returns a text"),
        (b"yes", "returned bytes; it returns a text"),
        ({"answer": "yes"}, "returned dict; it returns a text"),
        ({"text": 5}, "returned a text of type int; it returns a text"),
        (object(), "returned object; it returns a text"),
        ({"text": "yes", (1, 2): 3}, "returned what is no JSON: keys must be"),
    ],
)
async def test_anything_else_is_a_fault(returned, words):
    reply = await ask(lambda prompt: returned)
    assert (reply.fault.kind, reply.stop, reply.attempts) == ("function_error", Stop.NOTHING, 1)
    assert reply.fault.message.startswith(f"answer() in pipeline.py {words}")


async def test_a_circle_is_a_fault():
    circle: dict[str, Any] = {"text": "yes"}
    circle["self"] = circle
    assert (await ask(lambda prompt: circle)).fault.kind == "function_error"


async def test_an_empty_text_is_no_answer():
    reply = await ask(lambda prompt: "")
    assert (reply.fault.kind, reply.attempts) == ("empty_response", 1)


# --- what it raises ----------------------------------------------------------------------------------------------


def raiser(error: BaseException):
    def function(prompt):
        raise error

    return function


def async_raiser(error: BaseException):
    async def function(prompt):
        raise error

    return function


@pytest.mark.parametrize("made", [raiser, async_raiser])
@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ValueError("no such\ndocument"), "ValueError: no such document"),
        (KeyError("x"), "KeyError: 'x'"),
        (TimeoutError(), "TimeoutError"),
        (SystemExit(3), "SystemExit: 3"),
        (asyncio.CancelledError(), "asyncio.exceptions.CancelledError"),
    ],
)
async def test_what_it_raises_is_told_on_one_line_and_not_tried_again(made, error, words):
    reply = await ask(made(error))
    assert (reply.fault.kind, reply.fault.status, reply.attempts) == ("function_error", None, 1)
    assert reply.fault.message == f"answer() in pipeline.py raised {words}"
    assert reply.stop is Stop.NOTHING


async def test_the_traceback_goes_to_whoever_asks_for_it_without_keys():
    tracebacks: list[str] = []
    reply = await ask(raiser(ValueError(f"refused {KEY}")), tracebacks=tracebacks)
    [told] = tracebacks
    assert told.startswith("Traceback (most recent call last):")
    assert told.endswith("ValueError: refused [key]\n")
    assert KEY not in reply.fault.message


async def test_keys_of_the_run_are_taken_out_of_what_it_returns():
    reply = await ask(lambda prompt: {"text": f"it is {KEY}", "headers": {"x": KEY}})
    assert KEY not in repr(reply)
    assert reply.response.text == "it is [key]"


async def test_one_that_hangs_ends_its_trial_alone():
    release = threading.Event()

    def hang(prompt):
        release.wait(20)
        return "too late"

    reply = await ask(hang, timeout_s=0.02)
    release.set()
    assert (reply.fault.kind, reply.stop, reply.attempts) == ("timeout", Stop.NOTHING, 1)
    assert reply.fault.message == "answer() in pipeline.py did not return within timeout_s (0.02 s)"


async def test_a_coroutine_that_hangs_is_cancelled():
    cancelled = []

    async def hang(prompt):
        try:
            await anyio.sleep_forever()
        finally:
            cancelled.append(prompt)

    assert (await ask(hang, timeout_s=0.02)).fault.kind == "timeout"
    assert cancelled == ["why?"]


async def test_a_run_that_is_cancelled_does_not_wait_for_it():
    release = threading.Event()
    with anyio.move_on_after(0.02) as scope:
        await ask(lambda prompt: str(release.wait(20)))
    release.set()
    assert scope.cancelled_caught


# --- loading -----------------------------------------------------------------------------------------------------


@pytest.fixture
def file(tmp_path):
    """Writes a Python file and names a function in it."""

    def written(text: str, name: str = "answer", file: str = "pipeline.py") -> FunctionTarget:
        (tmp_path / file).write_text(text, encoding="utf-8")
        return FunctionTarget(path=tmp_path / file, name=name)

    return written


def test_a_file_is_imported_once_for_all_its_functions(file):
    first = file("times = []\ntimes.append(1)\ndef answer(prompt): return str(len(times))\nother = answer\n")
    second = FunctionTarget(path=first.path, name="other")
    one, two = load_function(first), load_function(second)
    assert one._function is two._function
    assert one._function("x") == "1"


def test_its_folder_is_importable_while_it_loads(file):
    file("WORD = 'near'\n", file="neighbour_of_a_target.py")
    before = list(sys.path)
    function = load_function(file("from neighbour_of_a_target import WORD\ndef answer(prompt): return WORD\n"))
    assert function._function("x") == "near"
    assert sys.path == before


def test_a_file_may_rearrange_the_path(file):
    before = list(sys.path)
    function = load_function(file("import sys\nsys.path.pop(0)\ndef answer(prompt): return prompt\n"))
    assert function._function("x") == "x"
    assert sys.path == before


def test_a_callable_that_does_not_tell_its_parameters_is_called_with_prompt_and_vars():
    with pytest.raises(ValueError):
        inspect.signature(getattr)
    assert Function(TARGET, getattr)._names is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x = 1\n", "pipeline.py has no function 'answer'"),
        ("answer = 5\n", "pipeline.py has no function 'answer': that is of type int"),
        ("\nimport nowhere_to_be_found\n", "ModuleNotFoundError: No module named 'nowhere_to_be_found' (line 2)"),
        ("def helper():\n    1 / 0\nhelper()\n", "ZeroDivisionError: division by zero (line 2)"),
        ("def answer(:\n", "invalid syntax"),
        ("raise SystemExit(4)\n", "pipeline.py cannot be imported: SystemExit: 4 (line 1)"),
        ("def answer(): pass\n", "answer() in pipeline.py takes (): it is called with (prompt, vars)"),
    ],
)
def test_what_cannot_be_loaded_is_told_on_one_line(file, text, words):
    with pytest.raises(FunctionInvalid) as caught:
        load_function(file(text))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_was_mended_can_be_loaded(file):
    with pytest.raises(FunctionInvalid):
        load_function(file("raise ValueError\n"))
    assert load_function(file("def answer(prompt): return 'mended'\n"))._function("x") == "mended"


async def test_an_exception_of_the_files_own_goes_by_its_bare_name(file):
    function = load_function(file("class NotReady(Exception): pass\ndef answer(prompt): raise NotReady('yet')\n"))
    reply = await ask(function._function)
    assert reply.fault.message.endswith(" raised NotReady: yet")
