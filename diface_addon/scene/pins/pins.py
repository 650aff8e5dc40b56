"""The pins of the active animation: found by comparison with the baseline, marked EXTREME, and removed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import bpy
import numpy as np

from ...rig.property_address import PointsByAddress, PropertyAddress
from ..animation import active_curves, evaluate_curves
from ..animation.active_curves import ActiveCurve
from ..keys import bezier_keys, editable_actions
from ..keys.key_table import SAME_TIME, KeyPoints, KeyTable, nearest, write_column
from ..keys.write_keys import enum_value
from ..provenance import baseline, edited_keys, reduction_state, stored_request
from .pin import Pin, face_channel, group_by_curve, is_head
from .pin_channels import to_channel_pins
from .pin_values import (
    KeyedChannels,
    is_locked,
    locked_notes,
    pose_pins,
    set_properties,
    set_values,
    value_pins,
    without_locked,
)

__all__ = [
    "KeyedChannels",
    "Pin",
    "changed_pins",
    "face_channel",
    "find_pins",
    "find_pins_and_changes",
    "group_by_curve",
    "is_head",
    "mark_extreme",
    "pinnable_fcurves",
    "pose_pins",
    "selected_pins",
    "set_properties",
    "set_values",
    "to_channel_pins",
    "unpin",
    "value_pins",
    "without_locked",
]  # fmt: skip

LAYERS_NOT_RESTORED = "Blinks, gaze and breath are not regenerated: they stay as they were edited."
SPARSE_SPACING = 2.0
"""Mean frames between the keys of a curve from which they count as keys that the user set by hand."""


@dataclass(frozen=True)
class RemovedPins:
    """The number of pins that were removed, and notes about those that were not."""

    count: int
    notes: list[str]


def find_pins(obj: bpy.types.Object) -> list[Pin]:
    """Return the pins of the active animation of `obj`, by curve and in the order of time.

    In a take they are the keys that differ from the baseline, keys that the user added, and EXTREME keys. In an Action
    of the user they are its EXTREME keys; if it has no such keys, all keys of curves with few keys.
    """
    return find_pins_and_changes(obj)[0]


def changed_pins(obj: bpy.types.Object) -> list[Pin]:
    """Return the pins that changed since the take was generated: added, moved, edited or removed."""
    return find_pins_and_changes(obj)[1]


def pinnable_fcurves(obj: bpy.types.Object) -> list[bpy.types.FCurve]:
    """Return the F-curves that can have pins."""
    return [curve.fcurve for _address, curve in _pinnable(obj)]


def selected_pins(obj: bpy.types.Object) -> list[Pin]:
    """Return the pins whose keys are selected in the Dope Sheet or the Graph Editor."""
    selected: dict[PropertyAddress, np.ndarray] = {}
    for address, curve in _pinnable(obj):
        keys = KeyTable.read(curve.fcurve)
        times = keys.frames[keys.select_control_point].astype(np.float64)
        selected[address] = np.append(selected.get(address, ()), curve.start + curve.scale * times)
    return [pin for pin in find_pins(obj) if np.any(np.abs(selected[pin.address] - pin.frame) <= SAME_TIME)]


def mark_extreme(obj: bpy.types.Object, pins: Iterable[Pin]) -> None:
    """Set the type of the keys of `pins` to EXTREME, if they exist and can be changed."""
    wanted = group_by_curve(pins)
    for address, curve in _pinnable(obj):
        if address in wanted and editable_actions.is_editable(curve.action) and not is_locked(curve.fcurve):
            keys = KeyTable.read(curve.fcurve)
            near, same = keys.nearest(curve.to_curve_time(wanted[address][:, 0]))
            keys.type[near[same]] = enum_value("type", "EXTREME")
            write_column(curve.fcurve, "type", keys.type)
            curve.action.update_tag()


def unpin(obj: bpy.types.Object, pins: Sequence[Pin]) -> RemovedPins:
    """Remove `pins` and restore the baseline: moved keys go back, and added keys are deleted.

    In an Action of the user the keys stay, but are not EXTREME any more. Pins on locked curves stay.

    Raises:
        SceneError: An Action is in another file. Nothing is changed.
    """
    points_of, pinnable = group_by_curve(pins), _pinnable(obj)
    pinned = [(address, curve) for address, curve in pinnable if address in points_of]
    editable_actions.check(curve.action for _address, curve in pinned)
    locked = {address for address, curve in pinned if is_locked(curve.fcurve)}
    free = [(address, curve) for address, curve in pinned if address not in locked]
    is_layer_warped = any(_warps_a_layer(curve, address, points_of[address]) for address, curve in free)
    for address, curve in free:
        keys = KeyTable.read(curve.fcurve)
        near, same = keys.nearest(curve.to_curve_time(points_of[address][:, 0]))
        chosen = np.zeros(len(keys), bool)
        chosen[near[same]] = True
        if stored_request.read_request(curve.action) is None:
            keys.type[chosen] = enum_value("type", "GENERATED")
        else:
            keys = _unpinned_keys(curve, address, keys, chosen)
        if len(keys):
            keys.write(curve.fcurve)
        else:
            curve.channels.fcurves.remove(curve.fcurve)
    count = sum(pin.address not in locked for pin in pins)
    return RemovedPins(count, [*locked_notes(obj, sorted(locked)), *([LAYERS_NOT_RESTORED] if is_layer_warped else [])])


def _warps_a_layer(curve: ActiveCurve, address: PropertyAddress, points: np.ndarray) -> bool:
    """Return whether an edit warped a layer to one of `points` (N, 2). The layer before it is not stored."""
    request = stored_request.read_request(curve.action)
    known = baseline.read_applied_pins(curve.action).get(address, ()) if request and "layer" in request else ()
    return len(known) > 0 and bool(nearest(known[:, 0], curve.to_curve_time(points[:, 0]))[1].any())


def _unpinned_keys(curve: ActiveCurve, address: PropertyAddress, keys: KeyTable, chosen: np.ndarray) -> KeyTable:
    """Return the keys of a take's curve with those `chosen` (K,) as they were generated, or as they were reduced."""
    kept = keys.frames[~bezier_keys.at_or_beside(chosen)]
    keys = _restore_baseline(keys, chosen, baseline.read_baseline_keys(curve.action).get(address, np.empty((0, 2))))
    reduced = reduction_state.read_keys(curve.action)
    return bezier_keys.with_written_handles(keys, reduced[address], kept) if address in reduced else keys


