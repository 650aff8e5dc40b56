"""The head's rotation in a splice, in any rotation mode: the short way from one take's to the other's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import bpy
import numpy as np
import numpy.typing as npt
from mathutils import Euler, Quaternion

from ..animation import sample_motion
from ..keys import rotation_values
from ..keys.key_table import KeyTable
from .splice_span import Span

TAU = 2 * np.pi
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Turning:
    """A take's rotation: its F-curves, one a number, the rotation mode they are for, and the rest rotation."""

    curves: Sequence[bpy.types.FCurve]
    mode: str
    rest: Quaternion

    def numbers(self, times: npt.NDArray) -> Floats:
        """The rotation's numbers (T, 3 or 4) at `times` (T,)."""
        columns = [sample_motion.evaluated(curve, times) for curve in self.curves]
        return np.stack(columns, axis=1).astype(np.float64)

    def rotations(self, times: npt.NDArray) -> list[Quaternion]:
        """The rotation at `times` (T,)."""
        return [Quaternion(row) for row in rotation_values.quaternions(self.numbers(times), self.mode)]


def spliced(mine: Turning, theirs: Turning, over: Span) -> tuple[list[KeyTable], list[tuple[float, float]] | None]:
    """The keys of each number, in the rotation mode of `mine`, and what was done to those of `theirs` to have the same
    rotation without a jump: for each number (factor, offset). None where they had to be made anew, as of another mode.
    """
    tables, others = ([KeyTable.read(curve) for curve in turning.curves] for turning in (mine, theirs))
    ramps = over.on_ramps(*tables, *others)
    blended = _numbers(_between(mine, theirs, ramps, over.weight(ramps)), mine, ramps)
    changes = _changes(mine, theirs, over.plateau[0])
    if changes is None:
        times = over.on_plateau(*others)
        made = _numbers(_between(mine, theirs, times, np.ones(len(times))), mine, times)
        plateau = _generated(times, made)
    else:
        plateau = [_changed(table, *change) for table, change in zip(others, changes, strict=True)]
    parts = zip(tables, _generated(ramps, blended), plateau, strict=True)
    return [over.joined(*part) for part in parts], changes


def _between(mine: Turning, theirs: Turning, times: npt.NDArray, weights: npt.NDArray) -> list[Quaternion]:
    """From the one to the other by `weights` (T,), each turned as far from the rest rotation as in its own take."""
    to_mine = mine.rest @ theirs.rest.conjugated()
    pairs = zip(mine.rotations(times), theirs.rotations(times), weights, strict=True)
    return [a.slerp(to_mine @ b, float(weight)).normalized() for a, b, weight in pairs]


def _numbers(rotations: list[Quaternion], mine: Turning, times: npt.NDArray) -> Floats:
    """The numbers (T, 3 or 4) for rotations, each time those that lie nearest to the numbers of `mine` then."""
    near = mine.numbers(times)
    rows = [_of(rotation, mine.mode, like) for rotation, like in zip(rotations, near, strict=True)]
    return np.array(rows).reshape(near.shape)


def _of(rotation: Quaternion, mode: str, like: Floats) -> tuple[float, ...]:
    if mode == "QUATERNION":
        return rotation_values.alike(rotation, mode, like)
    if mode == "AXIS_ANGLE":
        axis, angle = rotation.to_axis_angle()
        turned = abs(np.remainder(angle + np.pi, TAU) - np.pi) > 1e-6
        return rotation_values.alike((angle, *(axis if turned else like[1:])), mode, like)
    return tuple(rotation.to_euler(mode, Euler(like, mode)))


def _changes(mine: Turning, theirs: Turning, first: float) -> list[tuple[float, float]] | None:
    """For each number (factor, offset) that bring those of `theirs` to the sheet of `mine`; None where nothing does."""
    if mine.mode != theirs.mode or mine.rest.rotation_difference(theirs.rest).angle > 1e-6:
        return None
    at = np.array([first])
    have, like = theirs.numbers(at)[0], mine.numbers(at)[0]
    if mine.mode == "QUATERNION":
        return [(-1.0 if np.dot(have, like) < 0 else 1.0, 0.0)] * 4
    if mine.mode == "AXIS_ANGLE":
        sign = -1.0 if np.dot(have[1:], like[1:]) < 0 else 1.0
        return [(sign, TAU * np.round((like[0] - sign * have[0]) / TAU)), *[(sign, 0.0)] * 3]
    turns = (np.array(rotation_values.alike(have, mine.mode, like)) - have) / TAU
    return [(1.0, TAU * turn) for turn in np.round(turns)] if np.abs(turns - np.round(turns)).max() < 1e-4 else None


def _changed(table: KeyTable, factor: float, offset: float) -> KeyTable:
    if (factor, offset) == (1.0, 0.0):
        return table
    by, more = np.array([1, factor], np.float32), np.array([0, offset], np.float32)
    names = ("co", "handle_left", "handle_right")
    return replace(table, **{name: getattr(table, name) * by + more for name in names})


def _generated(times: npt.NDArray, numbers: Floats) -> list[KeyTable]:
    return [KeyTable.generated(times, column) for column in numbers.T]
