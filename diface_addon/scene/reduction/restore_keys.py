"""One key a frame again, where the keys were reduced. What the user changed since stays."""

from __future__ import annotations

import bpy
import numpy as np
import numpy.typing as npt

from ... import compat
from ...core import types
from ...rig.property_address import PointsByAddress, PropertyAddress
from ..edits.edit_baseline import store_points
from ..edits.rewrite_keys import coincident_mask, evaluate_without_modifiers
from ..keys.bezier_keys import SAME_VALUE, at_or_beside, moved_handles_mask, unchanged_handles
from ..keys.key_table import SAME_TIME, KeyTable
from ..keys.write_keys import enum_value
from ..provenance import baseline, edited_keys, reduction_state, stored_request


def restore(action: bpy.types.Action) -> None:
    """Write one key a frame instead of the reduced keys of an Action; nothing if its keys are dense.

    Between keys that the user did not touch, the motion is the dense one, exactly. Elsewhere it is what the curves
    show, and the keys of the user stay as they are.
    """
    if reduction_state.read(action) is None:
        return
    points: PointsByAddress = dict(baseline.read_baseline_keys(action))
    for address in reduction_state.read_keys(action):
        if found := _find_dense_curve(action, address):
            table, points[address] = found
            table.write(compat.find_fcurve(action, address))
    reduction_state.remove(action)
    store_points(action, stored_request.require_request(action), points, baseline.read_applied_pins(action))


def dense_keys(action: bpy.types.Action, address: PropertyAddress) -> KeyTable | None:
    """Return the keys that a curve has after `restore`; None if it has none or is not reduced."""
    found = _find_dense_curve(action, address)
    return found[0] if found else None


def _find_dense_curve(
    action: bpy.types.Action, address: PropertyAddress
) -> tuple[KeyTable, npt.NDArray[np.float32]] | None:
    """Return the dense keys of a reduced curve and its baseline (N, 2)."""
    written = reduction_state.read_keys(action).get(address)
    dense, fcurve = reduction_state.read_dense_keys(action).get(address), compat.find_fcurve(action, address)
    if written is None or dense is None or not len(dense) or fcurve is None or not len(fcurve.keyframe_points):
        return None
    points = baseline.read_baseline_keys(action).get(address, written[:, :2])
    return _dense_curve(fcurve, written, dense, points)


def _dense_curve(
    fcurve: bpy.types.FCurve, written: npt.NDArray, dense: npt.NDArray, points: npt.NDArray
) -> tuple[KeyTable, npt.NDArray[np.float32]]:
    """Return the dense keys of a curve and its baseline (N, 2).

    Args:
        fcurve: The curve with reduced keys.
        written: (N, 3) the reduced keys as they were written.
        dense: (M, 2) the dense baseline.
        points: (N, 2) the current baseline.
    """
    keys = KeyTable.read(fcurve)
    frames = np.arange(np.round(dense[0, 0]), np.round(dense[-1, 0]) + 1, dtype=np.float64)
    generated = np.interp(frames, dense[:, 0], dense[:, 1]).astype(np.float32)
    shown = evaluate_without_modifiers(fcurve, frames).astype(np.float32)
    intact = _intact_mask(frames, keys, written)
    values = np.where(intact, generated, shown)
    extreme = enum_value("type", "EXTREME")
    user = edited_keys.changed_mask(keys, points) | (keys.type == extreme)
    pulled = moved_handles_mask(keys, written) & ~at_or_beside(user)
    user |= pulled
    kept = keys[user]
    kept.type[pulled[user]] = extreme  # its value is that of the baseline, but it is the user's
    kept.interpolation[:] = enum_value("interpolation", "LINEAR")
    at_user = coincident_mask(frames, kept.frames)
    table = KeyTable.joined([KeyTable.generated(frames, values), kept])
    return table, np.stack([frames, np.where(at_user, _before(frames, points, generated), values)], axis=1).astype(
        np.float32
    )


def _before(frames: npt.NDArray, points: npt.NDArray, generated: npt.NDArray) -> npt.NDArray:
    """Return the baseline at frames: of a reduced key its value, elsewhere the dense one."""
    known = coincident_mask(frames, points[:, 0])
    return np.where(known, np.interp(frames, points[:, 0], points[:, 1]), generated)


def _intact_mask(frames: npt.NDArray, keys: KeyTable, written: npt.NDArray) -> types.BoolArray:
    """Return the frames (T,) between two written keys that are as they were, with nothing between them."""
    near, there = keys.nearest(written[:, 0])
    same = there & (np.abs(keys.values[near] - written[:, 1]) <= SAME_VALUE)
    handles = unchanged_handles(keys, written)
    bezier = keys.interpolation[near] == enum_value("interpolation", "BEZIER")
    adjacent = near[1:] == near[:-1] + 1
    whole = same[:-1] & same[1:] & handles[:-1, 1] & handles[1:, 0] & bezier[:-1] & adjacent
    part = np.clip(np.searchsorted(written[:, 0], frames + SAME_TIME) - 1, 0, max(len(whole) - 1, 0))
    inside = (frames >= written[0, 0] - SAME_TIME) & (frames <= written[-1, 0] + SAME_TIME)
    at_key = coincident_mask(frames, written[same, 0])
    return (inside & (whole[part] if len(whole) else False)) | at_key
