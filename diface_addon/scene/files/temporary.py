"""Temporary files, and what is said where there can be none."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator

from ...core import errors

HINT = "Make room on the disk, or name another folder in the environment variable TMPDIR (Windows: TEMP)."


def folder() -> tempfile.TemporaryDirectory[str]:
    """An empty folder, gone at the end of its `with`, or on `cleanup`. Raises SceneError."""
    with raising_scene_errors():
        return tempfile.TemporaryDirectory(prefix="diface-")


@contextlib.contextmanager
def kept_folder() -> Iterator[tempfile.TemporaryDirectory[str]]:
    """Yield an empty folder that is kept if the block succeeds, and removed if it raises. Raises SceneError."""
    made = folder()
    try:
        yield made
    except BaseException:
        made.cleanup()
        raise


@contextlib.contextmanager
def raising_scene_errors() -> Iterator[None]:
    """An OSError inside, which writes temporary files, becomes a SceneError."""
    try:
        yield
    except OSError as reason:
        where = f" {reason.filename}" if reason.filename else ""
        raise errors.SceneError(
            f"The temporary file{where} cannot be made: {reason.strerror or reason}.", HINT
        ) from reason
