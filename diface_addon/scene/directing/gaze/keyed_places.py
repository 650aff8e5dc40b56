"""Where objects and bones are over time, from their F-curves alone: without a scene, a dependency graph or a frame.

Constraints, drivers, physics, NLA strips and rarer options of bones are left to the evaluation in Blender, of which
these matrices are an exact short cut: they are products of the same transformations (`BKE_object_to_mat4`,
`BKE_bone_parent_transform`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import bpy
import numpy as np

from .... import compat
from ....rig import rotation_values
from ....rig.head_target import rotation_property
from ....rig.property_address import bone_path
from .place import FloatArray, Place, moves

PLAIN = ("location", "rotation_euler", "rotation_quaternion", "rotation_axis_angle", "scale")
"""Properties whose F-curves are read here."""
MOVE_BONES_ABOVE = ("IK", "SPLINE_IK")
"""Constraints of a bone that move the bones above it."""


class _NotKeyedError(Exception):
    """Something other than F-curves may move a place."""


def matrices(place: Place, frames: FloatArray) -> FloatArray | None:
    """Return the world matrices of a place, (T, 4, 4), or (1, 4, 4) without F-curves; None if only Blender knows."""
    try:
        if place.obj is None:
            return np.eye(4)[None]
        if place.of_parent:
            return _parent(place.obj, frames)
        world = _object(place.obj, frames)
        return world @ _bone(place.obj, place.bone, frames) if place.bone else world
    except _NotKeyedError:
        return None


@dataclass(frozen=True)
class _Keyed:
    """An object, or a bone of an armature, with the F-curves that move it.

    Attributes:
        obj: The object, or the armature of the bone.
        owner: The object, or the bone.
        bone: Name of the bone; "": the object.
    """

    obj: bpy.types.Object
    owner: bpy.types.Object | bpy.types.PoseBone
    bone: str = ""

    def transformation(self, frames: FloatArray) -> FloatArray:
        """Return the matrices (T or 1, 4, 4) of its location, rotation and scale."""
        if any(not constraint.mute for constraint in self.owner.constraints):
            raise _NotKeyedError
        mode = self.owner.rotation_mode
        location, scale = self._values("location", frames), self._values("scale", frames)
        turn = _turn(self._values(rotation_property(mode), frames), mode)
        if not self.bone:
            if mode != "AXIS_ANGLE":  # Blender has no property for it
                turn = _turn(np.array(getattr(self.owner, f"delta_{rotation_property(mode)}"))[None], mode) @ turn
            location = location + np.array(self.owner.delta_location)
            scale = scale * np.array(self.owner.delta_scale)
        elif self.owner.bone.use_connect and self.owner.parent:
            location = np.zeros((1, 3))
        return _composed(location, turn, scale)

    def _values(self, name: str, frames: FloatArray) -> FloatArray:
        """Return the values (T or 1, D) of a property."""
        values, curves = np.array(getattr(self.owner, name), np.float64), self._curves.get(name, {})
        rows = np.tile(values, (len(frames) if curves else 1, 1))
        for index, curve in curves.items():
            rows[:, index] = [curve.evaluate(at) for at in frames.tolist()]
        return rows

    @cached_property
    def _curves(self) -> Mapping[str, Mapping[int, bpy.types.FCurve]]:
        """The F-curves that move it, by the name of the property and the index."""
        animation, prefix = self.obj.animation_data, bone_path(self.bone, "")
        if animation is None:
            return {}
        strips = [strip for track in animation.nla_tracks for strip in track.strips if strip.action]
        others = [*animation.drivers, *(curve for strip in strips for curve in _fcurves(strip))]
        if animation.use_tweak_mode or any(moves(curve.data_path, self.bone) for curve in others):
            raise _NotKeyedError
        found: dict[str, dict[int, bpy.types.FCurve]] = {}
        for curve in _fcurves(animation) if animation.action else ():
            if moves(curve.data_path, self.bone):
                name, is_muted = curve.data_path.removeprefix(prefix), curve.mute or (curve.group and curve.group.mute)
                if is_muted or name not in PLAIN:
                    raise _NotKeyedError
                found.setdefault(name, {})[curve.array_index] = curve
        is_blended = animation.action_blend_type != "REPLACE" or animation.action_influence < 1.0
        if found and strips and (is_blended or animation.action_extrapolation == "NOTHING"):
            raise _NotKeyedError
        return found


def _fcurves(source: bpy.types.AnimData | bpy.types.NlaStrip) -> bpy.types.bpy_prop_collection | tuple[()]:
    bag = compat.active_channelbag(source)
    return bag.fcurves if bag else ()


def _object(obj: bpy.types.Object, frames: FloatArray) -> FloatArray:
    """Return the world matrices of an object."""
    if obj.rigid_body is not None:
        raise _NotKeyedError
    return _parent(obj, frames) @ _Keyed(obj, obj).transformation(frames)


def _parent(obj: bpy.types.Object, frames: FloatArray) -> FloatArray:
    """Return what moves an object besides its own transformation."""
    parent = obj.parent
    if parent is None:
        return np.eye(4)[None]
    follows_path = parent.type == "CURVE" and parent.data.use_path
    if obj.parent_type not in ("OBJECT", "ARMATURE", "BONE") or follows_path:
        raise _NotKeyedError
    matrix = _object(parent, frames)
    if obj.parent_type == "BONE":
        bone = parent.data.bones.get(obj.parent_bone) if parent.type == "ARMATURE" else None
        if bone is None or bone.use_relative_parent:
            raise _NotKeyedError
        to_tail = np.eye(4)
        to_tail[1, 3] = bone.length
        matrix = matrix @ _bone(parent, bone.name, frames) @ to_tail
    return matrix @ np.array(obj.matrix_parent_inverse)


def _bone(armature: bpy.types.Object, name: str, frames: FloatArray) -> FloatArray:
    """Return the matrices of a bone in the coordinates of its armature."""
    pose = armature.pose.bones.get(name) if armature.type == "ARMATURE" else None
    if pose is None or armature.data.pose_position == "REST":
        raise _NotKeyedError
    if any(
        each.type in MOVE_BONES_ABOVE and not each.mute for bone in armature.pose.bones for each in bone.constraints
    ):
        raise _NotKeyedError
    matrix = np.eye(4)[None]
    for each in [*reversed(pose.parent_recursive), pose]:
        bone = each.bone
        if not bone.use_inherit_rotation or bone.inherit_scale != "FULL" or not bone.use_local_location:
            raise _NotKeyedError
        rest = bone.parent.matrix_local.inverted_safe() @ bone.matrix_local if bone.parent else bone.matrix_local
        matrix = matrix @ np.array(rest) @ _Keyed(armature, each, each.name).transformation(frames)
    return matrix


def _turn(values: FloatArray, mode: str) -> FloatArray:
    """Return rotation matrices (T, 3, 3) of rotation values in a rotation mode."""
    return rotation_values.matrices(rotation_values.quaternions(values, mode))


def _composed(location: FloatArray, turn: FloatArray, scale: FloatArray) -> FloatArray:
    """Return the matrices (T or 1, 4, 4) that scale, then turn, then move."""
    found = np.zeros((max(map(len, (location, turn, scale))), 4, 4))
    found[:, :3, :3] = turn * scale[:, None, :]
    found[:, :3, 3] = location
    found[:, 3, 3] = 1.0
    return found
