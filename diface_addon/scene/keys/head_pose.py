"""The head's rotation vectors as the rotation channels of an object, in the object's rotation mode.

The object's rest rotation q0 is its rotation before DiFACE first animated it. Each row rotates the head from there
about the local axes: q = q0 * exp(rotation vector). If the head rotates about another point than the object's origin,
the object's delta location compensates for it, so that the location remains the user's.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import bpy
import numpy as np
from mathutils import Euler, Quaternion, Vector

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
    obj: Posed = target.posed
    poses = [rest @ _to_quaternion(vector) for vector in vectors]
    if obj.rotation_mode == "QUATERNION":
        values = _quaternions(poses, obj.rotation_quaternion.copy() if previous is None else Quaternion(previous))
    elif obj.rotation_mode == "AXIS_ANGLE":
        values = _axis_angles(poses, *((0.0, (0.0, 1.0, 0.0)) if previous is None else (previous[0], previous[1:])))
    else:
        mode = obj.rotation_mode
        start = rest.to_euler(mode, obj.rotation_euler) if previous is None else Euler(previous, mode)
        values = _eulers(poses, mode, start)
    columns = np.asarray(values, np.float32).T
    return [SampledCurve(target.rotation_path, index, column) for index, column in enumerate(columns)]


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
    delta = _delta_rotation(obj)
    still = delta @ rest @ arm + Vector(rest_delta)
    values = [tuple(still - delta @ rest @ _to_quaternion(vector) @ arm) for vector in vectors]
    columns = np.asarray(values, np.float32).T
    return [SampledCurve(DELTA_LOCATION, index, column) for index, column in enumerate(columns)]


def _delta_rotation(obj: bpy.types.Object) -> Quaternion:
    """Return the delta rotation. Blender has none for axis and angle."""
    if obj.rotation_mode == "QUATERNION":
        return obj.delta_rotation_quaternion.normalized()
    if obj.rotation_mode == "AXIS_ANGLE":
        return Quaternion()
    return obj.delta_rotation_euler.to_quaternion()


def _to_quaternion(vector: np.ndarray) -> Quaternion:
    axis = Vector(vector.tolist())
    return Quaternion(axis.normalized(), axis.length) if axis.length > 0 else Quaternion()


def _eulers(poses: list[Quaternion], order: str, previous) -> list[tuple[float, ...]]:
    rows = []
    for pose in poses:
        previous = pose.to_euler(order, previous)
        rows.append(tuple(previous))
    return rows


def _quaternions(poses: list[Quaternion], previous: Quaternion) -> list[tuple[float, ...]]:
    rows = []
    for pose in poses:
        # q and -q are the same rotation, but interpolate differently.
        previous = pose * -1.0 if pose.dot(previous) < 0 else pose
        rows.append(tuple(previous))
    return rows


def _axis_angles(poses: list[Quaternion], angle_before: float, first_axis: Sequence[float]) -> list[tuple[float, ...]]:
    rows: list[tuple[float, ...]] = []
    axis_before = Vector(first_axis)
    for pose in poses:
        axis, angle = pose.to_axis_angle()
        if abs(math.remainder(angle, math.tau)) < 1e-6:
            axis = axis_before  # the axis of no rotation is not defined
        if axis.dot(axis_before) < 0:
            axis, angle = -axis, -angle
        angle = angle_before + math.remainder(angle - angle_before, math.tau)
        rows.append((angle, axis.x, axis.y, axis.z))
        axis_before, angle_before = axis, angle
    return rows
