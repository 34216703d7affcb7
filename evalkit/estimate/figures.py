"""From draws to the figures of one model, each with where it comes from."""

from __future__ import annotations

from evalkit.costs.priors import OutputPrior
from evalkit.estimate.history import Past
from evalkit.estimate.known import Drawn, Known
from evalkit.estimate.requests import Floats
from evalkit.estimate.spreads import spread_of, tokens_of
from evalkit.estimate.timing import PRIOR_BASIS
from evalkit.types import ModelEstimate, Spread, UncertaintyShare

__all__ = ["model_estimate"]

_FEW = 10
"""Answers below which a reader is told that they are few."""


def model_estimate(drawn: Drawn, uncertainty: tuple[UncertaintyShare, ...]) -> ModelEstimate:
    """The figures of one model or judge."""
    known, sums = drawn.known, drawn.sums
    trials = drawn.jury.questions if drawn.jury is not None else round(known.asked.trials)
    most_input, most_output, most_usd = drawn.worst
    cost = sums.cost_usd
    thinks = _tells_thinking(known)
    hides = not thinks and any(row.prior.reasoning for row in known.asked.requests)
    return ModelEstimate(
        model=known.asked.model.name,
        trials=trials,
        requests=round(known.asked.sent),
        input_tokens=tokens_of(sums.input_tokens, most_input),
        output_tokens=tokens_of(sums.output_tokens, most_output),
        visible_tokens=None if hides else tokens_of(sums.visible, most_output),
        reasoning_tokens=tokens_of(sums.reasoning, most_output) if thinks else None,
        cost_usd=None if cost is None else spread_of(cost, most_usd),
        cost_per_trial_usd=_per(cost, trials, most_usd, 1),
        cost_per_1k_trials_usd=_per(cost, trials, most_usd, 1000),
        time_s=spread_of(drawn.work.span_s),
        sources=_sources(known),
        basis=_basis(known, is_judge=drawn.jury is not None),
        uncertainty=uncertainty,
        price=known.billing.price,
        notes=tuple(_notes(known)),
    )


def _per(cost: Floats | None, trials: int, worst: float | None, number: int) -> Spread | None:
    if cost is None or not trials:
        return None
    return spread_of(cost / trials * number, None if worst is None else worst / trials * number)


def _tells_thinking(known: Known) -> bool:
    """Whether thinking has a figure of its own: it was told apart in all that was measured, or is guessed at."""
    told = [lengths.reasoning is not None for lengths in known.lengths.values()]
    guessed = [row.prior.reasoning for row in known.asked.requests if row.prompt not in known.lengths]
    return all(told) and (bool(told) or any(guessed))


def _sources(known: Known) -> dict[str, str]:
    """Figure → where it comes from, in a word."""
    output = _output_source(known)
    sources = {
        "input_tokens": _input_source(known),
        "output_tokens": output,
        "visible_tokens": output,
        "time_s": known.past.source if known.past is not None and len(known.past.latencies()) else "prior",
    }
    if _tells_thinking(known):
        sources["reasoning_tokens"] = output
    if known.quote is not None:
        sources["price"] = known.quote.layer
    return sources


def _input_source(known: Known) -> str:
    if not known.billed_share or known.past is None:
        return "counted"
    return known.past.source if known.billed_share == 1 else f"{known.past.source}, counted"


def _output_source(known: Known) -> str:
    rows = [row for row in known.asked.requests if row.prompt not in known.lengths]
    guessed = [] if not rows else ["cap" if all(row.capped for row in rows) else "prior"]
    measured = [known.past.source] if known.lengths and known.past is not None else []
    return ", ".join([*measured, *guessed])


def _basis(known: Known, *, is_judge: bool) -> dict[str, str]:
    """The same in words."""
    past, asked = known.past, known.asked
    told = {"input_tokens": asked.method, "output_tokens": _output_basis(known), "time_s": PRIOR_BASIS}
    if past is not None:
        told["time_s"] = _answers(past) if len(past.latencies()) else told["time_s"]
        if is_judge:
            told["input_tokens"] = _answers(past)
        elif known.billed_share:
            rest = "" if known.billed_share == 1 else f", for {100 * known.billed_share:.0f} %; else {asked.method}"
            told["input_tokens"] = f"as billed before{rest}"
    if known.quote is not None:
        told["price"] = known.quote.source
    return told


def _output_basis(known: Known) -> str:
    rows = [row for row in known.asked.requests if row.prompt not in known.lengths]
    parts = [_answers(known.past)] if known.lengths and known.past is not None else []
    parts += dict.fromkeys(_prior_basis(row.prior, row.most_output if row.capped else None) for row in rows)
    return "; ".join(parts[:3])


def _prior_basis(prior: OutputPrior, cap: int | None) -> str:
    return prior.basis if cap is None else f"{prior.basis}, cut off at the cap of {cap:,} tokens"


def _answers(past: Past) -> str:
    return f"{len(past.samples):,} answers in {', '.join(past.runs)}"


def _notes(known: Known) -> list[str]:
    notes = list(known.asked.notes)
    if known.borrowed:
        notes.append(f"nothing was measured of {', '.join(known.borrowed)}: the lengths of other prompts are taken")
    if known.past is not None and known.lengths and len(known.past.samples) < _FEW:
        notes.append(f"only {len(known.past.samples)} answers were measured: the interval is wide")
    return notes
