"""Bezier keys of an F-curve by frame, value and slope."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from .key_table import KeyTable, nearest
from .write_keys import enum_value

SAME_HANDLE_TIME = 5e-3
"""Frames up to which two handles are at the same time."""
SAME_VALUE = 1e-5
"""Difference up to which two values or handles are the same."""


def bezier_table(keys: npt.NDArray[np.floating]) -> KeyTable:
    """Return keys of type GENERATED for rows (N, 3) of frame, value and slope.

    The handles are at thirds of the time to the next key, where a Bezier curve is a cubic of time.
    """
    frames, values, slopes = np.asarray(keys, np.float64).T
    table = KeyTable.generated(frames, values)
    third = np.diff(frames) / 3 if len(frames) > 1 else np.full(1, 1 / 3)
    before, after = (
        np.concatenate([third[:1], third])[: len(frames)],
        np.concatenate([third, third[-1:]])[-len(frames) :],
    )
    left, right = (_on_tangent(table.co, slopes, times) for times in (frames - before, frames + after))
    bezier, aligned = enum_value("interpolation", "BEZIER"), enum_value("handle_left_type", "ALIGNED")
    return replace(
        table,
        handle_left=left,
        handle_right=right,
        interpolation=np.full_like(table.interpolation, bezier),
        handle_left_type=np.full_like(table.handle_left_type, aligned),
        handle_right_type=np.full_like(table.handle_right_type, aligned),
    )


def _on_tangent(
    co: npt.NDArray[np.float32], slopes: npt.NDArray[np.float64], times: npt.NDArray[np.float64]
) -> npt.NDArray[np.float32]:
    """Return handles (N, 2) at times, which float32 rounds, on the tangents of keys (N, 2)."""
    rounded = times.astype(np.float32)
    rise = slopes * (rounded.astype(np.float64) - co[:, 0])
    return np.stack([rounded, (co[:, 1] + rise).astype(np.float32)], axis=1)


def unchanged_handles(table: KeyTable, written: npt.NDArray[np.floating]) -> npt.NDArray[np.bool_]:
    """Return for reduced keys, (N, 3) as they were written, if their left and right handles (N, 2) are the same now.

    Keys that do not exist any more have other handles.
    """
    wanted = bezier_table(written)
    near, there = table.nearest(written[:, 0])
    sides = []
    for name in ("handle_left", "handle_right"):
        off = np.abs(getattr(table, name)[near] - getattr(wanted, name))
        sides.append(there & (off[:, 0] <= SAME_HANDLE_TIME) & (off[:, 1] <= SAME_VALUE))
    return np.stack(sides, axis=1)


def moved_handles_mask(table: KeyTable, written: npt.NDArray[np.floating]) -> npt.NDArray[np.bool_]:
    """Return which keys (K,) are reduced keys, (N, 3) as they were written, with a handle that was moved since."""
    if not len(table) or not len(written):
        return np.zeros(len(table), bool)
    near, there = table.nearest(written[:, 0])
    bezier = table.interpolation[near] == enum_value("interpolation", "BEZIER")
    same_value = np.abs(table.values[near] - written[:, 1]) <= SAME_VALUE
    mask = np.zeros(len(table), bool)
    mask[near[there & bezier & same_value & ~unchanged_handles(table, written).all(axis=1)]] = True
    return mask


def with_written_handles(table: KeyTable, written: npt.NDArray[np.floating], kept: npt.NDArray) -> KeyTable:
    """Return keys, those that are reduced keys as they were written, (N, 3), with their handles again.

    Args:
        table: K keys.
        written: The reduced keys.
        kept: (M,) frames of keys that stay as they are.
    """
    near, there = table.nearest(written[:, 0])
    same = there & (np.abs(table.values[near] - written[:, 1]) <= SAME_VALUE)
    if len(kept):
        same &= ~nearest(kept, written[:, 0])[1]
    wanted, rows = bezier_table(written)[same], near[same]
    columns = {}
    for name in ("handle_left", "handle_right", "handle_left_type", "handle_right_type", "interpolation"):
        columns[name] = getattr(table, name).copy()
        columns[name][rows] = getattr(wanted, name)
    return replace(table, **columns)


def at_or_beside(chosen: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return which keys (K,) are chosen, or beside one that is chosen."""
    mask = chosen.copy()
    mask[1:] |= chosen[:-1]
    mask[:-1] |= chosen[1:]
    return mask
