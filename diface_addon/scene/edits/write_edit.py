"""An edit as a new take: copies of the Actions that play, with only those keys overwritten that were made anew."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from ... import compat
from ...core import errors, placement, types
from ..animation import active_curves, sampling
from ..animation.active_curves import ActiveCurve, PropertyAddress
from ..keys.key_table import KeyTable, nearest
from ..keys.write_keys import SampledCurve
from ..pins.pin import Pin
from ..pins.pin_values import is_locked, locked_notes, names_note
from ..provenance import baseline, layer_tracks, rest_pose, stored_request, take_request
from ..takes import ghost, rollback, take_list, use_take, write_take
from . import curve_changes as edit_changes
from .pivot_compensation import compensate_pivot, rotation_before
from .rewrite_keys import CurveChange, evaluate_without_modifiers, extends_beyond_keys, rewrite_keys

ActiveCurves = dict[PropertyAddress, ActiveCurve]
ENDLESS = "Going on beyond its keys (Cycles, Linear Extrapolation), so not changed:"
BAKE_HINT = "Bake the curve (Channel > Bake Channels in the Graph Editor), or let it stand still beyond its keys."
GROUP_NAMES = {"KEY": "Face", "OBJECT": "Head"}
MAX_NAMES = 3
"""Names in a note, before it says how many more there are."""


@dataclass(frozen=True)
class ActionCopies:
    """The Actions of the new take: the copy of each one that plays, and new ones where nothing played."""

    by_original: dict[bpy.types.Action, bpy.types.Action]
    main: list[bpy.types.Action]
    layers: list[bpy.types.Action]


def write_edit(
    obj: bpy.types.Object,
    base_actions: Sequence[bpy.types.Action],
    motion: types.Motion,
    regenerate_mask: np.ndarray,
    pins: Sequence[Pin],
    name: str,
    request: dict[str, Any],
    falloff: float = 8.0,
    placed: placement.Placement | None = None,
) -> write_take.TakeResult:
    """Animate `obj` by a new take called `name`: what `base_actions` do, but `motion` (T, C) where `made` (T, C) bool.

    Row r is at frame request["first_frame"] + r. The keys of `pins` are in it exactly, EXTREME; what is made anew is
    bent to meet them, and what stays, within `pull` rows, and keeps within the sliders' ranges. All other keys stay as
    they are, with everything about them; curves that are locked stay whole. `base_actions` are what the character
    plays, or a take that it played; they are not changed. placed: how a FLAME mesh lies, where that is known better
    than from its vertices.

    Raises SceneError where `base_actions` do not play any more, or no curve could be changed there alone; whatever it
    raises, no new Action is left.
    """
    _reactivate(obj, base_actions)
    edit = edit_changes.MotionEdit(motion, regenerate_mask, tuple(pins), request["first_frame"], falloff, placed)
    everywhere = active_curves.find_active_curves(obj)
    found = _curves_to_copy(obj, base_actions, everywhere)
    changes, outside = edit_changes.compute_changes(obj, edit, found)
    locked = [c for c in changes if c.address in everywhere and is_locked(everywhere[c.address].fcurve)]
    changes = [change for change in changes if change not in locked]
    endless = [c for c in changes if c.address in found and extends_beyond_keys(c, found[c.address].fcurve)]
    changes = [change for change in changes if change not in endless]
    if endless and not changes:
        raise errors.SceneError(*_curves_note(ENDLESS, obj, endless), BAKE_HINT)

    with rollback.all_or_nothing():
        copies = _copy_actions(obj, base_actions, changes, name)
        written = _write_changes(obj, edit, changes, found, copies)
        _store_baselines(obj, request, found, copies, written)
    blocks = {
        kind: block
        for kind, block in active_curves.data_blocks(obj).items()
        if any(compat.find_channelbag(action, kind) for action in copies.main)
    }
    ghost.remove_ghosts()
    use_take.assign(obj, blocks, (*copies.main, *copies.layers))
    notes = [*_notes(obj, changes, found, locked, outside), *_curves_note(ENDLESS, obj, endless)]
    return write_take.TakeResult(copies.main[0].name, (*copies.main, *copies.layers), tuple(notes))


def _reactivate(obj: bpy.types.Object, actions: Sequence[bpy.types.Action]) -> None:
    """Have `actions` animate `obj`, where the artist chose another take meanwhile."""
    animations = [block.animation_data for block in active_curves.data_blocks(obj).values()]
    now = {animation.action for animation in animations if animation and animation.action}
    if set(actions) <= now:
        return
    request = stored_request.read_request(actions[0])
    if request is None:
        hint = "Let that Action play again, and repeat the edit."
        raise errors.SceneError(f"{actions[0].name} does not animate {obj.name} any more.", hint)
    use_take.use_take(obj, [*actions, *layer_tracks.find_layers(request["take"])])


def _curves_to_copy(
    obj: bpy.types.Object, base_actions: Sequence[bpy.types.Action], active: ActiveCurves
) -> ActiveCurves:
    """Those curves that the new take has copies of. What else moves, on strips of the NLA, is as nothing but what it
    shows: the new take plays over it, in the scene's own time."""
    keys = active_curves.data_blocks(obj).get("KEY")
    copied = {*base_actions, *(action for _track, action in (layer_tracks.active_layers(keys) if keys else ()))}
    return {address: curve for address, curve in active.items() if curve.action in copied and not curve.in_nla}


