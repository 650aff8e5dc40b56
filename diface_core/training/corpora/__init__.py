"""Readers that turn each corpus into clips: sound and Motion side by side, 30 rows a second."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from .clip import Clip, Phone
from .facegood_1114 import facegood
from .grid_s1 import grid
from .sealing import LABIALS, sealed
from .splits import held_out

__all__ = ["LABIALS", "READERS", "Clip", "Phone", "facegood", "grid", "held_out", "sealed"]

READERS: dict[str, tuple[str, Callable[[Path], list[Clip]]]] = {
    "grid": ("grid_s1", grid),
    "facegood": ("facegood", facegood),
}
"""Corpus name -> its folder beside the others, and its reader."""
