"""A rotation in a splice, in any rotation mode: spherical interpolation from one take to the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import bpy
import numpy as np
import numpy.typing as npt
from mathutils import Euler, Quaternion

from ....core import types
from ....rig import rotation_values
from ...animation import evaluate_curves
from ...keys.key_table import KeyTable
from .span import Span

TAU = 2 * np.pi


@dataclass(frozen=True)
class RotationCurves:
    """A take's rotation: an F-curve for each value, the rotation mode, and the rest rotation."""

    curves: Sequence[bpy.types.FCurve]
    mode: str
    rest: Quaternion

    def values_at(self, times: npt.NDArray) -> types.Float64Array:
        """Return the rotation's values (T, 3 or 4) at `times` (T,)."""
        columns = [evaluate_curves.evaluate_fcurve(curve, times) for curve in self.curves]
        return np.stack(columns, axis=1).astype(np.float64)

    def quaternions_at(self, times: npt.NDArray) -> list[Quaternion]:
        """Return the rotation at `times` (T,)."""
        return [Quaternion(row) for row in rotation_values.quaternions(self.values_at(times), self.mode)]


def splice_rotation(
    mine: RotationCurves, theirs: RotationCurves, span: Span
) -> tuple[list[KeyTable], list[tuple[float, float]] | None]:
    """Return the keys of each rotation value in the rotation mode of `mine`, and how those of `theirs` were changed.

    Returns:
        The keys, and (factor, offset) for each value, which give the same rotation of `theirs` without a jump. None
        instead if the keys were resampled, as for another rotation mode.
    """
    tables, others = ([KeyTable.read(curve) for curve in rotation.curves] for rotation in (mine, theirs))
    ramps = span.ramp_times(*tables, *others)
    blended = _to_values(_slerp(mine, theirs, ramps, span.weight(ramps)), mine, ramps)
    changes = _alignments(mine, theirs, span.plateau[0])
    if changes is None:
        times = span.plateau_times(*others)
        resampled = _to_values(_slerp(mine, theirs, times, np.ones(len(times))), mine, times)
        plateau = _generated_keys(times, resampled)
    else:
        plateau = [_aligned(table, *change) for table, change in zip(others, changes, strict=True)]
    parts = zip(tables, _generated_keys(ramps, blended), plateau, strict=True)
    return [span.joined(*part) for part in parts], changes


def _slerp(mine: RotationCurves, theirs: RotationCurves, times: npt.NDArray, weights: npt.NDArray) -> list[Quaternion]:
    """Return the interpolation by `weights` (T,), each rotation relative to the rest rotation of its take."""
    to_mine = mine.rest @ theirs.rest.conjugated()
    pairs = zip(mine.quaternions_at(times), theirs.quaternions_at(times), weights, strict=True)
    return [a.slerp(to_mine @ b, float(weight)).normalized() for a, b, weight in pairs]


def _to_values(rotations: list[Quaternion], mine: RotationCurves, times: npt.NDArray) -> types.Float64Array:
    """Return values (T, 3 or 4) for rotations: the equivalents nearest to the values of `mine` at each time."""
    near = mine.values_at(times)
    rows = [_nearest_values(rotation, mine.mode, like) for rotation, like in zip(rotations, near, strict=True)]
    return np.array(rows).reshape(near.shape)


def _nearest_values(rotation: Quaternion, mode: str, like: types.Float64Array) -> tuple[float, ...]:
    if mode == "QUATERNION":
        return rotation_values.nearest_equivalent(rotation, mode, like)
    if mode == "AXIS_ANGLE":
        axis, angle = rotation.to_axis_angle()
        turned = abs(np.remainder(angle + np.pi, TAU) - np.pi) > 1e-6
        return rotation_values.nearest_equivalent((angle, *(tuple(axis) if turned else like[1:])), mode, like)
    return tuple(rotation.to_euler(mode, Euler(like, mode)))


def _alignments(mine: RotationCurves, theirs: RotationCurves, first: float) -> list[tuple[float, float]] | None:
    """Return (factor, offset) for each value that convert `theirs` to equivalents near `mine`; None if impossible."""
    if mine.mode != theirs.mode or mine.rest.rotation_difference(theirs.rest).angle > 1e-6:
        return None
    at = np.array([first])
    have, like = theirs.values_at(at)[0], mine.values_at(at)[0]
    if mine.mode == "QUATERNION":
        return [(-1.0 if np.dot(have, like) < 0 else 1.0, 0.0)] * 4
    if mine.mode == "AXIS_ANGLE":
        sign = -1.0 if np.dot(have[1:], like[1:]) < 0 else 1.0
        return [(sign, TAU * np.round((like[0] - sign * have[0]) / TAU)), *[(sign, 0.0)] * 3]
    turns = (np.array(rotation_values.nearest_equivalent(have, mine.mode, like)) - have) / TAU
    return [(1.0, TAU * turn) for turn in np.round(turns)] if np.abs(turns - np.round(turns)).max() < 1e-4 else None


def _aligned(table: KeyTable, factor: float, offset: float) -> KeyTable:
    if (factor, offset) == (1.0, 0.0):
        return table
    by, more = np.array([1, factor], np.float32), np.array([0, offset], np.float32)
    names = ("co", "handle_left", "handle_right")
    return replace(table, **{name: getattr(table, name) * by + more for name in names})


def _generated_keys(times: npt.NDArray, numbers: types.Float64Array) -> list[KeyTable]:
    return [KeyTable.generated(times, column) for column in numbers.T]
