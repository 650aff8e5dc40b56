"""A head that turns about its neck: the delta location that keeps the neck in place, after an edit of the rotation."""

from __future__ import annotations

import bpy
import numpy as np

from ... import compat
from ..animation import sample_motion
from ..animation.active_curves import Address, Playing
from ..keys import head_pose
from ..keys.key_table import KeyTable
from ..keys.rotation_values import vectors
from ..pins.pin_channels import generated_rotations
from ..provenance import rest_pose
from . import changes as edit_changes
from .curves import Change, keys_only, rewrite

Swung = dict[Address, tuple[bpy.types.Action, np.ndarray, Change]]


def swing(
    obj: bpy.types.Object,
    edit: edit_changes.Edited,
    changes: list[Change],
    found: dict[Address, Playing],
    copy_of: dict[bpy.types.Action, bpy.types.Action],
    before: np.ndarray,
) -> Swung:
    """Move the curves of the delta location, in the copy that turns the head, by as much as the new rotation needs.

    By curve the Action that has it, the keys written (N, 2), and the change; none where the head does not turn about
    its neck. The rotation's own curves in the copy are new already; `before` is what `turning` said when they were not.
    """
    turned = _turned(obj, changes)
    placed = edit.placed or sample_motion.placement_of(obj)
    bases = {found[change.address].action for change in turned if change.address in found}
    base = next((action for action in bases if _held(action, 0)), None)
    if placed is None or base is None or base not in copy_of:
        return {}

    made = np.any([change.made for change in turned], axis=0)
    times = _pinned(turned)
    rest, delta, mode = sample_motion.rest_rotation(obj), rest_pose.rest_delta(obj), obj.rotation_mode
    everywhere = np.concatenate([edit.frames, times])
    as_made = generated_rotations(found, edit.frames, before[: len(edit.frames)])
    after = sample_motion.rotations(obj, everywhere, found)
    for change in turned:
        fcurve = compat.channels_of(copy_of[base], "OBJECT").fcurves.find(change.address[1], index=change.address[2])
        after[:, change.address[2]] = sample_motion.evaluated(fcurve, everywhere)
    old, new = (
        head_pose.swings(obj, vectors(values, mode, rest), rest, placed.neck, delta) for values in (as_made, after)
    )
    swung: Swung = {}
    for index in range(3) if new else ():
        fcurve = _held(base, index)
        besides = keys_only(fcurve, edit.frames) - old[index].values  # where the artist has it elsewhere
        values = new[index].values + np.interp(everywhere, edit.frames, besides)
        points = np.stack([times, values[len(edit.frames) :]], axis=1)
        address = "OBJECT", head_pose.DELTA, index
        change = Change(address, edit.frames, values[: len(edit.frames)].astype(np.float32), made, points)
        again = rewrite(change, KeyTable.read(fcurve), lambda at, fcurve=fcurve: keys_only(fcurve, at))
        again.keys.write(_held(copy_of[base], index))
        swung[address] = copy_of[base], again.written, change
    return swung


def turning(
    obj: bpy.types.Object, edit: edit_changes.Edited, changes: list[Change], found: dict[Address, Playing]
) -> np.ndarray:
    """The numbers (N, 3 or 4) of the rotation on every row, and at every pin of it, before an edit is written."""
    everywhere = np.concatenate([edit.frames, _pinned(_turned(obj, changes))])
    return sample_motion.rotations(obj, everywhere, found)


def _turned(obj: bpy.types.Object, changes: list[Change]) -> list[Change]:
    return [change for change in changes if change.address[1] == head_pose.path(obj.rotation_mode)]


def _pinned(turned: list[Change]) -> np.ndarray:
    return np.unique(np.concatenate([np.zeros(0), *(change.pins[:, 0] for change in turned)]))


def _held(action: bpy.types.Action, index: int) -> bpy.types.FCurve | None:
    held = compat.channels_of(action, "OBJECT")
    return held.fcurves.find(head_pose.DELTA, index=index) if held else None
