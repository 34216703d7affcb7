"""What else is not the same on both sides of a comparison, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evalkit.analysis.sides import Side
from evalkit.types import AskedModel

__all__ = ["remarks"]

_ASKED = {"id": "id", "api": "API", "host": "host", "params": "parameters"}
"""What of a model is asked otherwise, and how it is called."""


def remarks(base: Side, new: Side) -> Iterator[str]:
    """A sentence for each; nothing where only the answers differ."""
    yield from _kinds(base, new)
    if base.manifest.suite != new.manifest.suite:
        yield f"The suites are two: {base.manifest.suite} and {new.manifest.suite}."
    elif base.manifest.suite_digest != new.manifest.suite_digest:
        yield "The suite's file was changed between the two: prompts, cases or checks may be others."
    for side in (base, new):
        if side.manifest.ended_at is None:
            yield f"{side.name} has not ended: it is still going on, or it was stopped."
    before = {model.name: model for model in base.manifest.models}
    for model in new.manifest.models:
        if model.name in before:
            yield from _model(before[model.name], model)
            yield from _answering(model.name, base, new)
    yield from _prices(base, new)
    yield from _alone(base, new)


def _kinds(base: Side, new: Side) -> Iterator[str]:
    stand_in = [side.name for side in (base, new) if side.manifest.stand_in]
    if len(stand_in) == 1:
        yield f"{stand_in[0]} was answered by the stand-in gateway, the other by models: the difference says nothing."


def _model(before: AskedModel, now: AskedModel) -> Iterator[str]:
    for field, noun in _ASKED.items():
        was, is_ = _plain(getattr(before, field)), _plain(getattr(now, field))
        if was != is_ and not (field == "host" and _local(was) and _local(is_)):
            yield f"{now.name}: its {noun} changed: {_shown(was)} → {_shown(is_)}."


def _answering(model: str, base: Side, new: Side) -> Iterator[str]:
    was, is_ = (_names(side, model) for side in (base, new))
    if was and is_ and was != is_:
        yield f"{model}: other models answered: {', '.join(was)} → {', '.join(is_)}."


def _names(side: Side, model: str) -> list[str]:
    trials = side.trials
    return sorted(str(name) for name in trials["answered_by"][trials["model"] == model].dropna().unique())


def _prices(base: Side, new: Side) -> Iterator[str]:
    if base.manifest.prices_date != new.manifest.prices_date:
        dates = f"{base.manifest.prices_date or 'unknown'} → {new.manifest.prices_date or 'unknown'}"
        yield f"Costs were reckoned by price tables of other dates: {dates}."
    before = {model.name: model.price for model in base.manifest.models}
    changed = [m.name for m in new.manifest.models if m.name in before and m.price != before[m.name]]
    if changed:
        yield f"Prices changed: {', '.join(changed)}; differences of cost are partly theirs."


def _alone(base: Side, new: Side) -> Iterator[str]:
    for noun, column in (("model", "model"), ("prompt", "prompt")):
        before, now = (dict.fromkeys(map(str, side.trials[column])) for side in (base, new))
        for side, names in ((base, before.keys() - now.keys()), (new, now.keys() - before.keys())):
            if names:
                plural = noun if len(names) == 1 else f"{noun}s"
                yield f"Only {side.name} has the {plural} {', '.join(sorted(names))}: not compared."


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else value


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {each}" for name, each in value.items()) or "none"
    return str(value)


def _local(host: str) -> bool:
    """The stand-in gateway, which has another port each time."""
    return host == "stand-in" or host.startswith("127.0.0.1:")
