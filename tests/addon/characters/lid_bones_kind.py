"""A character whose eyelids are moved by bones alone, as in games: joints in the eyeball or in the lid."""

from __future__ import annotations

import bpy
import numpy as np

from .armature_kind import Options, build
from .bundled_parts import NECK_HEIGHT, PARTS, arkit_shapes, standing, vertices_of
from .eye_and_tongue_bones import new_bone
from .kinds import PLAIN, Built, Placement

EYE = (0.0283, -0.073, 0.037)
"""Joint of the left eye in the bundled head."""


def build_with_lids(in_eyeball: bool, with_lower: bool = False, placement: Placement = PLAIN) -> Built:
    """Build the character without shapes of lids.

    Args:
        in_eyeball: Whether the joints of the lids are in the eyeballs, so that they turn, or in the lids.
        with_lower: Add bones of the lower lids, which rise with them.
        placement: Where it stands.
    """
    shapes = {n: o for n, o in arkit_shapes().items() if not n.startswith(("eyeBlink", "eyeSquint", "eyeWide"))}
    built = build(Options(placement, shapes=shapes, label="lids by bones"))
    lids = ("Upper", "Lower") if with_lower else ("Upper",)
    names = [f"{side}{lid}Lid" for side in ("Left", "Right") for lid in lids]
    for obj in bpy.context.selected_objects:
        obj.select_set(False)
    bpy.context.view_layer.objects.active = built.armature
    bpy.ops.object.mode_set(mode="EDIT")
    bones = built.armature.data.edit_bones
    for name in names:
        x, y, z = EYE[0] * (1 if name.startswith("Left") else -1), EYE[1], EYE[2]
        if not in_eyeball:
            y, z = y - 0.012, z + (0.006 if "Upper" in name else -0.006)
        new_bone(bones, name, bones["Head"], (x, y, z), (x, y - 0.01, z), placement)
    bpy.ops.object.mode_set(mode="OBJECT")
    for name in names:
        _skin(built, name)
    return built


def _skin(built: Built, bone: str) -> None:
    """Weight the lid to its bone: by how much the shape of the blink moves each vertex, up or down."""
    side = "Left" if bone.startswith("Left") else "Right"
    chosen = vertices_of(*PARTS["Head"])
    way = arkit_shapes()[f"eyeBlink{side}"][chosen][:, 2] * (-1.0 if "Upper" in bone else 1.0)
    if "Lower" in bone:
        rest = standing()[chosen] - (0.0, 0.0, NECK_HEIGHT)
        joint = np.array(EYE) * (1 if side == "Left" else -1, 1, 1)
        near = (np.abs(rest - joint)[:, 0] < 0.014) & (rest[:, 1] < joint[1]) & (way >= -1e-3)
        way = np.clip((joint[2] - rest[:, 2]) / 0.005, 0.0, 1.0) * np.clip((rest[:, 2] - joint[2]) / 0.01 + 2, 0.0, 1.0)
        way = np.where(near, way, 0.0)
    weights = np.clip(way / way.max(), 0.0, 1.0)
    head = built.part("Head")
    group = head.vertex_groups.new(name=bone)
    others = head.vertex_groups["Head"]
    for vertex in np.flatnonzero(weights > 0.01):
        group.add([int(vertex)], float(weights[vertex]), "REPLACE")
        others.add([int(vertex)], float(1.0 - weights[vertex]), "REPLACE")
