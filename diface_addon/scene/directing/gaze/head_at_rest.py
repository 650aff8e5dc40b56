"""Where a character's head would be without its take: it moves with the body alone."""

from __future__ import annotations

import numpy as np
from mathutils import Matrix, Quaternion

from .... import compat
from ....rig import rotation_values
from ....rig.head_target import rotation_property
from ....rig.property_address import bone_path, rotation_addresses
from ...animation import active_curves, evaluate_curves
from ...keys import head_pose
from ...provenance.rest_pose import rest_delta
from .head_frame import HeadFrame
from .place import FloatArray


def world_to_head(frame: HeadFrame, base: FloatArray, frames: FloatArray) -> FloatArray:
    """Return the matrices (T, 4, 4) from the world to the head's coordinates at rest; (1, 4, 4) if nothing moves it.

    Args:
        frame: The head.
        base: (T or 1, 4, 4) world matrices of `frame.base`.
        frames: (T,) frames of the scene.
    """
    local = _bone_rows(frame, frames) if frame.target.bone else _object_rows(frame, frames)
    turn = np.eye(4)
    turn[:3, :3] = frame.axes.T
    return turn @ np.linalg.pinv(base @ local)


def _object_rows(frame: HeadFrame, frames: FloatArray) -> FloatArray:
    """Return the matrices (T or 1, 4, 4) from the coordinates of an object at rest to those that its parent moves."""
    obj = frame.target.owner
    rest = head_pose.delta_rotation(obj) @ evaluate_curves.reference_rotation(frame.main)
    scale = np.array(obj.scale) * np.array(obj.delta_scale)
    matrix = np.array(rest.to_matrix().to_4x4() @ Matrix.Diagonal((*scale.tolist(), 1.0)))
    bag = compat.active_channelbag(obj.animation_data) if obj.animation_data and obj.animation_data.action else None
    curves = [bag.fcurves.find("location", index=index) if bag else None for index in range(3)]
    rows = np.repeat(matrix[None], len(frames) if any(curves) else 1, axis=0)
    for index, curve in enumerate(curves):
        moved = np.full(len(rows), obj.location[index])
        if curve is not None:
            moved = np.array([curve.evaluate(at) for at in frames.tolist()])
        rows[:, index, 3] = moved + rest_delta(frame.main)[index]
    return rows


def _bone_rows(frame: HeadFrame, frames: FloatArray) -> FloatArray:
    """Return the matrices (T or 1, 4, 4) from a head bone without its take to the bone below the neck."""
    owner, turning = frame.target.owner, list(frame.turning_bones())
    own = owner.data.bones[frame.target.bone]
    first = owner.data.bones[turning[0]]
    chain = [own, *own.parent_recursive]
    chain = list(reversed(chain[: chain.index(first) + 1]))
    rows = np.eye(4)[None]
    for bone in chain:
        below = bone.parent.matrix_local.inverted_safe() if bone.parent else Matrix()
        rows = rows @ np.array(below @ bone.matrix_local) @ _rotation_rows(frame, bone.name, frames)
    return rows


def _rotation_rows(frame: HeadFrame, bone: str, frames: FloatArray) -> FloatArray:
    """Return the rotation (T or 1, 4, 4) of a bone without the take: of the body's animation below, or at rest."""
    owner = frame.target.owner
    pose = owner.pose.bones[bone]
    addresses = rotation_addresses(frame.target.kind, bone_path(bone, rotation_property(pose.rotation_mode)))
    animation = owner.animation_data
    is_added = animation is not None and animation.action_blend_type == "COMBINE"
    if is_added and any(active_curves.strips_animating(frame.main, address) for address in addresses):
        values = evaluate_curves.sample_properties(frame.main, addresses, frames, {})
        turns = rotation_values.quaternions(values, pose.rotation_mode)
        return np.stack([np.array(Quaternion(turn).to_matrix().to_4x4()) for turn in turns])
    if bone == frame.target.bone:
        return np.array(evaluate_curves.reference_rotation(frame.main).to_matrix().to_4x4())[None]
    rest = Quaternion() if bone in frame.turning_bones() else head_pose.object_rotation(pose)
    return np.array(rest.to_matrix().to_4x4())[None]
