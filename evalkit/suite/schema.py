"""The shape of a suite file: every key that works, its type and its meaning. Unknown keys are mistakes.

Pydantic validates the values; keys are judged by `Section` itself, so that each unknown one is named with its place
and its nearest neighbour, and each key whose feature is still to come says so.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Protocol

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, WithJsonSchema, model_validator

from evalkit.suite.limits import LATER_METRICS
from evalkit.suite.numbers import as_text
from evalkit.types import Auth, Detail, Role


def _definition(name: str) -> dict[str, Any]:
    """A reference to what `json_schema` defines beside pydantic's own definitions."""
    return {"x-definition": name}


CHECK_REFERENCE = _definition("Check")


class KeyJudge(Protocol):
    """Hears of keys that do not belong where they stand."""

    def unknown_key(self, container: dict[str, Any], key: str, known: list[str]) -> None:
        """`key` is none of `known`."""
        ...

    def later_key(self, container: dict[str, Any], key: str) -> None:
        """`key` is part of the format, and its feature is not there yet."""
        ...


def _text(value: Any) -> Any:
    """Scalars are text as they were spelt: `id: 12`, `contains: 1.10`."""
    text = as_text(value)
    return value if text is None else text


Text = Annotated[str, BeforeValidator(_text), WithJsonSchema({"type": ["string", "number", "boolean"]})]
"""Text; a bare number or boolean is taken as it was spelt."""
Name = Annotated[
    str, BeforeValidator(_text), Field(min_length=1), WithJsonSchema({"type": ["string", "number"], "minLength": 1})
]
Check = Annotated[Any, WithJsonSchema(CHECK_REFERENCE)]
CaseChecks = Annotated[
    Any, WithJsonSchema({"anyOf": [{"type": "array", "items": CHECK_REFERENCE}, {"const": "none"}], "default": []})
]
Limit = Annotated[
    Any,
    WithJsonSchema({"type": "string", "pattern": r"^\s*(>=|<=|==|!=|>|<)\s*[-+]?[0-9.]+([eE][-+]?[0-9]+)?\s*%?\s*$"}),
]
"""An operator and a number; `limits.parse_limit` reads it."""
Params = Annotated[Any, WithJsonSchema(_definition("Params"))]
Names = Annotated[list[Text], Field(min_length=1)]
PositiveInt = Annotated[int, Field(ge=1)]
PositiveFloat = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Rate = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Section(BaseModel):
    """A mapping of the format. Keys that begin with `x-` are ignored; an empty value is an absent one."""

    model_config = ConfigDict(extra="forbid", strict=True, use_attribute_docstrings=True, frozen=True, defer_build=True)
    later: ClassVar[frozenset[str]] = frozenset()
    """Keys of the format whose feature is not there yet."""
    shorthand: ClassVar[str | None] = None
    """The field that a bare scalar in this section's place stands for."""

    @model_validator(mode="before")
    @classmethod
    def _judge_keys(cls, data: Any, info: ValidationInfo) -> Any:
        if cls.shorthand is not None and not isinstance(data, (dict, list)):
            return {cls.shorthand: data}
        if not isinstance(data, dict):
            return data
        known = cls.model_fields
        for key in data:
            if key not in known and not key.startswith("x-") and info.context is not None:
                cls._complain(data, key, info.context)
        return {key: value for key, value in data.items() if key in known and value is not None}

    @classmethod
    def _complain(cls, data: dict[str, Any], key: str, judge: KeyJudge) -> None:
        if key in cls.later:
            judge.later_key(data, key)
        else:
            judge.unknown_key(data, key, sorted(cls.model_fields))


class ProviderFile(Section):
    """A gateway. `gptproto` is built in; one of that name here takes its place."""

    base_url: str
    """Where its API begins, with /v1."""
    api_key_env: str | None = None
    """The environment variable that holds its key; leave it out where no key is needed."""
    auth: Auth | None = None
    """How the key is sent: `bearer` (the default with a key), `raw` (the bare key), `none`."""


