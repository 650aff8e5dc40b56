"""A place for a new object where it is not inside another one."""

from __future__ import annotations

from collections.abc import Iterable

import bpy
from mathutils import Vector

GAP = 0.1
"""Distance between two objects, as a fraction of the new object's width."""

Bounds = tuple[Vector, Vector]
"""Lowest and highest corner of a box along the axes of the scene."""

SOLID_TYPES = ("MESH", "CURVE", "SURFACE", "META", "FONT")


def move_out_of_others(obj: bpy.types.Object, others: Iterable[bpy.types.Object]) -> bpy.types.Object | None:
    """Move a new object along +X until its bounding box touches that of no other object.

    Args:
        obj: Without rotation, scale or parent, as objects are when they are added.
        others: Objects to stay clear of.

    Returns:
        The last object that was in the way; None if the object stays where it is.
    """
    obstacles = [(other, _world_bounds(other)) for other in others if other.type in SOLID_TYPES and other != obj]
    passed = None
    while obstacle := next(((o, box) for o, box in obstacles if _overlap(_bounds_of_new(obj), box)), None):
        passed, box = obstacle
        low, high = _bounds_of_new(obj)
        obj.location.x += box[1].x - low.x + GAP * (high.x - low.x)
    return passed


def _bounds_of_new(obj: bpy.types.Object) -> Bounds:
    """Return the bounds of an object whose world matrix is not updated yet."""
    return _bounds(Vector(corner) + obj.location for corner in obj.bound_box)


def _world_bounds(obj: bpy.types.Object) -> Bounds:
    return _bounds(obj.matrix_world @ Vector(corner) for corner in obj.bound_box)


def _bounds(corners: Iterable[Vector]) -> Bounds:
    axes = list(zip(*corners, strict=True))
    return Vector(map(min, axes)), Vector(map(max, axes))


def _overlap(a: Bounds, b: Bounds) -> bool:
    return all(a[0][axis] < b[1][axis] and b[0][axis] < a[1][axis] for axis in range(3))
