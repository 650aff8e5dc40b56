"""Rotation modes, and setting an object's rotation in each of them."""

from __future__ import annotations

from mathutils import Quaternion

MODES = ("XYZ", "XZY", "YXZ", "YZX", "ZXY", "ZYX", "QUATERNION", "AXIS_ANGLE")


def turn(obj, rotation: Quaternion) -> None:
    """Set the object's rotation in its rotation mode."""
    if obj.rotation_mode == "QUATERNION":
        obj.rotation_quaternion = rotation
    elif obj.rotation_mode == "AXIS_ANGLE":
        axis, angle = rotation.to_axis_angle()
        obj.rotation_axis_angle = (angle, *axis)
    else:
        obj.rotation_euler = rotation.to_euler(obj.rotation_mode)
