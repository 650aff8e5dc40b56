"""What Add ARKit Shape Keys wrote."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class AddedKeys:
    """The object that got shape keys, and notes for the user."""

    name: str
    notes: tuple[str, ...]
