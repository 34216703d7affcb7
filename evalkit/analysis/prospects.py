"""The power of a suite or a run as data: what its comparisons could show, and what they would need to show more."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import harmonic_mean
from typing import TYPE_CHECKING, Literal

import msgspec
import numpy as np

from evalkit.analysis.cases import Cases, Grouping
from evalkit.analysis.estimates import of_cases
from evalkit.analysis.intervals import Floats, design_effect
from evalkit.analysis.order import model_places, prompt_places
from evalkit.analysis.paired import PairedUnits, smallest_shown
from evalkit.analysis.power import ALPHA, POWER, cases_needed, power_of, smallest_difference

if TYPE_CHECKING:
    import pandas as pd

    from evalkit.analysis.frames import RunFrames

__all__ = ["ASSUMED_FLIPS", "Design", "Flips", "PairProspect", "PowerReport", "Prospect", "of_designs", "of_run"]

ASSUMED_FLIPS = (0.1, 0.2, 0.3)
"""The share of cases that two answers to the same question would flip, where no repeats have measured it."""
MOST_FLIPS = 0.5
"""Answers that pass and fail like a tossed coin flip half of the time."""
REPEATS = (1, 3, 5, 10)
_SMALLEST_N = 2


class Flips(msgspec.Struct, frozen=True, kw_only=True):
    """The share of cases on which two answers, asked alike, do not both pass or both fail."""

    value: float
    source: Literal["assumed", "measured"]
    low: float | None = None
    """The ends of the 95 % interval of what was measured, and its n."""
    high: float | None = None
    n: int | None = None


class Design(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of one model with one prompt."""

    model: str
    prompt: str
    cases: int
    """That can pass or fail."""
    effective_cases: float
    """Fewer, where cases share a cluster."""
    repeats: float
    """Answers a case; where cases differ in that, the harmonic mean."""
    flips: tuple[Flips, ...]


class Prospect(msgspec.Struct, frozen=True, kw_only=True):
    """What a comparison with another version of the same prompt and model could show."""

    model: str
    prompt: str
    cases: int
    effective_cases: float
    repeats: float
    flips: Flips
    smallest_difference: float | None
    """Of the pass rate, found with the report's power; None where there are too few cases to show any."""
    power_at_delta: float
    """How often a difference of the report's delta is found."""
    needed_cases: Mapping[int, int | None]
    """Repeats → the cases with which the report's delta is found; None where no number of them is enough."""


class PairProspect(msgspec.Struct, frozen=True, kw_only=True):
    """What comparing two models, or two prompts, of a run can show, by the variance of their differences."""

    base: str
    new: str
    model: str
    """Of two prompts, the model that was asked with both; "" of two models."""
    prompt: str
    """Of two models, the prompt; "" of two prompts."""
    n: int
    difference: float
    smallest_difference: float | None
    needed_cases: int
    """For the report's delta, at the run's own repeats."""


class PowerReport(msgspec.Struct, frozen=True, kw_only=True):
    """`evalkit power --format json`."""

    name: str
    source: Literal["suite", "run"]
    stand_in: bool
    alpha: float
    power: float
    delta: float
    prospects: tuple[Prospect, ...]
    pairs: tuple[PairProspect, ...] = ()


def of_designs(designs: Iterable[Design], *, name: str, delta: float) -> PowerReport:
    """The prospects of a suite that was not asked yet."""
    prospects = tuple(_prospect(design, flips, delta) for design in designs for flips in design.flips)
    return PowerReport(
        name=name, source="suite", stand_in=False, alpha=ALPHA, power=POWER, delta=delta, prospects=prospects
    )


def of_run(frames: RunFrames, delta: float) -> PowerReport:
    """The prospects of a run: with what its repeats measured, where it has any, and between its models and prompts."""
    scored = frames.records[frames.records["status"].isin(["passed", "failed"])]
    models, prompts = model_places(frames.manifest), prompt_places(frames.manifest)
    groups = {(str(model), str(prompt)): rows for (model, prompt), rows in scored.groupby(["model", "prompt"])}
    order = sorted(groups, key=lambda each: (models[each[0]], prompts[each[1]]))
    report = of_designs((_design(*place, groups[place]) for place in order), name=frames.manifest.id, delta=delta)
    return msgspec.structs.replace(
        report,
        source="run",
        stand_in=frames.manifest.stand_in,
        pairs=tuple(_pairs(order, {place: _Shares(rows) for place, rows in groups.items()}, delta)),
    )


