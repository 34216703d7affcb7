"""Pairs of sides to verdicts: every comparison that is made, at Holm's levels for as many as there are."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import combinations
from typing import Literal, NamedTuple

from msgspec.structs import replace

from evalkit.analysis.order import model_places, prompt_places
from evalkit.analysis.paired import PairedUnits, cases_to_decide, holm_levels
from evalkit.analysis.paired_figures import TOLD, difference_bounds, paired_figure, paired_units, scope_figure
from evalkit.analysis.paired_states import changed_cases
from evalkit.analysis.pairing import Paired, pair_sides
from evalkit.analysis.sides import Side
from evalkit.compare.flips import Answers, flips_of
from evalkit.compare.remarks import remarks
from evalkit.errors import NothingSelected
from evalkit.types import Comparison, Flip, Manifest, Pair, PairedFigure, ScopeFigures, Verdict

__all__ = ["ALPHA", "MARGIN", "compare_runs", "compare_within"]

ALPHA = 0.05
MARGIN = 0.05
"""A difference of the pass rate within this counts as none."""
_WORST_FIRST: tuple[Verdict, ...] = ("regressed", "inconclusive", "improved", "no_difference")
Apart = Literal["model", "prompt"]
ScopeMetric = tuple[str, str | None]
"""A metric as gates call it, without `delta.`; and the model it is asked of, or None for all."""


class _Matched(NamedTuple):
    """Two sides put beside each other, not judged yet."""

    base: Side
    new: Side
    model: str | None
    prompt: str | None
    paired: Paired


def compare_runs(base: Side, new: Side, *, margin: float = MARGIN, gated: Collection[ScopeMetric] = ()) -> Comparison:
    """Each model with each prompt, before and now. `gated`: the figures that gates will ask for.

    Raises NothingSelected where the two have no case × prompt × model × repeat in common.
    """
    paired = pair_sides(base, new)
    matched = [_Matched(base, new, *group) for group in _in_order(paired, new.manifest)]
    if not _has_anything(matched):
        raise NothingSelected(_nothing_in_common(base, new))
    return Comparison(
        base=base.name,
        new=new.name,
        base_stand_in=base.manifest.stand_in,
        new_stand_in=new.manifest.stand_in,
        pairs=(pairs := tuple(_pairs(matched, margin))),
        verdict=_worst(pairs),
        margin=margin,
        alpha=ALPHA,
        scopes=tuple(_scopes(paired, gated)),
        notes=tuple(remarks(base, new)),
    )


def compare_within(
    run: Side, names: Sequence[str], *, apart: Apart, margin: float = MARGIN, gated: Collection[ScopeMetric] = ()
) -> Comparison:
    """Models or prompts of one run, each of `names` with all that come after it.

    Raises NothingSelected where none of them have a case in common. With `gated`, there must be two names.
    """
    sides = [run.only(**{apart: name}) for name in names]
    matched: list[_Matched] = []
    paired: Paired | None = None
    for base, new in combinations(sides, 2):
        paired = pair_sides(base, new, apart=apart)
        for model, prompt, group in _in_order(paired, run.manifest):
            matched.append(_Matched(base, new, model or None, prompt or None, group))
    if paired is None or not _has_anything(matched):
        raise NothingSelected(f"{run.name}: {', '.join(names)} have no case in common: nothing to compare")
    return Comparison(
        base=names[0] if len(names) == 2 else run.name,
        new=names[1] if len(names) == 2 else run.name,
        base_stand_in=run.manifest.stand_in,
        new_stand_in=run.manifest.stand_in,
        kind="models" if apart == "model" else "prompts",
        pairs=(pairs := tuple(_pairs(matched, margin))),
        verdict=_worst(pairs),
        margin=margin,
        alpha=ALPHA,
        scopes=tuple(_scopes(paired, gated)),
    )


def _in_order(paired: Paired, manifest: Manifest) -> list[tuple[str, str, Paired]]:
    """Each model with each prompt, as a manifest lists them."""
    models, prompts = model_places(manifest), prompt_places(manifest)
    return sorted(paired.groups(), key=lambda group: (models[group[0]], prompts[group[1]]))


def _has_anything(matched: Sequence[_Matched]) -> bool:
    """Whether any trial stands on both sides, one that is expected to fail included."""
    return any((each.paired.has("base") & each.paired.has("new")).any() for each in matched)


def _worst(pairs: Sequence[Pair]) -> Verdict:
    found = {pair.verdict for pair in pairs}
    return next((verdict for verdict in _WORST_FIRST if verdict in found), "inconclusive")


def _nothing_in_common(base: Side, new: Side) -> str:
    def asked(side: Side) -> str:
        models = ", ".join(dict.fromkeys(side.trials["model"])) or "no trial"
        return f"{side.name} has {models}"

    hint = "models of one run are compared by --models A B"
    return f"nothing to compare: no case, prompt and model is on both sides ({asked(base)}; {asked(new)}); {hint}"


# --- one pair ----------------------------------------------------------------------------------------------------


def _pairs(matched: Sequence[_Matched], margin: float) -> Iterator[Pair]:
    """The verdicts, and every other figure at the levels of its own family."""
    rates = [paired_units(each.paired, "pass_rate") for each in matched]
    figures = [_figures(matched, metric) for metric in TOLD]
    answers = Answers()
    for place, (each, rate, level) in enumerate(zip(matched, rates, _levels(rates), strict=True)):
        flips = flips_of(changed_cases(each.paired), each.base, each.new, answers)
        told = tuple(column[place] for column in figures if column[place].n)
        yield _pair(each, rate, level, margin, flips, told)


def _levels(units: Sequence[PairedUnits | None]) -> list[float]:
    """Holm's, over the comparisons that chance has a part in."""
    open_ = [each for each in units if each is not None and not each.settled]
    levels = dict(zip(map(id, open_), holm_levels([each.p_value for each in open_], ALPHA), strict=True))
    return [levels.get(id(each), ALPHA) for each in units]


