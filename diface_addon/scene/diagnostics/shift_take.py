"""Copies of a take whose keys are earlier or later."""

from __future__ import annotations

import bpy
import numpy as np

from ... import compat
from ...core import types
from ..edits import convert_take
from ..keys.key_table import KeyTable
from ..provenance import baseline, edited_keys, stored_request, take_request

MOVED_SHARE = 0.5
"""Share of the generated keys that differ from the baseline from which the user moved all of them."""


def move(copies: list[bpy.types.Action], frames: float, rate: types.FrameRate) -> None:
    """Move a copy of a take `frames` later, for a sound that is as much later."""
    stored = stored_request.require_request(copies[0])
    rows, first = baseline.row_count(copies), stored["first_frame"]
    convert_take.convert_take(copies, convert_take.TimeMapping(first, first + frames, 1.0, rows), rate)


def sync(copies: list[bpy.types.Action], frames: int, rate: types.FrameRate) -> None:
    """Move a copy of a take `frames` later, for the same sound.

    If the user moved the generated keys, they move back to where they were generated.
    """
    if _are_keys_moved(copies[0]):
        for copy in filter(_are_keys_moved, copies):
            _shift_keys(copy, frames)
            take_request.discard(copy)
        return
    move(copies, frames, rate)
    for copy in copies:
        stored = stored_request.require_request(copy)
        audio = {**stored["audio"], "start": stored["audio"].get("start", 0.0) + rate.seconds(frames)}
        stored_request.write_request(copy, {**stored, "audio": audio})


def _are_keys_moved(action: bpy.types.Action) -> bool:
    changed, count = 0, 0
    for address, points in baseline.read_baseline_keys(action).items():
        fcurve = compat.find_fcurve(action, address)
        if fcurve and len(fcurve.keyframe_points) and np.ptp(points[:, 1]) > 0:
            mask = edited_keys.changed_mask(KeyTable.read(fcurve), points)
            changed, count = changed + int(mask.sum()), count + len(mask)
    return count > 0 and changed > MOVED_SHARE * count


def _shift_keys(action: bpy.types.Action, frames: int) -> None:
    for _address, fcurve in compat.action_fcurves(action):
        if len(fcurve.keyframe_points):
            keys = KeyTable.read(fcurve)
            for column in (keys.co, keys.handle_left, keys.handle_right):
                column[:, 0] += frames
            keys.write(fcurve)