def _prospect(design: Design, flips: Flips, delta: float) -> Prospect:
    cases, chance = int(design.effective_cases), min(flips.value, MOST_FLIPS)
    cluster_size = design.cases / design.effective_cases if design.effective_cases else 1.0
    needed = {repeats: cases_needed(delta, flips=chance, repeats=repeats) for repeats in REPEATS}
    return Prospect(
        model=design.model,
        prompt=design.prompt,
        cases=design.cases,
        effective_cases=design.effective_cases,
        repeats=design.repeats,
        flips=flips,
        smallest_difference=smallest_difference(cases, flips=chance, repeats=design.repeats),
        power_at_delta=power_of(cases, delta, flips=chance, repeats=design.repeats),
        needed_cases={k: None if n is None else math.ceil(n * cluster_size) for k, n in needed.items()},
    )


# --- of a run ----------------------------------------------------------------------------------------------------


class _Shares:
    """The share of each case's repeats that passed, for one model with one prompt."""

    def __init__(self, rows: pd.DataFrame) -> None:
        self.cases: Cases = Grouping(rows).of(np.ones(len(rows), dtype=bool))
        passed = rows["passed"].to_numpy(dtype=float)
        self.asked = self.cases.sums(np.ones(len(rows)))
        self.values: Floats = self.cases.means(passed)
        first = np.unique(self.cases.of_row, return_index=True)[1]
        self.names = rows["case_id"].to_numpy(dtype=object)[first]
        self.units = [
            name if alone else ("cluster", cluster)
            for name, alone, cluster in zip(
                self.names, rows["cluster"].isna().to_numpy()[first], rows["cluster"].to_numpy()[first], strict=True
            )
        ]
        """What of each case is independent of others: itself, or its cluster."""


def _design(model: str, prompt: str, rows: pd.DataFrame) -> Design:
    shares = _Shares(rows)
    clusters = shares.cases.clusters
    together = 1.0 if clusters is None else design_effect(shares.values, clusters) / design_effect(shares.values)
    return Design(
        model=model,
        prompt=prompt,
        cases=shares.cases.n,
        effective_cases=shares.cases.n / max(1.0, together),
        repeats=float(harmonic_mean(shares.asked.tolist())),
        flips=_flips(shares),
    )


def _flips(shares: _Shares) -> tuple[Flips, ...]:
    """2·p(1 − p)·K/(K − 1) a case, which is without bias; assumed, and no more than the pass rate allows, where no case
    was asked twice."""
    twice = shares.asked >= _SMALLEST_N
    if twice.any():
        asked, passed = shares.asked[twice], shares.values[twice]
        found = of_cases(2 * passed * (1 - passed) * asked / (asked - 1), shares.cases.cluster_of_case[twice])
        return (Flips(value=found.value, source="measured", low=found.low, high=found.high, n=found.n),)
    rate = float(shares.values.mean())
    most = max(ASSUMED_FLIPS[0], 2 * rate * (1 - rate))
    return tuple(Flips(value=each, source="assumed") for each in ASSUMED_FLIPS if each <= most)


def _pairs(
    order: Sequence[tuple[str, str]], shares: Mapping[tuple[str, str], _Shares], delta: float
) -> Iterator[PairProspect]:
    for base, new in itertools.combinations(order, 2):
        if base[1] == new[1]:
            names = {"base": base[0], "new": new[0], "model": "", "prompt": base[1]}
        elif base[0] == new[0]:
            names = {"base": base[1], "new": new[1], "model": base[0], "prompt": ""}
        else:
            continue
        units = _paired(shares[base], shares[new])
        if units is None:
            continue
        by_spread = smallest_shown(units.standard_error(ALPHA, share=True), ALPHA)
        fewest = (cases_needed(delta, flips=0) or 0) * units.n / len(units.cases)
        yield PairProspect(
            **names,
            n=units.n,
            difference=units.difference,
            smallest_difference=units.smallest_shown(ALPHA),
            needed_cases=math.ceil(max(fewest, units.n * (by_spread / delta) ** 2)),
        )


def _paired(base: _Shares, new: _Shares) -> PairedUnits | None:
    """Both sides of the cases that were scored on both; None where there are fewer than two units."""
    there = dict(zip(new.names, new.values, strict=True))
    both = np.array([name in there for name in base.names], dtype=bool)
    places: dict[object, int] = {}
    numbers = [places.setdefault(unit, len(places)) for unit, shared in zip(base.units, both, strict=True) if shared]
    if len(places) < _SMALLEST_N:
        return None
    values = np.array([there[name] for name in base.names[both]], dtype=float)
    return PairedUnits(
        base=np.bincount(numbers, weights=base.values[both]).astype(float),
        new=np.bincount(numbers, weights=values).astype(float),
        cases=np.bincount(numbers).astype(float),
        certain=np.zeros(len(places), dtype=bool),
    )
