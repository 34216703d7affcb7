"""Asks a Python function in place of a model: loads it, calls it beside the event loop, and reads what it returns."""

from __future__ import annotations

import asyncio
import contextvars
import copy
import hashlib
import importlib.util
import inspect
import json
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import anyio

from evalkit.apis.usage import read_usage
from evalkit.errors import UsageError
from evalkit.gateway import verdicts
from evalkit.gateway.bodies import parse
from evalkit.gateway.faults import Failure
from evalkit.gateway.scrub import Scrubber
from evalkit.gateway.words import one_line
from evalkit.types import FunctionTarget, Response

ARGUMENTS = ("prompt", "messages", "vars", "case_id")
"""What a function may ask for by name; one that asks for none of them is called with (prompt, vars)."""
_ATTRIBUTES = (
    "text", "usage", "model",
    "input_tokens", "output_tokens", "total_tokens", "input_tokens_details", "output_tokens_details",
    "prompt_tokens", "completion_tokens", "prompt_tokens_details", "completion_tokens_details",
    "cached_tokens", "reasoning_tokens",
)  # fmt: skip
"""What is read of an object that is no mapping."""


class FunctionInvalid(UsageError):
    """A function that cannot be loaded, or not be called with what there is."""


class _Outcome(NamedTuple):
    """What a call came to: something returned, or something raised."""

    returned: Any = None
    raised: BaseException | None = None


# --- loading -----------------------------------------------------------------------------------------------------


def load_function(target: FunctionTarget) -> Function:
    """The function, its file imported, once for all the functions in it. Raises FunctionInvalid."""
    module = _module(target.path)
    function = getattr(module, target.name, None)
    if not callable(function):
        found = "" if function is None else f": that is of type {type(function).__name__}"
        raise FunctionInvalid(f"{target.path.name} has no function '{target.name}'{found}")
    return Function(target, function)


def _module(path: Path) -> ModuleType:
    name = f"evalkit_target_{hashlib.sha256(str(path).encode()).hexdigest()[:12]}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise FunctionInvalid(f"{path.name} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        with _importable(path.parent):
            spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:  # the file is the user's and may raise whatever it likes
        del sys.modules[name]
        raise FunctionInvalid(f"{path.name} cannot be imported: {_told(error)}{_line_in(path, error)}") from error
    return module


@contextmanager
def _importable(folder: Path) -> Iterator[None]:
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        with suppress(ValueError):  # the file took it out itself
            sys.path.remove(str(folder))


