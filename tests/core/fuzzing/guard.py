"""What reading a file must never do: start a program, open a connection, or write outside the working folder."""

from __future__ import annotations

import os
import sys
from pathlib import Path

PROGRAMS = ("os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "subprocess.Popen", "pty.spawn")
CONNECTIONS = ("socket.connect", "socket.bind", "urllib.Request")
CHANGES = ("os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.chmod", "os.truncate", "shutil.rmtree")
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


class Guard:
    """An audit hook (PEP 578) that records forbidden actions while it is active. It cannot be removed again."""

    def __init__(self, folder: Path) -> None:
        self.seen: list[str] = []
        self.active = False
        self._folder = str(folder.resolve()) + os.sep
        sys.addaudithook(self._see)

    def _see(self, event: str, arguments: tuple[object, ...]) -> None:
        if not self.active:
            return
        if event.startswith(PROGRAMS + CONNECTIONS) or self._changes_a_file(event, arguments):
            self.seen.append(f"{event}{arguments!r}"[:300])

    def _changes_a_file(self, event: str, arguments: tuple[object, ...]) -> bool:
        if event == "open":
            return bool(arguments[2] & WRITING) and not self._inside(arguments[0])  # type: ignore[operator]
        changed = arguments[:2] if event == "os.rename" else arguments[:1]
        return event in CHANGES and not all(map(self._inside, changed))

    def _inside(self, path: object) -> bool:
        return isinstance(path, str | bytes | os.PathLike) and os.fsdecode(path).startswith(self._folder)
