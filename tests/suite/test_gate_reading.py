"""The gates of a suite."""

from __future__ import annotations

import pytest

from evalkit.types import Gate

HEAD = "models: [gpt-4o, o3]\nprompts: [x]\n"


def test_gates_hold_for_the_run_or_for_one_model(load):
    suite = load(HEAD + "gates: {pass_rate: '>= 90%', x-why: fun, models: {o3: {cost_usd: '<= 2', score: '> 0.5'}}}\n")
    assert suite.gates == (
        Gate(metric="pass_rate", op=">=", limit=0.9),
        Gate(metric="score", op=">", limit=0.5, model="o3"),
        Gate(metric="cost_usd", op="<=", limit=2, model="o3"),
    )


def test_gates_on_changes_stand_beside_the_others(load):
    gates = "{delta.pass_rate: '> -2pp', new_failures: '== 0', models: {o3: {delta.cost_usd: '<= 10%'}}}"
    assert load(f"{HEAD}gates: {gates}\n").gates == (
        Gate(metric="new_failures", op="==", limit=0),
        Gate(metric="delta.pass_rate", op=">", limit=-0.02, unit="pp"),
        Gate(metric="delta.cost_usd", op="<=", limit=0.1, unit="%", model="o3"),
    )


def test_a_suite_without_gates_has_none(load):
    assert load(HEAD + "gates:\n").gates == ()


@pytest.mark.parametrize(
    ("gates", "message"),
    [
        ("{pass_rate: ▸0.9}", "gate 'pass_rate' wants an operator and a number, as in \">= 0.9\"; found '0.9'"),
        ("{models: {o3: {score: ▸'> 5'}}}", "gate 'score' lies between 0 and 1 (or 0% and 100%); found '> 5'"),
        ("{▸pass_rte: '> 0'}", "unknown key 'pass_rte'; did you mean 'pass_rate'?"),
        ("{models: {▸o33: {score: '> 0'}}}", "gates of 'o33', which is no model of this suite"),
        ("{models: ▸[o3]}", "expected a mapping, found a list"),
        ("{models: {o3: ▸5}}", "expected a mapping, found '5'"),
        ("▸5", "expected a mapping, found '5'"),
        ("{▸delta.pass_rte: '> 0'}", "unknown key 'delta.pass_rte'; did you mean 'delta.pass_rate'?"),
        (
            "{delta.pass_rate: ▸'> -2%'}",
            "gate 'delta.pass_rate' is a difference of shares: write points, as in '-2pp', not per cent",
        ),
    ],
)
def test_a_wrong_gate_is_told_in_its_place(problems, marked, gates, message):
    text, place = marked(f"{HEAD}gates: {gates}\n")
    assert problems(text) == [f"{place}: {message}"]
