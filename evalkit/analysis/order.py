"""The order in which trials are told, whatever the order in which they ended."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from evalkit.types import Manifest

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Places", "model_places", "natural", "prompt_places", "sorted_trials"]

_NUMBER = re.compile(r"([0-9]+)")


def natural(text: str) -> tuple[tuple[object, ...], str]:
    """A sort key that puts `case-2` before `case-10`."""
    parts: list[object] = list(_NUMBER.split(text))
    # Longer numbers are larger ones; read as an int, a number of thousands of digits would be refused.
    parts[1::2] = [(len(digits), digits) for digits in (part.lstrip("0") for part in _NUMBER.findall(text))]
    return tuple(parts), text


class Places:
    """Where names stand in a manifest; those that it does not know come last, by the alphabet."""

    def __init__(self, known: Iterable[str]) -> None:
        self._known = {name: place for place, name in enumerate(known)}

    def __getitem__(self, name: str) -> tuple[float, str]:
        """A sort key."""
        return self._known.get(name, math.inf), name


def model_places(manifest: Manifest) -> Places:
    """The models of a run, as its manifest lists them."""
    return Places(model.name for model in manifest.models)


def prompt_places(manifest: Manifest) -> Places:
    """The prompts of a run, as its manifest lists them."""
    return Places(manifest.prompts)


def sorted_trials(records: pd.DataFrame, manifest: Manifest) -> pd.DataFrame:
    """By case id in natural order, then prompt and model as in the manifest, then repeat."""
    prompts, models = prompt_places(manifest), model_places(manifest)
    columns = [records[name] for name in ("case_id", "prompt", "model", "repeat")]
    keys = [
        (natural(case), prompts[prompt], models[model], repeat)
        for case, prompt, model, repeat in zip(*columns, strict=True)
    ]
    return records.iloc[sorted(range(len(keys)), key=keys.__getitem__)]
