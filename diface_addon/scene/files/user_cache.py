"""The user's cache folder, for an add-on that runs outside an extension."""

from __future__ import annotations

import os
import sys
from pathlib import Path

NAME = "diface"


def private_folder(name: str) -> Path:
    """Return the folder `name` of DiFACE in the user's cache folder, which only the user can open.

    Raises:
        OSError: It cannot be created, or another user owns it.
    """
    root = _user_cache_root() / NAME
    folder = root / name
    for path in (root, folder):
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        _check_owner(path)
    return folder


def _user_cache_root() -> Path:
    """Return the folder for caches that the operating system gives each user."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def _check_owner(path: Path) -> None:
    """Raise OSError if another user owns the folder; else make it private."""
    if not hasattr(os, "getuid"):
        return
    status = path.stat()
    if status.st_uid != os.getuid():
        raise PermissionError(1, "it belongs to another user", str(path))
    if status.st_mode & 0o077:
        path.chmod(0o700)
