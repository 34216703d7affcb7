"""The trials that a suite means."""

from __future__ import annotations

import itertools
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace

import pytest

from evalkit.errors import SuiteInvalid, UsageError
from evalkit.suite.plan import Plan
from evalkit.suite.selection import Selection
from evalkit.types import PlannedTrials

HEAD = "models: [gpt-4o]\nprompts: [{name: p, user: '{{ q }}'}]\n"
TWO = "models: [gpt-4o, o3]\nprompts: [{name: p, user: 'p {{ q }}'}, {name: r, user: 'r {{ q }}'}]\n"
MANY = HEAD + "cases:\n" + "".join(
    f"  - {{id: c{n}, tags: [t{n % 3}], vars: {{q: {n}}}, checks: none}}\n" for n in range(30)
)  # fmt: skip


def ids(trials) -> list[str]:
    return [trial.case_id for trial in trials]


def test_every_model_gets_every_case_with_every_prompt_as_often_as_asked(trials):
    made = trials(
        TWO + "cases:\n  - {id: a, vars: {q: 1}, repeat: 2, checks: none}\n  - {id: b, vars: {q: 2}, checks: none}\n"
    )
    seen = [(t.model.name, t.case_id, t.prompt, t.repeat, t.request.model, t.request.messages[0].content) for t in made]
    assert seen == [
        (model, case, prompt, repeat, model, f"{prompt} {n}")
        for model in ("gpt-4o", "o3")
        for case, n, repeats in (("a", 1, 2), ("b", 2, 1))
        for prompt in ("p", "r")
        for repeat in range(repeats)
    ]


def test_a_case_may_keep_to_some_models_and_prompts(trials, plan):
    text = TWO + "cases:\n  - {id: a, vars: {q: 1}, models: [o3], prompts: [r], checks: none}\n"
    assert [(t.model.name, t.prompt) for t in trials(text)] == [("o3", "r")]
    assert plan(text).prepare().planned == (
        PlannedTrials(model="gpt-4o", prompt="p", trials=0),
        PlannedTrials(model="gpt-4o", prompt="r", trials=0),
        PlannedTrials(model="o3", prompt="p", trials=0),
        PlannedTrials(model="o3", prompt="r", trials=1),
    )


def test_a_matrix_multiplies_cases_and_is_named_in_their_ids(trials):
    text = (
        HEAD
        + "matrix: {l: [en, 中文], n: [1.10, true]}\ncases:\n  - {id: a, vars: {q: '{{ l }}{{ n }}'}, checks: none}\n"
    )
    made = trials(text)
    assert ids(made) == ["a[l=en,n=1.10]", "a[l=en,n=true]", "a[l=中文,n=1.10]", "a[l=中文,n=true]"]
    assert [t.request.messages[0].content for t in made] == ["en1.10", "entrue", "中文1.10", "中文true"]


def test_what_is_counted_is_what_is_made(plan, write):
    write("d.jsonl", '{"vars": {"q": 1}, "checks": "none"}\n' * 3)
    text = TWO + (
        "matrix: {l: [1, 2]}\ndefaults: {repeat: 2}\ndatasets: [d.jsonl]\ncases:\n"
        "  - {id: a, vars: {q: 1}, models: [o3], checks: none}\n  - {id: b, vars: {q: 1}, skip: why, checks: none}\n"
    )
    chosen = plan(text)
    census = chosen.prepare()
    assert (census.cases, census.skipped) == (4, {"b": "why"})
    made = [t for model in chosen.models for t in chosen.trials(model)]
    for planned in census.planned:
        assert planned.trials == sum((t.model.name, t.prompt) == (planned.model, planned.prompt) for t in made)
    assert census.trials == len(made) == 56


def test_keys_are_unique(trials):
    made = trials(TWO + "matrix: {l: [1, 2]}\ndefaults: {repeat: 3}\n" + MANY[len(HEAD) :])
    assert len({t.key for t in made}) == len(made) == 30 * 2 * 2 * 2 * 3