def _figures(matched: Sequence[_Matched], metric: str) -> list[PairedFigure]:
    """One figure of all pairs."""
    units = [paired_units(each.paired, metric) for each in matched]
    return [paired_figure(metric, each, level) for each, level in zip(units, _levels(units), strict=True)]


def _pair(
    each: _Matched,
    rate: PairedUnits | None,
    level: float,
    margin: float,
    flips: tuple[Flip, ...],
    figures: tuple[PairedFigure, ...],
) -> Pair:
    paired = each.paired
    counted = Pair(
        base=each.base.name,
        new=each.new.name,
        model=each.model,
        prompt=each.prompt,
        n=0,
        trials=int(paired.scored.sum()),
        verdict="inconclusive",
        bounds=difference_bounds(paired, "pass_rate"),
        fixed=sum(flip.kind == "fixed" for flip in flips),
        broken=sum(flip.kind == "broken" for flip in flips),
        flaky=sum(flip.kind == "flaky" for flip in flips),
        base_errors=int((paired.both & paired.is_status("base", "error")).sum()),
        new_errors=int((paired.both & paired.is_status("new", "error")).sum()),
        only_in_base=paired.only_in("base"),
        only_in_new=paired.only_in("new"),
        unpaired=paired.unpaired,
        same_answers=int(paired.same_answer.sum()),
        xfail=paired.case_ids(paired.xfail),
        figures=figures,
        flips=flips,
    )
    return counted if rate is None else _judged(counted, rate, level, margin)


def _judged(pair: Pair, rate: PairedUnits, level: float, margin: float) -> Pair:
    """With the difference of the pass rate, and what follows from it."""
    low, high = rate.interval(level, share=True)
    error = rate.standard_error(level, share=True)
    verdict = _verdict(low, high, margin)
    undecided = verdict == "inconclusive"
    return replace(
        pair,
        n=rate.n,
        verdict=verdict,
        base_rate=rate.base_mean,
        new_rate=rate.new_mean,
        delta=rate.difference,
        low=low,
        high=high,
        confidence=1 - level,
        p_value=rate.p_value,
        mde=rate.smallest_shown(level),
        n_to_decide=cases_to_decide(rate, error, margin, level) if undecided else None,
    )


def _verdict(low: float, high: float, margin: float) -> Verdict:
    if high < 0:
        return "regressed"
    if low > 0:
        return "improved"
    return "no_difference" if -margin <= low and high <= margin else "inconclusive"


# --- what gates ask for ------------------------------------------------------------------------------------------


def _scopes(paired: Paired, gated: Collection[ScopeMetric]) -> Iterator[ScopeFigures]:
    """The figures of all gates, over the whole comparison or over one model; each gate is a claim of its own."""
    for model in dict.fromkeys(model for _, model in gated):
        rows = paired if model is None else paired.of("model", model)
        metrics = dict.fromkeys(metric for metric, scope in gated if scope == model)
        yield ScopeFigures(model=model, figures=tuple(scope_figure(rows, metric, ALPHA) for metric in metrics))
