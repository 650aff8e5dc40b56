"""Links between the objects of a ghost: what pointed to an object of the character points to its copy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import bpy

POINTERS = ("object", "target", "pole_target", "mirror_object", "object_from", "object_to")
"""Properties of modifiers and constraints that name an object."""


def relink(copy: bpy.types.Object, copies: Mapping[bpy.types.Object, bpy.types.Object]) -> None:
    """Let the parent, modifiers, constraints and drivers of a copy use the other copies.

    Args:
        copy: A copy of an object of the character.
        copies: Object of the character -> its copy.
    """
    if copy.parent in copies:
        inverse = copy.matrix_parent_inverse.copy()
        copy.parent = copies[copy.parent]
        copy.matrix_parent_inverse = inverse
    for holder in _holders(copy):
        for name in POINTERS:
            pointed = getattr(holder, name, None)
            if isinstance(pointed, bpy.types.Object) and pointed in copies:
                setattr(holder, name, copies[pointed])
    for target in _driver_targets(copy):
        if target.id_type == "OBJECT" and target.id in copies:
            target.id = copies[target.id]


def _holders(copy: bpy.types.Object) -> Iterator[bpy.types.bpy_struct]:
    """Yield what may name objects: modifiers, and constraints of the object and of its bones, with their targets."""
    yield from copy.modifiers
    for holder in (copy, *(copy.pose.bones if copy.pose else ())):
        for constraint in holder.constraints:
            yield constraint
            yield from getattr(constraint, "targets", ())


def _driver_targets(copy: bpy.types.Object) -> Iterator[bpy.types.DriverTarget]:
    keys = copy.data.shape_keys if copy.type == "MESH" else None
    for block in filter(None, (copy, keys)):
        for curve in block.animation_data.drivers if block.animation_data else ():
            for variable in curve.driver.variables:
                yield from variable.targets
