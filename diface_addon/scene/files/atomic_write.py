"""Files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from ...core import errors

HINT = "Choose another folder, or check that you may write there and that the disk is not full."


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A new file name beside `path` to write to; on success it takes the place of `path`, otherwise it is removed.

    Raises SceneError where `path` names no file, its folder cannot be written to, or the writing failed (OSError,
    RuntimeError).
    """
    if not path.name:
        raise errors.SceneError(f"{path} is no file.", "Choose a file name.")
    draft = path.with_name(f".{path.stem}-{os.getpid()}{path.suffix}")
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


def require_space(draft: Path, size: int) -> None:
    """Raises OSError where `size` bytes cannot be written to `draft`, for writers that do not survive a full disk."""
    block = bytes(1 << 20)
    with draft.open("wb") as file:
        for start in range(0, size, len(block)):
            file.write(block[: size - start])
    draft.write_bytes(b"")
