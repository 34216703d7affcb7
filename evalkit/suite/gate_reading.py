"""The `gates` of a suite: limits over the whole run, and over single models of it."""

from __future__ import annotations

from typing import Any

from evalkit.suite.limits import parse_limit
from evalkit.suite.schema import GateSet, GatesFile, Section
from evalkit.suite.validation import Mistakes, validate
from evalkit.types import Gate


def read_gates(data: dict[str, Any], models: list[str], mistakes: Mistakes) -> tuple[Gate, ...]:
    """The gates, those that are wrong noted and left away."""
    section: Any = data.get("gates")
    if section is None:
        return ()
    given = validate(GatesFile, section, mistakes, container=data, key="gates")
    if given is None:
        return ()
    gates = _gate_set(given, section, None, mistakes)
    by_name: dict[str, Section] = given.models
    for model, limits in by_name.items():
        by_model = section["models"]
        if model not in models:
            mistakes.add(f"gates of '{model}', which is no model of this suite", by_model, model, of_key=True)
        gates += _gate_set(limits, by_model[model], model, mistakes)
    return tuple(gates)


def _gate_set(limits: Section, data: dict[str, Any], model: str | None, mistakes: Mistakes) -> list[Gate]:
    gates = []
    for metric in GateSet.model_fields:
        limit = getattr(limits, metric)
        if limit is None:
            continue
        try:
            gates.append(parse_limit(metric, limit, model=model))
        except ValueError as error:
            mistakes.add(str(error), data, metric)
    return gates
