"""The styles that the shipped face model was trained on, from the header of its file, and blends of them."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

import bpy

from ..core import diface_core, types


@lru_cache(maxsize=1)
def names() -> tuple[str, ...]:
    """The styles' names, the default first; none where the model is missing or cannot be read."""
    path = Path(diface_core.__file__).parent / "weights" / "face.safetensors"
    try:
        with path.open("rb") as file:
            header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        return tuple(json.loads(header["__metadata__"]["config"])["styles"])
    except (OSError, ValueError, KeyError):
        return ()  # what is wrong with the file is said when it is used


def blended(first: str, second: str, mix: float, strength: float) -> types.Style:
    """The style `first` with the share `mix` of `second`, each a name, a path as Blender has it, or empty.

    No first style is the model's default, no second one is no blend.
    """
    default = next(iter(names()), "")
    shares = {first or default: 1 - mix, second: mix} if second else {first: 1.0}
    blend = [(bpy.path.abspath(name), share) for name, share in shares.items() if name and share > 0]
    return types.Style(tuple(blend), strength)
