"""The shape of a suite file: every key that works, its type and its meaning. Unknown keys are mistakes."""

from __future__ import annotations

from evalkit.suite.schema.cases import CaseDefaults, CaseFile, DatasetFile, DefaultsFile, ImageFile, TurnFile
from evalkit.suite.schema.file import PARTS, PROVIDERS, BudgetFile, SuiteFile
from evalkit.suite.schema.gates import GateSet, GatesFile
from evalkit.suite.schema.models import FunctionTargetFile, HttpTargetFile, ModelFile, PriceFile, ProviderFile
from evalkit.suite.schema.prompts import MessageFile, PromptBody, PromptFile
from evalkit.suite.schema.sections import CHECK_REFERENCE, Check, KeyJudge, PositiveInt, Section, Text, definition

__all__ = [
    "CHECK_REFERENCE", "PARTS", "PROVIDERS", "BudgetFile", "CaseDefaults", "CaseFile", "Check", "DatasetFile",
    "DefaultsFile", "FunctionTargetFile", "GateSet", "GatesFile", "HttpTargetFile", "ImageFile", "KeyJudge",
    "MessageFile", "ModelFile", "PositiveInt", "PriceFile", "PromptBody", "PromptFile", "ProviderFile", "Section",
    "SuiteFile", "Text", "TurnFile", "definition",
]  # fmt: skip
