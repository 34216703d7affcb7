"""Cases: what one may say, and what is wrong with one that says it otherwise."""

from __future__ import annotations

import pytest

HEAD = "models: [gpt-4o, o3]\nprompts: [{name: a, user: '{{ q }}'}, {name: b, user: x}]\n"


def case_of(load, case: str, defaults: str = "{}"):
    [case] = load(f"{HEAD}defaults: {defaults}\ncases:\n  - {case}\n").cases()
    return case


def test_a_case_has_what_it_says(load):
    case = case_of(
        load,
        "{id: c, vars: {q: 1}, expected: [a], tags: [t, 1.10], models: [o3], prompts: [a], params: {seed: 1},"
        " accept: [length], threshold: 0.5, skip: later, repeat: 2, transform: '{{ output }}', checks: [json]}",
    )
    assert (case.id, case.vars, case.expected, case.tags) == ("c", {"q": 1}, ["a"], ("t", "1.10"))
    assert (case.models, case.prompts, case.params, case.accept) == ({"o3"}, {"a"}, {"seed": 1}, {"length"})
    assert (case.threshold, case.skip, case.repeat, case.transform) == (0.5, "later", 2, "{{ output }}")
    assert [check.name for check in case.checks] == ["json"]


def test_a_case_says_what_it_shares_why_it_fails_and_when_it_passes(load):
    case = case_of(load, "{cluster: 7, xfail: gateway bug 12, repeat: 3, pass_if: 2/3, checks: none}")
    assert (case.cluster, case.xfail, case.pass_if) == ("7", "gateway bug 12", 2 / 3)
    plain = case_of(load, "{checks: none}")
    assert (plain.cluster, plain.xfail, plain.pass_if) == (None, None, None)


@pytest.mark.parametrize(
    ("said", "reason"), [("false", None), ("true", "true"), ("", None), ("'false'", "false"), ("5", "5")]
)
def test_false_is_no_reason(load, said, reason):
    case = case_of(load, f"{{skip: {said}, xfail: {said}, checks: none}}")
    assert (case.skip, case.xfail) == (reason, reason)


def test_a_case_may_ask_more_or_less_than_the_defaults_of_its_repeats(load):
    defaults = "{repeat: 3, pass_if: any}"
    assert case_of(load, "{checks: none}", defaults).pass_if == 0
    assert case_of(load, "{pass_if: all, checks: none}", defaults).pass_if == 1


def test_a_conversation_has_its_turns(load, write, picture):
    write("a.png", picture("PNG"))
    case = case_of(
        load,
        "{checks: [{contains: x}], turns: [hi, {user: 1.1, expected: e, images: [a.png], checks: [json, {regex: y}]}]}",
        "{checks: [{max_latency_s: 5}]}",
    )
    first, second = case.turns
    assert (first.user, first.expected, first.images, first.checks) == ("hi", None, (), ())
    assert (second.user, second.expected, len(second.images)) == ("1.1", "e", 1)
    assert [check.name for check in second.checks] == ["json", "regex"]
    assert [check.name for check in case.checks] == ["max_latency_s", "contains"]


def test_a_conversation_may_be_looked_at_in_its_turns_alone(load):
    assert case_of(load, "{turns: [hi, {user: ho, checks: [{contains: x}]}]}").checks == ()


def test_a_case_that_says_little_has_the_defaults(load):
    case = case_of(load, "{checks: [{contains: x}]}", "{repeat: 3, transform: '{{ output | trim }}', checks: [json]}")
    assert (case.id, case.vars, case.repeat, case.transform) == ("case-7c4aaee9", {}, 3, "{{ output | trim }}")
    assert [check.name for check in case.checks] == ["json", "contains"]
    assert (case.models, case.prompts, case.threshold, case.skip, case.accept) == (None, None, None, None, set())


def test_a_case_s_own_values_go_before_the_defaults(load):
    case = case_of(load, "{repeat: 1, transform: '', checks: [json]}", "{repeat: 3, transform: '{{ output }}'}")
    assert (case.repeat, case.transform) == (1, None)