def _copy_actions(
    obj: bpy.types.Object, base_actions: Sequence[bpy.types.Action], changes: list[CurveChange], name: str
) -> ActionCopies:
    """Copies of what plays, layers too; with room for changes of what nothing animated."""
    copy_of: dict[bpy.types.Action, bpy.types.Action] = {}
    blocks = active_curves.data_blocks(obj)
    moving = [block.animation_data for block in blocks.values() if block.animation_data]
    needed = {some.action for some in moving if compat.active_channelbag(some)}  # and not one without a slot
    for action in [action for action in base_actions if action in needed] or base_actions[:1]:
        copy_of[action] = _copy_action(action, name if not copy_of else f"{name} head")
        compat.keep_slots(copy_of[action], action, blocks.values())
    main, layers = list(copy_of.values()), []
    name = main[0].name if main else name
    for track, action in layer_tracks.active_layers(blocks["KEY"]) if "KEY" in blocks else ():
        copy = copy_of[action] = _copy_action(action, f"{name} {layer_tracks.layer_name(action)}")
        muted = track.mute or any(strip.mute for strip in track.strips if strip.action == action)
        copy[layer_tracks.STATE] = "MUTED" if muted else "OFF"
        layers.append(copy)
    for kind in dict.fromkeys(change.address[0] for change in changes):
        if not any(compat.find_channelbag(action, kind) for action in main):
            _add_channels(main, blocks[kind], name)
    return ActionCopies(copy_of, main, layers)


def _copy_action(action: bpy.types.Action, name: str) -> bpy.types.Action:
    copy = action.copy()
    copy.name, copy.use_fake_user = name, True
    take_list.set_favourite(copy, False)
    if take_request.WHOLE_REQUEST in copy:
        del copy[take_request.WHOLE_REQUEST]
    return copy


def _add_channels(main: list[bpy.types.Action], block: bpy.types.ID, name: str) -> None:
    """Let an Action of the take hold curves of `block`: one that is there, or a new one where it can hold no more."""
    if not main or not compat.HAS_ACTION_SLOTS:
        main.append(bpy.data.actions.new(name if not main else f"{name} head"))
        main[-1].use_fake_user = True
    compat.new_channelbag(main[0] if compat.HAS_ACTION_SLOTS else main[-1], block)


