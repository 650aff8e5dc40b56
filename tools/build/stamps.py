"""Stamp files: a digest of the inputs of a step, so that a second run skips a step whose inputs are unchanged."""

from __future__ import annotations

import hashlib
from pathlib import Path


def digest(*parts: Path | str) -> str:
    """Return the SHA-256 of the contents of files and of strings, in hexadecimal."""
    total = hashlib.sha256()
    for part in parts:
        total.update(part.read_bytes() if isinstance(part, Path) else part.encode())
        total.update(b"\0")
    return total.hexdigest()


def is_current(stamp: Path, expected: str) -> bool:
    """Return whether a stamp file exists and holds the expected digest."""
    return stamp.is_file() and stamp.read_text() == expected