BASE = "models: [gpt-4o]\nprompts: [{name: p, user: '{{ q }}'}]\ncases:\n  - {id: a, vars: {q: hi}, checks: none}\n"
WITH_PICTURE = BASE.replace("checks: none", "images: [a.png], checks: none")


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        (BASE + "  - {id: z, vars: {q: x}, checks: none}\n", {}),
        (BASE.replace("  - {id: a", "  - {id: z, vars: {q: x}, checks: none}\n  - {id: a"), {}),
        (BASE.replace("[gpt-4o]", "[o3, gpt-4o]"), {}),
        (BASE.replace("[{name: p", "[{name: o, user: x}, {name: p"), {}),
        (BASE.replace("checks: none", "checks: [{contains: x}], expected: y, tags: [t], threshold: 1"), {}),
        (BASE.replace("{q: hi}", "{other: 1, q: hi}"), {}),
        (BASE.replace("{{ q }}", "{{q}}"), {}),
        (BASE.replace("[gpt-4o]", "[{id: gpt-4o, timeout_s: 5, max_attempts: 1, price: {input: 1, output: 1}}]"), {}),
        ("name: other\n" + BASE, {}),
        (BASE, {"environ": {"GPTPROTO_API_BASE": "http://127.0.0.1:9/v1"}}),
        (BASE + "providers: {gptproto: {base_url: 'http://h/v1', api_key_env: OTHER, auth: raw}}\n", {}),
        (BASE.replace("checks: none", "params: {temperature: null}, checks: none"), {}),
    ],
)
def test_a_key_survives_what_does_not_change_the_question(plan, text, settings):
    [key] = [t.key for t in trials_of(plan(BASE)) if t.case_id == "a"]
    same = [
        t.key for t in trials_of(plan(text, **settings)) if (t.case_id, t.prompt, t.model.name) == ("a", "p", "gpt-4o")
    ]
    assert same == [key]


def trials_of(plan: Plan) -> list:
    plan.prepare()
    return [trial for model in plan.models for trial in plan.trials(model)]


@pytest.mark.parametrize(
    "text",
    [
        BASE.replace("hi", "ho"),
        BASE.replace("{{ q }}", "{{ q }}."),
        BASE.replace("id: a", "id: b"),
        BASE.replace("name: p", "name: pp"),
        BASE.replace("[gpt-4o]", "[{id: gpt-4o, name: other}]"),
        BASE.replace("[gpt-4o]", "[{id: gpt-4o-mini, name: gpt-4o}]"),
        BASE.replace("[gpt-4o]", "[{id: gpt-4o, api: responses}]"),
        BASE.replace("[gpt-4o]", "[{id: gpt-4o, params: {seed: 1}}]"),
        BASE.replace("[gpt-4o]", "[{id: gpt-4o, stream: false}]"),
        BASE + "defaults: {params: {temperature: 0}}\n",
        BASE.replace("user: '{{ q }}'", "system: s, user: '{{ q }}'"),
        BASE.replace("user: '{{ q }}'", "messages: [{role: developer, content: '{{ q }}'}]"),
        BASE.replace("user: '{{ q }}'", "messages: [{role: user, content: '{{ q }}', name: ada}]"),
        BASE.replace("user: '{{ q }}'", "user: '{{ q }}', variants: {gpt-4o: other}"),
        BASE.replace("checks: none", "files: ['https://h/a.pdf'], checks: none"),
        WITH_PICTURE,
    ],
)
def test_a_key_changes_with_the_question(plan, write, picture, text):
    write("a.png", picture("PNG"))
    [before] = trials_of(plan(BASE))
    [after] = trials_of(plan(text))
    assert before.key != after.key


