"""Writes an edit as a new take: copies of the active Actions, in which only the regenerated keys are replaced."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import bpy
import numpy as np

from ... import compat
from ...core import errors
from ...rig.property_address import PropertyAddress
from ..animation import active_curves, evaluate_curves
from ..animation.active_curves import ActiveCurve
from ..comparison import ghost
from ..keys.key_table import KeyTable
from ..pins.pin_values import is_locked
from ..provenance import layer_tracks, stored_request
from ..takes import rollback, use_take, write_take
from .action_copies import ActionCopies, copy_actions, curve_in_copy
from .curve_changes import MotionEdit, compute_changes
from .edit_baseline import store_baselines
from .edit_notes import curves_note, edit_notes
from .pivot_compensation import compensate_pivot, rotation_before
from .rewrite_keys import (
    CurveChange,
    WrittenCurve,
    evaluate_without_modifiers,
    extends_beyond_keys,
    rewrite_keys,
)

ActiveCurves = dict[PropertyAddress, ActiveCurve]
ENDLESS = "Going on beyond its keys (Cycles, Linear Extrapolation), so not changed:"
BAKE_HINT = (
    "Bake the curve (Channel > Bake Channels in the Graph Editor), or set Channel > Extrapolation Mode to Constant."
)


def write_edit(
    obj: bpy.types.Object,
    base_actions: Sequence[bpy.types.Action],
    edit: MotionEdit,
    name: str,
    request: dict[str, Any],
) -> write_take.TakeResult:
    """Animate `obj` with a new take: `base_actions` with the edit. If anything fails, the file is as it was.

    The keys of the edit's pins are in it exactly, as EXTREME keys; the regenerated motion is warped to pass through
    them and to meet what stays, and is clamped to the sliders. All other keys stay as they are in every respect, and
    locked curves stay whole.

    Args:
        obj: The character.
        base_actions: Its active Actions, or those of a take that was active before. They are not changed.
        edit: The motion, and where it replaces the keys.
        name: Name of the new take.
        request: Stored with the take. Must be JSON.

    Raises:
        SceneError: `base_actions` are not active any more, or all curves to change extend beyond their keys.
    """
    with rollback.all_or_nothing(obj):
        _reactivate(obj, base_actions)
        every_curve = active_curves.find_active_curves(obj)
        active = _curves_to_copy(obj, base_actions, every_curve)
        changes, clamped = compute_changes(obj, edit, active)
        locked = [c for c in changes if c.address in every_curve and is_locked(every_curve[c.address].fcurve)]
        changes = [change for change in changes if change not in locked]
        endless = [c for c in changes if c.address in active and extends_beyond_keys(c, active[c.address].fcurve)]
        changes = [change for change in changes if change not in endless]
        if endless and not changes:
            raise errors.SceneError(curves_note(ENDLESS, obj, endless)[0], BAKE_HINT)

        copies = copy_actions(obj, base_actions, changes, name)
        store_baselines(obj, request, active, copies, _write_changes(obj, edit, changes, active, copies))
        _assign(obj, copies)
    ghost.remove_ghosts()
    notes = [*edit_notes(obj, changes, active, locked, clamped), *curves_note(ENDLESS, obj, endless)]
    return write_take.TakeResult(copies.main[0].name, (*copies.main, *copies.layers), tuple(notes))


def _assign(obj: bpy.types.Object, copies: ActionCopies) -> None:
    blocks = {
        kind: block
        for kind, block in active_curves.data_blocks(obj).items()
        if any(compat.find_channelbag(action, kind) for action in copies.main)
    }
    use_take.assign(obj, blocks, (*copies.main, *copies.layers))


def _reactivate(obj: bpy.types.Object, actions: Sequence[bpy.types.Action]) -> None:
    """Let `actions` animate `obj` again if the user chose another take meanwhile."""
    animations = [block.animation_data for block in active_curves.data_blocks(obj).values()]
    active = {animation.action for animation in animations if animation and animation.action}
    if set(actions) <= active:
        return
    request = stored_request.read_request(actions[0])
    if request is None:
        hint = "Assign that Action again, and repeat the edit."
        raise errors.SceneError(f"{actions[0].name} does not animate {obj.name} any more.", hint)
    use_take.use_take(obj, [*actions, *layer_tracks.find_layers(request["take"])])


def _curves_to_copy(
    obj: bpy.types.Object, base_actions: Sequence[bpy.types.Action], every_curve: ActiveCurves
) -> ActiveCurves:
    """Return the curves that the new take has copies of.

    Other curves, on NLA strips, only count as the values that they show: the new take plays above them, in scene time.
    """
    copied = {*base_actions, *layer_tracks.active_layer_actions(active_curves.data_blocks(obj).values())}
    return {address: curve for address, curve in every_curve.items() if curve.action in copied and not curve.in_nla}


def _write_changes(
    obj: bpy.types.Object, edit: MotionEdit, changes: list[CurveChange], active: ActiveCurves, copies: ActionCopies
) -> dict[PropertyAddress, WrittenCurve]:
    """Write every change into the copies."""
    written = {}
    before = rotation_before(obj, edit, changes, active)
    for change in changes:
        curve = active.get(change.address)
        action, fcurve = curve_in_copy(change.address, curve, copies)
        keys = KeyTable.read(curve.fcurve) if curve else _sample_nla_keys(obj, change)
        result = rewrite_keys(change, keys, lambda times, c=change, curve=curve: sample_before(obj, c, curve, times))
        result.keys.write(fcurve)
        written[change.address] = WrittenCurve(action, result.written if curve else result.keys.co, change)
    return written | compensate_pivot(obj, edit, changes, active, copies.by_original, before)


def sample_before(
    obj: bpy.types.Object, change: CurveChange, curve: ActiveCurve | None, times: np.ndarray
) -> np.ndarray:
    """Return the values (N,) of a property at `times` (N,) before the edit."""
    if curve:
        return evaluate_without_modifiers(curve.fcurve, times)
    return evaluate_curves.sample_property(obj, change.address, None, times)


def _sample_nla_keys(obj: bpy.types.Object, change: CurveChange) -> KeyTable:
    """Return keys for a property that only the NLA animates; no keys if no strip does.

    They are one a frame over the take and the strips, and one beyond either end, which extends to all other frames.
    """
    if not active_curves.strips_animating(obj, change.address):
        return KeyTable.generated([], [])
    tracks = active_curves.data_block(obj, change.address[0]).animation_data.nla_tracks
    strips = [strip for track in tracks for strip in track.strips]
    first = min(change.times[0], *(strip.frame_start for strip in strips))
    last = max(change.times[-1], *(strip.frame_end for strip in strips))
    frames = np.arange(np.floor(first) - 1, np.ceil(last) + 2)
    return KeyTable.generated(frames, evaluate_curves.sample_property(obj, change.address, None, frames))