@pytest.mark.parametrize("case", ["{checks: none}", "{checks: none, repeat: 1}"])
def test_no_checks_are_fine_if_asked_for(load, case):
    assert case_of(load, case, "{checks: [json]}").checks == ()


def test_the_defaults_checks_are_checks_of_the_case(load):
    assert case_of(load, "{id: a}", "{checks: [{contains: x}]}").checks


NOTHING_LOOKS = ": nothing looks at this case's answer; add a check, or say `checks: none`"


@pytest.mark.parametrize(
    ("case", "message"),
    [
        ("▸{id: a}", "no checks" + NOTHING_LOOKS),
        ("▸{id: a, checks: []}", "no checks" + NOTHING_LOOKS),
        ("▸{id: a, checks: }", "no checks" + NOTHING_LOOKS),
        ("▸{id: a, checks: [{max_latency_s: 5}]}", "only checks that are operational or weigh nothing" + NOTHING_LOOKS),
        ("▸{id: a, checks: [{not: {max_latency_s: 5}}]}",
         "only checks that are operational or weigh nothing" + NOTHING_LOOKS),
        ("▸{id: a, checks: [{contains: x, weight: 0}]}",
         "only checks that are operational or weigh nothing" + NOTHING_LOOKS),
        ("{id: a, checks: ▸nothing}", "checks is a list (or `none`), found 'nothing'"),
        ("{id: a, checks: ▸{contains: x}}", "checks is a list (or `none`), found a mapping"),
        ("{id: a, checks: [{▸contain: x}]}", "unknown check 'contain'; did you mean 'contains'?"),
        ("▸5", "expected a mapping, found '5'"),
        ("▸[]", "expected a mapping, found a list"),
        ("{id: ▸[a], checks: none}", "expected text, found a list"),
        ("{id: ▸'', checks: none}", "must not be empty"),
        ("{vars: ▸[q], checks: none}", "expected a mapping, found a list"),
        ("{vars: {▸case: 1}, checks: none}", "'case' is the case itself in templates: give this var another name"),
        ("{vars: {▸output: 1}, checks: none}", "'output' is the answer in templates: give this var another name"),
        ("{vars: {▸expected: 1}, checks: none}",
         "'expected' is the case's `expected` in templates: give this var another name"),
        ("{tags: ▸t, checks: none}", "expected a list, found 't'"),
        ("{tags: [▸{a: 1}], checks: none}", "expected text, found a mapping"),
        ("{models: [▸o33], checks: none}", "no model of this suite is called 'o33'; did you mean 'o3'?"),
        ("{models: ▸[], checks: none}", "must not be empty"),
        ("{models: ▸o3, checks: none}", "expected a list, found 'o3'"),
        ("{prompts: [a, ▸c], checks: none}", "no prompt of this suite is called 'c'"),
        ("{prompts: ▸[], checks: none}", "must not be empty"),
        ("{accept: [▸lenght], checks: none}",
         "expected 'length', 'refusal' or 'content_policy', found 'lenght'; did you mean 'length'?"),
        ("{accept: [▸ok], checks: none}", "expected 'length', 'refusal' or 'content_policy', found 'ok'"),
        ("{threshold: ▸1.1, checks: none}", "must be less than or equal to 1"),
        ("{threshold: ▸-1, checks: none}", "must be greater than or equal to 0"),
        ("{threshold: ▸.nan, checks: none}", None),
        ("{repeat: ▸0, checks: none}", "must be greater than or equal to 1"),
        ("{repeat: ▸true, checks: none}", "expected a whole number, found true"),
        ("{transform: ▸[x], checks: none}", "expected text, found a list"),
        ("{transform: ▸'{{ output', checks: none}",
         "template: unexpected end of template, expected 'end of print statement'."),
        ("{transform: ▸'output | trim', checks: none}", "transform rewrites the answer, which is `{{ output }}` in it"),
        ("{transform: ▸'{{ x }}', checks: none}", "transform rewrites the answer, which is `{{ output }}` in it"),
        ("{params: {▸topp: 1}, checks: none}", "unknown key 'topp'; did you mean 'top_p'?"),
        ("{images: ▸a.png, checks: none}", "expected a list, found 'a.png'"),
        ("{images: [▸a.png], checks: none}", "no such file: 'a.png' (looked in HOME)"),
        ("{images: [▸{url: a.png}], checks: none}", "no such file: 'a.png' (looked in HOME)"),
        ("{images: [{url: a.png, detail: ▸hihg}], checks: none}",
         "expected 'low', 'high' or 'auto', found 'hihg'; did you mean 'high'?"),
        ("{images: [▸{detail: high}], checks: none}", "'url' is missing"),
        ("{images: [▸5], checks: none}", "expected text, found '5'"),
        ("{images: [▸'http://h/a.png'], checks: none}", "a picture is an https URL or a path, found 'http://h/a.png'"),
        ("{skip: ▸[], checks: none}", "expected text, found a list"),
        ("{skip: ▸{a: 1}, checks: none}", "expected text, found a mapping"),
        ("{xfail: ▸[], checks: none}", "expected text, found a list"),
        ("{cluster: ▸[a], checks: none}", "expected text, found a list"),
        ("{cluster: ▸'', checks: none}", "must not be empty"),
        ("{pass_if: ▸3/2, checks: none}",
         "a share of the repeats is more than 0 and at most 1, found '3/2'; write 2/3, 0.5, `all` or `any`"),
        ("{pass_if: ▸most, checks: none}", "a share of the repeats is a fraction; write 2/3, 0.5, `all` or `any`"),
        ("{turns: ▸[], checks: none}", "must not be empty"),
        ("{turns: ▸hello, checks: none}", "expected a list, found 'hello'"),
        ("{turns: [▸[a]], checks: none}", "expected a mapping, found a list"),
        ("{turns: [▸{expected: a}], checks: none}", "'user' is missing"),
        ("{turns: [{user: ▸''}], checks: none}", "must not be empty"),
        ("{turns: [{user: x, ▸usr: y}], checks: none}", "unknown key 'usr'; did you mean 'user'?"),
        ("{turns: [hi, {user: ▸'{{ q'}], checks: none}",
         "template: unexpected end of template, expected 'end of print statement'."),
        ("{turns: [▸'{{ q'], checks: none}",
         "template: unexpected end of template, expected 'end of print statement'."),
        ("{turns: [hi, {user: x, checks: ▸json}]}", "expected a list, found 'json'"),
        ("{turns: [hi, {user: x, checks: [{▸contain: x}]}]}", "unknown check 'contain'; did you mean 'contains'?"),
        ("{turns: [hi, {user: x, images: [▸a.png]}], checks: none}", "no such file: 'a.png' (looked in HOME)"),
        ("▸{turns: [hi, ho]}", "no checks" + NOTHING_LOOKS),
        ("▸{turns: [{user: x, checks: [{max_latency_s: 5}]}]}",
         "only checks that are operational or weigh nothing" + NOTHING_LOOKS),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_case_is_told_in_its_place(problems, marked, case, message):
    text, place = marked(f"{HEAD}cases:\n  - {case}\n")
    text = text.replace("'{{ q }}'", "x")
    [found] = problems(text)
    if message is None:
        assert found.startswith(f"{place}: must be")
    else:
        assert found == f"{place}: {message}"


def test_several_mistakes_of_one_case_are_told_together(problems):
    case = "{id: a, models: [x], prompts: [y], images: [z], checks: [{nope: 1}], params: {seed: a}, vars: {case: 1}}"
    assert len(problems(f"{HEAD}cases:\n  - {case}\n")) == 6


def test_cases_are_read_anew_each_time(load):
    suite = load(HEAD + "cases:\n  - {vars: {q: 1}, checks: none}\n")
    assert [case.id for case in suite.cases()] == [case.id for case in suite.cases()] == ["1-43c733d2"]
