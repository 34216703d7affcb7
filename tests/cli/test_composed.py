"""Checks made of others, with conditions, thresholds and metrics, and checks that are code: from suite to record."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap

import pytest

from tests.another_gateway import AnotherGateway
from tests.cli.conftest import case, says
from tests.command import COMMAND, environment

CODE = """
import sys, time

def right(output): return output == "yes"
async def later(output, expected, vars): return 0.75, f"{expected} {vars['q']}"
def raises(output): raise LookupError("nothing about " + output)
def leaves(output): sys.exit(0)
def loops(output):
    while True: pass
def eats(output): return bytearray(10 << 30)
"""


@pytest.fixture
def code(tmp_path):
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks" / "mine.py").write_text(CODE, encoding="utf-8")


def checks(*given, **more):
    return [{"id": "first", "vars": {"q": "first"}, "checks": list(given), **more}]


def scores(ended, case_id="first"):
    (record,) = [record for record in ended.records if record["case_id"] == case_id]
    return record["scores"]


# --- composition -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("check", "code"),
    [
        ({"any_of": [{"equals": "no"}, {"equals": "yes"}]}, 0),
        ({"all_of": [{"equals": "no"}, {"equals": "yes"}]}, 1),
        ({"at_least": {"n": 2, "checks": [{"equals": "no"}, {"equals": "yes"}, {"contains": "e"}]}}, 0),
        ({"not": {"any_of": [{"equals": "no"}, {"all_of": ["json", {"equals": "yes"}]}]}}, 0),
        ({"any_of": [{"equals": "{{ expected }}"}, {"regex": "^maybe"}]}, 0),
        ({"any_of": [{"equals": "no"}, {"max_ttft_s": 5}]}, 3),
        ({"any_of": [{"equals": "yes"}, {"max_ttft_s": 5}]}, 0),
    ],
)
def test_compositions_decide_over_exit_codes(cli, write, check, code):
    ended = cli("run", write(cases=checks(check, expected="yes")), "-q")
    assert ended.code == code, ended.err


def test_what_stands_beside_a_check_reaches_the_record(cli, write):
    ended = cli(
        "run",
        write(
            cases=checks(
                {"equals": "yes", "metric": "exactness", "weight": 3},
                {"contains_all": ["y", "z"], "threshold": 0.5},
                {"equals": "no", "when": "{{ output | length > 20 }}", "metric": "style"},
                {"max_latency_s": 60},
            )
        ),
        "-q",
    )
    assert ended.code == 0, ended.err
    (record,) = ended.records
    assert record["score"] == pytest.approx(3.5 / 4)
    exact, share, skipped, quick = record["scores"]
    assert (exact["metric"], exact["weight"]) == ("exactness", 3)
    assert (share["value"], share["passed"]) == (0.5, True)
    assert (skipped["skipped"], skipped["passed"], skipped["value"], skipped["metric"]) == (True, None, None, "style")
    assert (quick["passed"], quick["in_score"]) == (True, False)


def test_a_wrong_answer_that_was_quick_scores_nothing_for_that(cli, write):
    ended = cli("run", write(cases=checks({"equals": "no"}, {"max_latency_s": 60}, {"max_output_tokens": 60})), "-q")
    assert (ended.code, ended.records[0]["score"]) == (1, 0.0)


def test_an_answer_of_too_many_tokens_fails_though_it_is_right(cli, write):
    ended = cli("run", write(cases=checks({"equals": "yes"}, {"max_output_tokens": 1})), "-q")
    assert (ended.code, ended.records[0]["score"]) == (1, 1.0)
    assert scores(ended)[1]["reason"] == "2 output tokens, over the limit of 1 output tokens"


def test_what_cannot_be_known_is_an_error(cli, write):
    ended = cli("run", write(cases=checks({"equals": "yes"}, {"max_ttft_s": 5})), "-q")
    assert ended.code == 3
    assert "the answer was not streamed; set `stream: true`, or run with --stream" in scores(ended)[1]["error"]


def test_a_trial_whose_checks_were_all_skipped_is_without_verdict(cli, write):
    ended = cli("run", write(cases=[*checks({"equals": "yes", "when": "{{ 'z' in output }}"}), case("second")]), "-q")
    assert ended.code == 0
    (record,) = [record for record in ended.records if record["case_id"] == "first"]
    assert (record["passed"], record["score"], record["error"]) == (None, None, None)
    assert record["scores"][0]["reason"] == "not asked: its `when` does not hold"


@pytest.mark.parametrize(
    ("check", "complaint"),
    [
        ({"equals": "a", "when": "{{ nope }}"}, "check 'equals': no variable 'nope'"),
        ({"equals": "a", "when": "{{ nope in output }}"}, "check 'equals': no variable 'nope'"),
        ({"any_of": [{"equals": "{{ nope }}"}]}, "check 'any_of': no variable 'nope'"),
        ({"at_least": {"n": "{{ many }}", "checks": ["json"]}}, "n must lie between 1 and the number of checks, 1"),
        ({"all_of": [{"max_latency_s": 5}, {"finish_reason": "stop"}]}, "nothing looks at this case's answer"),
        ({"any_of": []}, "the list of checks is empty"),
    ],
)
def test_what_is_wrong_with_a_composition_is_told_before_anything_is_sent(cli, write, gateway, check, complaint):
    path = write(cases=[{"id": "c", "vars": {"q": "x", "many": 2}, "checks": [check]}])
    for command in ("validate", "run"):
        ended = cli(command, path)
        assert ended.code == 2
        assert complaint in ended.err
        assert "Traceback" not in ended.err
    assert gateway.arrived == []


NEGATIVE = [
    {"not": {"contains": "x"}},
    {"not": {"any_of": [{"contains": "x"}, {"regex": "y"}]}},
    {"all_of": [{"not": {"contains": "x"}}, {"not": {"python": "len(output) > 5"}}]},
    {"any_of": [{"not": {"contains": "x"}}, {"not": {"equals": "y"}}]},
    {"python": "'x' not in output"},
    {"tool_call": {"none": True}},
]


@pytest.mark.parametrize(
    "message",
    [
        {"content": ""},
        {"content": " \n"},
        {"content": None, "refusal": "I will not."},
        {"content": "I will not.", "refusal": "I will not."},
    ],
)
def test_an_answer_that_is_none_passes_no_suite_of_negative_checks(cli, write, message):
    body = {"choices": [{"message": {"role": "assistant", **message}, "finish_reason": "stop"}]}
    answer = says("")
    answer = type(answer)(json.dumps(body).encode())
    with AnotherGateway(lambda _: answer) as gateway:
        providers = {"g": {"base_url": gateway.base_url}}
        models = [{"id": "m", "provider": "g", "api": "chat", "max_attempts": 1}]
        path = write(providers=providers, models=models, cases=[
            {"id": str(number), "vars": {"q": "x"}, "checks": [check]} for number, check in enumerate(NEGATIVE)
        ])  # fmt: skip
        ended = cli("run", path, "--allow-code", "-q")
    assert ended.code in (1, 3)
    assert len(ended.records) == len(NEGATIVE)
    assert [record["passed"] for record in ended.records if record["passed"]] == []


# --- code ------------------------------------------------------------------------------------------------------------


def test_code_in_checks_decides_like_any_check(cli, write, code):
    ended = cli(
        "run",
        write(
            cases=checks(
                {"python": "checks/mine.py:right"},
                {"python": "checks/mine.py:later", "metric": "nearness"},
                {"python": {"code": "len(output) <= most", "arguments": {"most": "{{ 2 + 1 }}"}}},
                {"not": {"python": "output == vars.q"}},
                expected="yes",
            )
        ),
        "--allow-code",
        "-q",
    )
    assert ended.code == 0, ended.err
    assert [score["value"] for score in scores(ended)] == [1, 0.75, 1, 1]
    assert scores(ended)[1]["reason"] == "yes first"


@pytest.mark.parametrize(
    "check", [{"python": "True"}, {"not": {"any_of": ["json", {"python": "checks/mine.py:right"}]}}]
)
@pytest.mark.parametrize("where", ["case", "defaults", "turn", "dataset"])
def test_code_in_checks_is_not_run_unasked(cli, write, code, gateway, tmp_path, check, where):
    plain = {"id": "first", "vars": {"q": "first"}, "checks": [{"equals": "yes"}]}
    suite = {
        "case": {"cases": checks(check)},
        "defaults": {"cases": [plain], "defaults": {"checks": [check]}},
        "turn": {"cases": [{"id": "talk", "turns": [{"user": "Hello", "checks": [{"equals": "yes"}, check]}]}]},
        "dataset": {"cases": [], "datasets": ["rows.jsonl"]},
    }[where]
    (tmp_path / "rows.jsonl").write_text(json.dumps({**plain, "checks": [check]}), encoding="utf-8")
    ended = cli("run", write(**suite))
    assert ended.code == 2
    assert "check 'python': this is code, which is run only with --allow-code: read it, then allow it" in ended.err
    assert ("rows.jsonl:1" if where == "dataset" else "suite.yaml:1:") in ended.err
    assert gateway.arrived == []
    validated = cli("validate", tmp_path / "suite.yaml")
    assert (validated.code, "to run it, --allow-code is needed" in validated.out) == (0, True)
    assert cli("validate", tmp_path / "suite.yaml", "--allow-code").code == 0


@pytest.mark.parametrize(
    ("check", "complaint"),
    [
        ("gone.py:f", "no such file: 'gone.py'"),
        ("../outside.py:f", "lies outside the suite's root"),
        ("checks/mine.py:gone", "check 'python': LookupError: mine.py has no function 'gone'"),
        ("checks/broken.py:f", "check 'python': SyntaxError: "),
        ("checks/mine.py", "name its function: checks/mine.py:function"),
        ("'{{ output }}' == 'yes'", "no template stands in code"),
        ("outptu == 'yes'", "no name 'outptu'; did you mean 'output'?"),
    ],
)
def test_code_that_cannot_run_is_told_before_anything_is_sent(cli, write, code, gateway, tmp_path, check, complaint):
    (tmp_path / "checks" / "broken.py").write_text("def f(output: return", encoding="utf-8")
    (tmp_path.parent / "outside.py").write_text("def f(output): return True", encoding="utf-8")
    path = write(cases=checks({"python": check}), root=".")
    for command in ("validate", "run"):
        ended = cli(command, path, "--allow-code")
        assert ended.code == 2
        assert complaint in ended.err
        assert "Traceback" not in ended.err
    assert gateway.arrived == []


def test_code_that_misbehaves_is_an_error_of_its_check_and_the_run_goes_on(cli, write, code):
    wanted = {
        "raises": "LookupError: nothing about yes (mine.py, line 6)",
        "leaves": "SystemExit: 0 (mine.py, line 7)",
        "loops": "did not end within timeout_s (0.3 s)",
        "eats": "MemoryError: it needs more than memory_mb (1024)",
    }
    cases = [
        {"id": name, "vars": {"q": name},
         "checks": [{"equals": "yes"}, {"python": {"code": f"checks/mine.py:{name}", "timeout_s": 0.3}}]}
        for name in wanted
    ]  # fmt: skip
    ended = cli("run", write(cases=[*cases, *checks({"python": "checks/mine.py:right"})]), "--allow-code", "-q")
    assert ended.code == 3
    assert {name: scores(ended, name)[1]["error"] for name in wanted} == wanted
    assert all(scores(ended, name)[0]["passed"] for name in wanted)
    assert [record["passed"] for record in ended.records if record["case_id"] == "first"] == [True]


def test_leave_given_once_is_not_given_for_ever(cli, write, code):
    path = write(cases=checks({"python": "True"}))
    assert cli("run", path, "--allow-code", "-q").code == 0
    assert cli("run", path, "-q").code == 2


# --- checks of other packages ------------------------------------------------------------------------------------

PLUGIN = """
from dataclasses import dataclass, field
from evalkit.registry import CHECKS
from evalkit.types import Finding

