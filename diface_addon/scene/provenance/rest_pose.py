"""The pose of a character's head before DiFACE first animated it, so that takes do not accumulate."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np
from mathutils import Quaternion, Vector

from ...rig.head_target import HeadTarget, head_target, rotation_property
from ..keys import head_pose
from . import baseline, stored_request


def rest_rotation(obj: bpy.types.Object) -> Quaternion:
    """Return the rotation that `obj` had before DiFACE first animated it.

    The active take stores it. Without an active take, if the object's pose is one of a take's (the user removed the
    Action), it is that take's; otherwise the user has rotated the object, and its current rotation is the rest.
    """
    request = _rest_request(obj)
    return Quaternion(request["rest_rotation"]) if request else head_pose.object_rotation(head_target(obj).posed)


def rotation_fields(target: HeadTarget) -> dict[str, str]:
    """Return the fields of a stored request that say which property the head's rotation is written to."""
    fields = {"rotation_mode": target.rotation_mode}
    if target.kind != "OBJECT" or target.bone:
        fields |= {"rotation_kind": target.kind, "rotation_path": target.rotation_path}
    return fields


def stored_rotation(request: dict[str, Any]) -> tuple[str, str]:
    """Return the kind and the RNA path of the rotation that a take was written to."""
    path = rotation_property(request.get("rotation_mode", "XYZ"))
    return request.get("rotation_kind", "OBJECT"), request.get("rotation_path", path)


def rest_delta(obj: bpy.types.Object) -> Vector:
    """Return the delta location that `obj` had before DiFACE first animated it."""
    request = _rest_request(obj)
    if request and "rest_delta" in request:
        return Vector(request["rest_delta"])
    return head_target(obj).owner.delta_location.copy()


def _rest_request(obj: bpy.types.Object) -> dict[str, Any] | None:
    """Return the stored request of the take that has the rest pose of `obj`."""
    owner = head_target(obj).owner
    active = owner.animation_data.action if owner.animation_data else None
    for action in bpy.data.actions:
        request = stored_request.read_request(action)
        if not request or "rest_rotation" not in request:
            continue
        if action == active or (active is None and _matches_a_row(obj, action)):
            return request
    return None


def _matches_a_row(obj: bpy.types.Object, action: bpy.types.Action) -> bool:
    """Return whether the head's rotation is that of a row of a take."""
    target = head_target(obj)
    # Without slots, the face's Action has the same request but no rotation.
    samples = baseline.read_samples(action).get(target.kind, ())
    columns = [curve.values for curve in samples if curve.path == target.rotation_path]
    now = np.array(getattr(target.posed, rotation_property(target.rotation_mode)), np.float32)
    return len(columns) == len(now) and bool(np.any(np.all(np.abs(np.stack(columns, 1) - now) < 1e-5, axis=1)))