def test_a_key_changes_with_a_picture_s_bytes_and_detail_but_not_with_its_name(plan, write, picture):
    def key(text: str) -> str:
        [trial] = trials_of(plan(text))
        return trial.key

    write("a.png", picture("PNG"))
    write("b.png", picture("PNG"))
    first = key(WITH_PICTURE)
    assert key(WITH_PICTURE.replace("a.png", "b.png")) == first
    assert key(WITH_PICTURE.replace("a.png", "{url: a.png, detail: high}")) != first
    assert key(WITH_PICTURE.replace("a.png", "'https://h/a.png'")) != first
    write("a.png", picture("PNG", (1, 1)))
    assert key(WITH_PICTURE) != first


def test_a_key_changes_with_a_file_s_bytes_and_name(plan, write):
    def key(name: str) -> str:
        [trial] = trials_of(plan(BASE.replace("checks: none", f"files: [{name}], checks: none")))
        return trial.key

    write("a.pdf", "%PDF-1")
    write("b.pdf", "%PDF-1")  # APIs tell the model the name
    first = key("a.pdf")
    assert key("b.pdf") != first
    assert key("./a.pdf") == first
    write("a.pdf", "%PDF-2")
    assert key("a.pdf") != first


def test_each_repeat_has_a_key_of_its_own(trials):
    made = trials(BASE, repeat=4)
    assert [t.repeat for t in made] == [0, 1, 2, 3]
    assert len({t.key for t in made}) == 4
    assert [t.key for t in trials(BASE, repeat=2)] == [t.key for t in made[:2]]


def test_pictures_go_with_the_last_user_message(trials, write, picture):
    write("a.png", picture("PNG"))
    messages = "[{role: user, content: one}, {role: user, content: two}, {role: assistant, content: three}]"
    [trial] = trials(WITH_PICTURE.replace("user: '{{ q }}'", f"messages: {messages}"))
    assert [len(message.images) for message in trial.request.messages] == [0, 1, 0]


def test_files_go_with_the_last_user_message_behind_its_pictures(trials, write, picture):
    write("a.png", picture("PNG"))
    write("a.pdf", "%PDF-1")
    [trial] = trials(WITH_PICTURE.replace("checks: none", "files: [a.pdf, 'https://h/b.pdf'], checks: none"))
    [message] = trial.request.messages
    assert [medium.reference for medium in message.media] == [
        message.images[0].reference, message.files[0].reference, "https://h/b.pdf",
    ]  # fmt: skip
    assert [file.name for file in message.files] == ["a.pdf", "b.pdf"]


def test_a_trial_has_all_that_its_case_says(trials):
    [trial] = trials(
        HEAD + "cases:\n  - {id: a, vars: {q: 0123}, expected: 1.10, accept: [length], threshold: 0.5,"
        " transform: '{{ output | trim }}{{ q }}', checks: [{contains: '{{ expected }}', weight: 2}]}\n"
    )
    assert (trial.expected, trial.accept, trial.threshold) == ("1.10", {"length"}, 0.5)
    assert trial.transform(" x ") == "x0123"
    [bound] = trial.checks
    assert (bound.name, bound.weight, bound.bind("").text) == ("contains", 2, "1.10")
    assert trial.request.messages[0].content == "0123"


def test_parameters_come_from_defaults_model_and_case(trials):
    text = (
        "models: [{id: gpt-4o, params: {seed: 2}}, o3, {id: o3, name: warm, params: {temperature: 1}}]\n"
        "prompts: [x]\ndefaults: {params: {temperature: 0, seed: 1, top_p: 0.5}, stream: false}\n"
        "cases:\n  - {id: a, params: {top_p: null, max_output_tokens: 5}, checks: none}\n"
    )
    assert {t.model.name: t.request.params for t in trials(text)} == {
        "gpt-4o": {"temperature": 0, "seed": 2, "max_output_tokens": 5},
        "o3": {"max_output_tokens": 5},
        "warm": {"temperature": 1, "max_output_tokens": 5},
    }
    assert {t.request.stream for t in trials(text)} == {False}


