"""The pose that a character's head had before DiFACE first animated it, so that takes do not add up."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np
from mathutils import Quaternion, Vector

from ..keys import head_pose
from . import baseline, stored_request


def rest_rotation(obj: bpy.types.Object) -> Quaternion:
    """The rotation that `obj` had before DiFACE first animated it.

    A take that plays remembers it. Where none plays but the object still stands as one left it (the artist took the
    Action off), that take's counts; otherwise the artist has turned the object, and its rotation now is the rest.
    """
    request = _rest_request(obj)
    return Quaternion(request["rest_rotation"]) if request else head_pose.object_rotation(obj)


def rest_delta(obj: bpy.types.Object) -> Vector:
    """The delta location that `obj` had before DiFACE first animated it."""
    request = _rest_request(obj)
    return Vector(request["rest_delta"]) if request and "rest_delta" in request else obj.delta_location.copy()


def _rest_request(obj: bpy.types.Object) -> dict[str, Any] | None:
    """The request of the take that remembers how `obj` was before."""
    playing = obj.animation_data.action if obj.animation_data else None
    for action in bpy.data.actions:
        request = stored_request.read_request(action)
        if not request or "rest_rotation" not in request:
            continue
        if action == playing or (playing is None and _matches_a_row(obj, action)):
            return request
    return None


def _matches_a_row(obj: bpy.types.Object, action: bpy.types.Action) -> bool:
    """Whether the object's rotation is that of a row of a take."""
    path = head_pose.rotation_path(obj.rotation_mode)
    # Without slots, the face's Action has the same request, and no rotation.
    columns = [curve.values for curve in baseline.read_samples(action).get("OBJECT", ()) if curve.path == path]
    now = np.array(getattr(obj, path), np.float32)
    return len(columns) == len(now) and bool(np.any(np.all(np.abs(np.stack(columns, 1) - now) < 1e-5, axis=1)))
