"""Every mistake of a user ends in clear lines, the right exit code, and nothing sent."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import case


@pytest.fixture(autouse=True)
def _nothing_is_sent(gateway, tmp_path):
    yield
    assert gateway.arrived == []
    assert not (tmp_path / "results").exists()


def ten(anchor: int) -> bytes:
    return b"[" + b"*%c, " % anchor * 10 + b"]"


BROKEN = {
    "not YAML": (b"models: [gpt-4o\nprompts: x", "not YAML"),
    "a tab": (b"models:\n\t- gpt-4o\n", "a tab cannot indent YAML"),
    "a BOM": (b"\xef\xbb\xbfmodels: []\n", "byte order mark"),
    "Latin-1": ("name: café\n".encode("latin-1"), "not UTF-8"),
    "binary": (b"\x00\x01\x02", "U+0000"),
    "empty": (b"", "is empty"),
    "a list": (b"- 1\n- 2\n", "is no mapping"),
    "a scalar": (b"hello\n", "is no mapping"),
    "a duplicate key": (b"name: a\nname: b\n", "duplicate key 'name': it stands on line 1"),
    "a misspelt key": (b"modles: [gpt-4o]\n", "did you mean 'models'?"),
    "an alias bomb": (b"a: &a [1]\n" + b"".join(b"%c: &%c %s\n" % (c, c, ten(c - 1)) for c in b"bcdefg"), "alias"),
    "a deep nest": (b"a: " + b"[" * 70 + b"]" * 70, "nested deeper than 64"),
    "a custom tag": (b"name: !!python/object:os.system x\n", "tag"),
    "two documents": (b"name: a\n---\nname: b\n", "one YAML document"),
}  # fmt: skip


@pytest.mark.parametrize("what", BROKEN)
@pytest.mark.parametrize("command", ["run", "validate"])
def test_a_file_that_is_no_suite(cli, tmp_path, command, what):
    content, message = BROKEN[what]
    (tmp_path / "suite.yaml").write_bytes(content)
    ended = cli(command, "suite.yaml")
    assert ended.code == 2
    assert message in ended.err
    assert "suite.yaml:" in ended.err
    assert "in suite.yaml; nothing was sent" in ended.reason
    assert (ended.out, "Traceback" in ended.err) == ("", False)


def test_a_file_that_is_not_there(cli):
    ended = cli("run", "gone.yaml")
    assert (ended.code, ended.err.splitlines()[0]) == (2, "gone.yaml: no such file")


def test_a_folder(cli, tmp_path):
    ended = cli("run", tmp_path)
    assert ended.code == 2
    assert "is a folder" in ended.err


def test_a_device_is_not_read(cli):
    ended = cli("run", "/dev/zero")
    assert ended.code == 2
    assert "not a regular file" in ended.err


def test_a_file_of_200_megabytes_is_not_read(cli, tmp_path):
    with (tmp_path / "huge.yaml").open("wb") as file:
        file.truncate(200_000_000)
    ended = cli("run", "huge.yaml")
    assert ended.code == 2
    assert "huge.yaml: is 200 MB" in ended.err
    assert "10 MiB" in ended.err


WRONG = {
    "unknown model": ({"models": ["gpt-4oo"]}, "unknown model 'gpt-4oo'; did you mean 'gpt-4o'?"),
    "unknown provider": ({"models": [{"id": "x", "provider": "gptprto", "api": "chat"}]}, "did you mean 'gptproto'?"),
    "unknown api": ({"models": [{"id": "gpt-4o", "api": "chatt"}]}, "unknown api 'chatt'; did you mean 'chat'?"),
    "unknown check": ({"cases": [case("a", checks=[{"contians": "x"}])]}, "contians"),
    "wrong arguments": ({"cases": [case("a", checks=[{"number": {"valeu": 3}}])]}, "value"),
    "missing argument": ({"cases": [case("a", checks=[{"number": {"tolerance": 0.1}}])]}, "value"),
    "bad regex": ({"cases": [case("a", checks=[{"regex": "("}])]}, "regex"),
    "no checks": ({"cases": [{"id": "a", "vars": {"q": "x"}}]}, "no checks: nothing looks at this case's answer"),
    "only operational": ({"cases": [case("a", checks=[{"max_latency_s": 1}])]}, "operational"),
    "undefined variable": ({"prompts": ["{{ qq }}"]}, "qq"),
    "undefined in a check": ({"cases": [case("a", checks=[{"equals": "{{ nobody }}"}])]}, "no variable 'nobody'"),
    "template syntax": ({"prompts": ["{{ q "]}, "template"),
    "missing picture": ({"cases": [case("a", images=["gone.png"])]}, "gone.png"),
    "a picture outside": ({"cases": [case("a", images=["../../etc/passwd"])]}, "passwd"),
    "missing dataset": ({"datasets": ["gone.csv"]}, "gone.csv"),
    "unset variable": ({"models": [{"id": "gpt-4o", "name": "${NAME_THAT_NOBODY_SETS}"}]}, "NAME_THAT_NOBODY_SETS"),
    "duplicate ids": ({"cases": [case("a"), case("a")]}, "two cases have the id 'a'"),
    "unknown gate": ({"gates": {"pas_rate": ">= 1"}}, "did you mean 'pass_rate'?"),
    "a gate without operator": ({"gates": {"pass_rate": "0.9"}}, "wants an operator and a number"),
    "repeat 0": ({"defaults": {"repeat": 0}}, "repeat"),
    "a share beyond all": ({"cases": [case("a", repeat=2, pass_if="3/2")]}, "more than 0 and at most 1, found '3/2'"),
    "a conversation without turns": ({"cases": [case("a", turns=[])]}, "must not be empty"),
    "a turn that says nothing": ({"cases": [case("a", turns=[{"checks": ["json"]}])]}, "'user' is missing"),
    "a budget of nothing": ({"budget": {"max_cost_usd": 0}}, "must be greater than 0"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_suite_with_a_mistake(cli, write, what):
    changes, message = WRONG[what]
    ended = cli("run", write(**changes))
    assert ended.code == 2
    assert message in ended.err
    assert "suite.yaml:1:" in ended.err  # the file is one line of JSON
    assert "^" in ended.err
    assert ended.reason.endswith("in " + str(ended.place / "suite.yaml") + "; nothing was sent")
    assert (ended.out, "Traceback" in ended.err) == ("", False)


def test_ragged_rows_of_a_table(cli, write, tmp_path):
    (tmp_path / "rows.csv").write_text("id,q\na,1\nb,2,3\n")
    ended = cli("run", write(cases=[], datasets=["rows.csv"], defaults={"checks": [{"equals": "yes"}]}))
    assert ended.code == 2
    assert "rows.csv:3: this row has 3 cells, the header has 2" in ended.err


def test_a_picture_that_is_none(cli, write, tmp_path):
    (tmp_path / "fake.png").write_text("not a picture")
    ended = cli("run", write(cases=[case("a", images=["fake.png"])]))
    assert ended.code == 2
    assert "'fake.png' is not a picture that can be read" in ended.err


def test_all_mistakes_of_all_suites_come_at_once(cli, write):
    one = write("one.yaml", models=["nobody"], gates={"pass_rate": "x"})
    two = write("two.yaml", prompts=["{{ nothing }}"])
    ended = cli("run", one, two, write("good.yaml"))
    assert ended.code == 2
    for part in ("unknown model 'nobody'", "gate 'pass_rate'", "nothing"):
        assert part in ended.err
    assert ended.reason == f"4 problems in {one}, {two}; nothing was sent"


FLAGS = {
    "unknown model": (["-m", "gpt-4"], "no model of this suite is called 'gpt-4'; did you mean 'gpt-4o'?"),
    "unknown prompt": (["-p", "careful"], "no prompt of this suite is called 'careful'"),
    "unknown report": (["--report", "jsn"], "unknown report 'jsn'; did you mean 'json'?"),
    "unknown gate": (["--gate", "speed > 1"], "--gate: unknown gate 'speed'"),
    "gate of nobody": (["--gate", "o9: pass_rate > 0.1"], "--gate: no model of this suite is called 'o9'"),
    "no gate": (["--gate", "pass_rate"], "--gate: a gate reads 'metric operator number'"),
    "set without value": (["--set", "defaults.repeat"], "--set takes KEY=VALUE"),
    "set of nothing": (["--set", "models.7.id=x"], "--set models.7.id=x: nothing is called '7' there"),
    "set to nonsense": (["--set", "defaults.repeat=many"], "expected a whole number, found 'many'"),
    "no key file": (["--env-file", "gone.env"], "--env-file gone.env: No such file"),
    "a folder of keys": (["--env-file", "."], "--env-file .: Is a directory"),
    "offline elsewhere": (["--offline", "--base-url", "http://127.0.0.1:9/v1"], "--offline and --base-url exclude"),
    "no URL": (["--base-url", "gptproto.com"], "base_url 'gptproto.com': it must begin with http:// or https://"),
    "a password in it": (["--base-url", "http://me:hunter2@127.0.0.1/v1"], "has a user or password in it"),
    "limit 0": (["--limit", "0"], "0 is not in the range x>=1"),
    "concurrency -1": (["-j", "-1"], "-1 is not in the range x>=1"),
    "an error rate": (["--max-error-rate", "2"], "2.0 is not in the range 0<=x<=1"),
    "unknown flag": (["--ofline"], "No such option"),
    "out is a file": (["-o", "suite.yaml"], "results cannot go to suite.yaml: it is a file, not a folder"),
    "out below a file": (["-o", "suite.yaml/results"], "results cannot be written below suite.yaml/results"),
}


@pytest.mark.parametrize("what", FLAGS)
def test_a_flag_that_cannot_be(cli, write, what):
    flags, message = FLAGS[what]
    ended = cli("run", write(), *flags)
    assert ended.code == 2
    assert message in ended.err
    assert "hunter2" not in ended.err
    assert (ended.out, "Traceback" in ended.err) == ("", False)


@pytest.mark.parametrize("key", ["sk-line\nbreak", "sk-umläut", "Bearer sk-x"])
def test_a_key_that_cannot_be_sent_is_refused_without_showing_it(cli, write, monkeypatch, key):
    monkeypatch.setenv("GPTPROTO_API_KEY", key)
    ended = cli("run", write())
    assert ended.code == 2
    assert "GPTPROTO_API_KEY holds no usable key" in ended.reason
    assert key not in ended.err


@pytest.mark.parametrize(
    "arguments", [["report", "gone"], ["list", "runs", "gone"], ["list", "cases"], ["report", "."]]
)
def test_a_run_that_is_not_there(cli, arguments):
    ended = cli(*arguments)
    assert ended.code == 2
    assert ended.reason.startswith("evalkit: ")


def test_a_manifest_that_is_none(cli, tmp_path):
    (tmp_path / "run.json").write_text('{"id": 3}')
    ended = cli("report", tmp_path)
    assert ended.code == 2
    assert "run.json: not the manifest of a run" in ended.reason


def test_a_damaged_record_is_named_by_its_line(cli, tmp_path):
    manifest = {"id": "r", "suite": "s", "suite_file": "f", "suite_source": "", "suite_digest": "", "started_at": ""}
    (tmp_path / "run.json").write_text(json.dumps(manifest))
    (tmp_path / "records.jsonl").write_text("garbage\n")
    ended = cli("report", tmp_path)
    assert ended.code == 3
    assert "records.jsonl:1: not a record" in ended.reason