def test_what_is_left_out_for_a_model_is_named(plan):
    chosen = plan(
        "models: [gpt-4o, o3, {id: o3, name: warm, params: {temperature: 1}}]\nprompts: [x]\n"
        "defaults: {params: {temperature: 0, stop: [a], seed: 1}}\ncases: [{checks: none}]\n"
    )
    assert {model.name: chosen.params(model)[1] for model in chosen.models} == {
        "gpt-4o": (),
        "o3": ("temperature", "stop", "seed"),
        "warm": ("stop", "seed"),
    }


def test_what_an_api_has_no_word_for_is_left_out_of_models_nobody_knows_too(plan):
    chosen = plan(
        "models:\n"
        + "".join(
            f"  - {{id: x, name: {api}, api: {api}, provider: gptproto}}\n" for api in ("chat", "responses", "messages")
        )
        + "prompts: [x]\ncases: [{checks: none}]\n"
        "defaults: {params: {temperature: 0, stop: [a], seed: 1, response_format: {type: text}}}\n"
    )
    assert {model.name: chosen.params(model)[1] for model in chosen.models} == {
        "chat": (),
        "responses": ("stop", "seed"),
        "messages": ("seed", "response_format"),
    }


def test_a_model_s_own_stream_goes_before_the_default(trials):
    text = "models: [{id: o3, stream: false}, gpt-4o]\nprompts: [x]\ncases: [{checks: none}]\n"
    assert [t.request.stream for t in trials(text)] == [False, None]


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        ({"limit": 2}, ["c0", "c1"]),
        ({"cases": ("c1", "c2?"), "limit": 3}, ["c1", "c10", "c11"]),
        ({"tags": ("t1",), "limit": 3}, ["c1", "c4", "c7"]),
        ({"cases": ("nobody",)}, []),
        ({"tags": ("nobody",)}, []),
        ({"limit": 2, "repeat": 2}, ["c0", "c0", "c1", "c1"]),
        ({"models": ("gpt-*",), "prompts": ("p",), "limit": 1}, ["c0"]),
    ],
)
def test_a_selection_chooses_cases(trials, selection, expected):
    assert ids(trials(MANY, **selection)) == expected


