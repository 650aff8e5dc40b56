"""Which objects a file of a character contains."""

from __future__ import annotations

from collections.abc import Iterator

import bpy

from ...rig.character import Character
from ..characters import neck

CARRIERS = ("EMPTY", "ARMATURE")
"""Types of the parents that a file contains because something of the character hangs on them."""


def exported_objects(main: bpy.types.Object, character: Character | None) -> tuple[bpy.types.Object, ...]:
    """Return the objects of a character's file: `main`, its other meshes, and the armatures and empties that move them.

    Args:
        main: The main mesh.
        character: What was found from it; None, or another one's, exports `main` with what moves it.
    """
    found = [main]
    if character is not None and character.main == main:
        found += [obj for obj in (*character.faces, *character.on_head, *character.body) if obj.type == "MESH"]
        found += [character.armature] if character.armature else []
    body = neck.body_of(main)  # the skeleton of a head with a neck has its motion
    if neck.neck_modifier(main) is not None:
        moved = [main, *(other for obj in found[1:] for other in (obj, *_carriers(obj)))]
    else:
        moved = [other for obj in found for other in (obj, *_carriers(obj))]
    return tuple(obj for obj in dict.fromkeys(moved) if obj == main or (obj != body and _is_used(obj)))


def _carriers(obj: bpy.types.Object) -> Iterator[bpy.types.Object]:
    """Yield the armatures of an object, and the empties and armatures above it up to a parent of another type."""
    above = [modifier.object for modifier in obj.modifiers if modifier.type == "ARMATURE" and modifier.object]
    if obj.parent is not None and obj.parent.type in CARRIERS:
        above.append(obj.parent)
    for other in dict.fromkeys(above):
        yield other
        yield from _carriers(other)


def _is_used(obj: bpy.types.Object) -> bool:
    """Return whether an object is in a scene, and a mesh is not turned off in viewports."""
    return bool(obj.users_scene) and not (obj.type == "MESH" and obj.hide_viewport)