class HttpTargetFile(Section):
    """An application behind HTTP, asked like a model: one POST a trial, JSON both ways."""

    type: Literal["http"]
    url: str
    """The very address that is asked."""
    body: Any
    """Any JSON. Templates in its texts have the vars of the case, `case`, `prompt` and `messages`."""
    answer: str
    """A JMESPath to the text of the answer; anything but a text is written as JSON."""
    usage: str | None = None
    """A JMESPath to a mapping with input_tokens and output_tokens, or prompt_tokens and completion_tokens."""
    headers: dict[str, Text] = {}
    """Beside the usual ones; templates as in the body. A key goes by `api_key_env`."""
    api_key_env: str | None = None
    auth: Auth | None = None


class FunctionTargetFile(Section):
    """A Python function, asked like a model; runs only with --allow-code."""

    type: Literal["python"]
    function: str
    """`path.py:name`, below the root."""
    api_key_env: str | None = None
    """The variable with a key that the function uses: it must be set, and is taken out of what is kept."""


class PriceFile(Section):
    """USD per 1,000,000 tokens."""

    input: Rate
    output: Rate
    cached_input: Rate | None = None
    batch: Rate | None = None
    """A factor on all rates."""


class ModelFile(Section):
    """A model to ask; a bare id is enough for one that a preset knows, a provider for one that is a target."""

    model_config = ConfigDict(json_schema_extra={"anyOf": [{"required": ["id"]}, {"required": ["provider"]}]})
    shorthand = "id"
    id: Name | None = None
    """The id that is sent. A target needs none."""
    name: Name | None = None
    """The name in reports; by default the id, of a target without one its provider."""
    provider: str | None = None
    api: str | None = None
    params: Params = None
    """Laid over the defaults; what is set here is sent, whatever a preset knows of the model."""
    stream: bool | None = None
    """Whether answers come as streams, which have a time to the first token."""
    timeout_s: PositiveFloat = 600.0
    """For one attempt."""
    max_attempts: PositiveInt = 5
    max_wait_s: PositiveFloat = 120.0
    """The longest Retry-After that is waited for."""
    max_outage_s: PositiveFloat = 300.0
    """How long the gateway may answer nothing before the model is given up."""
    max_concurrency: PositiveInt = 64
    """The most requests at once; it starts with 8 and finds out what the gateway bears."""
    rpm: PositiveFloat | None = None
    """Requests a minute."""
    tpm: PositiveFloat | None = None
    """Tokens a minute."""
    price: PriceFile | None = None


class MessageFile(Section):
    """One message of a prompt."""

    role: Role
    content: Text
    name: str | None = None


class PromptBody(Section):
    """The words of a prompt: `user` (and `system`), or `messages`, or a `file`."""

    shorthand = "user"
    system: Text | None = None
    user: Text | None = None
    messages: Annotated[list[MessageFile], Field(min_length=1)] | None = None
    file: str | None = None
    """.txt, .md, .j2: the user's text; .yaml, .json: messages."""


class PromptFile(PromptBody):
    """A prompt to try."""

    name: Name | None = None
    """Needed where there is more than one."""
    variants: dict[str, PromptBody] = {}
    """By model: other words for the same prompt."""


class ImageFile(Section):
    """A picture: an https URL, or a path below the root."""

    shorthand = "url"
    url: str
    detail: Detail | None = None


class CaseDefaults(Section):
    """What a case may set and `defaults` may set for all."""

    later = frozenset({"pass_if"})
    params: Params = None
    """Neutral names, mapped per API and model; null removes one."""
    repeat: PositiveInt | None = None
    transform: str | None = None
    """A template that rewrites the answer before it is checked."""


class DefaultsFile(CaseDefaults):
    """For every case; a case's own values are laid over them."""

    stream: bool | None = None
    """Of models that do not set it themselves."""
    checks: list[Check] = []
    """Come before a case's own."""


