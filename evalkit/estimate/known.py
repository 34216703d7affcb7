"""What is known of a model before it is asked, and what was drawn from that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from evalkit.costs.prices import Quote, quote
from evalkit.estimate.history import Past
from evalkit.estimate.judging import Jury, worst_of_jury
from evalkit.estimate.measured import Measured
from evalkit.estimate.outputs import THINKING
from evalkit.estimate.requests import Asked
from evalkit.estimate.simulation import Billing, Sums, sources_of
from evalkit.estimate.survey import with_billed
from evalkit.estimate.timing import Work
from evalkit.estimate.worst import worst_cost_usd, worst_input, worst_output

__all__ = ["Drawn", "Known", "know"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """One model, or judge, with all that is known of it."""

    asked: Asked
    past: Past | None
    lengths: Mapping[str, Measured]
    """Prompt → what was measured of it."""
    borrowed: tuple[str, ...] = ()
    """Prompts of which nothing was measured: the lengths of other prompts are taken."""
    billed_share: float = 0.0
    """Of the requests: those whose input was billed before."""
    quote: Quote | None
    """None: unpriced."""

    @property
    def billing(self) -> Billing:
        """How its tokens are charged."""
        return Billing(
            price=self.quote.price if self.quote is not None else None,
            cached=self.past.cached() if self.past is not None else None,
        )

    @property
    def sources(self) -> set[str]:
        """What can make its cost uncertain."""
        thinks = {THINKING} if any(lengths.reasoning is not None for lengths in self.lengths.values()) else set()
        return sources_of(self.asked, self.billing) | thinks


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """What the requests to one model may take."""

    key: str
    """The model's name; `judge NAME` where it judges."""
    known: Known
    sums: Sums
    work: Work
    jury: Jury | None = None

    @property
    def worst(self) -> tuple[float, float, float | None]:
        """Input tokens, output tokens and USD at the most; None for what is unpriced."""
        price = self.known.billing.price
        if self.jury is not None:
            return worst_of_jury(self.jury, price)
        asked = self.known.asked
        return worst_input(asked), worst_output(asked), None if price is None else worst_cost_usd(asked, price)


def know(asked: Asked, past: Past | None) -> Known:
    """What is known of a model under test."""
    if past is None:
        return Known(asked=asked, past=None, lengths={}, quote=quote(asked.model))
    asked, share = with_billed(asked, past.inputs())
    prompts = dict.fromkeys(row.prompt for row in asked.requests)
    own = {prompt: past.lengths(prompt) for prompt in prompts}
    anyway = past.lengths(None)
    return Known(
        asked=asked,
        past=past,
        lengths={prompt: lengths for prompt in own if (lengths := own[prompt] or anyway) is not None},
        borrowed=tuple(prompt for prompt, lengths in own.items() if lengths is None),
        billed_share=share,
        quote=quote(asked.model),
    )
