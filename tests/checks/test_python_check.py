"""Checks that are code, in real processes: what they may return, and what they may not do to a run."""

from __future__ import annotations

import asyncio
import os
import textwrap
import time
from pathlib import Path

import pytest

from evalkit.checks import python_workers
from evalkit.checks.python_check import load_code
from evalkit.checks.python_workers import MAX_PROCESSES, pool
from evalkit.errors import CheckFailedToRun
from evalkit.registry import CHECKS
from evalkit.types import Context, Message, Response, ToolCall, Usage

VARIABLES = {"question": "Capital?", "limit": 3, "expected": 118.4, "case": {"id": "c-1"}, "output": "not a var"}


@pytest.fixture(autouse=True)
def leave(monkeypatch):
    monkeypatch.setattr(pool(), "allowed", True)


@pytest.fixture
def code(tmp_path):
    """Writes a file and names the function in it."""

    def code(text: str, function: str = "f", name: str = "mine.py") -> str:
        (tmp_path / name).write_text(textwrap.dedent(text), encoding="utf-8")
        return f"{tmp_path / name}:{function}"

    return code


@pytest.fixture(scope="module")
def returning(tmp_path_factory) -> str:
    """A function that returns what an expression says: one file, and so one process, for many tests."""
    file = tmp_path_factory.mktemp("returning") / "returning.py"
    file.write_text(textwrap.dedent("""
        from types import SimpleNamespace as Found
        class Scalar:
            def __init__(self, value): self.held = value
            def item(self): return self.held
        def f(output, what): return eval(what)
    """), encoding="utf-8")  # fmt: skip
    return f"{file}:f"


def context(output="Paris", **more):
    response = Response(text=output, model="m-1", finish_reason="stop", outcome="ok", usage=Usage(output_tokens=5))
    return Context(output=output, response=response, **more)


def find(code, output="Paris", *, given=None, **arguments):
    check = CHECKS["python"](code=code, **arguments).with_variables(VARIABLES)
    return asyncio.run(check.find(given or context(output)))


def error(code, **arguments):
    with pytest.raises(CheckFailedToRun) as caught:
        find(code, **arguments)
    return str(caught.value)


# --- expressions ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "output", "passed", "value"),
    [
        ("len(output) < 100", "Paris", True, 1),
        ("len(output) < 100", "x" * 1_000_000, False, 0),
        ("output == ''", "", True, 1),
        ("'京' in output", "北京", True, 1),
        ("output.encode('utf-8', 'surrogatepass') == b'\\xed\\xa0\\x80'", "\ud800", True, 1),
        ("len(output.split()) / 4", "a b c", True, 0.75),
        ("len(output.split()) / 4", "a", False, 0.25),
        ("json.loads(output)['a'] == [1]", '{"a": [1]}', True, 1),
        ("bool(re.search(r'\\d', output))", "none", False, 0),
        ("math.isclose(float(output), expected, abs_tol=0.1)", "118.35", True, 1),
        ("(len(output) > vars.limit, 'counted')", "Paris", True, 1),
        ("{'pass': False, 'score': 0.9}", "", False, 0.9),
        ("any(word in output for word in ('Paris', 'Lyon'))", "Lyon", True, 1),
        ("(lambda text: text.lower())(output) == 'paris'", "PARIS", True, 1),
        ("[upper for upper in output if (big := upper.isupper()) and big] == ['P']", "Paris", True, 1),
        ("vars['question'] == 'Capital?' and case_id == 'c-1' and 'output' not in vars", "", True, 1),
        ("context.response.usage.output_tokens == 5 and response['model'] == 'm-1'", "", True, 1),
    ],
)
def test_an_expression_is_evaluated_on_the_answer(expression, output, passed, value):
    finding = find(expression, output)
    assert (finding.passed, finding.value) == (passed, value)


def test_an_expression_may_use_arguments_of_its_own():
    assert find("len(output) <= most", arguments={"most": 5}).passed
    assert not find("len(output) <= most", arguments={"most": 4}).passed


@pytest.mark.parametrize(
    ("expression", "complaint"),
    [
        ("output ==", "'output ==' is no Python expression: invalid syntax"),
        ("", "write an expression, such as len(output) < 100, or file.py:function"),
        ("x = 1", "these are statements: put them into a function in a file"),
        ("import os", "these are statements"),
        ("outptu == 'a'", "no name 'outptu'; did you mean 'output'?"),
        ("len(zzz)", "no name 'zzz'; there are case_id, context, cost_usd"),
        ("(" * 300 + ")" * 300, "is no Python expression"),
        ("output == '\0'", "is no Python expression"),
    ],
)
def test_what_is_no_expression_is_refused_before_it_is_run(expression, complaint):
    with pytest.raises(ValueError) as caught:
        CHECKS["python"](code=expression)
    assert complaint in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"timeout_s": 0}, "timeout_s must be a finite number above 0, not 0"),
        ({"timeout_s": float("inf")}, "timeout_s must be a finite number above 0, not inf"),
        ({"memory_mb": 1}, "memory_mb must lie between 64 and 1048576, not 1"),
        ({"arguments": {"output": 1}}, "'output' is given to it anyway"),
    ],
)
def test_limits_that_are_none_are_refused(arguments, complaint):
    with pytest.raises(ValueError, match=complaint):
        CHECKS["python"](code="True", **arguments)