class CaseFile(CaseDefaults):
    """One case: what is filled in, and what the answer must be like."""

    later = CaseDefaults.later | {"cluster", "xfail", "turns"}
    id: Name | None = None
    """Unique; by default made of the case's position."""
    vars: dict[str, Any] = {}
    expected: Any = None
    """For checks (`{{ expected }}`) and for the stand-in gateway."""
    tags: list[Text] = []
    images: list[ImageFile] = []
    """Appended to the last user message, in this order."""
    files: list[str] = []
    """PDFs, each an https URL or a path below the root; they follow the images."""
    models: Names | None = None
    """Only these."""
    prompts: Names | None = None
    """Only these."""
    accept: list[Literal["length", "refusal", "content_policy"]] = []
    """Outcomes that may pass."""
    threshold: Annotated[float, Field(ge=0, le=1)] | None = None
    """Pass when the weighted score reaches it; by default when no check fails."""
    checks: CaseChecks = []
    """At least one of them, or of the defaults', must look at the answer; or `none`."""
    skip: Text | None = None
    """Why this case is not run."""


class DatasetFile(Section):
    """Cases in a file, one a row: JSONL and YAML rows have the keys of a case; CSV columns are vars, but for a few."""

    shorthand = "file"
    file: str
    """A path or a pattern such as data/*.jsonl."""
    id: str | None = None
    """The column that holds the case id."""
    images: str | None = None
    """The column that holds pictures, several of them separated by `|`."""
    expected: str | None = None
    """The column that holds the expected answer."""
    sample: PositiveInt | None = None
    """Only this many rows, drawn by `seed`."""
    seed: int = 0


class GateSet(Section):
    """Limits on metrics of the summary, each an operator and a number: `">= 0.9"`."""

    later = frozenset(LATER_METRICS)
    pass_rate: Limit | None = None
    score: Limit | None = None
    error_rate: Limit | None = None
    p50_latency_s: Limit | None = None
    p90_latency_s: Limit | None = None
    p95_latency_s: Limit | None = None
    p99_latency_s: Limit | None = None
    p95_ttft_s: Limit | None = None
    """Of models that are asked with `stream: true`."""
    cost_usd: Limit | None = None
    cost_per_pass_usd: Limit | None = None
    input_tokens: Limit | None = None
    output_tokens: Limit | None = None


class GatesFile(GateSet):
    """Over the whole run; over one model below `models`."""

    models: dict[str, GateSet] = {}


def _part(section: type[Section]) -> WithJsonSchema:
    return WithJsonSchema(_definition(section.__name__))


def _parts(section: type[Section], **rules: Any) -> WithJsonSchema:
    return WithJsonSchema({"type": "array", "items": _definition(section.__name__), **rules})


def _parts_by_name(*sections: type[Section]) -> WithJsonSchema:
    definitions = [_definition(section.__name__) for section in sections]
    return WithJsonSchema({"type": "object", "additionalProperties": {"anyOf": definitions}})


PROVIDERS: tuple[type[Section], ...] = (ProviderFile, HttpTargetFile, FunctionTargetFile)
PARTS: tuple[type[Section], ...] = (*PROVIDERS, ModelFile, PromptFile, DefaultsFile, CaseFile, DatasetFile, GatesFile)
"""What a SuiteFile leaves to be validated by itself, item by item, so that one mistake hides no other."""


class SuiteFile(Section):
    """An evalkit suite."""

    later = frozenset({"budget", "traffic"})
    name: Name | None = None
    """In reports and run folders; the file's name by default."""
    description: Text | None = None
    root: str | None = None
    """Files named here must lie below it; default: the nearest folder with .git, else this file's folder."""
    providers: Annotated[Any, _parts_by_name(*PROVIDERS)] = None
    models: Annotated[Any, _parts(ModelFile, minItems=1)]
    prompts: Annotated[Any, _parts(PromptFile, minItems=1)]
    matrix: dict[str, Annotated[list[Any], Field(min_length=1)]] = {}
    """Extra dimensions: every combination becomes a trial's vars."""
    defaults: Annotated[Any, _part(DefaultsFile)] = None
    cases: Annotated[Any, _parts(CaseFile)] = None
    datasets: Annotated[Any, _parts(DatasetFile)] = None
    max_concurrency: PositiveInt | None = None
    """Over all models."""
    gates: Annotated[Any, _part(GatesFile)] = None
