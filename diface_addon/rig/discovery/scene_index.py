"""How the objects of a scene hang together: parents, armatures, constraints. Read once for a search."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

import bpy

GEOMETRY = frozenset({"MESH", "CURVE", "CURVES", "SURFACE", "META", "FONT", "GPENCIL", "GREASEPENCIL", "POINTCLOUD"})
"""Types of objects that are seen and can be parts of a character."""
GHOST_MARK = "diface_ghost"
"""Custom property of the copies that compare takes: no parts of the character."""
FOLLOWING = frozenset({"CHILD_OF", "COPY_TRANSFORMS", "COPY_LOCATION", "ARMATURE"})
"""Constraints that make an object follow a bone."""


class SceneIndex:
    """The objects of the scenes that an object is in, with their children and the objects that each armature moves."""

    def __init__(self, obj: bpy.types.Object) -> None:
        scenes = obj.users_scene or (bpy.context.scene,)
        found = {other.session_uid: other for scene in scenes for other in scene.objects}
        self.objects = [other for other in found.values() if GHOST_MARK not in other]
        self.children: dict[int, list[bpy.types.Object]] = defaultdict(list)
        self.bound: dict[int, list[bpy.types.Object]] = defaultdict(list)
        for other in self.objects:
            if other.parent:
                self.children[other.parent.session_uid].append(other)
            for target in followed(other):
                self.bound[target.session_uid].append(other)

    def closure(self, start: Iterable[bpy.types.Object]) -> dict[int, bpy.types.Object]:
        """Return objects with all their descendants, and those that follow armatures or objects among these."""
        found: dict[int, bpy.types.Object] = {}
        waiting = list(start)
        while waiting:
            obj = waiting.pop()
            if obj.session_uid not in found and GHOST_MARK not in obj:
                found[obj.session_uid] = obj
                waiting += self.children.get(obj.session_uid, [])
                waiting += self.bound.get(obj.session_uid, [])
        return found


def followed(obj: bpy.types.Object) -> Iterator[bpy.types.Object]:
    """Yield the armatures and meshes that an object follows by modifiers and constraints."""
    for modifier in obj.modifiers:
        if modifier.type == "ARMATURE" and modifier.object:
            yield modifier.object
        elif modifier.type == "SURFACE_DEFORM" and modifier.target:
            yield modifier.target
    for constraint in obj.constraints:
        if constraint.type in FOLLOWING and not constraint.mute:
            yield from (target for target, _bone in constraint_targets(constraint))
    surface = getattr(obj.data, "surface", None) if obj.type == "CURVES" else None
    if surface:
        yield surface


def constraint_targets(constraint: bpy.types.Constraint) -> Iterator[tuple[bpy.types.Object, str]]:
    """Yield the objects that a constraint names, with the bone or ""."""
    if constraint.type == "ARMATURE":
        yield from ((target.target, target.subtarget) for target in constraint.targets if target.target)
    elif getattr(constraint, "target", None):
        yield constraint.target, getattr(constraint, "subtarget", "")


def ancestors(obj: bpy.types.Object) -> Iterator[bpy.types.Object]:
    """Yield the parent of an object, its parent, and so on."""
    while obj.parent:
        obj = obj.parent
        yield obj


def armatures_of(obj: bpy.types.Object) -> list[bpy.types.Object]:
    """Return the armatures that move an object: by modifiers, as ancestors, by constraints."""
    found = [modifier.object for modifier in obj.modifiers if modifier.type == "ARMATURE" and modifier.object]
    found += [other for other in ancestors(obj) if other.type == "ARMATURE"]
    found += [other for other in followed(obj) if other.type == "ARMATURE"]
    return list(dict.fromkeys(found))
