"""The child process in which checks that are code run, within limits. It knows the standard library and its pipes.

It is run as a file, with the limit on its memory as its argument. Each line on stdin is a request in JSON, each line on
stdout the reply. Code that prints writes into nothing, but for what an error quotes.
"""

from __future__ import annotations

import importlib.util
import inspect
import io
import json
import math
import os
import re
import signal
import sys
import traceback
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, Literal, cast

NAMES = (
    "output", "expected", "vars", "case_id", "messages", "response", "latency_s", "cost_usd", "context",
)  # fmt: skip
"""What code may speak of: a function by its parameters' names, an expression as it is."""
MODULES = {"json": json, "math": math, "re": re}
"""What an expression may use without importing it."""
PASSES_FROM = 0.5
"""A number that is returned without a verdict passes from here on."""
FILE_BYTES = 1 << 30
"""The largest file that code may write."""
_GRACE_S = 5.0
"""After its time, and so much more, the process ends by itself: its parent, which should have ended it, is gone."""
_PREFIX = "evalkit_check_"
"""Of the names of modules, so that a check's file called `json.py` is not taken for the library's."""
_LONGEST = 1000
"""Characters of a reason or an error."""
_PRINTED = 300


class Facts(dict[str, Any]):
    """A mapping whose keys are attributes as well: `context.vars.question`, `context["vars"]["question"]`."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"there is no '{name}' here; there are {', '.join(self) or 'none'}") from None


class Tail(io.TextIOBase):
    """Takes any amount of text and keeps the end of it."""

    def __init__(self) -> None:
        self.text = ""

    def writable(self) -> Literal[True]:
        """It is."""
        return True

    def write(self, text: str) -> int:
        """Takes all of it."""
        self.text = (self.text + text[-_PRINTED:])[-_PRINTED:]
        return len(text)


# --- what is called ----------------------------------------------------------------------------------------------


def load(path: str) -> ModuleType:
    """A file as a module. Raises whatever the file does."""
    folder, stem = str(Path(path).parent), Path(path).stem
    if folder not in sys.path:
        sys.path.insert(0, folder)
    spec = importlib.util.spec_from_file_location(f"{_PREFIX}{stem}", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{Path(path).name} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def function_in(module: ModuleType, name: str) -> Callable[..., Any]:
    """The function of that name. Raises LookupError."""
    function = getattr(module, name, None)
    if callable(function):
        return cast("Callable[..., Any]", function)
    raise LookupError(f"{Path(str(module.__file__)).name} has no function '{name}'")


def bound_names(function: Callable[..., Any], own: frozenset[str]) -> tuple[bool, frozenset[str]]:
    """Whether the answer goes first without a name, and which NAMES and `own` arguments go by theirs.

    Raises TypeError for a function that cannot be called so.
    """
    try:
        signature = inspect.signature(function)
    except ValueError:  # some of those written in C do not tell
        return True, own
    parameters = list(signature.parameters.values())
    known = {*NAMES, *own}
    nameless = bool(parameters) and (
        parameters[0].kind in (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.VAR_POSITIONAL)
        or (parameters[0].kind is inspect.Parameter.POSITIONAL_OR_KEYWORD and parameters[0].name not in known)
    )
    takes_any = any(each.kind is each.VAR_KEYWORD for each in parameters)
    by_name = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    taken = {each.name for each in parameters[nameless:] if each.kind in by_name}
    names = frozenset((known & taken) | (own if takes_any else frozenset()))
    wrong = _misfit(signature, nameless=nameless, names=names, own=own)
    if wrong is not None:
        raise TypeError(
            f"it takes {signature}: {wrong}; it is called with the answer first, or by name with any of "
            f"{', '.join([*NAMES, *sorted(own)])}"
        )
    return nameless, names


def _misfit(signature: inspect.Signature, *, nameless: bool, names: frozenset[str], own: frozenset[str]) -> str | None:
    """Why a function cannot be called with the answer first, if `nameless`, and with `names`."""
    if not nameless and not names:
        return "it looks at nothing"
    if not own <= names:
        return f"it has no parameter '{min(own - names)}'"
    try:
        signature.bind(*((None,) if nameless else ()), **dict.fromkeys(names))
    except TypeError as error:
        return str(error)
    return None


def called(function: Callable[..., Any], facts: Facts, own: Mapping[str, Any]) -> Any:
    """What the function returns, once it does."""
    nameless, names = bound_names(function, frozenset(own))
    given = {**facts, "context": facts, **own}
    returned = function(*((facts.output,) if nameless else ()), **{name: given[name] for name in names})
    if not inspect.isawaitable(returned):
        return returned
    import asyncio  # a tenth of a second that most checks do not need

    return asyncio.run(_awaited(returned))


async def _awaited(returned: Any) -> Any:
    return await returned


def evaluated(code: CodeType, facts: Facts, own: Mapping[str, Any]) -> Any:
    """The value of an expression."""
    return eval(code, {**MODULES, **facts, "context": facts, **own})  # noqa: S307 (what this process is for)


# --- what it found -----------------------------------------------------------------------------------------------


class NoVerdict(Exception):
    """What code returned is none of what it may return."""


def read(returned: Any) -> dict[str, Any]:
    """Verdict, value and reason from what code returned. Raises NoVerdict."""
    reason = None
    if isinstance(returned, tuple) and len(returned) == 2:
        returned, reason = returned
    if isinstance(returned, Mapping):
        return _read_parts(returned.get, "a mapping")
    if not _is_plain(returned) and any(hasattr(returned, name) for name in ("passed", "value", "score")):
        return _read_parts(lambda name: getattr(returned, name, None), f"a {type(returned).__name__}")
    return _verdict(None, returned, reason)


def _read_parts(part: Callable[[str], Any], noun: str) -> dict[str, Any]:
    passed = next((value for name in ("pass", "passed") if (value := part(name)) is not None), None)
    value = next((value for name in ("score", "value") if (value := part(name)) is not None), None)
    if passed is None and value is None:
        raise NoVerdict(f"returned {noun} without 'pass' and 'score'")
    return _verdict(passed, value, part("reason"))


def _verdict(passed: Any, value: Any, reason: Any) -> dict[str, Any]:
    passed, value = _scalar(passed), _scalar(value)
    if passed is not None and not isinstance(passed, bool):
        raise NoVerdict(f"returned a verdict that is neither true nor false: {_short(repr(passed), 80)}")
    if isinstance(value, bool):
        passed, value = value if passed is None else passed, float(value)
    elif value is None and passed is not None:
        value = float(passed)
    elif not isinstance(value, (int, float)):
        hint = "nothing; forgot to return?" if value is None else f"{_short(repr(value), 80)}, which is no verdict"
        raise NoVerdict(f"returned {hint} (True or False, a number from 0 to 1, or one of these with a reason)")
    if not 0 <= value <= 1:
        raise NoVerdict(f"returned {value}, which does not lie between 0 and 1")
    passed = value >= PASSES_FROM if passed is None else passed
    told = None if reason is None else _short(" ".join(str(reason).split()), _LONGEST)
    return {"passed": passed, "value": float(value), "reason": told}


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, (bool, int, float, str, bytes, list, tuple, set))


def _scalar(value: Any) -> Any:
    """A number or boolean of numpy or torch as Python's own."""
    return value if _is_plain(value) or not callable(getattr(value, "item", None)) else value.item()