def _line_in(path: Path, error: BaseException) -> str:
    """Where in the file it happened; a syntax error tells that itself."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    return f" (line {lines[-1]})" if lines else ""


def _names(function: Callable[..., Any]) -> tuple[str, ...] | None:
    """The ARGUMENTS that it is called with by name; None where it is called with (prompt, vars).

    Raises FunctionInvalid for one that can be called in neither way.
    """
    try:
        signature = inspect.signature(function)
    except ValueError:  # some of those written in C do not tell
        return None
    parameters = signature.parameters.values()
    takes_any = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)
    by_name = {each.name for each in parameters if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)}
    names = tuple(name for name in ARGUMENTS if takes_any or name in by_name)
    if names and _fits(signature, **dict.fromkeys(names)):
        return names
    if _fits(signature, None, None):
        return None
    raise FunctionInvalid(
        f"takes {signature}: it is called with (prompt, vars), or by name with any of {', '.join(ARGUMENTS)}"
    )


def _fits(signature: inspect.Signature, *arguments: None, **named: None) -> bool:
    try:
        signature.bind(*arguments, **named)
    except TypeError:
        return False
    return True


# --- calling -----------------------------------------------------------------------------------------------------


class Function:
    """A loaded function. Raises FunctionInvalid where it cannot be called with what a trial has."""

    def __init__(self, target: FunctionTarget, function: Callable[..., Any]) -> None:
        self._shown = f"{target.name}() in {target.path.name}"
        self._function = function
        self._waits = inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(
            getattr(function, "__call__", None)  # noqa: B004 (not whether it can be called, but how)
        )
        try:
            self._names = _names(function)
        except FunctionInvalid as error:
            raise FunctionInvalid(f"{self._shown} {error}") from error

    async def ask(
        self,
        arguments: Mapping[str, Any],
        *,
        timeout_s: float,
        scrub: Scrubber,
        on_traceback: Callable[[str], None] | None = None,
    ) -> Response:
        """Calls it with a copy of `arguments`. Raises `Failure`; `on_traceback` is told of an exception in full."""
        call = self._call_with(copy.deepcopy(arguments))
        with anyio.move_on_after(timeout_s) as time:
            returned, raised = await (_awaited(call) if self._waits else _in_thread(call))
            if raised is None and inspect.isawaitable(returned):
                later = returned
                returned, raised = await _awaited(lambda: later)
        if time.cancelled_caught:
            raise Failure(verdicts.FUNCTION_SILENCE, f"{self._shown} did not return within timeout_s ({timeout_s:g} s)")
        if raised is not None:
            if on_traceback is not None:
                on_traceback(scrub.text("".join(traceback.format_exception(raised))))
            raise self._failure(f"raised {scrub.text(_told(raised))}") from raised
        return self._response(returned, scrub)

    def _call_with(self, arguments: Mapping[str, Any]) -> Callable[[], Any]:
        if self._names is None:
            return lambda: self._function(arguments["prompt"], arguments["vars"])
        named = {name: arguments[name] for name in self._names}
        return lambda: self._function(**named)

    def _response(self, returned: Any, scrub: Scrubber) -> Response:
        text = returned if isinstance(returned, str) else _part(returned, "text")
        if not isinstance(text, str):
            what = type(returned).__name__ if text is None else f"a text of type {type(text).__name__}"
            raise self._failure(f"returned {what}; it returns a text, or one as 'text' beside 'usage' and 'model'")
        if not text:
            raise Failure(verdicts.EMPTY_ANSWER, f"{self._shown} returned an empty text")
        raw = self._as_json(returned, scrub)
        model = _part(raw, "model")
        return Response(
            text=raw if isinstance(raw, str) else raw["text"],
            model=model if isinstance(model, str) else None,
            finish_reason=None,
            outcome="ok",
            usage=read_usage(_part(raw, "usage")),
            raw=raw,
        )

    def _as_json(self, returned: Any, scrub: Scrubber) -> Any:
        """What was returned as every record can hold it: plain, scrubbed, within the bounds of a body."""
        value = dict(returned) if isinstance(returned, Mapping) else returned
        try:
            return parse(json.dumps(value, default=_plain).encode(), scrub)
        except (TypeError, ValueError, RecursionError) as error:
            raise self._failure(f"returned what is no JSON: {one_line(scrub.text(str(error)))}") from error

    def _failure(self, what: str) -> Failure:
        return Failure(verdicts.FUNCTION_ERROR, f"{self._shown} {what}")


async def _awaited(call: Callable[[], Any]) -> _Outcome:
    """The outcome of a coroutine that `call` begins, in this task."""
    try:
        return _Outcome(await call())
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is None or task.cancelling():  # not the function's own doing
            raise
        return _Outcome(raised=error)
    except (Exception, SystemExit) as error:  # noqa: BLE001 (what a user's function raises is its trial's fault alone)
        return _Outcome(raised=error)


async def _in_thread(call: Callable[[], Any]) -> _Outcome:
    """The outcome of `call` in a thread of its own.

    No pool's thread: one that never returns would keep its place there, and keep the process from ending.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[_Outcome] = loop.create_future()

    def settle(outcome: _Outcome) -> None:
        if not done.done():
            done.set_result(outcome)

    def run() -> None:
        try:
            outcome = _Outcome(call())
        except BaseException as error:  # noqa: BLE001 (a thread has nobody else to tell)
            outcome = _Outcome(raised=error)
        with suppress(RuntimeError):  # the run is over, and its loop closed
            loop.call_soon_threadsafe(settle, outcome)

    threading.Thread(target=contextvars.copy_context().run, args=(run,), daemon=True).start()
    return await done


def _part(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else getattr(value, name, None)


def _plain(value: Any) -> Any:
    """An object as JSON: what is read of it, else its text."""
    if isinstance(value, Mapping):
        return dict(value)
    parts = {name: getattr(value, name) for name in _ATTRIBUTES if hasattr(value, name)}
    return parts or str(value)


def _told(error: BaseException) -> str:
    """Its type and its words on one line."""
    module = type(error).__module__
    told = "".join(traceback.format_exception_only(error))
    return one_line(told.removeprefix(f"{module}.") if module.startswith("evalkit_target_") else told)