def _write_changes(
    obj: bpy.types.Object,
    edit: edit_changes.MotionEdit,
    changes: list[CurveChange],
    active: ActiveCurves,
    copies: ActionCopies,
) -> dict[PropertyAddress, tuple[bpy.types.Action, np.ndarray, CurveChange]]:
    """Write every change into the copies; by curve the Action that has it, the keys written (N, 2), and the change."""
    written = {}
    before = rotation_before(obj, edit, changes, active)
    for change in changes:
        curve = active.get(change.address)
        action, fcurve = curve_in_copy(change.address, curve, copies)

        def sample(
            times: np.ndarray, address: PropertyAddress = change.address, curve: ActiveCurve | None = curve
        ) -> np.ndarray:
            return (
                evaluate_without_modifiers(curve.fcurve, times)
                if curve
                else sampling.sample_property(obj, address, None, times)
            )

        keys = KeyTable.read(curve.fcurve) if curve else _sample_nla_keys(obj, change)
        again = rewrite_keys(change, keys, sample)
        again.keys.write(fcurve)
        written[change.address] = action, again.written if curve else again.keys.co, change
    for address, held in compensate_pivot(obj, edit, changes, active, copies.by_original, before).items():
        written[address] = held
    return written


def _sample_nla_keys(obj: bpy.types.Object, change: CurveChange) -> KeyTable:
    """What the NLA shows of what no Action of the take moves: a key a frame, as long as the take and the strips last,
    and one to either side, which go on for ever. No keys where no strip moves it."""
    if not active_curves.strips_animating(obj, change.address):
        return KeyTable.generated([], [])
    tracks = active_curves.data_block(obj, change.address[0]).animation_data.nla_tracks
    strips = [strip for track in tracks for strip in track.strips]
    first = min(change.times[0], *(strip.frame_start for strip in strips))
    last = max(change.times[-1], *(strip.frame_end for strip in strips))
    frames = np.arange(np.floor(first) - 1, np.ceil(last) + 2)
    return KeyTable.generated(frames, sampling.sample_property(obj, change.address, None, frames))


def curve_in_copy(
    address: PropertyAddress, curve: ActiveCurve | None, copies: ActionCopies
) -> tuple[bpy.types.Action, bpy.types.FCurve]:
    """Where the new take has a curve: in the copy of the Action that plays it, or new in the main one.

    The artist's keys over a layer are the layer's pins then, and their curve in the main Action goes.
    """
    kind, path, index = address
    main = next((action for action in copies.main if compat.find_channelbag(action, kind)), None)
    if main is None:
        main = next(action for action in copies.main if compat.HAS_ACTION_SLOTS or action.id_root == kind)
    action = copies.by_original.get(curve.action, main) if curve else main
    held = compat.writable_channelbag(action, kind)
    fcurve = held.fcurves.find(path, index=index)
    if fcurve is None:
        fcurve = held.fcurves.new(path, index=index)
        fcurve.group = held.groups.get(GROUP_NAMES[kind]) or held.groups.new(GROUP_NAMES[kind])
        if curve:
            fcurve.extrapolation = curve.fcurve.extrapolation
    over = compat.writable_channelbag(main, kind).fcurves.find(path, index=index) if action is not main else None
    if over is not None:
        compat.writable_channelbag(main, kind).fcurves.remove(over)
    return action, fcurve


