"""A rollout in numbers: how many requests a day, how fast they grow, which models answer what share of them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["DAYS_A_MONTH", "Traffic", "parse_growth", "parse_mix", "parse_part", "parse_requests"]

DAYS_A_MONTH = 365 / 12
"""30.4 days: what a month of a rollout has."""
_DAYS = {"second": 1 / 86_400, "minute": 1 / 1440, "hour": 1 / 24, "day": 1.0, "week": 7.0, "month": DAYS_A_MONTH,
         "year": 365.0}  # fmt: skip
_SHORT = {"s": "second", "sec": "second", "min": "minute", "h": "hour", "d": "day"}
_MONTHS = {"week": 7 / DAYS_A_MONTH, "month": 1.0, "quarter": 3.0, "year": 12.0}
_THOUSANDS = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9}
_REQUESTS = re.compile(
    r"(?P<number>[0-9][0-9_,]*(\.[0-9]+)?)\s*(?P<scale>[kKmMgG]?)\s*(requests?\s*)?(/|\bper\b|\ba\b)\s*(?P<unit>[a-z]+)"
)
_GROWTH = re.compile(r"(?P<number>[-+−]?[0-9]+(\.[0-9]+)?)\s*(?P<percent>%?)\s*((/|per|a)\s*(?P<unit>[a-z]+))?")
_SHARE = re.compile(r"(?P<number>[0-9]+(\.[0-9]+)?|\.[0-9]+)\s*(?P<percent>%?)")
_MOST_REQUESTS = 1e12
_MOST_GROWTH = 100.0
_ROUNDING = 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """A rollout. A request is one case asked once; of a conversation, all of its turns."""

    requests_per_day: float
    """In the first month."""
    growth_per_month: float = 0.0
    """0.1: each month has a tenth more than the one before."""
    months: int = 1
    mix: Mapping[str, float] = field(default_factory=dict)
    """Model → its share of the requests, 1 in all; empty: nothing is said about who answers."""
    cached_input_share: float | None = None
    """Of the input tokens that are billed at the rate for cached ones; None: none, as an upper bound."""
    retry_rate: float = 0.0
    """Requests billed once more, as a share of all."""
    tag_weights: Mapping[str, float] = field(default_factory=dict)
    """How much more often than others the cases with a tag come; of several tags, the product."""
    case_weights: Mapping[str, float] = field(default_factory=dict)
    """The same by case id; goes before those of tags."""
    requests_file: Path | None = None
    """Production requests, one a line, in place of the cases."""

    def weight(self, case_id: str, tags: tuple[str, ...]) -> float:
        """How often a case comes, in proportion to one without a weight."""
        for name in (case_id, case_id.partition("[")[0]):  # the case itself, or all that a matrix makes of it
            if name in self.case_weights:
                return self.case_weights[name]
        return math.prod(self.tag_weights[tag] for tag in tags if tag in self.tag_weights)


def parse_requests(text: Any) -> float:
    """Requests a day in `50000/day`, `1.5k/hour`, `2M per month`. Raises ValueError."""
    form = "requests are written as a number and a time, as in 50000/day, 20/s or 1.5M/month"
    found = _REQUESTS.fullmatch(str(text).strip().lower()) if isinstance(text, (str, int, float)) else None
    if found is None:
        raise ValueError(f"{form}; found '{text}'")
    unit = _unit(found["unit"], _DAYS)
    if unit is None:
        raise ValueError(f"{form}; '{found['unit']}' is none of {', '.join(_DAYS)}")
    number = float(re.sub("[_,]", "", found["number"])) * _THOUSANDS[found["scale"]]
    a_day = number / _DAYS[unit]
    if not 0 < a_day <= _MOST_REQUESTS:
        raise ValueError(f"there must be more than 0 requests, and at most 1e12 a day; found '{text}'")
    return a_day


def parse_growth(text: Any) -> float:
    """Growth a month, as a share, in `10%/month`, `5%` (a month) or `200%/year`; compound. Raises ValueError."""
    form = "growth is written in per cent and a time, as in 10%/month, -5%/month or 80%/year"
    found = _GROWTH.fullmatch(str(text).strip().lower())
    if found is None or not (found["percent"] or float(found["number"].replace("−", "-")) == 0):
        raise ValueError(f"{form}; found '{text}'")
    unit = _unit(found["unit"] or "month", _MONTHS)
    if unit is None:
        raise ValueError(f"{form}; '{found['unit']}' is none of {', '.join(_MONTHS)}")
    growth = float(found["number"].replace("−", "-")) / 100
    if growth <= -1:
        raise ValueError(f"traffic cannot shrink by 100 % or more; found '{text}'")
    monthly = (1 + growth) ** (1 / _MONTHS[unit]) - 1
    if monthly > _MOST_GROWTH:
        raise ValueError(f"growth is at most {100 * _MOST_GROWTH:g} % a month; found '{text}'")
    return float(monthly)


def parse_part(text: Any, what: str) -> float:
    """A share from 0 to 1: `0.3`, `30%`. `what` it is, for the message. Raises ValueError."""
    found = _SHARE.fullmatch(str(text).strip()) if not isinstance(text, bool) else None
    share = float(found["number"]) / (100 if found["percent"] else 1) if found is not None else math.nan
    if not 0 <= share <= 1:
        raise ValueError(f"{what} is a share from 0 to 1, as in 0.3 or 30%; found '{text}'")
    return share


def parse_mix(given: Mapping[str, Any]) -> dict[str, float]:
    """Model → share of the requests; they must add up to 1. Raises ValueError."""
    mix = {name: parse_part(share, f"the share of '{name}' in the mix") for name, share in given.items()}
    total = sum(mix.values())
    if mix and abs(total - 1) > _ROUNDING:
        raise ValueError(f"the shares of the mix add up to {total:.4g}, not to 1")
    return {name: share / total for name, share in mix.items()}


def _unit(text: str, known: Mapping[str, float]) -> str | None:
    name = _SHORT.get(text, text)
    name = name if name in known else name.removesuffix("s")
    return name if name in known else None
