"""Temporary folders, and the message if none can be created."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Generator

from ...core import errors

HINT = "Free space on the disk, or name another folder in the environment variable TMPDIR (Windows: TEMP)."


def folder() -> tempfile.TemporaryDirectory[str]:
    """Create an empty folder, which is removed at the end of its `with`, or by `cleanup`. Raises SceneError."""
    with raising_scene_errors():
        return tempfile.TemporaryDirectory(prefix="diface-")


@contextlib.contextmanager
def kept_folder() -> Generator[tempfile.TemporaryDirectory[str]]:
    """Yield an empty folder that is kept if the block succeeds, and removed if it raises. Raises SceneError."""
    temporary_folder = folder()
    try:
        yield temporary_folder
    except BaseException:
        temporary_folder.cleanup()
        raise


@contextlib.contextmanager
def raising_scene_errors() -> Generator[None]:
    """Turn an OSError of a block that writes temporary files into a SceneError."""
    try:
        yield
    except OSError as reason:
        name = f" {reason.filename}" if reason.filename else ""
        message = f"The temporary file{name} cannot be made: {reason.strerror or reason}."
        raise errors.SceneError(message, HINT) from reason
