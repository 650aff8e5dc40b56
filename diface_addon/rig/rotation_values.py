"""The values of an object's rotation in any rotation mode, as rotation vectors about its local axes, vectorised."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from mathutils import Euler, Quaternion, Vector

from ..core import types


def rotation_vectors(values: npt.NDArray, mode: str, rest: Quaternion) -> types.Float64Array:
    """Return the rotation vectors (T, 3), in radians, of `values` (T, 3 or 4) relative to `rest`.

    rest * exp(vector) is the rotation. The first vector is the shortest; the others continue it without jumps, also
    past half a turn.
    """
    turned = _quaternion_product(np.array(rest.conjugated())[None], quaternions(values, mode))
    same = np.sum(turned[1:] * turned[:-1], axis=1) >= 0
    first = -1.0 if len(turned) and turned[0, 0] < 0 else 1.0
    turned = turned * (first * np.cumprod(np.concatenate([[1.0], np.where(same, 1.0, -1.0)]))[: len(turned), None])
    sine = np.linalg.norm(turned[:, 1:], axis=1)
    angle = 2 * np.arctan2(sine, turned[:, 0])
    by = np.where(sine > 1e-12, angle / np.where(sine > 1e-12, sine, 1.0), 2.0)
    return turned[:, 1:] * by[:, None]


def quaternions(values: npt.NDArray, mode: str) -> types.Float64Array:
    """Return unit quaternions (T, 4), w first, of an object's rotation `values` (T, 3 or 4) in rotation `mode`."""
    values = np.asarray(values, np.float64)
    if mode == "QUATERNION":
        return _normalise(values, (1.0, 0.0, 0.0, 0.0))
    if mode == "AXIS_ANGLE":
        angle, axis = (
            np.where(np.any(values[:, 1:], axis=1), values[:, 0], 0.0),
            _normalise(values[:, 1:], (0.0, 1.0, 0.0)),
        )
        return np.concatenate([np.cos(angle / 2)[:, None], np.sin(angle / 2)[:, None] * axis], axis=1)
    turned = np.tile((1.0, 0.0, 0.0, 0.0), (len(values), 1))
    for letter in mode:  # Blender rotates about the first axis first
        column = "XYZ".index(letter)
        about = np.zeros((len(values), 4))
        about[:, 0], about[:, 1 + column] = np.cos(values[:, column] / 2), np.sin(values[:, column] / 2)
        turned = _quaternion_product(about, turned)
    return turned


def matrices(turns: npt.NDArray) -> types.Float64Array:
    """Return the rotation matrices (T, 3, 3) of unit quaternions (T, 4), w first."""
    w, x, y, z = turns.T
    rows = (
        (1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)),
        (2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)),
        (2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)),
    )
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=1)


def to_quaternion(vector: npt.NDArray) -> Quaternion:
    """Return the rotation by a rotation vector (3,), in radians."""
    axis = Vector(vector.tolist())
    return Quaternion(axis.normalized(), axis.length) if axis.length > 0 else Quaternion()


def rotation_rows(
    mode: str, vectors: npt.NDArray, rest: Quaternion, previous: Sequence[float]
) -> npt.NDArray[np.float64]:
    """Return the values (T, 3 or 4) that rotate from `rest` by `vectors` (T, 3), in radians, without jumps.

    Args:
        mode: Rotation mode.
        vectors: The rotation vectors.
        rest: The rest rotation.
        previous: Values of the rotation, 3 or 4, that the first row continues.
    """
    poses = [rest @ to_quaternion(vector) for vector in vectors]
    if mode == "QUATERNION":
        values = _quaternions(poses, Quaternion(previous))
    elif mode == "AXIS_ANGLE":
        values = _axis_angles(poses, previous[0], previous[1:])
    else:
        values = _eulers(poses, mode, Euler(previous, mode))
    return np.asarray(values, np.float64).reshape(len(poses), len(previous))


def nearest_equivalent(values: Sequence[float], mode: str, other: Sequence[float]) -> tuple[float, ...]:
    """Return the values of the same rotation as `values` that are nearest to `other`."""
    if mode == "QUATERNION":
        sign = -1.0 if np.dot(values, other) < 0 else 1.0
        return tuple(sign * value for value in values)
    if mode == "AXIS_ANGLE":
        sign = -1.0 if Vector(values[1:]).dot(Vector(other[1:])) < 0 else 1.0
        angle = sign * values[0]
        return (angle - np.round((angle - other[0]) / (2 * np.pi)) * 2 * np.pi, *(sign * x for x in values[1:]))
    return tuple(Euler(values, mode).to_quaternion().to_euler(mode, Euler(other, mode)))


def _normalise(values: types.Float64Array, fallback: tuple[float, ...]) -> types.Float64Array:
    """Return rows of length 1; `fallback` for rows of length 0."""
    length = np.linalg.norm(values, axis=1, keepdims=True)
    return np.where(length > 0, values / np.where(length > 0, length, 1.0), np.array(fallback))


def _quaternion_product(a: types.Float64Array, b: types.Float64Array) -> types.Float64Array:
    """Return quaternion products (T, 4): b first, then a."""
    w, v, x, u = a[:, :1], a[:, 1:], b[:, :1], b[:, 1:]
    return np.concatenate([w * x - np.sum(v * u, 1, keepdims=True), w * u + x * v + _cross(v, u)], axis=1)


def _cross(a: types.Float64Array, b: types.Float64Array) -> types.Float64Array:
    """Return cross products (T, 3), as `np.cross`, which takes several times as long for few rows."""
    (x, y, z), (u, v, w) = a.T, b.T
    return np.stack([y * w - z * v, z * u - x * w, x * v - y * u], axis=1)


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
