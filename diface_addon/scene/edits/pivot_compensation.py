"""The delta location of a head that rotates about its neck, after an edit of the rotation."""

from __future__ import annotations

from dataclasses import dataclass, replace

import bpy
import numpy as np

from ... import compat
from ...core import placement
from ...rig.head_target import head_target
from ...rig.property_address import PropertyAddress
from ...rig.rotation_values import rotation_vectors
from ..animation import evaluate_curves
from ..animation.active_curves import ActiveCurve
from ..keys import head_pose
from ..keys.key_table import KeyTable
from ..keys.write_keys import SampledCurve
from ..provenance import rest_pose
from .curve_changes import MotionEdit
from .rewrite_keys import CurveChange, WrittenCurve, evaluate_without_modifiers, rewrite_keys


@dataclass(frozen=True)
class _RotationEdit:
    """An edit of the rotation: its changes, the Action that has the curves, and where the mesh's neck is."""

    changes: list[CurveChange]
    base: bpy.types.Action
    copy: bpy.types.Action
    placed: placement.Placement

    @property
    def pin_times(self) -> np.ndarray:
        return _pin_times(self.changes)


def compensate_pivot(
    obj: bpy.types.Object,
    edit: MotionEdit,
    changes: list[CurveChange],
    active: dict[PropertyAddress, ActiveCurve],
    copy_by_original: dict[bpy.types.Action, bpy.types.Action],
    rotation_before_edit: np.ndarray,
) -> dict[PropertyAddress, WrittenCurve]:
    """Change the curves of the delta location so that the neck stays in place, in the copy that rotates the head.

    Args:
        obj: The character.
        edit: The edit.
        changes: Its changes. Those of the rotation are written into the copy already.
        active: The curves before the edit.
        copy_by_original: The Actions of the new take.
        rotation_before_edit: What `rotation_before` returned before the edit was written.

    Returns:
        The curves that were written; none if the head does not rotate about its neck.
    """
    rotation = _find_rotation_edit(obj, edit, changes, active, copy_by_original)
    if rotation is None:
        return {}
    times, kind = rotation.pin_times, head_target(obj).kind
    all_times = np.concatenate([edit.frames, times])
    rows = rotation_before_edit[: len(edit.frames)]
    before = evaluate_curves.generated_values(head_target(obj).addresses, active, edit.frames, rows)
    old = _delta_locations(obj, rotation.placed, before)
    new = _delta_locations(obj, rotation.placed, _rotation_after(obj, rotation, active, all_times))
    mask = np.any([change.regenerate_mask for change in rotation.changes], axis=0)
    written: dict[PropertyAddress, WrittenCurve] = {}
    for index in range(3) if new else ():
        fcurve = _delta_location_curve(rotation.base, kind, index)
        user_offset = evaluate_without_modifiers(fcurve, edit.frames) - old[index].values  # if the user moved the head
        values = new[index].values + np.interp(all_times, edit.frames, user_offset)
        pins = np.stack([times, values[len(edit.frames) :]], axis=1)
        address = kind, head_pose.DELTA_LOCATION, index
        change = _change_within(mask, address, edit.frames, values[: len(edit.frames)], pins)
        result = rewrite_keys(
            change, KeyTable.read(fcurve), lambda at, fcurve=fcurve: evaluate_without_modifiers(fcurve, at)
        )
        result.keys.write(_delta_location_curve(rotation.copy, kind, index))
        written[address] = WrittenCurve(rotation.copy, result.written, change)
    return written


def _delta_locations(obj: bpy.types.Object, placed: placement.Placement, values: np.ndarray) -> list[SampledCurve]:
    """Return the curves of the delta location for values (N, 3 or 4) of the rotation; none about the origin."""
    target, rest = head_target(obj), evaluate_curves.reference_rotation(obj)
    vectors = rotation_vectors(values, target.rotation_mode, rest)
    return head_pose.pivot_compensation(target, vectors, rest, placed.neck, rest_pose.rest_delta(obj))


def _change_within(
    mask: np.ndarray, address: PropertyAddress, frames: np.ndarray, values: np.ndarray, pins: np.ndarray
) -> CurveChange:
    """Return the change of a curve with the pins that are regenerated: the rotation of others was not changed."""
    change = CurveChange(address, frames, values.astype(np.float32), mask, pins)
    return replace(change, pins=pins[change.in_segments(pins[:, 0])])


def rotation_before(
    obj: bpy.types.Object, edit: MotionEdit, changes: list[CurveChange], active: dict[PropertyAddress, ActiveCurve]
) -> np.ndarray:
    """Return the rotation's values (N, 3 or 4) at every row and every pin of it, before an edit is written."""
    times = np.concatenate([edit.frames, _pin_times(_rotation_changes(obj, changes))])
    return evaluate_curves.sample_rotation(obj, times, active)


def _find_rotation_edit(
    obj: bpy.types.Object,
    edit: MotionEdit,
    changes: list[CurveChange],
    active: dict[PropertyAddress, ActiveCurve],
    copy_by_original: dict[bpy.types.Action, bpy.types.Action],
) -> _RotationEdit | None:
    """Return the edit of the rotation; None without one, or if the head does not rotate about its neck."""
    rotation_changes = _rotation_changes(obj, changes)
    placed = edit.placed or evaluate_curves.find_placement(obj)
    bases = {active[change.address].action for change in rotation_changes if change.address in active}
    kind = head_target(obj).kind
    base = next((action for action in bases if _delta_location_curve(action, kind, 0)), None)
    if placed is None or base is None or base not in copy_by_original:
        return None
    return _RotationEdit(rotation_changes, base, copy_by_original[base], placed)


def _rotation_after(
    obj: bpy.types.Object, rotation: _RotationEdit, active: dict[PropertyAddress, ActiveCurve], times: np.ndarray
) -> np.ndarray:
    """Return the rotation's values (N, 3 or 4) at `times` (N,) as the copy has them."""
    values = evaluate_curves.sample_rotation(obj, times, active)
    fcurves = compat.find_channelbag(rotation.copy, head_target(obj).kind).fcurves
    for change in rotation.changes:
        _kind, path, index = change.address
        values[:, index] = evaluate_curves.evaluate_fcurve(fcurves.find(path, index=index), times)
    return values


def _rotation_changes(obj: bpy.types.Object, changes: list[CurveChange]) -> list[CurveChange]:
    rotation = head_target(obj).addresses
    return [change for change in changes if change.address in rotation]


def _pin_times(rotation_changes: list[CurveChange]) -> np.ndarray:
    return np.unique(np.concatenate([np.zeros(0), *(change.pins[:, 0] for change in rotation_changes)]))


def _delta_location_curve(action: bpy.types.Action, kind: str, index: int) -> bpy.types.FCurve | None:
    channelbag = compat.find_channelbag(action, kind)
    return channelbag.fcurves.find(head_pose.DELTA_LOCATION, index=index) if channelbag else None
