"""A character whose eyes and tongue are moved by bones: turned directly, or as Rigify does, by targets and controls."""

from __future__ import annotations

from collections.abc import Iterable

import bpy
import numpy as np
from mathutils import Vector

from .armature_kind import Options, build
from .bundled_parts import NECK_HEIGHT, PARTS, arkit_shapes, placed, standing, vertices_of
from .kinds import PLAIN, Built, Placement

TARGET_DISTANCE = 0.31
"""Metres from an eye to its target, as in Rigify's human."""
TONGUE = ("Tongue01", "Tongue02", "Tongue03")
SIDES = {"Left": 1.0, "Right": -1.0}


def build_with_bones(tracked: str = "", placement: Placement = PLAIN) -> Built:
    """Build the character: lids by shapes, eyeballs and the tongue by bones.

    Args:
        tracked: "": the eye bones can be turned. "each": each eye follows a target. "both": both follow the same.
        placement: Where it stands.
    """
    shapes = {name: offsets for name, offsets in arkit_shapes().items() if name != "tongueOut"}
    built = build(Options(placement, shapes=shapes, eyes_by_bones=True, label="eyes and tongue by bones"))
    _add_bones(built, placement, tracked)
    _skin_tongue(built)
    for side in SIDES if tracked else ():
        pose = built.armature.pose.bones[f"{side}Eye"]
        constraint = pose.constraints.new("DAMPED_TRACK")
        constraint.target, constraint.track_axis = built.armature, "TRACK_Y"
        constraint.subtarget = f"target.{side[0]}" if tracked == "each" else "target"
    bpy.context.view_layer.update()
    return built


def _add_bones(built: Built, placement: Placement, tracked: str) -> None:
    """Add a chain of tongue bones, and the targets of the eyes, all below the head bone."""
    armature = built.armature
    for obj in bpy.context.selected_objects:
        obj.select_set(False)
    bpy.context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="EDIT")
    bones = armature.data.edit_bones
    depths = (-0.018, -0.04, -0.06, -0.08)
    parent = bones["Head"]
    for name, back, front in zip(TONGUE, depths, depths[1:], strict=False):
        parent = new_bone(bones, name, parent, (0, back, -0.03), (0, front, -0.03), placement)
    names = {"target": 0.0} if tracked == "both" else {f"target.{s[0]}": x for s, x in SIDES.items() if tracked}
    for name, side in names.items():
        eye, up = (0.0283 * side, -0.073 - TARGET_DISTANCE, 0.037), (0, 0, 0.02)
        new_bone(bones, name, bones["Head"], eye, np.add(eye, up), placement)
    bpy.ops.object.mode_set(mode="OBJECT")


def new_bone(bones, name: str, parent, head: Iterable[float], tail: Iterable[float], placement: Placement):
    """Add a bone, by points in the bundled head's coordinates, in edit mode."""
    bone = bones.new(name)
    base = Vector((0, 0, NECK_HEIGHT))
    bone.head, bone.tail = (placement.data @ (Vector(point) + base) for point in (head, tail))
    bone.parent = parent
    return bone


def _skin_tongue(built: Built) -> None:
    """Weight the tongue to its bones: each vertex to the two that it lies between."""
    teeth = built.part("Teeth")
    chosen = vertices_of(*PARTS["Teeth"])
    is_tongue = np.isin(chosen, vertices_of("tongue"))
    depth = np.clip((-0.018 - standing()[chosen][:, 1]) / 0.021 - 0.5, 0.0, 2.0)
    for number, name in enumerate(TONGUE):
        weights = np.clip(1.0 - np.abs(depth - number), 0.0, 1.0) * is_tongue
        group = teeth.vertex_groups.new(name=name)
        for vertex in np.flatnonzero(weights > 0):
            group.add([int(vertex)], float(weights[vertex]), "REPLACE")
    teeth.vertex_groups["Head"].remove(np.flatnonzero(is_tongue).tolist())


def at_rest(name: str) -> np.ndarray:
    """Return the vertices (V, 3) of a part in the character's space."""
    return placed(standing()[vertices_of(*PARTS[name])], PLAIN.data)