def _restore_baseline(keys: KeyTable, chosen: np.ndarray, points: np.ndarray) -> KeyTable:
    """Return `keys` with those `chosen` (K,) as in the baseline `points` (N, 2)."""
    if not len(points):
        return keys[~chosen]
    near, there = nearest(points[:, 0], keys.frames)
    taken, removed = np.zeros(len(points), bool), chosen & ~there
    taken[near[there]] = True
    origins = [
        _original_row(point, points, taken) for point in keys.co[chosen & (~there | (keys.values != points[near, 1]))]
    ]

    # Without other changes, all generated keys are restored.
    left = ~chosen & (edited_keys.changed_mask(keys, points) | (keys.type == enum_value("type", "EXTREME")))
    back = np.flatnonzero(~taken) if not left.any() else np.unique([row for row in origins if row >= 0]).astype(int)
    restored = chosen & there
    keys = keys.with_values(restored, points[near[restored], 1], "GENERATED")
    return KeyTable.joined([keys[~removed], KeyTable.generated(points[:, 0], points[:, 1])[back]])


def _original_row(key: np.ndarray, points: np.ndarray, taken: np.ndarray) -> int:
    """Return the index of the point (N) that a key was moved from; -1 if there is no candidate.

    It is a point without a key, with the key's value if possible.
    """
    missing = np.flatnonzero(~taken)
    alike = missing[points[missing, 1] == key[1]]
    on_a_point = np.abs(points[:, 0] - key[0]).min() <= SAME_TIME  # the key may not have been moved
    candidates = alike if len(alike) or on_a_point else missing
    return int(candidates[np.argmin(np.abs(points[candidates, 0] - key[0]))]) if len(candidates) else -1


