"""The head's rotation vectors as the rotation channels of an object, in the object's rotation mode.

The object's rest rotation q0 is its rotation before DiFACE first animated it. Each row rotates the head from there
about the local axes: q = q0 * exp(rotation vector). If the head rotates about another point than the object's origin,
the object's delta location compensates for it, so that the location remains the user's.
"""

from __future__ import annotations

from collections.abc import Sequence

import bpy
import numpy as np
from mathutils import Quaternion, Vector

from ...rig import rotation_values
from ...rig.head_target import HeadTarget
from .write_keys import SampledCurve

DELTA_LOCATION = "delta_location"
ORIGIN_TOLERANCE = 1e-5
"""Distance from the object's origin up to which a pivot counts as the origin."""
Posed = bpy.types.Object | bpy.types.PoseBone


def object_rotation(obj: Posed) -> Quaternion:
    """Return the rotation of an object or a pose bone in any mode, without its parent's and its delta."""
    if obj.rotation_mode == "QUATERNION":
        return obj.rotation_quaternion.normalized()
    if obj.rotation_mode == "AXIS_ANGLE":
        angle, *axis = tuple(obj.rotation_axis_angle)
        return Quaternion(Vector(axis).normalized(), angle) if any(axis) else Quaternion()
    return obj.rotation_euler.to_quaternion()


def rotation_curves(
    target: HeadTarget, vectors: np.ndarray, rest: Quaternion, previous: Sequence[float] | None = None
) -> list[SampledCurve]:
    """Return the F-curves that rotate a head from `rest` by `vectors` (T, 3), in radians, without jumps between rows.

    Args:
        target: The object or bone that rotates.
        vectors: The rotation vectors.
        rest: The rest rotation.
        previous: Values of the rotation, 3 or 4, that the first row continues; None for those that it has now.
    """
    mode = target.rotation_mode
    start = _first_values(target.posed, rest) if previous is None else previous
    values = rotation_values.rotation_rows(mode, vectors, rest, start)
    columns = np.asarray(values, np.float32).T
    return [SampledCurve(target.rotation_path, index, column) for index, column in enumerate(columns)]


def _first_values(posed: Posed, rest: Quaternion) -> list[float]:
    """Return values near which the first row of a rotation begins."""
    if posed.rotation_mode == "QUATERNION":
        return list(posed.rotation_quaternion)
    if posed.rotation_mode == "AXIS_ANGLE":
        return [0.0, 0.0, 1.0, 0.0]
    return list(rest.to_euler(posed.rotation_mode, posed.rotation_euler))


def pivot_compensation(
    target: HeadTarget, vectors: np.ndarray, rest: Quaternion, pivot: np.ndarray, rest_delta: Sequence[float]
) -> list[SampledCurve]:
    """Return the F-curves of the delta location that keep `pivot` in place while an object rotates.

    Args:
        target: The head. A bone rotates about its joint, and needs none.
        vectors: Its rotation vectors (T, 3), in radians.
        rest: Its rest rotation.
        pivot: A point (3,) of the mesh in local coordinates.
        rest_delta: The delta location at rest.

    Returns:
        Three curves; none if the pivot is the origin.
    """
    if target.bone:
        return []
    obj = target.owner
    arm = Vector((pivot * np.array(obj.scale) * np.array(obj.delta_scale)).tolist())
    if arm.length < ORIGIN_TOLERANCE:
        return []
    delta = delta_rotation(obj)
    still = delta @ rest @ arm + Vector(rest_delta)
    values = [tuple(still - delta @ rest @ rotation_values.to_quaternion(vector) @ arm) for vector in vectors]
    columns = np.asarray(values, np.float32).T
    return [SampledCurve(DELTA_LOCATION, index, column) for index, column in enumerate(columns)]


def delta_rotation(obj: bpy.types.Object) -> Quaternion:
    """Return the delta rotation. Blender has none for axis and angle."""
    if obj.rotation_mode == "QUATERNION":
        return obj.delta_rotation_quaternion.normalized()
    if obj.rotation_mode == "AXIS_ANGLE":
        return Quaternion()
    return obj.delta_rotation_euler.to_quaternion()
