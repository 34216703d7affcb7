"""Who is asked: gateways, targets that are no model, and models."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field

from evalkit.suite.schema.sections import Name, Params, PositiveFloat, PositiveInt, Rate, Section, Text
from evalkit.types import Auth


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


MAX_USD_PER_MILLION = 10_000.0


def _believable(usd: float) -> float:
    if usd > MAX_USD_PER_MILLION:
        most = f"{MAX_USD_PER_MILLION:,.0f}"
        raise ValueError(
            f"a price is in USD per 1,000,000 tokens; {usd:,.12g} is more than any model costs (at most {most})"
        )
    return usd


Usd = Annotated[Rate, AfterValidator(_believable), Field(json_schema_extra={"maximum": MAX_USD_PER_MILLION})]


class PriceFile(Section):
    """USD per 1,000,000 tokens."""

    input: Usd
    output: Usd
    cached_input: Usd | None = None
    batch: Annotated[Rate, Field(le=1)] | None = None
    """A factor on all rates, from 0 to 1."""


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
