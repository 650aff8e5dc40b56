"""Versions of packages."""

from __future__ import annotations

import re


def is_older(version: str, oldest: tuple[int, int]) -> bool:
    """Return whether a version, such as "2.13.0+cpu", is older than the version `oldest` (major, minor)."""
    return tuple(int(number) for number in re.findall(r"\d+", version)[:2]) < oldest
