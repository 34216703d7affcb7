"""Models and the providers they are asked at: presets, names, and `${VAR}` from the environment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from evalkit.errors import did_you_mean
from evalkit.registry import APIS
from evalkit.suite.interpolation import ReferenceInvalid, interpolate
from evalkit.suite.presets import PRESETS, Preset, preset_for
from evalkit.suite.schema import ModelFile, ProviderFile
from evalkit.suite.targets import UNSETTLED, FindFile, is_target, read_target
from evalkit.suite.validation import Mistakes, describe, validate, validate_items
from evalkit.types import HttpTarget, Model, Price, Provider

DEFAULT_BASE_URL = "https://gptproto.com/v1"
BASE_URL_VARIABLE = "GPTPROTO_API_BASE"
KEY_VARIABLE = "GPTPROTO_API_KEY"


def interpolate_settings(data: Any, environ: Mapping[str, str], mistakes: Mistakes) -> None:
    """Replaces `${VAR}` in provider and model settings, in place, and nowhere else in a suite."""
    if not isinstance(data, dict):
        return
    for section in ("providers", "models", "judges"):
        _interpolate(data, section, environ, mistakes)


def _interpolate(container: Any, key: Any, environ: Mapping[str, str], mistakes: Mistakes) -> None:
    value = container.get(key) if isinstance(container, dict) else container[key]
    if isinstance(value, str):
        try:
            container[key] = interpolate(value, environ)
        except ReferenceInvalid as error:
            mistakes.add(str(error), container, key)
    elif isinstance(value, (dict, list)):
        for inner in list(value) if isinstance(value, dict) else range(len(value)):
            _interpolate(value, inner, environ, mistakes)


def built_in_gateway(environ: Mapping[str, str]) -> Provider:
    """The gateway that every suite has."""
    base_url = environ.get(BASE_URL_VARIABLE) or DEFAULT_BASE_URL
    return Provider(name="gptproto", base_url=base_url, api_key_env=KEY_VARIABLE)


def read_providers(
    data: dict[str, Any], environ: Mapping[str, str], mistakes: Mistakes, *, find_file: FindFile
) -> dict[str, Provider | None]:
    """The built-in gateway and the suite's own, by name; None for one that is wrong, which is noted."""
    providers: dict[str, Provider | None] = {"gptproto": built_in_gateway(environ)}
    section = data.get("providers")
    if isinstance(section, dict):
        providers |= {name: _provider(name, section, mistakes, find_file) for name in section}
    elif section is not None:
        mistakes.add(f"expected a mapping, found {describe(section)}", data, "providers")
    return providers


def _provider(name: str, section: dict[str, Any], mistakes: Mistakes, find_file: FindFile) -> Provider | None:
    if is_target(section[name]):
        return read_target(name, section, mistakes, find_file=find_file)
    given = validate(ProviderFile, section[name], mistakes, container=section, key=name)
    if given is None:
        return None
    if not given.base_url.startswith(("http://", "https://", UNSETTLED)):
        mistakes.add("base_url begins with http:// or https://", section[name], "base_url")
    auth = given.auth or ("bearer" if given.api_key_env else "none")
    return Provider(name=name, base_url=given.base_url, api_key_env=given.api_key_env, auth=auth)


def read_models(
    data: dict[str, Any], providers: Mapping[str, Provider | None], mistakes: Mistakes
) -> tuple[Model, ...]:
    """The suite's models; those that cannot be asked are noted and left away."""
    return _read_section(data, "models", providers, mistakes, taken=())


def read_judges(
    data: dict[str, Any], providers: Mapping[str, Provider | None], models: Iterable[Model], mistakes: Mistakes
) -> tuple[Model, ...]:
    """The models that are asked about answers and are not under test, beside `models`, which are."""
    judges = _read_section(data, "judges", providers, mistakes, taken=[model.name for model in models])
    for index, judge in enumerate(judges):
        if judge.provider.target is not None:
            mistakes.add(f"'{judge.name}' is a target of its own, and no model that could judge", data["judges"], index)
    return judges


def model_of_preset(model_id: str, provider: Provider) -> Model | None:
    """A model as its preset has it, at `provider`; None where no preset knows it."""
    preset = preset_for(model_id)
    if preset is None:
        return None
    given = ModelFile(id=model_id)
    return _made(given, model_id, model_id, provider, api=preset.api, family=preset.family, cap_field=preset.cap_field)


