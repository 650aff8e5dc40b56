"""The values of an object's rotation in any rotation mode, as rotation vectors about its local axes, vectorised."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from mathutils import Euler, Quaternion, Vector

from ...core import types


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
    return np.concatenate([w * x - np.sum(v * u, 1, keepdims=True), w * u + x * v + np.cross(v, u)], axis=1)
