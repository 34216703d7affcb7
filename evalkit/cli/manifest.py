"""What a run writes about itself: models as asked, versions, the commit, the price table."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from msgspec.structs import replace

from evalkit import __version__
from evalkit.apis.messages import DEFAULT_CAP
from evalkit.cli.options import NARROWING
from evalkit.costs.prices import price_for, prices_date
from evalkit.suite.loader import digest
from evalkit.suite.plan import Census, Plan
from evalkit.types import AskedModel, Gate, Manifest, Model

_GIT_S = 5.0
_THINKERS = ("reasoning", "gemini")
_ROOM_TO_THINK = 1000
"""Output tokens: thinking takes hundreds of them before the first word of the answer."""
_NAMED = ("httpx", "pandas", "anyio", "pydantic", "msgspec")


def manifest_of(
    plan: Plan, census: Census, *, run_id: str, started_at: datetime, stand_in: bool, gates: Sequence[Gate]
) -> Manifest:
    """The manifest of a run that is about to begin."""
    suite = plan.suite
    commit, dirty = _git(suite.file.resolve().parent)
    models = tuple(_asked(model, plan.params(model)) for model in plan.models)
    judges = tuple(_asked(judge, (plan.judging.params(judge), ())) for judge in plan.judges)
    return Manifest(
        id=run_id,
        suite=suite.name,
        suite_file=str(suite.file),
        suite_source=suite.source,
        suite_digest=digest(suite.source),
        started_at=stamp(started_at),
        stand_in=stand_in,
        models=models,
        judges=judges,
        prompts=tuple(prompt.name for prompt in plan.prompts),
        planned=census.planned,
        skipped=census.skipped,
        gates=tuple(gates),
        notes=(*left_out_notes(models), *cap_notes(models)),
        prices_date=prices_date(),
        git_commit=commit,
        git_dirty=dirty,
        versions=_versions(),
    )


def gone_on(earlier: Manifest, now: Manifest) -> Manifest:
    """The manifest of a run that is gone on with: begun when it was, and else as it is made now."""
    return replace(
        now,
        id=earlier.id,
        started_at=earlier.started_at,
        resumed_at=(*earlier.resumed_at, now.started_at),
        pacing=earlier.pacing,
        estimate=earlier.estimate or now.estimate,
        source=now.source or earlier.source,
        selection=_kept_selection(earlier.selection, now.selection),
    )


def _kept_selection(earlier: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """The flags of a run that is gone on with: what narrows it holds for one command only."""
    narrowing = {name: value for name, value in earlier.items() if name in NARROWING}
    return {name: value for name, value in now.items() if name not in NARROWING} | narrowing


def stamp(moment: datetime) -> str:
    """ISO 8601 in UTC, to the millisecond."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def left_out_notes(models: Iterable[AskedModel]) -> Iterator[str]:
    """A sentence for each set of default parameters that some models are not sent."""
    rejecting: dict[tuple[str, ...], list[str]] = {}
    for model in models:
        if model.left_out:
            rejecting.setdefault(model.left_out, []).append(model.name)
    for left_out, names in rejecting.items():
        verb, they = ("is", "it") if len(names) == 1 else ("are", "they")
        it = "it" if len(left_out) == 1 else "them"
        yield f"{', '.join(names)} {verb} not sent the default {', '.join(left_out)}: {they} would reject {it}"


def cap_notes(models: Sequence[AskedModel]) -> Iterator[str]:
    """A sentence for caps on the output tokens that nobody set, and for those that leave a model no room to think."""
    capless = [model.name for model in models if model.api == "messages" and "max_output_tokens" not in model.params]
    if capless:
        verb = "is" if len(capless) == 1 else "are"
        sent = f"max_output_tokens {DEFAULT_CAP} where a case sets none"
        yield f"{', '.join(capless)} {verb} sent {sent}: the messages API demands a cap"
    for model in models:
        cap = model.params.get("max_output_tokens")
        if cap is not None and cap < _ROOM_TO_THINK and model.family in _THINKERS:
            small = f"max_output_tokens {cap} is small for a model that thinks"
            yield f"{model.name}: {small}; answers may come out empty"


def _versions() -> dict[str, str]:
    ours = {"evalkit": __version__, "python": platform.python_version()}
    return ours | {name: version(name) for name in _NAMED}


def _asked(model: Model, sent: tuple[Mapping[str, Any], tuple[str, ...]]) -> AskedModel:
    params, left_out = sent
    return AskedModel(
        name=model.name,
        id=model.id,
        api=model.api,
        provider=model.provider.name,
        host=urlsplit(model.provider.base_url).netloc.rpartition("@")[2] or "this process",
        family=model.family,
        params=params,
        left_out=left_out,
        price=price_for(model),
    )


def _git(folder: Path) -> tuple[str | None, bool | None]:
    """The commit that a folder is at, and whether files differ from it; None where there is no git or no commit."""
    try:
        commit = _output(folder, "rev-parse", "HEAD")
        return commit, bool(_output(folder, "status", "--porcelain", "--untracked-files=no"))
    except (OSError, subprocess.SubprocessError):
        return None, None


def _output(folder: Path, *arguments: str) -> str:
    done = subprocess.run(  # noqa: S603 fixed arguments
        ["git", "-C", str(folder), *arguments],  # noqa: S607 whichever git the user has
        check=True,
        capture_output=True,
        text=True,
        timeout=_GIT_S,
    )
    return done.stdout.strip()
