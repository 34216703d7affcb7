"""A suite as it was at a commit: the files of its repository of then, in a folder of their own while a run takes."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from evalkit.errors import SuiteInvalid, UsageError

__all__ = ["PREFIX", "PastSuite", "checked_out", "commit_of"]

PREFIX = "git:"
_SECONDS = 120.0
_OF_A_HOOK = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX")
"""What git tells its hooks, and what would lead it astray here."""


class PastSuite(NamedTuple):
    """Where a suite of then lies now."""

    ref: str
    commit: str
    file: Path
    tree: Path
    """The folder that stands for the repository's own."""

    @property
    def name(self) -> str:
        """`git:HEAD~1 (1a2b3c4d5e6f)`."""
        return f"{PREFIX}{self.ref} ({self.commit[:12]})"

    def called(self, path: str | Path) -> str:
        """How a file of then is called: `git:HEAD~1:suites/x.yaml`."""
        return str(path).replace(str(self.tree), f"{PREFIX}{self.ref}:", 1).replace(":/", ":", 1)

    def explained(self, error: SuiteInvalid) -> SuiteInvalid:
        """The same problems, their files called as they were."""
        return SuiteInvalid([replace(problem, file=self.called(problem.file)) for problem in error.problems])


@contextmanager
def checked_out(suite: Path, ref: str) -> Iterator[PastSuite]:
    """The suite at a commit, with all files of its repository. Nothing in the repository itself is touched.

    Raises UsageError where there is no repository, no such commit, or no such file in it.
    """
    file, top = suite.resolve(), _repository(suite)
    commit = _commit(top, ref)
    below = file.relative_to(top).as_posix()
    _git(
        top, "cat-file", "-e", f"{commit}:{below}", wrong=f"{PREFIX}{ref} has no {below}: there was no such suite then"
    )
    with TemporaryDirectory(prefix="evalkit-past-") as folder:
        tree = Path(folder).resolve() / "tree"
        (tree / ".git").mkdir(parents=True)  # the root of a suite is by default the nearest folder with one
        index = {"GIT_INDEX_FILE": str(Path(folder).resolve() / "index")}
        wrong = f"{PREFIX}{ref} cannot be checked out"
        _git(top, "read-tree", commit, wrong=wrong, variables=index)
        _git(top, "checkout-index", "--all", f"--prefix={tree}/", wrong=wrong, variables=index)
        yield PastSuite(ref, commit, tree / below, tree)


def commit_of(suite: Path, ref: str) -> str:
    """What a name stands for in the repository of a suite. Raises UsageError."""
    return _commit(_repository(suite), ref)


def _repository(suite: Path) -> Path:
    wrong = f"{suite} is in no git repository"
    return Path(_git(suite.resolve().parent, "rev-parse", "--show-toplevel", wrong=wrong)).resolve()


def _commit(top: Path, ref: str) -> str:
    shallow = _git(top, "rev-parse", "--is-shallow-repository", wrong=f"{top} is no git repository") == "true"
    hint = "; this clone is shallow: fetch more of it (git fetch --deepen 50)" if shallow else ""
    wrong = f"{PREFIX}{ref}: there is no such commit in {top}{hint}"
    if not ref:
        raise UsageError(f"{PREFIX} wants a commit, branch or tag, as in {PREFIX}HEAD~1")
    return _git(top, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}", wrong=wrong)


def _git(folder: Path, *arguments: str, wrong: str, variables: dict[str, str] | None = None) -> str:
    """What git says. Raises UsageError with `wrong` and git's own reason."""
    kept = {name: value for name, value in os.environ.items() if name not in _OF_A_HOOK}
    environment = {**kept, "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C", **(variables or {})}
    command: Sequence[str] = ["git", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(  # noqa: S603 (git, with arguments that cannot be taken for options)
            command, check=True, capture_output=True, text=True, timeout=_SECONDS, env=environment
        )
    except FileNotFoundError as error:
        raise UsageError(f"{wrong}: git is not installed") from error
    except subprocess.TimeoutExpired as error:
        raise UsageError(f"{wrong}: git took longer than {_SECONDS:g} s") from error
    except subprocess.CalledProcessError as error:
        said = " ".join(error.stderr.split()).removeprefix("fatal: ")
        raise UsageError(f"{wrong} ({said})" if said else wrong) from error
    return done.stdout.strip()
