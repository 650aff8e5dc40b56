"""A head that turns about its neck: the delta location that keeps the neck in place, after an edit of the rotation."""

from __future__ import annotations

import bpy
import numpy as np

from ... import compat
from ..animation import sampling
from ..animation.active_curves import ActiveCurve, PropertyAddress
from ..keys import head_pose
from ..keys.key_table import KeyTable
from ..keys.rotation_values import rotation_vectors
from ..pins.pin_channels import baseline_rotations
from ..provenance import rest_pose
from . import curve_changes as edit_changes
from .rewrite_keys import CurveChange, evaluate_without_modifiers, rewrite_keys

CompensatedCurves = dict[PropertyAddress, tuple[bpy.types.Action, np.ndarray, CurveChange]]


def compensate_pivot(
    obj: bpy.types.Object,
    edit: edit_changes.MotionEdit,
    changes: list[CurveChange],
    active: dict[PropertyAddress, ActiveCurve],
    copy_by_original: dict[bpy.types.Action, bpy.types.Action],
    rotation_before_edit: np.ndarray,
) -> CompensatedCurves:
    """Move the curves of the delta location, in the copy that turns the head, by as much as the new rotation needs.

    By curve the Action that has it, the keys written (N, 2), and the change; none where the head does not turn about
    its neck. The rotation's own curves in the copy are new already; `before` is what `turning` said when they were not.
    """
    turned = _rotation_changes(obj, changes)
    placed = edit.placed or sampling.find_placement(obj)
    bases = {active[change.address].action for change in turned if change.address in active}
    base = next((action for action in bases if _delta_location_curve(action, 0)), None)
    if placed is None or base is None or base not in copy_by_original:
        return {}

    made = np.any([change.regenerate_mask for change in turned], axis=0)
    times = _pin_times(turned)
    rest, delta, mode = sampling.reference_rotation(obj), rest_pose.rest_delta(obj), obj.rotation_mode
    everywhere = np.concatenate([edit.frames, times])
    as_made = baseline_rotations(active, edit.frames, rotation_before_edit[: len(edit.frames)])
    after = sampling.sample_rotation(obj, everywhere, active)
    for change in turned:
        fcurve = compat.find_channelbag(copy_by_original[base], "OBJECT").fcurves.find(
            change.address[1], index=change.address[2]
        )
        after[:, change.address[2]] = sampling.evaluate_fcurve(fcurve, everywhere)
    old, new = (
        head_pose.pivot_compensation(obj, rotation_vectors(values, mode, rest), rest, placed.neck, delta)
        for values in (as_made, after)
    )
    swung: CompensatedCurves = {}
    for index in range(3) if new else ():
        fcurve = _delta_location_curve(base, index)
        besides = (
            evaluate_without_modifiers(fcurve, edit.frames) - old[index].values
        )  # where the artist has it elsewhere
        values = new[index].values + np.interp(everywhere, edit.frames, besides)
        points = np.stack([times, values[len(edit.frames) :]], axis=1)
        address = "OBJECT", head_pose.DELTA_LOCATION, index
        change = CurveChange(address, edit.frames, values[: len(edit.frames)].astype(np.float32), made, points)
        again = rewrite_keys(
            change, KeyTable.read(fcurve), lambda at, fcurve=fcurve: evaluate_without_modifiers(fcurve, at)
        )
        again.keys.write(_delta_location_curve(copy_by_original[base], index))
        swung[address] = copy_by_original[base], again.written, change
    return swung


def rotation_before(
    obj: bpy.types.Object,
    edit: edit_changes.MotionEdit,
    changes: list[CurveChange],
    active: dict[PropertyAddress, ActiveCurve],
) -> np.ndarray:
    """The numbers (N, 3 or 4) of the rotation on every row, and at every pin of it, before an edit is written."""
    everywhere = np.concatenate([edit.frames, _pin_times(_rotation_changes(obj, changes))])
    return sampling.sample_rotation(obj, everywhere, active)


def _rotation_changes(obj: bpy.types.Object, changes: list[CurveChange]) -> list[CurveChange]:
    return [change for change in changes if change.address[1] == head_pose.rotation_path(obj.rotation_mode)]


def _pin_times(rotation_changes: list[CurveChange]) -> np.ndarray:
    return np.unique(np.concatenate([np.zeros(0), *(change.pins[:, 0] for change in rotation_changes)]))


def _delta_location_curve(action: bpy.types.Action, index: int) -> bpy.types.FCurve | None:
    held = compat.find_channelbag(action, "OBJECT")
    return held.fcurves.find(head_pose.DELTA_LOCATION, index=index) if held else None
