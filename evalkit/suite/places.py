"""Where files may lie: below the suite's root, symlinks followed before that is judged."""

from __future__ import annotations

from pathlib import Path

from evalkit.errors import EvalkitError


class PathInvalid(EvalkitError):
    """A path that leads out of the root, or to nothing that can be read."""


def default_root(folder: Path) -> Path:
    """The nearest folder with a .git, else `folder` itself."""
    return next((place for place in (folder, *folder.parents) if (place / ".git").exists()), folder)


def below_root(text: str, *, base: Path, root: Path) -> Path:
    """The real path of a regular file named relative to `base`. Raises PathInvalid."""
    try:
        path = (base / text).resolve()
        outside = not path.is_relative_to(root.resolve())
        present, regular = path.exists(), path.is_file()
    except (OSError, ValueError, RuntimeError) as error:  # NUL in a name, a name too long, a circle of symlinks
        raise PathInvalid(f"'{text[:200]}' is no usable path: {error}") from error
    if outside:
        raise PathInvalid(f"'{text}' lies outside the suite's root ({root}); set `root:` if that is meant")
    if not present:
        raise PathInvalid(f"no such file: '{text}' (looked in {base})")
    if not regular:
        raise PathInvalid(f"'{text}' is not a regular file")
    return path


def existing_folder(text: str, *, base: Path) -> Path:
    """The real path of a folder named relative to `base`. Raises PathInvalid."""
    try:
        folder = (base / text).resolve()
        if folder.is_dir():
            return folder
    except (OSError, ValueError, RuntimeError) as error:
        raise PathInvalid(f"'{text[:200]}' is no usable path: {error}") from error
    raise PathInvalid(f"'{text}' is no folder")


def shown(path: Path) -> str:
    """How a message calls a file: relative to the working folder where it lies below that."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
