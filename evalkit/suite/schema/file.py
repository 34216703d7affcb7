"""The whole of a suite file."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, WithJsonSchema

from evalkit.suite.schema.cases import CaseFile, DatasetFile, DefaultsFile
from evalkit.suite.schema.gates import GatesFile
from evalkit.suite.schema.models import FunctionTargetFile, HttpTargetFile, ModelFile, ProviderFile
from evalkit.suite.schema.prompts import PromptFile
from evalkit.suite.schema.sections import Name, PositiveFloat, PositiveInt, Section, Text, definition
from evalkit.suite.schema.traffic import TrafficFile


def _part(section: type[Section]) -> WithJsonSchema:
    return WithJsonSchema(definition(section.__name__))


def _parts(section: type[Section], **rules: Any) -> WithJsonSchema:
    return WithJsonSchema({"type": "array", "items": definition(section.__name__), **rules})


def _parts_by_name(*sections: type[Section]) -> WithJsonSchema:
    definitions = [definition(section.__name__) for section in sections]
    return WithJsonSchema({"type": "object", "additionalProperties": {"anyOf": definitions}})


PROVIDERS: tuple[type[Section], ...] = (ProviderFile, HttpTargetFile, FunctionTargetFile)
PARTS: tuple[type[Section], ...] = (
    *PROVIDERS,
    ModelFile,
    PromptFile,
    DefaultsFile,
    CaseFile,
    DatasetFile,
    GatesFile,
    TrafficFile,
)
"""What a SuiteFile leaves to be validated by itself, item by item, so that one mistake hides no other."""


class BudgetFile(Section):
    """What a run may cost."""

    max_cost_usd: PositiveFloat
    """Nothing is sent that could make it cost more."""


class SuiteFile(Section):
    """An evalkit suite."""

    name: Name | None = None
    """In reports and run folders; the file's name by default."""
    description: Text | None = None
    root: str | None = None
    """Files named here must lie below it; default: the nearest folder with .git, else this file's folder."""
    providers: Annotated[Any, _parts_by_name(*PROVIDERS)] = None
    models: Annotated[Any, _parts(ModelFile, minItems=1)]
    judges: Annotated[Any, _parts(ModelFile, minItems=1)] = None
    """Models that are asked about answers, and are not under test; the first is asked where a check names none."""
    prompts: Annotated[Any, _parts(PromptFile, minItems=1)]
    matrix: dict[str, Annotated[list[Any], Field(min_length=1)]] = {}
    """Extra dimensions: every combination becomes a trial's vars."""
    defaults: Annotated[Any, _part(DefaultsFile)] = None
    cases: Annotated[Any, _parts(CaseFile)] = None
    datasets: Annotated[Any, _parts(DatasetFile)] = None
    budget: BudgetFile | None = None
    max_concurrency: PositiveInt | None = None
    """Over all models."""
    gates: Annotated[Any, _part(GatesFile)] = None
    traffic: Annotated[Any, _part(TrafficFile)] = None
