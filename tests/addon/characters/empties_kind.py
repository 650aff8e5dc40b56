"""Parts under empties: the kind that scene converters leave, with an Action on keys and empties."""

from __future__ import annotations

import math

import bpy
from mathutils import Matrix

from .armature_kind import skull_of_skin
from .bundled_parts import PARTS, add_mesh, arkit_shapes, vertices_of
from .kinds import PLAIN, Built, Placement

SCALE = 0.002
GROUPS = {"HeadGroup": ("Head", "Brows", "Hair"), "TeethGroup": ("Teeth",), "EyeGroup": ("EyeLeft", "EyeRight")}
"""Empty of scale SCALE below the outer one -> its meshes."""


def build(placement: Placement = PLAIN, with_action: bool = True, label: str = "parts under empties") -> Built:
    """Build the character in the current scene; its Action moves an outer empty and eyeWide and eyeSquint keys."""
    outer = _add_empty("Character", None)
    outer.rotation_mode = placement.rotation_mode
    enlarged = Matrix.Scale(1 / SCALE, 4) @ placement.data
    parts, empties = {}, [outer]
    for group, names in GROUPS.items():
        empty = _add_empty(group, outer)
        empty.scale = (SCALE, SCALE, SCALE)
        empties.append(empty)
        for name in names:
            shapes = {} if name == "Hair" else arkit_shapes()
            parts[name] = add_mesh(name, vertices_of(*PARTS[name]), shapes, enlarged)
            parts[name].parent = empty
    outer.matrix_world = placement.root
    main = parts.pop("Head")
    if with_action:
        _animate(outer, main)
    bpy.context.view_layer.update()
    shaped = tuple(obj for obj in parts.values() if obj.data.shape_keys)
    return Built(
        label, main, (main, *shaped), tuple(parts.values()), empties=tuple(empties), skull=skull_of_skin(),
        world=placement.root @ placement.data,
    )  # fmt: skip


def _add_empty(name: str, parent: bpy.types.Object | None) -> bpy.types.Object:
    empty = bpy.data.objects.new(name, None)
    bpy.context.scene.collection.objects.link(empty)
    empty.parent = parent
    return empty


def _animate(outer: bpy.types.Object, main: bpy.types.Object) -> None:
    height = outer.location.z
    for frame in range(1, 301, 10):
        outer.location.z = height + 0.02 * math.sin(frame / 15)
        outer.keyframe_insert("location", frame=frame)
        for name, value in (("eyeWideLeft", 0.3), ("jawOpen", 0.2)):
            key = main.data.shape_keys.key_blocks[name]
            key.value = value * (1 + math.sin(frame / 10)) / 2
            key.keyframe_insert("value", frame=frame)
    outer.animation_data.action.name = "Moves"
    main.data.shape_keys.animation_data.action.name = "Keys"
    bpy.context.scene.frame_set(bpy.context.scene.frame_current)
