"""The parts of a character besides its main mesh: objects that custom properties of the main mesh point to.

A part keeps its number as long as the character exists, so that takes find it again after renaming, saving or
appending.
"""

from __future__ import annotations

from collections.abc import Iterable

import bpy

from .property_address import part_kind

PART = "diface_part_"
"""Prefix of the custom properties of the main mesh; the part's number follows."""


def part_objects(main: bpy.types.Object) -> dict[int, bpy.types.Object]:
    """Return the parts of the character of `main` by number, without those that were deleted from the scene."""
    parts = ((number, main[f"{PART}{number}"]) for number in _numbers(main))
    return {number: part for number, part in parts if isinstance(part, bpy.types.Object) and part.users_scene}


def numbered_objects(main: bpy.types.Object) -> dict[int, bpy.types.Object]:
    """Return the main mesh, which has the number 0, and the parts of its character."""
    return {0: main, **part_objects(main)}


def add_parts(main: bpy.types.Object, objects: Iterable[bpy.types.Object]) -> None:
    """Give each of `objects` that is no part of the character yet the next number."""
    known = set(part_objects(main).values()) | {main}
    following = max(_numbers(main), default=0) + 1
    for obj in objects:
        if obj not in known:
            main[f"{PART}{following}"] = obj
            known.add(obj)
            following += 1


def forget_parts(main: bpy.types.Object) -> None:
    """Remove the parts of the character of `main`, which stays a character of one mesh."""
    for number in _numbers(main):
        del main[f"{PART}{number}"]


def part_number(main: bpy.types.Object, obj: bpy.types.Object) -> int | None:
    """Return the number of a part; 0 for the main mesh, None for an object that is no part."""
    if obj == main:
        return 0
    return next((number for number, part in part_objects(main).items() if part == obj), None)


def data_blocks(main: bpy.types.Object) -> dict[str, bpy.types.ID]:
    """Return the data-blocks that motion is written to, by kind, those of the main mesh first."""
    blocks: dict[str, bpy.types.ID] = {}
    for number, obj in numbered_objects(main).items():
        keys = obj.data.shape_keys if obj.type == "MESH" else None
        if keys:
            blocks[part_kind("KEY", number)] = keys
        blocks[part_kind("OBJECT", number)] = obj
    return blocks


def shape_key_blocks(main: bpy.types.Object) -> dict[str, bpy.types.Key]:
    """Return the shape keys of the character's meshes by kind, those of the main mesh first."""
    meshes = {number: obj for number, obj in numbered_objects(main).items() if obj.type == "MESH"}
    found = {part_kind("KEY", number): obj.data.shape_keys for number, obj in meshes.items()}
    return {kind: keys for kind, keys in found.items() if keys}


def _numbers(main: bpy.types.Object) -> list[int]:
    names = list(main.keys())
    return sorted(int(name.removeprefix(PART)) for name in names if name.startswith(PART))