# --- functions -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "signature",
    [
        "output", "answer", "text, /", "*args", "output, expected", "answer, expected", "output, context", "**all",
        "answer, *, vars", "answer, messages, response, latency_s, cost_usd, case_id", "output='x'", "answer, other=1",
    ],
)  # fmt: skip
def test_a_function_is_called_by_the_names_of_its_parameters_or_with_the_answer(code, signature):
    if signature == "**all":
        with pytest.raises(CheckFailedToRun, match="it looks at nothing"):
            find(code(f"def f({signature}): return True"))
        return
    seen = "args[0]" if "args" in signature else signature.split(",")[0].split("=")[0]
    assert find(code(f"def f({signature}): return {seen} == 'Paris'")).passed


def test_a_function_sees_all_of_an_answer(code):
    call = ToolCall(id="t", name="look_up", arguments='{"a": 1}')
    response = Response(
        text="Paris", model="m", finish_reason="stop", outcome="ok", usage=Usage(), tool_calls=(call,), raw={"big": 1}
    )
    given = Context(output="paris", response=response, latency_s=1.5, cost_usd=0.25,
                    messages=(Message(role="user", content="Capital?"),))  # fmt: skip
    place = code("""
        def f(output, context, expected, vars, messages, latency_s, cost_usd, factor):
            seen = [output, context.response.text, context["response"]["tool_calls"][0].name, expected, vars["limit"],
                    vars.question, messages[0].role, latency_s, cost_usd, context.case_id, context.response.raw, factor]
            return True, repr(seen)
    """)
    assert find(place, given=given, arguments={"factor": [2]}).reason == (
        "['paris', 'Paris', 'look_up', 118.4, 3, 'Capital?', 'user', 1.5, 0.25, 'c-1', None, [2]]"
    )


def test_a_function_may_be_asynchronous(code):
    place = code("""
        import asyncio
        async def f(output):
            await asyncio.sleep(0.01)
            return output == "Paris"
    """)
    assert find(place).passed


def test_a_file_may_import_its_neighbours_and_is_imported_once(code):
    code("def right(text): return text == 'Paris'", name="neighbour.py")
    place = code("""
        from neighbour import right
        calls = []
        def f(output):
            calls.append(output)
            return right(output), str(len(calls))
    """)
    assert [find(place).reason for _ in range(3)] == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("returned", "passed", "value", "reason"),
    [
        ("True", True, 1, "f() is true"),
        ("False", False, 0, "f() is false"),
        ("1", True, 1, "f() is true"),
        ("0.5", True, 0.5, "f() is 0.5, passing from 0.5"),
        ("0.49", False, 0.49, "f() is 0.49, passing from 0.5"),
        ("(True, 'be\\ncause')", True, 1, "be cause"),
        ("(0.2, 'few')", False, 0.2, "few"),
        ("(False, None)", False, 0, "f() is false"),
        ("{'pass': True}", True, 1, "f() is true"),
        ("{'passed': True, 'value': 0.3, 'reason': 5}", True, 0.3, "5"),
        ("{'score': 0.7, 'reason': 'r'}", True, 0.7, "r"),
        ("{'pass': False, 'score': 1}", False, 1, "f() is 1, and fails by its own verdict"),
        ("{'pass': True, 'score': 0.25}", True, 0.25, "f() is 0.25, and passes by its own verdict"),
        ("Found(passed=False, value=0.9, reason='near')", False, 0.9, "near"),
        ("Found(passed=True, value=None, reason=None)", True, 1, "f() is true"),
        ("Scalar(True)", True, 1, "f() is true"),
        ("Scalar(0.75)", True, 0.75, "f() is 0.75, passing from 0.5"),
    ],
)
def test_what_a_function_may_return(returning, returned, passed, value, reason):
    finding = find(returning, arguments={"what": returned})
    assert (finding.passed, finding.value, finding.reason) == (passed, value, reason)


