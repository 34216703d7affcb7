"""The flags that tell a rollout, read as the suite's `traffic` is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from evalkit.suite.traffic import parse_growth, parse_mix, parse_part, parse_requests

__all__ = ["rollout_flags"]

F = TypeVar("F", bound=Callable[..., Any])


class _Notation(click.ParamType):  # type: ignore[type-arg]  # generic only in newer clicks
    """A text that one of the parsers reads."""

    name = "text"

    def __init__(self, parse: Callable[[str], Any]) -> None:
        self._parse = parse

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """What the parser makes of it; a usage error otherwise."""
        try:
            return self._parse(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


def _mix(text: str) -> Mapping[str, float]:
    parts = [part.partition("=") for part in text.split(",")]
    if not all(name.strip() and share.strip() for name, _, share in parts):
        raise ValueError(f"a mix is written as MODEL=SHARE,…, as in gpt-4o=0.8,o3=0.2; found '{text}'")
    return parse_mix({name.strip(): share for name, _, share in parts})


_FLAGS = (
    click.option(
        "--traffic", type=_Notation(parse_requests), metavar="N/day", help="Also a rollout: requests in production."
    ),
    click.option("--growth", type=_Notation(parse_growth), metavar="PERCENT/month", help="Of the traffic, compound."),
    click.option("--months", type=click.IntRange(1, 120), metavar="N", help="How far to look: 1, or 12 with growth."),
    click.option("--mix", type=_Notation(_mix), metavar="MODEL=SHARE,…", help="Who answers how much of the traffic."),
    click.option(
        "--cached-input-share", type=_Notation(lambda text: parse_part(text, "the cached share")), metavar="SHARE",
        help="Of the rollout's input, what is billed as cached.",
    ),
    click.option(
        "--retry-rate", type=_Notation(lambda text: parse_part(text, "the retry rate")), metavar="SHARE",
        help="Of the rollout's requests, what is billed once more.",
    ),
)  # fmt: skip


def rollout_flags(command: F) -> F:
    """Gives a command the flags about a rollout."""
    for flag in reversed(_FLAGS):
        command = flag(command)
    return command
