"""An armature for a character made of the bundled head, and the weights of its meshes."""

from __future__ import annotations

import math
from collections.abc import Mapping

import bpy
import numpy as np
from mathutils import Matrix, Vector

from .bundled_parts import NECK_HEIGHT, FloatArray

PLAIN = {name: name for name in ("Hips", "Spine", "Neck", "Head", "LeftEye", "RightEye", "Jaw")}
VROID = {
    "Hips": "J_Bip_C_Hips", "Spine": "J_Bip_C_Spine", "Neck": "J_Bip_C_Neck", "Head": "J_Bip_C_Head",
    "LeftEye": "J_Adj_L_FaceEye", "RightEye": "J_Adj_R_FaceEye", "Jaw": "J_Jaw",
}  # fmt: skip
MIXAMO = {name: f"mixamorig:{name}" for name in PLAIN}

_EYE_LEFT = (0.0283, -0.073, 0.037)
_JOINTS: dict[str, tuple[str, tuple[float, float, float], tuple[float, float, float]]] = {
    "Hips": ("", (0.0, 0.0, -0.55), (0.0, 0.0, -0.45)),
    "Spine": ("Hips", (0.0, 0.0, -0.45), (0.0, 0.01, -0.13)),
    "Neck": ("Spine", (0.0, 0.01, -0.13), (0.0, 0.0, -0.04)),
    "Head": ("Neck", (0.0, 0.0, -0.04), (0.0, 0.0, 0.15)),
    "LeftEye": ("Head", _EYE_LEFT, (0.0283, -0.093, 0.037)),
    "RightEye": ("Head", (-0.0283, -0.073, 0.037), (-0.0283, -0.093, 0.037)),
    "Jaw": ("Head", (0.0, -0.02, -0.005), (0.0, -0.08, -0.06)),
}
"""Bone -> parent, head and tail in metres from the top of the spine."""


def add_armature(names: Mapping[str, str], data: Matrix, bones: tuple[str, ...]) -> bpy.types.Object:
    """Add an armature with these bones of PLAIN, named as in `names`, without a parent."""
    obj = bpy.data.objects.new("Armature", bpy.data.armatures.new("Armature"))
    bpy.context.scene.collection.objects.link(obj)
    bpy.context.view_layer.objects.active = obj
    bpy.ops.object.mode_set(mode="EDIT")
    for bone, (parent, head, tail) in _JOINTS.items():
        if bone not in bones:
            continue
        edited = obj.data.edit_bones.new(names[bone])
        edited.head, edited.tail = (data @ Vector((x, y, z + NECK_HEIGHT)) for x, y, z in (head, tail))
        edited.parent = obj.data.edit_bones[names[parent]] if parent else None
    bpy.ops.object.mode_set(mode="OBJECT")
    return obj


def skin(obj: bpy.types.Object, armature: bpy.types.Object, weights: Mapping[str, FloatArray]) -> None:
    """Parent a mesh to an armature that moves it by its Armature modifier; `weights` are (V,) by bone."""
    for bone, values in weights.items():
        group = obj.vertex_groups.new(name=bone)
        for vertex in np.flatnonzero(values > 0):
            group.add([int(vertex)], float(values[vertex]), "REPLACE")
    obj.parent = armature
    obj.modifiers.new("Armature", "ARMATURE").object = armature


def neck_weights(points: FloatArray, names: Mapping[str, str]) -> dict[str, FloatArray]:
    """Return the weights of skin that reaches from the head to the shoulders, for points in the character's space."""
    height = points[:, 2] - NECK_HEIGHT
    # The chin hangs in front of the neck, so the border falls towards the front.
    height = height - np.clip((points[:, 1] + 0.03) / 0.06, -1.0, 0.0) * 0.05
    head = np.clip((height + 0.075) / 0.04, 0.0, 1.0)
    spine = np.clip((-0.115 - height) / 0.03, 0.0, 1.0)
    return {names["Head"]: head, names["Neck"]: 1.0 - head - spine, names["Spine"]: spine}


def add_walk(armature: bpy.types.Object, names: Mapping[str, str], frames: int = 300) -> bpy.types.Action:
    """Animate the hips, the spine and the head as a walk on the spot does."""
    hips, spine, head = (armature.pose.bones[names[bone]] for bone in ("Hips", "Spine", "Head"))
    length = hips.bone.length
    for frame in range(1, frames + 1, 6):
        phase = frame * 2 * math.pi / 24
        hips.location = (0.2 * length * math.sin(phase), 0.15 * length * math.cos(2 * phase), 0.0)
        hips.keyframe_insert("location", frame=frame)
        for bone, angles in (
            (spine, (0.05, 0.1 * math.sin(phase), 0.0)),
            (head, (-0.05, -0.08 * math.sin(phase), 0.0)),
        ):
            _set_rotation(bone, angles)
            bone.keyframe_insert(_rotation_path(bone), frame=frame)
    action = armature.animation_data.action
    action.name = "Walk"
    bpy.context.scene.frame_set(bpy.context.scene.frame_current)
    return action


def _rotation_path(bone: bpy.types.PoseBone) -> str:
    return {"QUATERNION": "rotation_quaternion", "AXIS_ANGLE": "rotation_axis_angle"}.get(
        bone.rotation_mode, "rotation_euler"
    )


def _set_rotation(bone: bpy.types.PoseBone, angles: tuple[float, float, float]) -> None:
    mode = bone.rotation_mode
    bone.rotation_mode = "XYZ"
    bone.rotation_euler = angles
    bone.rotation_mode = mode  # Blender converts the rotation