def test_a_sample_is_drawn_by_its_seed(trials):
    drawn = [ids(trials(MANY, sample=5, seed=seed)) for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert len(drawn[0]) == 5
    assert drawn[0] == sorted(drawn[0], key=lambda case_id: int(case_id[1:]))


def test_a_sample_survives_more_cases_as_far_as_it_can(trials):
    more = MANY + "  - {id: new, vars: {q: 1}, checks: none}\n"
    assert len(set(ids(trials(MANY, sample=10))) & set(ids(trials(more, sample=10)))) >= 9


def test_a_sample_is_drawn_from_what_is_chosen(trials):
    assert set(ids(trials(MANY, sample=4, tags=("t1",)))) <= {f"c{n}" for n in range(1, 30, 3)}
    assert len(ids(trials(MANY, sample=4, limit=2))) == 2


def test_skipped_cases_count_in_no_limit_and_no_sample(plan):
    text = (
        HEAD + "cases:\n  - {id: s, vars: {q: 1}, skip: why, checks: none}\n  - {id: a, vars: {q: 1}, checks: none}\n"
    )
    for selection in ({"limit": 1}, {"sample": 1}):
        chosen = plan(text, **selection)
        census = chosen.prepare()
        assert (census.cases, census.skipped) == (1, {"s": "why"})


def test_a_name_nobody_has_is_refused(plan):
    with pytest.raises(UsageError, match="no model of this suite is called 'o9'"):
        plan(MANY, models=("o9",))
    with pytest.raises(UsageError, match="no prompt of this suite is called 'x'"):
        plan(MANY, prompts=("x",))


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ("cases: [{id: a, vars: {q: 1}, checks: none}, {id: a, vars: {q: 2}, checks: none}]",
         ["s.yaml:3:51: two cases have the id 'a'"]),
        ("cases: [{id: 2-121e8a91, vars: {q: 1}, checks: none}, {vars: {q: 2}, checks: none}]",
         ["s.yaml:3:55: two cases have the id '2-121e8a91': give this one an `id`"]),
        ("cases: [{id: a, vars: {qq: 1}, checks: none}]",
         ["s.yaml:3:9: case 'a', prompt 'p': no variable 'q'; did you mean 'qq'?"]),
        ("cases: [{id: a, vars: {q: '{{ z }}'}, checks: none}]",
         ["s.yaml:3:9: case 'a': no variable 'z'"]),
        ("cases: [{id: a, vars: {q: '{{ r }}', r: '{{ q }}'}, checks: none}]",
         ["s.yaml:3:9: case 'a': vars refer to each other in a circle: q → r → q"]),
        ("cases: [{id: a, vars: {q: 1}, checks: [{contains: '{{ z }}'}]}]",
         ["s.yaml:3:51: case 'a': check 'contains': no variable 'z'; known: case, expected, q"]),
        ("cases: [{id: a, vars: {q: 1}, checks: [{contains: '{{ z }}{{ output }}'}]}]",
         ["s.yaml:3:51: case 'a': check 'contains': no variable 'z'"]),
        ("cases: [{id: a, vars: {q: 1}, checks: [json, {max_latency_s: '{{ q }}x'}]}]",
         ["s.yaml:3:62: case 'a': check 'max_latency_s': seconds: expected a number, found '1x'"]),
        ("cases: [{id: a, vars: {q: 1}, transform: '{{ otput }}{{ output }}', checks: none}]",
         ["s.yaml:3:9: case 'a': transform: no variable 'otput'; did you mean 'output'?"]),
        ("cases: [{id: a, vars: {q: 1}, expected: '{{ z }}', checks: none}]",
         ["s.yaml:3:9: case 'a': no variable 'z'; known: case, q"]),
        ("matrix: {q: [1]}\ncases: [{id: a, vars: {q: 1}, checks: none}]",
         ["s.yaml:4:9: 'q' is a var of case 'a' and a dimension of the matrix"]),
        ("cases: [{id: a, vars: {q: 1}, images: ['https://h/a.png'], prompts: [s], checks: none}]",
         ["s.yaml:3:9: case 'a', prompt 's': pictures go with the last user message, and this prompt has none"]),
        ("cases: [{id: a, vars: {q: 1}, files: ['https://h/a.pdf'], prompts: [s], checks: none}]",
         ["s.yaml:3:9: case 'a', prompt 's': files go with the last user message, and this prompt has none"]),
    ],
)  # fmt: skip
def test_what_no_trial_could_be_made_of_is_told(problems, rest, expected):
    head = (
        "models: [gpt-4o]\nprompts: [{name: p, user: '{{ q }}'}, {name: s, messages: [{role: system, content: x}]}]\n"
    )
    assert problems(f"{head}{rest}\n") == expected


def test_an_inline_id_and_a_dataset_s_id_may_not_be_the_same(problems, write):
    write("d.jsonl", '{"id": "a", "vars": {"q": 1}, "checks": "none"}\n')
    assert problems(HEAD + "datasets: [d.jsonl]\ncases: [{id: a, vars: {q: 1}, checks: none}]\n") == [
        "d.jsonl:1: two cases have the id 'a'"
    ]


def test_a_wrong_row_before_the_limit_stops_the_run(problems, plan, write):
    write(
        "d.jsonl", '{\n{"id": "a", "vars": {"q": 1}, "checks": "none"}\n' + '{"vars": {"q": 1}, "checks": "none"}\n' * 9
    )
    text = HEAD + "datasets: [d.jsonl]\n"
    with pytest.raises(SuiteInvalid, match=r"d\.jsonl:1: not JSON"):
        plan(text, limit=1).prepare()
    chosen = plan(text, limit=1)
    with pytest.raises(SuiteInvalid, match=r"d\.jsonl:1: not JSON"):
        list(chosen.trials(chosen.models[0]))


