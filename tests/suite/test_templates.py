"""Templates: what they write, what they keep, and what they are not let do."""

from __future__ import annotations

import itertools

import pytest

from evalkit.suite.numbers import scalar
from evalkit.suite.templates import (
    MAX_OUTPUT,
    TemplateInvalid,
    evaluate,
    is_template,
    names_in,
    render,
    render_all,
    resolve,
    unknown_names,
    write,
)

VALUES = {
    "n": 5, "price": scalar("1.10"), "zip": scalar("0123"), "yes": True, "nothing": None, "text": "Paris",
    "items": ["a", "北京"], "row": {"items": 1, "k": scalar("2.50")}, "self": "S", "result": "R",
}  # fmt: skip


def refusal(text: str, **values: object) -> str:
    with pytest.raises(TemplateInvalid) as rendered:
        render(text, {**VALUES, **values})
    with pytest.raises(TemplateInvalid) as evaluated:
        evaluate(text, {**VALUES, **values})
    assert str(rendered.value) == str(evaluated.value)
    return str(rendered.value)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("{{ n }}", "5"),
        ("{{ price }} and {{ zip }}", "1.10 and 0123"),
        ("{{ yes }} {{ not yes }}", "true false"),
        ("[{{ nothing }}]", "[]"),
        ("{{ items }}", '["a", "北京"]'),
        ("{{ row }}", '{"items": 1, "k": 2.50}'),
        ("{{ [price, zip, yes, nothing, 'é\"'] }}", '[1.10, 0123, true, null, "é\\""]'),
        ("{{ row['items'] }}", "1"),
        ("{{ '{:.2f}'.format(price) }}", "1.10"),
        ("{{ '%.1f' | format(price) }}", "1.1"),
        ("{{ items | join(', ') }}", "a, 北京"),
        ("{{ items | map('upper') | list }}", '["A", "北京"]'),
        ("  {{- n -}}  ", "5"),
        ("{% for i in items %}{{ loop.index }}{{ i }}{% endfor %}", "1a2北京"),
        ("{{ missing | default('none') }}", "none"),
        ("{# only said #}x", "x"),
        ("no template at all: { n }", "no template at all: { n }"),
        ("line\n", "line\n"),
        ("{{ n }}\n", "5\n"),
        ("<{{ '<b>' }}>", "<<b>>"),
        ("{{ result }}", "R"),
    ],
)
def test_values_are_written_as_people_would(text, written):
    assert render(text, VALUES) == written


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{{ n }}", 5),
        ("{{n}}", 5),
        ("{{- n }}", 5),
        ("{{- n -}}", 5),
        ("{{+ n }}", 5),
        ("{{ -n }}", -5),
        ("{{ n + 1 }}", 6),
        ("{{ items }}", ["a", "北京"]),
        ("{{ row }}", {"items": 1, "k": 2.5}),
        ("{{ yes }}", True),
        ("{{ nothing }}", None),
        ("{{ text | upper }}", "PARIS"),
        ("{{ (1, 2) }}", [1, 2]),
        ("{{ result }}", "R"),
        (" {{ n }}", " 5"),
        ("{{ n }}\n", "5\n"),
        ("{{ n }}{{ n }}", "55"),
        ("{{ '}}' }}", "}}"),
        ("n", "n"),
    ],
)
def test_a_sole_expression_keeps_its_type(text, value):
    kept = evaluate(text, VALUES)
    assert kept == value
    assert type(kept) is type(value)


def test_a_spelling_goes_through_a_sole_expression():
    assert str(evaluate("{{ price }}", VALUES)) == "1.10"


def test_templates_deep_inside_a_value_are_rendered():
    assert render_all({"a": ["{{ n }}", 1], "b": {"c": "{{ n }}!"}}, VALUES) == {"a": [5, 1], "b": {"c": "5!"}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{ txt }}", "no variable 'txt'; did you mean 'text'?"),
        ("a {{ q }}", "no variable 'q'; known: items, n, nothing, price, result, row, self, text, yes, zip"),
        ("{{ row.kk }}", "template: 'dict object' has no attribute 'kk'"),
        ("{% if q %}{% endif %}",
         "no variable 'q'; known: items, n, nothing, price, result, row, self, text, yes, zip"),
        ("{{ row.items }}", "template: builtin_function_or_method is no text; "
                            "call it, or write ['name'] for a key of that name"),
        ("{{ items | map('upper') }}", "template: generator is no text; make it a list: | list"),
        ("{{ [row.items] }}", "template: builtin_function_or_method is no text; "
                              "call it, or write ['name'] for a key of that name"),
        ("{{ 5 | xmlattr }}", "template: 'int' object has no attribute 'items'"),
        ("{{ 1 / 0 }}", "template: division by zero"),
        ("{{ n + text }}", "template: unsupported operand type(s) for +: 'int' and 'str'"),
        ("{{ n | nope }}", "template: No filter named 'nope'."),
        ("{{ items | random }}", "template: No filter named 'random'."),
        ("{{ n", "template: unexpected end of template, expected 'end of print statement'."),
        ("{% if %}", "template: Expected an expression, got 'end of statement block'"),
        ("{% include 'x' %}", "template: no loader for this environment specified"),
        ('{{ "\\ud800" }}', "template: its text has half of a surrogate pair, which cannot be sent"),
    ],
)  # fmt: skip
def test_what_cannot_be_rendered_is_told(text, message):
    if "{{ [" in text:
        with pytest.raises(TemplateInvalid, match="is no text"):
            render(text, VALUES)
    else:
        assert refusal(text) == message


