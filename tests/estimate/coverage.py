"""How often the interval holds what really came: pilots of some length from a known truth, then a thousand answers.

`python -m tests.estimate.coverage [REPETITIONS]` writes the table of docs/estimate.md.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

import numpy as np

from evalkit.estimate.measured import measured
from evalkit.estimate.outputs import Levels
from evalkit.estimate.requests import Floats
from evalkit.estimate.simulation import Billing, simulate
from evalkit.estimate.spreads import ends
from evalkit.types import Price
from tests.estimate.plans import asked_of, row

CAP = 16_384
FUTURE = 1000
PILOTS = (10, 30, 100)
DRAWS = 1_000
Truth = Callable[[np.random.Generator, int], Floats]


def lognormal(sigma: float) -> Truth:
    return lambda rng, n: 150 * np.exp(sigma * rng.standard_normal(n))


def gamma(shape: float) -> Truth:
    return lambda rng, n: rng.gamma(shape, 200, n)


def mixture(share: float, times: float) -> Truth:
    """A share of the answers is so many times longer than the others."""
    return lambda rng, n: np.where(rng.random(n) < share, times, 1) * lognormal(0.5)(rng, n)


TRUTHS: Mapping[str, Truth] = {
    "lognormal, σ 0.6": lognormal(0.6),
    "lognormal, σ 1.1": lognormal(1.1),
    "gamma, shape 1": gamma(1.0),
    "gamma, shape 2": gamma(2.0),
    "mixture, half of it 10 times longer": mixture(0.5, 10),
    "mixture, 30 % 8 times longer": mixture(0.3, 8),
}


def covered(truth: Truth, pilot: int, repetitions: int, *, draws: int = DRAWS, seed: int = 0) -> tuple[float, float]:
    """The share of repetitions in which the cost lay inside, and the middle ratio of the interval's ends."""
    rng = np.random.default_rng([seed, pilot])
    asked = asked_of(row(repeats=float(FUTURE), most_output=CAP))
    billing = Billing(price=Price(input=2.0, output=8.0), retry_rate=0.0)
    levels = Levels(np.zeros(draws), np.zeros(draws))
    inside, ratios = 0, []
    for number in range(repetitions):
        known = measured(tokens(truth, rng, pilot), None)
        cost = simulate(asked, {"p": known}, billing, levels, seed=number).cost_usd
        assert cost is not None
        low, high = ends(cost)
        actual = (FUTURE * 100 * 2 + tokens(truth, rng, FUTURE).sum() * 8) / 1e6
        inside += low <= actual <= high
        ratios.append(high / low)
    return inside / repetitions, float(np.median(ratios))


def tokens(truth: Truth, rng: np.random.Generator, number: int) -> Floats:
    """Whole tokens, at most the cap."""
    return np.minimum(np.ceil(truth(rng, number)), CAP)


def main() -> None:
    """The whole table."""
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    print(f"| truth, {repetitions:,} repetitions | " + " | ".join(f"pilot of {n}" for n in PILOTS) + " |")
    print("|---|" + "---|" * len(PILOTS))
    for name, truth in TRUTHS.items():
        found = [covered(truth, pilot, repetitions) for pilot in PILOTS]
        print(f"| {name} | " + " | ".join(f"{100 * share:.1f} % (×{ratio:.1f})" for share, ratio in found) + " |")


if __name__ == "__main__":
    main()
