"""Prompts: texts, messages, files, and other words for some models."""

from __future__ import annotations

import pytest

REST = "models: [gpt-4o, o3]\n"


def words(load, prompts: str) -> dict[str, list[tuple[str, str]]]:
    return {
        prompt.name: [(message.role, message.content) for message in prompt.messages]
        for prompt in load(f"{REST}prompts: {prompts}\n").prompts
    }


@pytest.mark.parametrize(
    ("prompts", "expected"),
    [
        ("['{{ q }}']", {"default": [("user", "{{ q }}")]}),
        ("[{user: hi}]", {"default": [("user", "hi")]}),
        ("[{name: a, user: 1.10}]", {"a": [("user", "1.10")]}),
        ("[{name: 1, system: s, user: u}]", {"1": [("system", "s"), ("user", "u")]}),
        ("[{messages: [{role: developer, content: d}, {role: assistant, content: x}, {role: user, content: y}]}]",
         {"default": [("developer", "d"), ("assistant", "x"), ("user", "y")]}),
        ("[{name: a, user: x}, {name: b, user: y}]", {"a": [("user", "x")], "b": [("user", "y")]}),
    ],
)  # fmt: skip
def test_a_prompt_is_a_text_or_messages(load, prompts, expected):
    assert words(load, prompts) == expected


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("p.txt", "Hi {{ q }}\n", [("user", "Hi {{ q }}\n")]),
        ("p.md", "# Hi", [("user", "# Hi")]),
        ("deep/p.j2", "{% if q %}x{% endif %}", [("user", "{% if q %}x{% endif %}")]),
        (
            "p.yaml",
            "- {role: system, content: 1.10}\n- {role: user, content: x}\n",
            [("system", "1.10"), ("user", "x")],
        ),
        ("p.json", '[{"role": "user",\n\t"content": "\\ud83d\\ude00"}]', [("user", "😀")]),
    ],
)
def test_a_prompt_may_stand_in_a_file(load, write, name, content, expected):
    write(name, content)
    assert words(load, f"[{{file: {name}}}]") == {"default": expected}


def test_a_variant_is_other_words_for_one_model(load, write):
    write("v.md", "filed")
    suite = load(f"{REST}prompts: [{{name: a, user: x, variants: {{o3: {{file: v.md}}, gpt-4o: short}}}}]\n")
    [prompt] = suite.prompts
    assert [prompt.for_model(name)[0].content for name in ("o3", "gpt-4o", "other")] == ["filed", "short", "x"]


BROKEN = "template: unexpected end of template, expected 'end of print statement'."
FORMS = "a prompt has `user` (and `system`), or `messages`, or a `file`; found "


@pytest.mark.parametrize(
    ("prompts", "message"),
    [
        ("[▸'{{ q']", BROKEN),
        ("[{user: ▸'{{ q'}]", BROKEN),
        ("[{system: ▸'{{ q', user: x}]", BROKEN),
        ("[{messages: [{role: user, content: x}, {role: user, content: ▸'{{ q'}]}]", BROKEN),
        ("[{user: x, variants: {o3: ▸'{{ q'}}]", BROKEN),
        ("[{user: x, variants: {o3: {user: ▸'{{ q'}}}]", BROKEN),
        ("[▸{}]", FORMS + "none of them"),
        ("[▸{name: a}]", FORMS + "none of them"),
        ("[▸{user: x, file: y.md}]", FORMS + "'user', 'file'"),
        ("[▸{system: x}]", FORMS + "'system'"),
        ("[▸{system: x, messages: [{role: user, content: x}]}]", FORMS + "'system', 'messages'"),
        ("[{messages: ▸[]}]", "must not be empty"),
        ("[{messages: [{role: ▸usr, content: x}]}]",
         "expected 'system', 'developer', 'user' or 'assistant', found 'usr'; did you mean 'user'?"),
        ("[{messages: [▸{role: user}]}]", "'content' is missing"),
        ("[{messages: [{role: user, content: ▸[x]}]}]", "expected text, found a list"),
        ("[{messages: [{role: user, content: x, ▸nmae: a}]}]", "unknown key 'nmae'; did you mean 'name'?"),
        ("[{name: a, user: x}, ▸y]", "'name' is missing: a suite with several prompts names each"),
        ("[{name: a, user: x}, ▸{name: a, user: y}]", "two prompts are called 'a'"),
        ("[{user: x, variants: {▸o33: y}}]", "variant for 'o33', which is no model of this suite"),
        ("[{user: x, variants: {o3: ▸{}}}]", FORMS + "none of them"),
        ("[{file: ▸none.md}]", "no such file: 'none.md' (looked in HOME)"),
        ("[{file: ▸folder}]", "'folder' is not a regular file"),
        ("[{file: ▸p.pdf}]", "a prompt file ends in one of .txt, .md, .j2, .yaml, .yml, .json: 'p.pdf'"),
        ("[{file: ▸broken.md}]", BROKEN),
        ("[{file: ▸../out.md}]",
         "'../out.md' lies outside the suite's root (HOME); set `root:` if that is meant"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_prompt_is_told_in_its_place(problems, write, home, marked, prompts, message):
    (home / "folder").mkdir()
    (home.parent / "out.md").write_text("x")
    write("p.pdf", "x")
    write("broken.md", "{{ q")
    text, place = marked(f"{REST}prompts: {prompts}\n")
    assert problems(text) == [f"{place}: {message}"]


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("p.txt", b"\xff", ["p.txt:1:1: not UTF-8: byte 0xff at offset 0; save it as UTF-8"]),
        ("p.yaml", b"a: 1", ["p.yaml:1:1: a file of messages is a list of mappings with `role` and `content`"]),
        ("p.yaml", b"[]", ["p.yaml:1:1: a file of messages is a list of mappings with `role` and `content`"]),
        ("p.yaml", b"x", ["p.yaml: a file of messages is a list of mappings with `role` and `content`"]),
        ("p.yaml", b"- {role: user}\n- {role: x, content: 1}\n- hi\n", [
            "p.yaml:1:3: 'content' is missing",
            "p.yaml:2:10: expected 'system', 'developer', 'user' or 'assistant', found 'x'",
            "p.yaml:3:3: expected a mapping, found 'hi'",
        ]),
        ("p.yaml", b"- {role: user, role: user, content: x}", [
            "p.yaml:1:16: duplicate key 'role': it stands on line 1 already",
        ]),
        ("p.yaml", b"- {role: user, content: '{{ q'}", [f"p.yaml:1:25: {BROKEN}"]),
        ("p.json", b'[{"role": "user", "content": "x"', [
            "p.json:1:33: not YAML: did not find expected ',' or '}' (while parsing a flow mapping)",
        ]),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_prompts_file_is_told_there(problems, write, name, content, expected):
    write(name, content)
    assert problems(f"{REST}prompts: [{{file: {name}}}]\n") == expected
