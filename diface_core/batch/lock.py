"""One run at a time in a folder. The system frees the lock when its process ends, however it ends."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Generator
from pathlib import Path

from ..errors import DifaceError

if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextlib.contextmanager
def exclusive(path: Path) -> Generator[None]:
    """Hold the lock `path` during the block. Raises DifaceError if another process holds it."""
    with path.open("a") as file:
        try:
            _lock(file.fileno())
        except OSError as reason:
            hint = "Wait until it has finished, or choose another folder."
            raise DifaceError(f"Another run works in {path.parents[1]}.", hint) from reason
        yield
