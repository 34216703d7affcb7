"""Who judges: found by name, never the one that is judged, and wrong ones told in their place."""

from __future__ import annotations

import pytest

from evalkit.errors import SuiteInvalid
from evalkit.suite.judges import JudgeInvalid
from evalkit.suite.plan import Plan

HEAD = "models: [gpt-4o, o4-mini]\nprompts: ['{{ q }}']\n"
LOCAL = "providers: {local: {base_url: 'http://127.0.0.1:9/v1'}}\n"


def suite(checks: str, *, head: str = HEAD, case: str = "") -> str:
    return f"{head}cases:\n- id: c\n  vars: {{q: hi}}\n{case}  checks:\n  - {checks}\n"


def judges_of(plan: Plan) -> dict[str, str]:
    """Model under test → its judges."""
    found: dict[str, list[str]] = {}
    for subject, judge in plan.judging.calls:
        found.setdefault(subject, []).append(judge)
    return {subject: " ".join(sorted(names)) for subject, names in found.items()}


@pytest.fixture
def prepared(plan):
    """A suite's text as a plan that was prepared."""

    def made(text: str, **selection) -> Plan:
        planned = plan(text, **selection)
        planned.prepare()
        return planned

    return made


@pytest.fixture
def problems(prepared):
    """What is wrong with a suite, as `line:column: message`."""

    def found(text: str, **selection) -> list[str]:
        with pytest.raises(SuiteInvalid) as raised:
            prepared(text, **selection)
        return [f"{each.line}:{each.column}: {each.message}" for each in raised.value.problems]

    return found


# --- who is asked ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "checks", "judges"),
    [
        (HEAD, "judge: r", {"gpt-4o": "o4-mini", "o4-mini": "gpt-4o"}),
        (HEAD, "judge: {rubric: r, model: o3}", {"gpt-4o": "o3", "o4-mini": "o3"}),
        (HEAD + "judges: [gpt-4.1, o3]\n", "judge: r", {"gpt-4o": "gpt-4.1", "o4-mini": "gpt-4.1"}),
        (HEAD + "judges: [gpt-4.1, o3]\n", "judge: {rubric: r, models: [o3, gpt-4.1]}",
         {"gpt-4o": "gpt-4.1 o3", "o4-mini": "gpt-4.1 o3"}),
        (HEAD + "judges: [{name: twin, id: gpt-4o}]\n", "judge: r", {"gpt-4o": "o4-mini", "o4-mini": "twin"}),
        (HEAD + "judges: [gpt-4.1]\n", "any_of: [{not: {judge: r}}, {contains: x}]",
         {"gpt-4o": "gpt-4.1", "o4-mini": "gpt-4.1"}),
        (HEAD + "judges: [gpt-4.1]\n", "preference: {against: gpt-4o}", {"o4-mini": "gpt-4.1"}),
        (HEAD, "judge: {rubric: r, model: gpt-4o, allow_self: true}", {"gpt-4o": "gpt-4o", "o4-mini": "gpt-4o"}),
        (HEAD, "judge: {rubric: '{{ output }}?', model: o3}", {"gpt-4o": "o3", "o4-mini": "o3"}),
        (HEAD, "contains: x", {}),
    ],
)  # fmt: skip
def test_each_model_has_its_judges(prepared, head, checks, judges):
    assert judges_of(prepared(suite(checks, head=head))) == judges


def test_a_judge_s_name_may_be_a_template(prepared):
    plan = prepared(suite("judge: {rubric: r, model: '{{ q }}'}").replace("q: hi", "q: o3"))
    assert [judge.name for judge in plan.judges] == ["o3"]


def test_judges_of_turns_are_found(prepared):
    case = "  turns: [{user: a, checks: [{judge: {rubric: r, model: o3}}]}, b]\n"
    plan = prepared(suite("judge: {rubric: r, model: gpt-4.1}", case=case).replace("{{ q }}", "{{ user }}"))
    assert [judge.name for judge in plan.judges] == ["gpt-4.1", "o3"]


def test_a_judge_is_a_model_of_the_suite_then_one_of_its_judges_then_one_that_a_preset_knows(prepared):
    judges = "[{id: mine, provider: local, api: chat}, {name: o3, id: o3-pro}]"
    head = LOCAL + HEAD.replace(", o4-mini", "") + f"judges: {judges}\n"
    named = {}
    for name in ("mine", "o3", "o3-pro", "gpt-4.1"):
        [judge] = prepared(suite(f"judge: {{rubric: r, model: {name}}}", head=head)).judges
        named[name] = (judge.name, judge.id, judge.provider.name)
    assert named == {
        "mine": ("mine", "mine", "local"),
        "o3": ("o3", "o3-pro", "gptproto"),
        "o3-pro": ("o3", "o3-pro", "gptproto"),
        "gpt-4.1": ("gpt-4.1", "gpt-4.1", "gptproto"),
    }


