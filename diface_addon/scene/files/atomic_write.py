"""Atomic writes: a file is replaced by its complete new version, or stays as it was."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Generator, Iterable
from pathlib import Path

from ...core import errors

HINT = "Choose another folder, or check that you may write there and that the disk is not full."


@contextlib.contextmanager
def replacing(path: Path) -> Generator[Path]:
    """Yield the path of a draft beside `path`, which replaces it if the block succeeds, and is removed if it raises.

    The draft has a unique name with the suffix of `path`, because Blender's exporters look at it.

    Raises:
        SceneError: `path` has no name, its folder cannot be written, or the block raised OSError or RuntimeError.
    """
    if not path.name:
        raise errors.SceneError(f"{path} is not a file.", "Choose a file name.")
    draft = path.with_name(f".{path.stem}-{secrets.token_hex(4)}{path.suffix}")
    try:
        draft.touch()
        yield draft
        draft.replace(path)
    except OSError as reason:
        raise errors.SceneError(f"{path} cannot be written: {reason.strerror or reason}.", HINT) from reason
    except RuntimeError as reason:
        last_line = str(reason).strip().splitlines()[-1]
        raise errors.SceneError(f"{path} cannot be written: {last_line}", HINT) from reason
    finally:
        draft.unlink(missing_ok=True)


@contextlib.contextmanager
def replacing_each(paths: Iterable[Path]) -> Generator[dict[Path, Path]]:
    """Yield a draft for each of several paths, as `replacing` does. If the block raises, none is replaced."""
    with contextlib.ExitStack() as drafts:
        yield {path: drafts.enter_context(replacing(path)) for path in paths}


def make_folder(path: Path) -> None:
    """Make a folder, with those above it, unless it exists. Raises SceneError if it cannot be made."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as reason:
        raise errors.SceneError(f"{path} cannot be made: {reason.strerror or reason}.", HINT) from reason


def require_space(draft: Path, size: int) -> None:
    """Raise OSError if `size` bytes cannot be written to `draft`, for writers that crash on a full disk."""
    block = bytes(1 << 20)
    with draft.open("wb") as file:
        for start in range(0, size, len(block)):
            file.write(block[: size - start])
    draft.write_bytes(b"")