@pytest.mark.parametrize(
    ("returned", "complaint"),
    [
        ("None", "returned nothing; forgot to return?"),
        ("'yes'", "returned 'yes', which is no verdict"),
        ("2", "returned 2, which does not lie between 0 and 1"),
        ("-0.1", "does not lie between 0 and 1"),
        ("float('nan')", "does not lie between 0 and 1"),
        ("[True]", "returned [True], which is no verdict"),
        ("(True, 'a', 'b')", "which is no verdict"),
        ("{'reason': 'r'}", "returned a mapping without 'pass' and 'score'"),
        ("{'pass': 'yes'}", "returned a verdict that is neither true nor false: 'yes'"),
        ("object()", "which is no verdict"),
        ("10 ** 5000", "Exceeds the limit"),
    ],
)
def test_what_says_nothing_is_an_error(returning, returned, complaint):
    assert complaint in error(returning, arguments={"what": returned})


# --- what goes wrong ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("raise ValueError('no good ' + output)", "ValueError: no good Paris (mine.py, line 4)"),
        ("return helper(output)", "ZeroDivisionError: division by zero (mine.py, line 3)"),
        ("print('before'); raise KeyError('k')", "KeyError: 'k' (mine.py, line 4); it printed: before"),
        ("sys.exit(3)", "SystemExit: 3 (mine.py, line 4)"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt (mine.py, line 4)"),
        ("return f(output)", "RecursionError: maximum recursion depth exceeded"),
        ("os._exit(7)", "its process ended with 7"),
        ("os.kill(os.getpid(), 9)", "its process was ended by SIGKILL"),
        ("import ctypes; ctypes.string_at(0)", "its process was ended by SIGSEGV"),
        ("raise type('E', (Exception,), {'__str__': lambda self: 1 / 0})", "E: <exception str() failed>"),
        ("return bytearray(10 << 30)", "MemoryError: it needs more than memory_mb (1024)"),
        ("raise ValueError('x' * 10_000_000)", "ValueError: xxx"),
    ],
)
def test_what_a_function_raises_or_dies_of_is_an_error_with_its_line(code, body, complaint):
    place = code(f"import os, sys\ndef helper(output):\n    return 1 / 0\ndef f(output): {body}\n")
    told = error(place)
    assert told.startswith(complaint)
    assert len(told) < 1500


@pytest.mark.parametrize(
    "body",
    [
        "while True: pass",
        "time.sleep(60)",
        "asyncio.run(asyncio.sleep(60))",
        "subprocess.run(['sleep', '60'])",
        "signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)",
        "9 ** 9 ** 9",
    ],
)
def test_what_does_not_end_is_ended(code, body):
    place = code(f"import asyncio, signal, subprocess, time\ndef f(output):\n    {body}\n")
    began = time.monotonic()
    assert error(place, timeout_s=0.3) == "did not end within timeout_s (0.3 s)"
    assert time.monotonic() - began < 10


def processes_of(pattern: str) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if pattern in entry.read_bytes().replace(b"\0", b" ").decode(errors="replace"):
                found.append(int(entry.parent.name))
        except OSError:
            continue
    return found


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="only Linux tells the processes of a session")
@pytest.mark.parametrize(
    "body", ["while True: os.fork()", "[subprocess.Popen(['sleep', '4711.5']) for _ in range(500)]; time.sleep(60)"]
)
def test_a_flood_of_processes_is_stopped_and_nothing_of_it_is_left(code, body):
    place = code(f"import os, subprocess, time\ndef f(output):\n    {body}\n")
    assert error(place, timeout_s=30) == f"started more than {MAX_PROCESSES} processes"
    deadline = time.monotonic() + 10
    while processes_of("sleep 4711.5") and time.monotonic() < deadline:
        time.sleep(0.05)
    assert processes_of("sleep 4711.5") == []


@pytest.mark.parametrize(
    "body",
    [
        "print('x' * 5_000_000); sys.stderr.write('y' * 5_000_000)",
        'os.write(1, b\'{"passed": false, "value": 0, "reason": null}\\n\')',
        "subprocess.run(['sh', '-c', 'yes | head -c 1000000'])",
        "[os.close(each) for each in (0, 1, 2) if os.path.exists(f'/dev/fd/{each}')]",
        "assert sys.stdin.read() == ''",
        "os.fork()",
        "threading.Thread(target=time.sleep, args=(60,)).start()",
        "subprocess.Popen(['sleep', '60'])",
    ],
)
def test_what_a_function_prints_or_leaves_behind_changes_nothing(code, body):
    place = code(f"import os, subprocess, sys, threading, time\ndef f(output):\n    {body}\n    return True\n")
    assert [find(place).passed for _ in range(3)] == [True] * 3


def test_a_reason_of_any_length_is_cut(code):
    assert len(find(code("def f(output): return True, 'x' * 50_000_000")).reason) == 1000


