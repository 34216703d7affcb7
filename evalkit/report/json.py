"""summary.json: the figures of a run for programs; unknown is null."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from evalkit.registry import REPORTS

if TYPE_CHECKING:
    from evalkit.analysis.frames import JudgedRun

__all__ = ["Json"]


class Json:
    """`types.Summary` as it is."""

    filename: str | None = "summary.json"

    def render(self, run: JudgedRun) -> str:
        """The object, indented by two blanks."""
        return msgspec.json.format(msgspec.json.encode(run.summary), indent=2).decode() + "\n"


REPORTS.register("json")(Json())
