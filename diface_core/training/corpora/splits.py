"""Which clips are kept for judging."""

from __future__ import annotations

from .clip import Clip


def held_out(clip: Clip) -> bool:
    """Whether a clip is kept for judging: a tenth, chosen by name, so that the split never moves."""
    return sum(clip.name.encode()) * 2654435761 % 2**32 < 0.1 * 2**32
