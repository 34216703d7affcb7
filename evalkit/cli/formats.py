"""Options whose choices a registry knows, read only when needed, so that `--help` of others stays quick."""

from __future__ import annotations

from typing import Any

import click


class RegistryChoice(click.ParamType):  # type: ignore[type-arg]  # generic only in newer clicks
    """A name that a registry of `evalkit.registry` has."""

    name = "name"

    def __init__(self, registry: str) -> None:
        self._registry = registry

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The name itself; a usage error with the nearest known one otherwise."""
        if value not in self._known():
            from evalkit.errors import UnknownName

            self.fail(str(UnknownName(self._registry.lower().removesuffix("s"), value, self._known())), param, ctx)
        return str(value)

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """All names, as click shows choices."""
        del param, ctx
        return f"[{'|'.join(self._known())}]"

    def _known(self) -> list[str]:
        from evalkit import registry

        return list(getattr(registry, self._registry))