def _short(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"


# --- the process -------------------------------------------------------------------------------------------------


def explained(error: BaseException, path: str | None, limit_mb: int) -> str:
    """What went wrong on one line, with the line of the file where it did."""
    if isinstance(error, NoVerdict):
        return str(error)
    if isinstance(error, MemoryError):
        return f"MemoryError: it needs more than memory_mb ({limit_mb})"
    try:
        told = " ".join("".join(traceback.format_exception_only(error)).split())
    except Exception:  # noqa: BLE001 an exception whose text raises another
        told = type(error).__name__
    module = type(error).__module__
    told = told.removeprefix(f"{module}.") if module.startswith(_PREFIX) else told
    if isinstance(error, SyntaxError):
        told = f"SyntaxError: {error.msg} (line {error.lineno})"
    frames = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == path]
    return _short(told, _LONGEST) + (f" ({Path(path).name}, line {frames[-1]})" if path and frames else "")


class Worker:
    """Answers one request after another."""

    def __init__(self, limit_mb: int) -> None:
        self._limit_mb = limit_mb
        self._modules: dict[str, ModuleType] = {}

    def answer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """The reply: what was found, or an `error`."""
        printed = Tail()
        path = request.get("path")
        try:
            with redirect_stdout(printed), redirect_stderr(printed):
                return self._found(request)
        except BaseException as error:  # noqa: BLE001 (SystemExit is no reason to end, nor is anything else)
            said = " ".join(printed.text.split())
            quoted = f"; it printed: {said}" if said else ""
            return {"error": explained(error, path, self._limit_mb) + quoted, "worn": isinstance(error, MemoryError)}

    def _found(self, request: Mapping[str, Any]) -> dict[str, Any]:
        own = request.get("arguments", {})
        if "expression" in request:
            code = compile(request["expression"], "<expression>", "eval")
            return read(evaluated(code, _facts(request), own))
        path = request["path"]
        if path not in self._modules:
            self._modules[path] = load(path)
        function = function_in(self._modules[path], request["function"])
        if "context" not in request:
            bound_names(function, frozenset(own))
            return {}
        return read(called(function, _facts(request), own))


def _facts(request: Mapping[str, Any]) -> Facts:
    facts: Facts = json.loads(request["context"], object_hook=Facts)
    return facts


def _limit(limit_mb: int) -> None:
    """Bounds what this process, and each one it starts, may take."""
    try:
        import resource
    except ImportError:  # no such thing on Windows
        return
    for kind, amount in (("AS", limit_mb << 20), ("FSIZE", FILE_BYTES), ("CORE", 0)):
        with suppress(ValueError, OSError):  # macOS knows no limit on the address space
            resource.setrlimit(getattr(resource, f"RLIMIT_{kind}"), (amount, amount))


def main(limit_mb: int) -> None:
    """Reads requests until there are no more."""
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    _limit(limit_mb)
    worker, process = Worker(limit_mb), os.getpid()
    for line in requests:
        request = json.loads(line)
        alarm = getattr(signal, "setitimer", None)
        if alarm:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            alarm(signal.ITIMER_REAL, request["timeout_s"] + _GRACE_S)
        reply = worker.answer(request)
        if os.getpid() != process:  # a fork that the code forgot
            os._exit(0)
        if alarm:
            alarm(signal.ITIMER_REAL, 0)
        replies.write(json.dumps(reply).encode() + b"\n")
        replies.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]))