def test_a_sample_tells_each_mistake_once(plan, write):
    write("d.jsonl", '{\n{"id": "a", "vars": {"q": 1}, "checks": "none"}\n')
    with pytest.raises(SuiteInvalid) as caught:
        plan(HEAD + "datasets: [d.jsonl]\n", sample=1).prepare()
    assert len(caught.value.problems) == 1


def test_a_plan_gives_up_after_a_hundred_problems(problems):
    rows = "".join(f"  - {{id: c{n}, checks: none}}\n" for n in range(500))
    assert len(problems(f"{HEAD}cases:\n{rows}")) == 100


class Counted:
    """The cases of a suite, as many as one likes, counted as they are taken."""

    def __init__(self, case, number: int) -> None:
        self.case, self.number, self.taken = case, number, 0

    def __call__(self, problems: list | None = None) -> Iterator:
        for number in range(self.number):
            self.taken += 1
            yield replace(self.case, id=f"row-{number}")


@pytest.fixture
def endless(load) -> tuple[Plan, Counted]:
    """A plan over 200,000 cases."""
    suite = load(HEAD + "cases: [{id: a, vars: {q: hi}, checks: [{contains: '{{ q }}'}]}]\n")
    [case] = suite.cases()
    counted = Counted(case, 200_000)
    return Plan(replace(suite, cases=counted)), counted


def test_trials_are_made_as_they_are_taken(endless):
    plan, counted = endless
    stream = plan.trials(plan.models[0])
    assert ids(itertools.islice(stream, 10)) == [f"row-{n}" for n in range(10)]
    assert counted.taken == 10
    assert ids(itertools.islice(stream, 5)) == [f"row-{n}" for n in range(10, 15)]
    assert counted.taken == 15


def test_a_limit_takes_no_more_than_it_says(endless):
    plan, counted = endless
    plan.selection = Selection(limit=7)
    assert plan.prepare().cases == 7
    assert counted.taken == 7


def test_making_trials_holds_none_of_them(endless):
    plan, _ = endless
    stream = plan.trials(plan.models[0])
    tracemalloc.start()
    peaks = []
    for _ in range(2):  # msgspec keeps the room of some hundred structs for the next ones
        for _ in itertools.islice(stream, 2500):
            pass
        peaks.append(tracemalloc.get_traced_memory()[1])
    tracemalloc.stop()
    assert peaks[0] < 1_000_000
    assert peaks[1] < peaks[0] + 50_000


CHAT = "models: [gpt-4o]\nprompts: [{name: p, system: s, user: '{{ question }}'}]\n"


def test_a_conversation_is_one_trial_with_all_its_turns(trials):
    text = CHAT + (
        "defaults: {checks: [{max_latency_s: 9}]}\ncases:\n  - {id: a, expected: e, checks: [{contains: x}], turns: [\n"
        "    {user: hi, checks: [json]}, {user: ho, expected: o, checks: [{equals: '{{ expected }}'}, {regex: y}]}]}\n"
    )
    [trial] = trials(text)
    assert [message.content for message in trial.request.messages] == ["s", "hi"]
    assert [turn.message.content for turn in trial.turns] == ["ho"]
    assert [check.name for check in trial.first_turn_checks] == ["json"]
    assert [check.name for check in trial.turns[0].checks] == ["equals", "regex"]
    assert [check.name for check in trial.checks] == ["max_latency_s", "contains"]
    assert ([trial.expected_at(turn) for turn in (0, 1)], trial.expected) == (["e", "o"], "e")
    assert trial.hand_over is None


