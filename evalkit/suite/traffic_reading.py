"""The `traffic` of a suite: a rollout as its file has it, every mistake in its place."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from evalkit.errors import did_you_mean
from evalkit.suite.code import FindFile
from evalkit.suite.places import PathInvalid
from evalkit.suite.schema.traffic import TrafficFile, WeightsFile
from evalkit.suite.traffic import Traffic, parse_growth, parse_mix, parse_part, parse_requests
from evalkit.suite.validation import Mistakes, describe, validate

__all__ = ["default_months", "read_traffic"]


def default_months(growth_per_month: float) -> int:
    """How far one looks who does not say: a year where something changes, else a month."""
    return 12 if growth_per_month else 1


def read_traffic(
    data: dict[str, Any], models: Collection[str], mistakes: Mistakes, find_file: FindFile
) -> Traffic | None:
    """The rollout; None where there is none, or something is wrong with it and was noted."""
    section = data.get("traffic")
    if section is None:
        return None
    before = len(mistakes.problems)
    given = validate(TrafficFile, section, mistakes, container=data, key="traffic")
    if not isinstance(section, dict):
        return None
    reader = _Reader(section, mistakes)  # of a section with a mistake too: all of them are told at once
    values: dict[str, Any] = {
        "requests_per_day": reader.value("requests", parse_requests),
        "growth_per_month": reader.value("growth", parse_growth) or 0.0,
        "mix": reader.mix(models),
        "cached_input_share": reader.share("cached_input_share"),
        "retry_rate": reader.share("retry_rate") or 0.0,
        "requests_file": reader.requests_file(find_file),
    }
    if given is not None and given.requests is None:
        mistakes.add("'requests' is missing", section, "requests")
    if given is None or len(mistakes.problems) > before:
        return None
    weights = given.weights or WeightsFile()
    return Traffic(
        months=given.months or default_months(values["growth_per_month"]),
        tag_weights=weights.tag,
        case_weights=weights.case,
        **values,
    )


class _Reader:
    """The values of one section that have a notation of their own."""

    def __init__(self, section: dict[str, Any], mistakes: Mistakes) -> None:
        self._section = section
        self._mistakes = mistakes

    def value(self, key: str, parse: Callable[[Any], float]) -> float | None:
        """What `parse` makes of a key; None where it is absent or wrong."""
        found = self._section.get(key)
        if found is None:
            return None
        try:
            return parse(found)
        except ValueError as error:
            self._mistakes.add(str(error), self._section, key)
            return None

    def share(self, key: str) -> float | None:
        """A share from 0 to 1."""
        return self.value(key, lambda text: parse_part(text, key))

    def mix(self, models: Collection[str]) -> dict[str, float]:
        """Model → share."""
        found = self._section.get("mix")
        if found is None:
            return {}
        if not isinstance(found, dict):
            self._mistakes.add(f"expected a mapping, found {describe(found)}", self._section, "mix")
            return {}
        unknown = [name for name in found if name not in models]
        for name in unknown:
            message = f"'{name}' is no model of this suite{did_you_mean(str(name), models)}"
            self._mistakes.add(message, found, name, of_key=True)
        try:
            return parse_mix(found)
        except ValueError as error:
            self._mistakes.add(str(error), self._section, "mix")
            return {}

    def requests_file(self, find_file: FindFile) -> Path | None:
        """Where the production requests are."""
        found = self._section.get("requests_file")
        if not isinstance(found, str):
            return None
        try:
            return find_file(found)
        except PathInvalid as error:
            self._mistakes.add(str(error), self._section, "requests_file")
            return None
