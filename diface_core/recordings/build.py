"""Builds a Recording from the columns of any format: which rows are tracked, and the head's rotation."""

from __future__ import annotations

import numpy as np

from .. import channels
from ..motion.head_angles import mean_angle, relative_to_mean, vectors_from_angles
from ..types import AnyFloatArray, BoolArray, Float64Array
from .recording import Recording
from .row_times import RowTimes

MAX_WEIGHT = 10.0
"""Weights beyond this are damaged; a face's are about 0 to 1."""
MAX_RADIANS = 3.5
"""Angles above this are degrees."""
MAX_CAMERA_TURN = np.radians(45)
"""Mean rotation of the head above which the camera was on its side, and the rotation is taken relative to the mean."""
FROZEN_SECONDS = 0.1
"""Time for which a tracked face does not stay the same in every weight: noise moves some of them in each row."""


def build(
    kind: str,
    times: RowTimes,
    face: AnyFloatArray,
    angles: AnyFloatArray | None = None,
    lost: BoolArray | None = None,
    is_tracked_by_camera: bool = True,
    notes: tuple[str, ...] = (),
) -> Recording:
    """Return a Recording.

    Args:
        kind: What wrote the file.
        times: The times of the rows.
        face: (T, 52) weights; not finite or out of range where they are missing.
        angles: (T, 3) yaw, pitch and roll of the head in radians or degrees; None or all zero: the file has none.
        lost: (T,) rows that the file marks as without a face.
        is_tracked_by_camera: Whether rows that repeat one another mean that the tracker had lost the face.
        notes: What the user should know.
    """
    columns, names = face, channels.FACE
    if angles is not None and np.nan_to_num(angles).any():
        vectors, more = _head_vectors(angles)
        columns, names, notes = np.concatenate([face, vectors], 1), channels.ALL, notes + more
    tracked = np.isfinite(columns).all(axis=1) & (np.abs(face) <= MAX_WEIGHT).all(axis=1)
    if lost is not None:
        tracked &= ~lost
    if is_tracked_by_camera:
        tracked &= ~_frozen(face, times.seconds)
    values = np.nan_to_num(np.where(tracked[:, None], columns, 0.0)).astype(np.float32)
    return Recording(kind, times.seconds, values, names, tracked, times.start, times.notes + notes)


def _head_vectors(angles: AnyFloatArray) -> tuple[Float64Array, tuple[str, ...]]:
    """Rotation vectors (T, 3) of yaw, pitch and roll (T, 3), NaN where they are missing, and notes."""
    is_valid = np.isfinite(angles).all(axis=1)
    if np.abs(angles[is_valid]).max(initial=0) > MAX_RADIANS:
        angles = np.radians(angles)
    vectors = np.full((len(angles), 3), np.nan)
    # Many turns, as in a damaged file, are as good as none.
    vectors[is_valid] = vectors_from_angles(np.remainder(angles[is_valid] + np.pi, 2 * np.pi) - np.pi)
    if not is_valid.any() or mean_angle(vectors[is_valid]) < MAX_CAMERA_TURN:
        return vectors, ()
    vectors[is_valid] = relative_to_mean(vectors[is_valid])
    return vectors, ("The camera was not upright: the head's rotation is relative to its mean.",)


def _frozen(face: AnyFloatArray, seconds: Float64Array) -> BoolArray:
    """Rows (T,) that repeat the one before them, in runs of at least FROZEN_SECONDS."""
    same = np.concatenate([[False], (face[1:] == face[:-1]).all(axis=1)])
    edges = np.flatnonzero(np.diff(np.concatenate([[False], same, [False]])))
    for first, end in edges.reshape(-1, 2):
        if seconds[end - 1] - seconds[first - 1] < FROZEN_SECONDS:
            same[first:end] = False
    return same
