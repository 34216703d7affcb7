"""Models and the providers they are asked at: presets, names, and `${VAR}` from the environment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evalkit.errors import did_you_mean
from evalkit.registry import APIS
from evalkit.suite.interpolation import VariableMissing, interpolate
from evalkit.suite.presets import PRESETS, Preset, preset_for
from evalkit.suite.schema import ModelFile, ProviderFile, SuiteFile
from evalkit.suite.validation import Mistakes
from evalkit.types import Model, Price, Provider

DEFAULT_BASE_URL = "https://gptproto.com/v1"
BASE_URL_VARIABLE = "GPTPROTO_API_BASE"
KEY_VARIABLE = "GPTPROTO_API_KEY"


def interpolate_settings(data: Any, environ: Mapping[str, str], mistakes: Mistakes) -> None:
    """Replaces `${VAR}` in provider and model settings, in place, and nowhere else in a suite."""
    if not isinstance(data, dict):
        return
    for section in ("providers", "models"):
        _interpolate(data, section, environ, mistakes)


def _interpolate(container: Any, key: Any, environ: Mapping[str, str], mistakes: Mistakes) -> None:
    value = container.get(key) if isinstance(container, dict) else container[key]
    if isinstance(value, str):
        try:
            container[key] = interpolate(value, environ)
        except VariableMissing as error:
            mistakes.add(str(error), container, key)
    elif isinstance(value, (dict, list)):
        for inner in list(value) if isinstance(value, dict) else range(len(value)):
            _interpolate(value, inner, environ, mistakes)


def read_providers(suite: SuiteFile, environ: Mapping[str, str]) -> dict[str, Provider]:
    """The built-in gateway and the suite's own, by name."""
    built_in = Provider(
        name="gptproto",
        base_url=environ.get(BASE_URL_VARIABLE) or DEFAULT_BASE_URL,
        api_key_env=KEY_VARIABLE,
    )
    return {"gptproto": built_in} | {name: _provider(name, given) for name, given in suite.providers.items()}


def _provider(name: str, given: ProviderFile) -> Provider:
    auth = given.auth or ("bearer" if given.api_key_env else "none")
    return Provider(name=name, base_url=given.base_url, api_key_env=given.api_key_env, auth=auth)


def read_models(
    suite: SuiteFile, data: dict[str, Any], providers: Mapping[str, Provider], mistakes: Mistakes
) -> tuple[Model, ...]:
    """The suite's models; those that cannot be asked are noted and left away."""
    models: dict[str, Model] = {}
    for index, given in enumerate(suite.models):
        model = _model(given, index, data["models"], providers, mistakes)
        if model is None:
            continue
        if model.name in models:
            mistakes.add(
                f"two models are called '{model.name}': give one of them another `name`", data["models"], index
            )
        models[model.name] = model
    return tuple(models.values())


def _model(
    given: ModelFile, index: int, container: list[Any], providers: Mapping[str, Provider], mistakes: Mistakes
) -> Model | None:
    preset = preset_for(given.id) or _preset_by_hand(given)
    if preset is None:
        mistakes.add(_unknown_model(given.id), container, index)
        return None
    provider_name, api = given.provider or preset.provider, given.api or preset.api
    where = container[index] if isinstance(container[index], dict) else container
    for key, value, known in (("provider", provider_name, providers), ("api", api, APIS)):
        if value not in known:
            hint = did_you_mean(value, known) or f"; known: {', '.join(sorted(known))}"
            mistakes.add(f"unknown {key} '{value}'{hint}", where, key)
            return None
    if given.stream:
        mistakes.add("'stream: true' is not supported yet", where, "stream")
    price = Price(**given.price.model_dump()) if given.price is not None else None
    return Model(
        name=given.name or given.id,
        id=given.id,
        provider=providers[provider_name],
        api=api,
        family=preset.family,
        cap_field=preset.cap_field,
        stream=given.stream,
        timeout_s=given.timeout_s,
        max_attempts=given.max_attempts,
        max_wait_s=given.max_wait_s,
        max_concurrency=given.max_concurrency,
        price=price,
    )


def _preset_by_hand(given: ModelFile) -> Preset | None:
    return Preset(pattern="", family="unknown") if given.provider and given.api else None


def _unknown_model(model_id: str) -> str:
    examples = [preset.example for preset in PRESETS]
    hint = did_you_mean(model_id, examples) or f"; presets know {', '.join(examples)} and their kin"
    return f"unknown model '{model_id}'{hint}; a model without a preset needs `provider` and `api`"