def test_only_models_that_are_selected_need_judges_and_any_model_may_be_one(prepared):
    plan = prepared(suite("judge: {rubric: r, model: o4-mini}", case="  models: [gpt-4o]\n"))
    assert judges_of(plan) == {"gpt-4o": "o4-mini"}
    assert [model.name for model in plan.asked] == ["gpt-4o", "o4-mini"]
    alone = prepared(suite("judge: {rubric: r, model: o4-mini}"), models=("gpt-4o",))
    assert [model.name for model in alone.asked] == ["gpt-4o", "o4-mini"]


def test_questions_are_counted_over_repeats_prompts_and_both_orders(prepared):
    head = "models: [gpt-4o]\nprompts: [{name: a, user: '{{ q }}'}, {name: b, user: '{{ q }}!'}]\njudges: [o3]\n"
    plan = prepared(suite("judge: r\n  - preference: {against_text: t}", head=head, case="  repeat: 3\n"))
    assert plan.judging.calls == {("gpt-4o", "o3"): 3 * 2 * (1 + 2)}


def test_what_is_counted_is_counted_anew(prepared):
    plan = prepared(suite("judge: {rubric: r, model: o3}"))
    plan.prepare()
    assert plan.judging.calls == {("gpt-4o", "o3"): 1, ("o4-mini", "o3"): 1}


def test_a_gateway_and_streams_for_all_are_for_judges_too(load):
    text = suite(
        "judge: {rubric: r, models: [mine, gpt-4.1]}",
        head=f"{LOCAL}{HEAD}judges: [{{id: mine, provider: local, api: chat}}]\n",
    )
    plan = Plan(load(text).with_gateway("http://127.0.0.1:8/v1").with_stream(stream=True))
    plan.prepare()
    assert {judge.provider.base_url for judge in plan.judges} == {"http://127.0.0.1:8/v1"}
    assert [plan.streams(judge) for judge in plan.judges] == [True, True]


def test_a_judge_is_sent_what_is_set_on_it_but_for_what_would_keep_it_from_a_verdict(prepared):
    judge = "{id: gpt-4.1, params: {temperature: 0, top_p: null, stop: [x], response_format: {type: text}}}"
    plan = prepared(suite("judge: r", head=f"{HEAD}defaults: {{params: {{seed: 1}}}}\njudges: [{judge}]\n"))
    assert plan.judging.params(plan.judges[0]) == {"temperature": 0}


# --- what is wrong ---------------------------------------------------------------------------------------------------

SELF = (
    "would judge its own answers; name another judge, leave the model out by the case's `models`, "
    "or say `allow_self: true`"
)