def _store_baselines(
    obj: bpy.types.Object,
    request: dict[str, Any],
    active: ActiveCurves,
    copies: ActionCopies,
    written: dict[PropertyAddress, tuple[bpy.types.Action, np.ndarray, CurveChange]],
) -> None:
    """Keep with every Action of the new take what made it, and its keys as they are generated or pinned now."""
    identity = {"take": uuid.uuid4().hex, "name": copies.main[0].name, "character": obj.name}
    take = {**request, **identity, "parent": _parent(copies), "created": stored_request.creation_time()}
    if any(compat.find_channelbag(action, "OBJECT") for action in copies.main):
        rest = {
            "rest_rotation": list(sampling.reference_rotation(obj)),
            "rest_delta": list(rest_pose.rest_delta(obj)),
        }
        take |= {**rest, "rotation_mode": obj.rotation_mode}
    origin = {copy: action for action, copy in copies.by_original.items()}
    for action in (*copies.main, *copies.layers):
        points, pins = _baseline_points(action, origin.get(action), active), dict(baseline.read_applied_pins(action))
        for address, (holder, new, change) in written.items():
            if holder == action:
                points[address] = merge_points(points.get(address, np.empty((0, 2))), new, change)
                pins[address] = merge_points(pins.get(address, np.empty((0, 2))), change.pins, change)
        layer = layer_tracks.layer_name(action)
        kept = {**take, "layer": layer} if layer else take
        store_baseline_points(action, kept, points, pins)


def _parent(copies: ActionCopies) -> str:
    """Return the id of the take that was edited; "" if DiFACE did not make the Actions."""
    requests = [stored_request.read_request(action) for action in copies.by_original]
    return next((request["take"] for request in requests if request), "")


def _baseline_points(
    copy: bpy.types.Action, action: bpy.types.Action | None, active: ActiveCurves
) -> dict[PropertyAddress, np.ndarray]:
    """The keys of an Action, as far as its copy has them, as they were generated; where DiFACE did not make it, as they
    are."""
    if action is None:
        return {}
    if stored_request.read_request(action):
        as_written = baseline.read_baseline_keys(action).items()
        return {address: points for address, points in as_written if compat.find_channelbag(copy, address[0])}
    return {address: KeyTable.read(curve.fcurve).co for address, curve in active.items() if curve.action == action}


def merge_points(before: np.ndarray, new: np.ndarray, change: CurveChange) -> np.ndarray:
    """The points `before` (N, 2), with those that an edit wrote instead where it was at work."""
    stay = ~change.in_segments(before[:, 0])
    if len(new):
        stay &= ~nearest(new[:, 0], before[:, 0])[1]
    together = np.concatenate([before[stay], new])
    return together[np.argsort(together[:, 0], kind="stable")].astype(np.float32)


def store_baseline_points(
    action: bpy.types.Action,
    take: dict[str, Any],
    points: dict[PropertyAddress, np.ndarray],
    pins: baseline.PointsByAddress,
) -> None:
    curves: dict[str, list[SampledCurve]] = {}
    uneven: baseline.PointsByAddress = {}
    first = take["first_frame"]
    for (kind, path, index), some in points.items():
        if not len(some):
            continue
        values = some[:, 1]
        if not np.array_equal(some[:, 0], np.arange(first, first + len(some))):
            uneven[kind, path, index] = some
            rows = np.arange(first, max(some[-1, 0], first) + 1)
            values = np.interp(rows, some[:, 0], some[:, 1]).astype(np.float32)
        curves.setdefault(kind, []).append(SampledCurve(path, index, values))
    baseline.store(action, take, curves, uneven, pins)


def _notes(
    obj: bpy.types.Object,
    changes: list[CurveChange],
    active: ActiveCurves,
    locked: list[CurveChange],
    outside: list[str],
) -> list[str]:
    muted = [c for c in changes if c.address in active and _is_muted(active[c.address].fcurve)]
    notes = locked_notes(obj, [change.address for change in locked])
    notes += _curves_note("Muted, so it does not show:", obj, muted)
    return notes + names_note("Held within the slider's range:", outside, MAX_NAMES)


def _is_muted(fcurve: bpy.types.FCurve) -> bool:
    return fcurve.mute or (fcurve.group is not None and fcurve.group.mute)


def _curves_note(what: str, obj: bpy.types.Object, changes: list[CurveChange]) -> list[str]:
    names = active_curves.channels_by_address(obj)
    return names_note(what, [names[change.address] for change in changes], MAX_NAMES)