def test_no_key_is_in_its_environment(code, monkeypatch):
    monkeypatch.setenv("GPTPROTO_API_KEY", "sk-secret")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    place = code("import os\ndef f(output): return True, ','.join(sorted(os.environ))", name="environment.py")
    names = find(place).reason.split(",")
    assert "LC_ALL" in names
    assert "PATH" in names
    assert not [name for name in names if "KEY" in name or "GPTPROTO" in name]


@pytest.mark.parametrize(
    ("text", "function", "complaint"),
    [
        ("def g(): pass", "f", "LookupError: mine.py has no function 'f'"),
        ("f = 5", "f", "LookupError: mine.py has no function 'f'"),
        ("def f(output: pass", "f", "SyntaxError"),
        ("import nonsense_that_nobody_has", "f", "ModuleNotFoundError: No module named 'nonsense_that_nobody_has' "
         "(mine.py, line 1)"),
        ("raise RuntimeError('at import')", "f", "RuntimeError: at import (mine.py, line 1)"),
        ("raise SystemExit", "f", "SystemExit"),
        ("def f(): return True", "f", "TypeError: it takes (): it looks at nothing"),
        ("def f(a, b): return True", "f", "TypeError: it takes (a, b): missing a required argument: 'b'; it is called "
         "with the answer first, or by name with any of output, expected"),
        ("def f(output): return True", "f", "TypeError: it takes (output): it has no parameter 'most'"),
    ],
)  # fmt: skip
def test_a_function_that_cannot_be_called_is_told_before_it_is(code, text, function, complaint):
    with pytest.raises(CheckFailedToRun) as caught:
        load_code(code(text, function), ["most"] if "'most'" in complaint else [])
    assert str(caught.value).startswith(complaint)


def test_a_file_that_takes_for_ever_to_import_is_given_up(code, monkeypatch):
    monkeypatch.setattr(python_workers, "LOAD_LIMIT_S", 0.3)
    with pytest.raises(CheckFailedToRun, match=r"did not end within the time for importing its file \(0.3 s\)"):
        load_code(code("import time; time.sleep(60)\ndef f(output): return True"), [])


def test_a_file_that_needs_more_memory_is_imported_with_what_it_may_take(code):
    place = code("big = bytearray(600 << 20)\ndef f(output): return True")
    load_code(place, [])
    with pytest.raises(CheckFailedToRun, match=r"MemoryError: it needs more than memory_mb \(256\)"):
        load_code(place, [], 256)
    assert error(place, memory_mb=256).startswith("MemoryError")


def test_a_slow_import_is_no_part_of_the_time_of_a_check(code):
    assert find(code("import time; time.sleep(0.6)\ndef f(output): return True"), timeout_s=0.5).passed


# --- leave, processes, speed -----------------------------------------------------------------------------------------


def test_without_leave_no_code_runs(code, monkeypatch, tmp_path):
    monkeypatch.setattr(pool(), "allowed", False)
    place = code(f"open({str(tmp_path / 'ran')!r}, 'w')\ndef f(output): return True")
    assert error(place).startswith("this is code, which is run only with --allow-code")
    assert error("True").startswith("this is code")
    with pytest.raises(CheckFailedToRun, match="--allow-code"):
        load_code(place, [])
    assert not (tmp_path / "ran").exists()


def test_the_next_answer_is_checked_whatever_became_of_the_one_before(code):
    place = code("""
        import os
        def f(output):
            if output == "bad":
                os._exit(1)
            return True
    """)
    for output in ("good", "bad", "good", "bad", "good"):
        if output == "bad":
            with pytest.raises(CheckFailedToRun, match="its process ended with 1"):
                find(place, output)
        else:
            assert find(place, output).passed


def test_a_check_that_is_cancelled_leaves_no_process_behind(code):
    place = code("import time\ndef f(output): time.sleep(60)", name="cancelled.py")

    async def cancel():
        task = asyncio.create_task(CHECKS["python"](code=place, timeout_s=50).find(context()))
        await asyncio.sleep(0.5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    began = time.monotonic()
    asyncio.run(cancel())
    assert find("True").passed
    assert time.monotonic() - began < 10


def test_many_answers_are_checked_by_few_processes(code):
    place = code("import os\ndef f(output): return True, str(os.getpid())", name="many.py")

    async def all_at_once():
        check = CHECKS["python"](code=place)
        return await asyncio.gather(*(check.find(context()) for _ in range(200)))

    findings = asyncio.run(all_at_once())
    assert all(finding.passed for finding in findings)
    assert 1 <= len({finding.reason for finding in findings}) <= python_workers.AT_ONCE
    assert str(os.getpid()) not in {finding.reason for finding in findings}
