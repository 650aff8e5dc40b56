"""The styles that the shipped face model was trained on, from the header of its file, and blends of them."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

import bpy

from ..core import diface_core, types


def names() -> tuple[str, ...]:
    """The styles' names; none where the model is missing or cannot be read."""
    return tuple(_config().get("styles", ()))


def default() -> tuple[str, ...]:
    """The names whose even blend is the default."""
    return tuple(_config().get("default_style", ())) or names()[:1]


@lru_cache(maxsize=1)
def _config() -> dict[str, list[str]]:
    path = Path(diface_core.__file__).parent / "weights" / "face.safetensors"
    try:
        with path.open("rb") as file:
            header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        return json.loads(header["__metadata__"]["config"])
    except (OSError, ValueError, KeyError):
        return {}  # what is wrong with the file is said when it is used


def blended(first: str, second: str, mix: float, strength: float) -> types.Style:
    """The style `first` with the share `mix` of `second`, each a name, a path as Blender has it, or empty.

    No first style is the model's default, no second one is no blend.
    """
    shares = [(first, 1.0)] if first else []
    if second:
        firsts = [first] if first else default()
        shares = [(name, (1 - mix) / len(firsts)) for name in firsts] + [(second, mix)]
    blend = tuple((bpy.path.abspath(name), share) for name, share in shares if share > 0)
    return types.Style(blend, strength)
