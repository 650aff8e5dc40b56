"""Notes for the user: what was not found of a character, and what that means."""

from __future__ import annotations

from collections.abc import Sequence

import bpy

from ..character import Bones

MAX_NAMES = 3


def no_shapes(main: bpy.types.Object, jaw: str) -> str:
    if jaw:
        return f"{main.name} has no face shapes: only {jaw} opens and shuts the mouth. Add ARKit Shape Keys adds lips."
    return (
        f"{main.name} has no face shapes that move it: only the head can be animated. Add ARKit Shape Keys adds them."
    )


def still_shapes(count: int) -> str:
    if count == 1:
        return "1 shape key with the name of a face shape moves nothing and is not used."
    return f"{count} shape keys with names of face shapes move nothing and are not used."


def recognized_shapes(main: bpy.types.Object, count: int) -> str:
    return f"The names of {main.name}'s shape keys say nothing: {count} are recognized by what they move. See Mapping."


def head_notes(
    armature: bpy.types.Object | None, bones: Bones, head_object: bpy.types.Object | None, is_bust: bool
) -> list[str]:
    """Return notes about what turns the head."""
    if bones.head:
        if not bones.neck:
            return [f"No neck bone moves only the neck: the bone {bones.head} turns alone."]
        return []
    if head_object is not None:
        return (
            [] if armature is None else [f"No bone of {armature.name} moves the face: {head_object.name} is rotated."]
        )
    if is_bust:
        return ["The parts of the head have no common parent: only the face is generated. Parent them to an Empty."]
    return ["No bone turns the head: only the face is generated, because the whole body would turn with it."]


def left_behind(parts: Sequence[bpy.types.Object], head: str) -> str:
    names = ", ".join(obj.name for obj in parts[:MAX_NAMES]) + (" ..." if len(parts) > MAX_NAMES else "")
    return f"Not moved by the bone {head}, although at the head: {names}. Parent them to the bone."


def still_eyes(eyes: Sequence[bpy.types.Object]) -> str:
    names = ", ".join(obj.name for obj in eyes[:MAX_NAMES])
    return f"No shapes or bones turn {names}: the eyes look straight ahead. Add ARKit Shape Keys makes the shapes."


def several_armatures(main: bpy.types.Object, armature: bpy.types.Object) -> str:
    return f"Several armatures move {main.name}: {armature.name} is used, which has most of the face's weight."