@pytest.mark.parametrize(
    ("checks", "problem"),
    [
        ("judge: {rubric: r, model: o4-mini}", f"7:31: case 'c': check 'judge': 'o4-mini' {SELF}"),
        ("judge: {rubric: r, models: [o3, gpt-4o]}", f"7:32: case 'c': check 'judge': 'gpt-4o' {SELF}"),
        ("not: {judge: {rubric: r, model: o4-mini}}", f"7:37: case 'c': check 'judge': 'o4-mini' {SELF}"),
        ("judge: {rubric: r, model: gtp-4o}", "7:31: case 'c': check 'judge': unknown model 'gtp-4o'; did you mean "
         "'gpt-4o'?; a model without a preset needs `provider` and `api`, under `judges` in a suite"),
        ("judge: {rubric: r, model: '{{ output }}'}",
         "7:12: case 'c': check 'judge': 'model' cannot hang on the answer"),
        ("factuality", "4:3: case 'c': check 'factuality': the case has no `expected` to compare with; give it one, "
         "or say 'expected'"),
        ("preference: {model: o3}", "7:17: case 'c': check 'preference': the case has no `expected` to compare with; "
         "give it one, or say 'against_text'"),
        ("preference: {against: gpt-4}", "7:27: case 'c': check 'preference': no model of this suite is called "
         "'gpt-4'; did you mean 'gpt-4o'?"),
        ("preference: {against: gpt-4o}", "7:17: case 'c': check 'preference': no judge is named, and the suite has no "
         "other model than o4-mini and gpt-4o: name one as 'model'"),
        ("preference: {against: gpt-4o, model: gpt-4o}", "7:42: case 'c': check 'preference': 'gpt-4o' would judge "
         "answers that are compared with its own; name another judge, leave the model out by the case's `models`, or "
         "say `allow_self: true`"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_in_its_place(problems, checks, problem):
    assert problems(suite(checks)) == [problem]


def test_a_rival_that_is_not_asked_is_told(problems):
    judged = "preference: {against: gpt-4o, model: o3}"
    assert problems(suite(judged), models=("o4-mini",)) == [
        "7:27: case 'c': check 'preference': 'gpt-4o' is not asked in this run, so there is nothing to compare with"
    ]
    assert problems(suite(judged, case="  models: [o4-mini]\n")) == [
        "8:27: case 'c': check 'preference': 'gpt-4o' is not asked this case: its `models` leave it out"
    ]


def test_a_single_model_needs_a_judge(problems):
    head = "models: [gpt-4o]\nprompts: ['{{ q }}']\n"
    assert problems(suite("judge: r", head=head)) == [
        "7:12: case 'c': check 'judge': no judge is named, and the suite has no other model than gpt-4o: "
        "name one as 'model'"
    ]


def test_the_same_model_under_another_name_is_still_itself(problems):
    head = "models: [{name: chat, id: o3, api: chat}]\nprompts: ['{{ q }}']\njudges: [o3]\n"
    [problem] = problems(suite("judge: {rubric: r, model: o3}", head=head))
    assert "'o3' would judge its own answers" in problem


@pytest.mark.parametrize(
    ("judges", "problem"),
    [
        ("[gpt-4o]", "3:10: two models are called 'gpt-4o': give one of them another `name`"),
        ("[o3, o3]", "3:14: two models are called 'o3': give one of them another `name`"),
        ("[zap]", "3:10: unknown model 'zap'; presets know"),
        ("[]", "3:9: must not be empty"),
        ("o3", "3:9: expected a list, found 'o3'"),
        ("[{id: o3, zap: 1}]", "3:19: unknown key 'zap'"),
        ("[{id: claude-sonnet-4, api: messages, params: {seed: 1}}]", "the messages API has no 'seed'"),
    ],
)
def test_judges_are_read_as_strictly_as_models(load, judges, problem):
    with pytest.raises(SuiteInvalid) as raised:
        load(f"{HEAD}judges: {judges}\ncases: []\n")
    assert problem in "\n".join(f"{each.line}:{each.column}: {each.message}" for each in raised.value.problems)


def test_an_application_is_no_judge(load, problems):
    app = "providers: {app: {type: http, url: 'http://h/', body: {q: '{{ prompt }}'}, answer: a}}\n"
    with pytest.raises(SuiteInvalid, match="'app' is a target of its own, and no model that could judge"):
        load(f"{app}{HEAD}judges: [{{provider: app}}]\ncases: []\n")
    head = f"{app}models: [gpt-4o, {{name: mine, provider: app}}]\nprompts: ['{{{{ q }}}}']\n"
    [problem] = problems(suite("judge: {rubric: r, model: mine}", head=head, case="  models: [gpt-4o]\n"))
    assert "'mine' is a target of its own, and no model that could judge" in problem


def test_an_application_is_never_the_judge_that_nobody_named(prepared):
    app = "providers: {app: {type: http, url: 'http://h/', body: {q: '{{ prompt }}'}, answer: a}}\n"
    head = f"{app}models: [{{name: mine, provider: app}}, gpt-4o, o3]\nprompts: ['{{{{ q }}}}']\n"
    assert judges_of(prepared(suite("judge: r", head=head))) == {"mine": "gpt-4o", "gpt-4o": "o3", "o3": "gpt-4o"}


def test_the_note_about_different_judges_is_given_only_where_they_differ(prepared):
    assert prepared(suite("judge: r")).judging.notes
    assert not prepared(suite("judge: r", head=HEAD + "judges: [o3]\n")).judging.notes
    assert not prepared(suite("judge: {rubric: r, model: o3}")).judging.notes


def test_a_judge_that_nobody_named_beforehand_is_found_or_told(prepared):
    plan = prepared(suite("contains: x"))
    [subject, other] = plan.models
    assert plan.judging.find("", subject) == other
    with pytest.raises(JudgeInvalid, match="no judge is named"):
        plan.judging.find("", subject, [other.name])


@pytest.mark.parametrize(
    ("criteria", "problem"),
    [
        ("[{criterion: a, wieght: 2}]", "criteria.0.wieght: unknown key"),
        ("[a, {criterion: polite, and brief, weight: 2}]", "criteria.1.and brief: unknown key"),
        ("[{criterion: a, weight: much}]", "criteria.0.weight: expected a number, found 'much'"),
        ("[a, {weight: 1}]", "criteria.1.criterion: 'criterion' is missing"),
        ("[[a]]", "criteria.0: expected text, found a list"),
        ("a", "criteria: expected a list, found 'a'"),
        ("[{criterion: a, weight: 0}]", "the weight of a criterion is a number above 0, not 0"),
    ],
)
def test_criteria_that_are_none_are_told_in_an_author_s_words(load, criteria, problem):
    with pytest.raises(SuiteInvalid) as raised:
        load(suite(f"judge: {{criteria: {criteria}}}"))
    assert [each.message for each in raised.value.problems] == [f"check 'judge': {problem}"]