def _read_section(
    data: dict[str, Any],
    section: str,
    providers: Mapping[str, Provider | None],
    mistakes: Mistakes,
    *,
    taken: Iterable[str],
) -> tuple[Model, ...]:
    """`taken`: the names of other models, which none of these may have."""
    models: dict[str, Model] = {}
    names = set(taken)
    for index, given in validate_items(ModelFile, data, section, mistakes, at_least=1):
        model = _model(given, index, data[section], providers, mistakes)
        if model is None:
            continue
        if model.name in names:
            message = f"two models are called '{model.name}': give one of them another `name`"
            mistakes.add(message, data[section], index)
        names.add(model.name)
        models[model.name] = model
    return tuple(models.values())


def _model(
    given: ModelFile, index: int, container: list[Any], providers: Mapping[str, Provider | None], mistakes: Mistakes
) -> Model | None:
    where = container[index] if isinstance(container[index], dict) else container
    provider = providers.get(given.provider) if given.provider is not None else None
    if provider is not None and provider.target is not None:
        return _target(given, provider, where, mistakes)
    if given.id is None:
        if given.provider is None or provider is not None or given.provider not in providers:
            found = isinstance(container[index], dict)
            mistakes.add("'id' is missing" if found else "expected text, found nothing", container, index)
        return None
    preset = preset_for(given.id) or _preset_by_hand(given)
    if preset is None and UNSETTLED in given.id:
        return None
    if preset is None:
        mistakes.add(unknown_model(given.id), *((where, "id") if isinstance(where, dict) else (where, index)))
        return None
    api, provider_name = given.api or preset.api, given.provider or preset.provider
    known = [
        _is_known("provider", provider_name, [*providers], mistakes, where),
        _is_known("api", api, [*APIS], mistakes, where),
    ]
    provider = providers.get(provider_name)
    if provider is None or not all(known):
        return None
    name = given.name or given.id
    return _made(given, name, given.id, provider, api=api, family=preset.family, cap_field=preset.cap_field)


def _target(given: ModelFile, provider: Provider, where: Any, mistakes: Mistakes) -> Model:
    """A model that is an application or a function. What only a model has is a mistake."""
    name = given.name or given.id or provider.name
    for key in ("api", "params", "stream"):
        if getattr(given, key) is not None:
            mistakes.add(f"'{name}' is a target of its own: it has no {key}", where, key, of_key=True)
    api = "http" if isinstance(provider.target, HttpTarget) else "python"
    return _made(given, name, given.id or name, provider, api=api, family="unknown")


def _made(given: ModelFile, name: str, model_id: str, provider: Provider, **conventions: str) -> Model:
    return Model(
        name=name,
        id=model_id,
        provider=provider,
        stream=given.stream,
        timeout_s=given.timeout_s,
        max_attempts=given.max_attempts,
        max_wait_s=given.max_wait_s,
        max_outage_s=given.max_outage_s,
        max_concurrency=given.max_concurrency,
        rpm=given.rpm,
        tpm=given.tpm,
        price=Price(**given.price.model_dump()) if given.price is not None else None,
        **conventions,
    )


def _is_known(key: str, name: str, known: list[str], mistakes: Mistakes, where: Any) -> bool:
    if name in known:
        return True
    hint = did_you_mean(name, known) or f"; known: {', '.join(sorted(known))}"
    mistakes.add(f"unknown {key} '{name}'{hint}", where, key)
    return False


def _preset_by_hand(given: ModelFile) -> Preset | None:
    return Preset(pattern="", family="unknown") if given.provider and given.api else None


def unknown_model(model_id: str, known: Iterable[str] = (), *, of: str = "models") -> str:
    """What to say of a model that no preset knows. `known`: names that might have been meant; `of`: where to add it."""
    examples = [preset.example for preset in PRESETS]
    hint = did_you_mean(model_id, [*known, *examples]) or f"; presets know {', '.join(examples)} and their kin"
    needs = "a model without a preset needs `provider` and `api`"
    return f"unknown model '{model_id}'{hint}; {needs}" + (f", under `{of}` in a suite" if of != "models" else "")