def test_a_single_question_has_no_turns(trials):
    [trial] = trials(HEAD + "cases: [{vars: {q: 1}, expected: e, checks: none}]\n")
    assert (trial.turns, trial.first_turn_checks, trial.expected_at(0)) == ((), (), "e")


def test_each_turn_is_part_of_what_makes_a_conversation_itself(trials):
    def key(turns: str) -> str:
        [trial] = trials(CHAT + f"cases: [{{id: a, turns: {turns}, checks: none}}]\n")
        return trial.key

    same = [key("[a, b]"), key("[{user: a, checks: [json]}, {user: b, expected: c}]")]
    others = [key("[a]"), key("[a, c]"), key("[a, b, b]"), key("[b, a]"), key("['ab']")]
    assert len({*same}) == 1
    assert len({*same, *others}) == 6


def test_conversations_are_multiplied_like_questions(trials):
    text = CHAT + (
        "matrix: {l: [en, 中文]}\ncases:\n"
        "  - {id: a, vars: {v: '{{ l }}'}, turns: ['hi {{ v }}', 'ho {{ l }}'], repeat: 2, checks: none}\n"
    )
    made = trials(text)
    assert [(t.case_id, t.repeat, t.request.messages[-1].content, t.turns[0].message.content) for t in made] == [
        (f"a[l={name}]", repeat, f"hi {name}", f"ho {name}") for name in ("en", "中文") for repeat in (0, 1)
    ]


def test_rows_of_a_dataset_may_be_conversations(trials, write):
    row = '{"id": "r", "turns": ["hi", {"user": "ho", "checks": [{"contains": "x"}]}]}\n'
    write("d.jsonl", row)
    write("d.yaml", "- {id: y, turns: [hi, {user: ho, checks: [json]}]}\n")
    made = trials(CHAT + "datasets: [d.jsonl, d.yaml]\n")
    assert [(trial.case_id, len(trial.turns)) for trial in made] == [("r", 1), ("y", 1)]


def test_what_a_case_says_of_itself_reaches_its_trials(trials):
    text = HEAD + (
        "defaults: {repeat: 3, pass_if: 2/3}\ncases:\n"
        "  - {id: a, vars: {q: 1}, tags: [t], cluster: k, xfail: bug 12, checks: none}\n"
        "  - {id: b, vars: {q: 1}, pass_if: any, checks: none}\n"
        "  - {id: c, vars: {q: 1}, pass_if: all, checks: none}\n"
    )
    a, b, c = (trial for trial in trials(text) if trial.repeat == 0)
    assert (a.tags, a.cluster, a.xfail, a.pass_if) == (("t",), "k", "bug 12", 2 / 3)
    assert (b.tags, b.cluster, b.xfail, b.pass_if) == ((), None, None, 1 / 3)
    assert c.pass_if == 1


def test_any_is_one_of_as_many_repeats_as_are_made(trials):
    text = HEAD + "cases: [{vars: {q: 1}, repeat: 2, pass_if: any, checks: none}]\n"
    assert {trial.pass_if for trial in trials(text, repeat=5)} == {1 / 5}


@pytest.mark.parametrize(
    ("case", "message"),
    [
        ("▸{id: a, turns: [hi, '{{ nobody }}'], checks: none}",
         "case 'a', prompt 'p': turn 2: no variable 'nobody'; known: case, expected"),
        ("▸{id: a, turns: [hi], vars: {user: x}, checks: none}",
         "case 'a', prompt 'p': 'user' is the text of a turn in the prompts of a conversation: give this var another "
         "name"),
        ("{id: a, turns: [hi, {user: ho, checks: [{contains: ▸'{{ nobody }}'}]}]}",
         "case 'a', turn 2: check 'contains': no variable 'nobody'; known: case, expected"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_turn_is_told_before_anything_is_sent(problems, marked, case, message):
    text, place = marked(CHAT + f"cases:\n  - {case}\n")
    assert problems(text) == [f"{place}: {message}"]