@CHECKS.register("is_shouted")
@dataclass(frozen=True, kw_only=True)
class Shouted:
    '''The answer is in capitals.'''

    share: float = field(default=1.0, metadata={"description": "Of letters that are capitals."})
    operational = False
    blocking = False

    async def find(self, context):
        capitals = sum(letter.isupper() for letter in context.output) / max(1, len(context.output))
        return Finding(passed=capitals >= self.share, value=capitals, reason=f"{capitals:.0%} are capitals")
"""


@pytest.fixture
def plugin(tmp_path):
    """A package as an installer leaves it: its module, and what it says of itself."""
    place = tmp_path / "site"
    about = place / "shouting-1.0.dist-info"
    about.mkdir(parents=True)
    (place / "shouting.py").write_text(textwrap.dedent(PLUGIN), encoding="utf-8")
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: shouting\nVersion: 1.0\n", encoding="utf-8")
    (about / "entry_points.txt").write_text("[evalkit.checks]\nshouting = shouting\n", encoding="utf-8")
    return place


def command(*arguments, cwd, **variables):
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=cwd,
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.returncode, done.stdout, done.stderr


def test_a_check_of_another_package_is_used_as_any_other(write, plugin, tmp_path, gateway):
    path = write(cases=checks({"any_of": [{"is_shouted": 0.9}, {"not": "is_shouted"}], "metric": "tone"}))
    here = {"cwd": tmp_path, "PYTHONPATH": os.pathsep.join([str(plugin), *filter(None, sys.path)])}
    key = {"GPTPROTO_API_KEY": "sk-x", "GPTPROTO_API_BASE": gateway.base_url}
    code, out, _ = command("list", "checks", "--format", "json", **here)
    assert code == 0
    (listed,) = [row for row in json.loads(out) if row["name"] == "is_shouted"]
    assert (listed["arguments"], listed["help"]) == (["share"], "The answer is in capitals.")
    code, out, _ = command("schema", **here)
    assert "check.is_shouted" in json.loads(out)["$defs"]
    code, _, err = command("run", path, "-q", **here, **key)
    assert code == 0, err
    code, _, err = command("validate", path, cwd=tmp_path)
    assert (code, "unknown check 'is_shouted'" in err) == (2, True)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("raise RuntimeError('boom')", "RuntimeError: boom"),
        (PLUGIN.replace("is_shouted", "contains"), "ValueError: two checks are called 'contains'"),
    ],
)
def test_a_package_that_cannot_be_loaded_is_named(plugin, tmp_path, text, complaint):
    (plugin / "shouting.py").write_text(textwrap.dedent(text), encoding="utf-8")
    here = os.pathsep.join([str(plugin), *filter(None, sys.path)])
    code, _, err = command("list", "checks", cwd=tmp_path, PYTHONPATH=here)
    assert code == 2
    assert f"the package 'shouting' offers checks that cannot be loaded: {complaint}; mend or uninstall it" in err
    assert "Traceback" not in err
