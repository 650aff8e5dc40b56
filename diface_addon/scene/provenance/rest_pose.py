"""The pose of a character's head before DiFACE first animated it, so that takes do not accumulate."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np
from mathutils import Quaternion, Vector

from ..keys import head_pose
from . import baseline, stored_request


def rest_rotation(obj: bpy.types.Object) -> Quaternion:
    """Return the rotation that `obj` had before DiFACE first animated it.

    The active take stores it. Without an active take, if the object's pose is one of a take's (the user removed the
    Action), it is that take's; otherwise the user has rotated the object, and its current rotation is the rest.
    """
    request = _rest_request(obj)
    return Quaternion(request["rest_rotation"]) if request else head_pose.object_rotation(obj)


def rest_delta(obj: bpy.types.Object) -> Vector:
    """Return the delta location that `obj` had before DiFACE first animated it."""
    request = _rest_request(obj)
    return Vector(request["rest_delta"]) if request and "rest_delta" in request else obj.delta_location.copy()


def _rest_request(obj: bpy.types.Object) -> dict[str, Any] | None:
    """Return the stored request of the take that has the rest pose of `obj`."""
    active = obj.animation_data.action if obj.animation_data else None
    for action in bpy.data.actions:
        request = stored_request.read_request(action)
        if not request or "rest_rotation" not in request:
            continue
        if action == active or (active is None and _matches_a_row(obj, action)):
            return request
    return None


def _matches_a_row(obj: bpy.types.Object, action: bpy.types.Action) -> bool:
    """Return whether the object's rotation is that of a row of a take."""
    path = head_pose.rotation_path(obj.rotation_mode)
    # Without slots, the face's Action has the same request but no rotation.
    columns = [curve.values for curve in baseline.read_samples(action).get("OBJECT", ()) if curve.path == path]
    now = np.array(getattr(obj, path), np.float32)
    return len(columns) == len(now) and bool(np.any(np.all(np.abs(np.stack(columns, 1) - now) < 1e-5, axis=1)))