@pytest.mark.parametrize(
    "text",
    [
        "{{ ''.__class__ }}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ '' | attr('__class__') }}",
        "{{ '{0.__class__}'.format(n) }}",
        "{{ cycler.__init__.__globals__ }}",
        "{{ self.__init__.__globals__ }}",
        "{{ items.append(1) }}",
        "{{ row.update({'a': 1}) }}",
        "{{ items.__setitem__(0, 1) }}",
        "{{ range.__self__ }}",
        "{{ ().__class__.__base__ }}",
        "{% import 'os' as os %}{{ os }}",
        "{{ lipsum() }}",
        "{{ (0 | string).format_map }}",
    ],
)
def test_the_sandbox_holds(text):
    values = {**VALUES, "items": ["a"], "row": {"k": 1}}
    with pytest.raises(TemplateInvalid):
        render(text, values)
    assert values["items"] == ["a"]
    assert values["row"] == {"k": 1}


@pytest.mark.parametrize(
    "text",
    [
        "{{ 'x' * 10**9 }}",
        "{{ 10**9 * 'x' }}",
        "{{ [0] * 10**9 }}",
        "{{ 9**(9**9) }}",
        "{{ range(10**9) | length }}",
        "{% for a in range(100000) %}{{ 'x' * 1000 }}{% endfor %}",
        "{{ " + "9" * 5000 + " }}",
        "{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}",
        "{% for a in [1] %}" * 25 + "{% endfor %}" * 25,
    ],
)
def test_what_would_eat_the_machine_is_refused(text):
    with pytest.raises(TemplateInvalid):
        render(text, {})


def test_the_output_is_capped():
    half = "x" * (MAX_OUTPUT // 2)
    assert len(render("{{ half }}{{ half }}", {"half": half})) == MAX_OUTPUT
    with pytest.raises(TemplateInvalid, match="a template's text grows over 16,777,216 characters"):
        render("{{ half }}{{ half }}!", {"half": half})


def test_rendering_twice_gives_the_same():
    text = "{{ items | join }}{{ row }}{{ price }}"
    assert render(text, VALUES) == render(text, VALUES)


def test_names_are_found_before_anything_is_rendered():
    assert names_in("{{ a.b }}{% for i in c %}{{ i }}{{ loop.index }}{% endfor %}{{ range(3) }}") == {"a", "c"}
    assert unknown_names("{{ a }}{{ z }}{{ b }}", {"a"}) == ["b", "z"]


def test_names_in_a_broken_template_are_an_error():
    for text in ("{{ a", "{{ a | nope }}", "{{ " + "9" * 5000 + " }}"):
        with pytest.raises(TemplateInvalid, match="template: "):
            names_in(text)


@pytest.mark.parametrize(("text", "answer"), [("{{ a }}", True), ("{% x", True), ("{# x", True), ("{ a }", False)])
def test_a_template_is_known_by_its_braces(text, answer):
    assert is_template(text) is answer


@pytest.mark.parametrize("order", list(itertools.permutations(["a", "b", "c", "d"])))
def test_vars_refer_to_each_other_in_any_order(order):
    values = {"a": "{{ b }}!", "b": "{{ c }}{{ d | join }}", "c": 1, "d": ["{{ c }}", "{{ c }}"]}
    assert resolve({name: values[name] for name in order}) == {"a": "111!", "b": "111", "c": 1, "d": [1, 1]}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"a": "{{ a }}"}, "vars refer to each other in a circle: a → a"),
        ({"a": "{{ b }}", "b": ["{{ c }}"], "c": "{{ a }}"}, "vars refer to each other in a circle: a → b → c → a"),
        ({"a": "{{ z }}"}, "no variable 'z'"),
        ({f"v{n}": f"{{{{ v{n + 1} }}}}" for n in range(2000)}, "vars refer to each other over more than 64 steps"),
    ],
)
def test_vars_that_lead_nowhere_are_told(values, message):
    with pytest.raises(TemplateInvalid) as caught:
        resolve(values)
    assert str(caught.value) == message


def test_a_value_is_written_alone_as_in_a_text():
    assert [write(value) for value in ("a", 5, scalar("1.10"), True, None, [1], {"a": None})] == [
        "a", "5", "1.10", "true", "", "[1]", '{"a": null}',
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "output", "rendered"),
    [
        ("{{ (output | json).total }}", '{"total": 1.5}', "1.5"),
        ("{{ (output | json)['a b'] | first }}", ' {"a b": ["x", "y"]} ', "x"),
        ("{{ output | json }}", '```json\n{"a": [1, null]}\n```', '{"a": [1, null]}'),
        ("{{ output | json }}", "```\n[1]```", "[1]"),
        ("{{ output | json | length }}", "[1, 2]", "2"),
        ("{{ output | trim | lower }}", " YES\n", "yes"),
        ("{{ output.split('</think>') | last | trim }}", "<think>hm</think> 5", "5"),
        ("{{ output.splitlines() | last }}", "a\nb", "b"),
        ("{{ output | replace('*', '') }}", "**x**", "x"),
    ],
)
def test_what_transforms_are_made_of(text, output, rendered):
    assert render(text, {"output": output}) == rendered


@pytest.mark.parametrize("output", ["", "no", "{'a': 1}", "NaN", "[" * 100_000, "```json\nno\n```", "1 2"])
def test_what_is_not_json_is_told_by_the_filter(output):
    with pytest.raises(TemplateInvalid, match="the filter json: this is not JSON"):
        render("{{ output | json }}", {"output": output})
