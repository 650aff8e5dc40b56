"""A reader of files or messages from elsewhere, as something to fuzz."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Target:
    """A reader to fuzz.

    Attributes:
        suffix: Suffix of its files.
        read: Reads a file; a DifaceError is the expected reaction to a bad one.
        seeds: Makes valid files.
        is_archive: Whether they are zip archives, whose members are mutated.
    """

    suffix: str
    read: Callable[[Path], object]
    seeds: Callable[[], list[bytes]]
    is_archive: bool = False