def find_pins_and_changes(obj: bpy.types.Object) -> tuple[list[Pin], list[Pin]]:
    """Return what `find_pins` and `changed_pins` return. Removed pins are only among the latter."""
    tables = [(address, curve, KeyPoints.read(curve.fcurve)) for address, curve in _pinnable(obj)]
    names = active_curves.channels_by_address(obj)
    extreme = enum_value("type", "EXTREME")
    marked = {curve.action for _address, curve, keys in tables if (keys.type == extreme).any()}
    takes = [
        action for action in {curve.action for _address, curve, _ in tables} if stored_request.read_request(action)
    ]
    generated = {action: baseline.read_baseline_keys(action) for action in takes}
    known = {action: _applied_pins(action) for action in takes}
    pins_of: dict[tuple[PropertyAddress, int], tuple[Pin, bool]] = {}
    removed: list[Pin] = []
    for address, curve, keys in tables:
        if curve.action in generated:
            new = _changed_key_mask(keys, generated[curve.action].get(address))
            new |= _moved_handles(curve, address, new)
            chosen = new | (keys.type == extreme)
            gone = _removed_pins(keys, chosen, known[curve.action].get(address))
            removed += [Pin(*address, curve.start + curve.scale * time, value, names[address]) for time, value in gone]
        else:
            new = chosen = keys.type == extreme if curve.action in marked else _user_key_mask(keys)
        chosen &= evaluate_curves.visible_key_mask(obj, address, curve, keys.co)
        for (time, value), is_new in zip(keys.co[chosen].tolist(), new[chosen].tolist(), strict=True):
            frame = curve.start + curve.scale * time
            pins_of.setdefault((address, round(frame * 1000)), (Pin(*address, frame, value, names[address]), is_new))
    pins = sorted(pins_of.values(), key=lambda pair: _sort_key(pair[0]))
    changed = [*(pin for pin, is_new in pins if is_new), *removed]
    return [pin for pin, _new in pins], sorted(changed, key=_sort_key)


def _sort_key(pin: Pin) -> tuple[str, str, int, float]:
    return pin.kind, pin.path, pin.index, pin.frame


def _applied_pins(action: bpy.types.Action) -> PointsByAddress:
    """Return the pins that the motion of a take passes through. None of a layer, which is not regenerated."""
    return {} if "layer" in stored_request.require_request(action) else baseline.read_applied_pins(action)


def _removed_pins(keys: KeyPoints, chosen: np.ndarray, points: np.ndarray | None) -> list[tuple[float, float]]:
    """Return those of the applied pins `points` (N, 2) that were removed. The keys that are pins are `chosen` (K,)."""
    if points is None or not len(points):
        return []
    near, there = nearest(keys.frames, points[:, 0])
    stays = there & (chosen[near] | (np.abs(keys.values[near] - points[:, 1]) > 1e-5))
    return [(time, value) for time, value in points[~stays].tolist()]


def _changed_key_mask(keys: KeyPoints, points: np.ndarray | None) -> np.ndarray:
    """Return which keys of a take are new. In a curve that the user added, they are all keys but GENERATED ones."""
    return keys.type != enum_value("type", "GENERATED") if points is None else edited_keys.changed_mask(keys, points)


def _moved_handles(curve: ActiveCurve, address: PropertyAddress, new: np.ndarray) -> np.ndarray:
    """Return which keys (K,) of a curve with reduced keys have a handle that the user moved.

    Blender moves the handles of keys beside those that are `new` (K,): these do not count.
    """
    written = reduction_state.read_keys(curve.action).get(address)
    if written is None:
        return np.zeros(len(new), bool)
    return bezier_keys.moved_handles_mask(KeyTable.read(curve.fcurve), written) & ~bezier_keys.at_or_beside(new)


def _user_key_mask(keys: KeyPoints) -> np.ndarray:
    few = len(keys) < 2 or (keys.frames[-1] - keys.frames[0]) / (len(keys) - 1) >= SPARSE_SPACING
    return (keys.type != enum_value("type", "GENERATED")) & few


def _pinnable(obj: bpy.types.Object) -> list[tuple[PropertyAddress, ActiveCurve]]:
    """Return the active curves, each before the layer's curve that the user's keys are above."""
    active, seen, pinnable = active_curves.find_active_curves(obj), set(), []
    for address, curve in active_curves.all_curves(obj):
        now = active[address]
        if address not in seen or curve.fcurve == now.fcurve or (curve.in_nla and now.in_nla):
            pinnable.append((address, curve))
        seen.add(address)
    return pinnable
