"""What the shapes of a face are whose names say nothing, stored with its main mesh when the character is bound."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import bpy

from ...core import channels
from .. import stored_json
from .recognized_shapes import Recipe

RECOGNIZED = "diface_recognized_shapes"
"""Custom property of the main mesh: name of a shape key -> channel -> value, as JSON."""


def store(main: bpy.types.Object, shapes: Mapping[str, Recipe]) -> None:
    """Store what shapes of a face are; none removes what is stored."""
    stored_json.write(main, RECOGNIZED, {name: dict(recipe) for name, recipe in shapes.items()})


def read(main: bpy.types.Object) -> dict[str, dict[str, float]]:
    """Return what is stored: name of a shape key -> channel -> value."""
    return stored_json.read(main, RECOGNIZED, _shapes) or {}


def _shapes(stored: Any) -> dict[str, dict[str, float]]:
    known = set(channels.FACE)
    return {
        str(name): {channel: float(value) for channel, value in recipe.items() if channel in known}
        for name, recipe in stored.items()
    }
