"""Articulation controls in the keys of takes: applied, and taken out again.

The take keeps the motion before the controls, so that neutral controls restore it exactly. Keys of the user are never
changed; the baseline follows the keys, so that a comparison still finds the user's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import bpy
import numpy as np
import numpy.typing as npt

from ... import compat
from ...core import direction, lip_perception, types
from ...rig.property_address import PointsByAddress, PropertyAddress
from ..animation import property_limits
from ..edits.edit_baseline import store_points
from ..keys import editable_actions, frame_rate
from ..keys.key_table import KeyPoints, nearest, read_column, recalculate_handles, write_column
from ..keys.write_keys import enum_value
from ..pins.pin_values import is_locked
from ..provenance import baseline, edited_keys, stored_request
from . import channel_motion

CONTROLS = "diface_controls"
"""Custom property of an Action: the names of the controls that are applied, and a checksum of their values."""
SampleControls = Callable[[npt.NDArray[np.float64]], direction.Direction]
"""Returns the controls at frames (T,)."""
SAME_VALUE = 1e-5
"""Difference up to which a comparison with the baseline takes a key for a generated one."""


@dataclass(frozen=True)
class ControlledCurve:
    """A curve of a take that controls may change.

    Attributes:
        action: Its Action.
        address: Its property.
        fcurve: The curve.
        keys: Its keys.
        generated: (K,) bool, the keys that are neither changed nor pinned.
        plain: (N, 2) the keys as they were generated, before the controls.
    """

    action: bpy.types.Action
    address: PropertyAddress
    fcurve: bpy.types.FCurve
    keys: KeyPoints
    generated: types.BoolArray
    plain: npt.NDArray[np.float32]


def apply(
    obj: bpy.types.Object,
    actions: Sequence[bpy.types.Action],
    sample_controls: SampleControls,
    only_outdated: bool = False,
) -> None:
    """Let the keys of takes have the controls.

    Args:
        obj: The character.
        actions: Actions of takes that animate it.
        sample_controls: The controls of the character.
        only_outdated: Whether to leave takes alone that have these controls, although pins were set since.
    """
    for of_take in _by_take(actions):
        plain = [points for action in of_take for _address, _fcurve, points in _generated_curves(action)]
        if not plain:
            continue
        frames = _grid_of(plain)
        controls = sample_controls(frames)
        if only_outdated and _has_controls(of_take, controls):
            continue
        if controls.is_neutral:
            remove(of_take)
            continue
        curves = [curve for action in of_take for curve in _find_curves(action)]
        changes = _changes(obj, curves, frames, controls)
        for action in of_take:
            _write_action(obj, action, [curve for curve in curves if curve.action == action], changes, frames)
            action[CONTROLS] = controls.signature


def remove(actions: Sequence[bpy.types.Action]) -> None:
    """Restore the motion before the controls, bit for bit."""
    for action in _controlled(actions):
        for curve in _find_curves(action):
            _write_curve(curve, curve.plain)
        baseline.restore_before_controls(action)
        if CONTROLS in action:
            del action[CONTROLS]
        action.update_tag()


def _by_take(actions: Sequence[bpy.types.Action]) -> list[list[bpy.types.Action]]:
    """Return the Actions of each take that can have controls: with a baseline, and of this file.

    A copy of an Action counts as a take besides it, as it has the same properties.
    """
    takes: list[tuple[str, set[PropertyAddress], list[bpy.types.Action]]] = []
    for action in actions:
        request = stored_request.read_request(action)
        if request is None or baseline.SAMPLES not in action or not editable_actions.is_editable(action):
            continue
        own = set(baseline.read_keys_before_controls(action))
        found = next((take for take in takes if take[0] == request["take"] and not own & take[1]), None)
        if found is None:
            takes.append((request["take"], own, [action]))
        else:
            found[1].update(own)
            found[2].append(action)
    return [of_take for _take, _own, of_take in takes]


def _controlled(actions: Sequence[bpy.types.Action]) -> list[bpy.types.Action]:
    """Return the Actions that controls are applied to."""
    if not any(map(baseline.has_controls, actions)):
        return []  # the usual case, in which takes need not be told apart
    return [action for of_take in _by_take(actions) for action in of_take if baseline.has_controls(action)]


def _has_controls(actions: Sequence[bpy.types.Action], controls: direction.Direction) -> bool:
    """Return whether exactly these controls are applied to Actions."""
    return all(action.get(CONTROLS, "") == controls.signature for action in actions)


@contextmanager
def without_controls(actions: Sequence[bpy.types.Action]) -> Generator[None]:
    """Let the keys of takes be those before the controls while the context lasts; then exactly as they were."""
    applied = _controlled(actions)
    kept = [(action, _find_curves(action), _stored(action)) for action in applied]
    remove(applied)
    try:
        yield
    finally:
        for action, curves, stored in kept:
            for curve in curves:
                _restore_values(curve)
            for name, value in stored.items():
                if name in action:
                    del action[name]  # Blender cuts bytes that replace others at their first zero
                action[name] = value
            action.update_tag()


def _stored(action: bpy.types.Action) -> dict[str, bytes | str]:
    names = (*baseline.BEFORE_CONTROLS, *baseline.BEFORE_CONTROLS.values())
    return {name: bytes(action[name]) for name in names if name in action} | {CONTROLS: action.get(CONTROLS, "")}


def _generated_curves(
    action: bpy.types.Action,
) -> Iterator[tuple[PropertyAddress, bpy.types.FCurve, npt.NDArray[np.float32]]]:
    """Yield the curves of an Action that were generated, with their keys (N, 2) before the controls."""
    fcurves = dict(compat.action_fcurves(action))
    for address, points in baseline.read_keys_before_controls(action).items():
        fcurve = fcurves.get(address)
        if fcurve is not None and len(fcurve.keyframe_points) and len(points):
            yield address, fcurve, points


def _find_curves(action: bpy.types.Action) -> list[ControlledCurve]:
    """Return the curves of an Action that were generated."""
    now, extreme = baseline.read_baseline_keys(action), enum_value("type", "EXTREME")
    found = []
    for address, fcurve, points in _generated_curves(action):
        keys = KeyPoints.read(fcurve)
        generated = ~edited_keys.changed_mask(keys, now[address]) & (keys.type != extreme)
        if is_locked(fcurve) and np.array_equal(points, now[address]):
            generated[:] = False
        found.append(ControlledCurve(action, address, fcurve, keys, generated, points))
    return found


def _grid_of(points: Sequence[npt.NDArray]) -> npt.NDArray[np.float64]:
    """Return every frame from the first to the last of keys (N, 2) each."""
    first, last = min(some[0, 0] for some in points), max(some[-1, 0] for some in points)
    return np.arange(np.floor(first), np.ceil(last) + 1, dtype=np.float64)


def _changes(
    obj: bpy.types.Object,
    curves: Sequence[ControlledCurve],
    frames: npt.NDArray[np.float64],
    controls: direction.Direction,
) -> channel_motion.Changes:
    """Return what the controls add to each property on `frames`."""
    points: PointsByAddress = {curve.address: curve.plain for curve in curves}
    rate, properties = frame_rate.scene_rate(bpy.context.scene), channel_motion.ChannelProperties.of(obj)
    motion = properties.read(points, frames, rate)
    pins = _pins(properties.channels_by_address(), curves, motion.channels, frames[0])
    aperture = lip_perception.perception().aperture
    values = controls.apply(motion.values, motion.channels, rate, pins, aperture)
    return properties.changes(motion, types.Motion(values, motion.channels, rate), points, frames)


def _pins(
    moved_by: dict[PropertyAddress, frozenset[str]],
    curves: Sequence[ControlledCurve],
    names: tuple[str, ...],
    first_frame: float,
) -> types.Pins:
    """Return the rows at which channels are pinned, by keys that the motion before the controls passes through.

    The motion around other keys of the user is not made for them yet: there the controls have their full effect.
    """
    rows: dict[str, npt.NDArray] = {}
    for curve in curves:
        times = _passed_times(curve) - first_frame
        if len(times):
            for channel in moved_by.get(curve.address, frozenset()) & set(names):
                rows[channel] = np.append(rows.get(channel, ()), times)
    spaced = {channel: np.unique(np.round(of_channel, 3)) for channel, of_channel in rows.items()}
    count = [len(of_channel) for of_channel in spaced.values()]
    if not sum(count):
        return types.Pins.empty()
    columns = np.repeat([names.index(channel) for channel in spaced], count).astype(np.int32)
    return types.Pins(np.concatenate(list(spaced.values())), columns, np.zeros(sum(count), np.float32))


def _passed_times(curve: ControlledCurve) -> npt.NDArray[np.float64]:
    """Return the times of the user's keys that are on the motion before the controls."""
    own = np.flatnonzero(~curve.generated)
    if not len(own):
        return np.zeros(0)
    near, same = nearest(curve.plain[:, 0], curve.keys.frames[own])
    passed = same & (np.abs(curve.plain[near, 1] - curve.keys.values[own]) <= SAME_VALUE)
    return curve.keys.frames[own[passed]].astype(np.float64)


def _write_action(
    obj: bpy.types.Object,
    action: bpy.types.Action,
    curves: Sequence[ControlledCurve],
    changes: channel_motion.Changes,
    frames: npt.NDArray[np.float64],
) -> None:
    """Write the curves of one Action, and its baseline."""
    baseline.keep_before_controls(action)
    points = dict(baseline.read_keys_before_controls(action))
    for curve in curves:
        change = changes.get(curve.address)
        if change is not None and curve.generated.any():
            points[curve.address] = _changed_points(curve, change, frames, _limits(obj, curve.address))
        _write_curve(curve, points[curve.address])
    # Compression would take a third of the time; the baseline before the controls keeps its own.
    store_points(action, stored_request.require_request(action), points, baseline.read_applied_pins(action), level=0)
    action.update_tag()


def _changed_points(
    curve: ControlledCurve, change: npt.NDArray, frames: npt.NDArray[np.float64], limits: tuple[float, float]
) -> npt.NDArray[np.float32]:
    """Return the keys (N, 2) with the controls, within the property's limits if they were before."""
    points = curve.plain.copy()
    added = channel_motion.sample(np.stack([frames, change], axis=1), points[:, 0])
    low, high = np.minimum(limits[0], points[:, 1]), np.maximum(limits[1], points[:, 1])
    values = np.clip(points[:, 1] + added, low, high)
    points[:, 1] = np.where(added == 0.0, points[:, 1], values)
    return points


def _limits(obj: bpy.types.Object, address: PropertyAddress) -> tuple[float, float]:
    """Return the limits of a property; none if it was removed since the take was made."""
    try:
        return property_limits.limits(obj, address)
    except (KeyError, ValueError):
        return -math.inf, math.inf


def _write_curve(curve: ControlledCurve, points: npt.NDArray[np.float32]) -> None:
    """Write values at the generated keys of a curve. A key of the user with the same value becomes a pin."""
    if is_locked(curve.fcurve) and not curve.generated.any():
        return
    keys = curve.keys
    row, same = nearest(points[:, 0], keys.frames)
    values = points[row, 1]
    hidden = ~curve.generated & same & (np.abs(keys.values - values) <= SAME_VALUE)
    hidden &= keys.type != enum_value("type", "EXTREME")
    if hidden.any():
        kinds = np.where(hidden, enum_value("type", "EXTREME"), keys.type).astype(np.int32)
        write_column(curve.fcurve, "type", kinds)
    if not np.array_equal(keys.values[curve.generated], values[curve.generated]):
        _set_values(curve.fcurve, keys, np.where(curve.generated, values, keys.values))


def _restore_values(curve: ControlledCurve) -> None:
    """Write the values that a curve had when it was read."""
    now = KeyPoints.read(curve.fcurve)
    if len(now) == len(curve.keys) and not np.array_equal(now.values, curve.keys.values):
        _set_values(curve.fcurve, now, curve.keys.values)


def _set_values(fcurve: bpy.types.FCurve, keys: KeyPoints, values: npt.NDArray[np.float32]) -> None:
    """Set the values (K,) of a curve's keys. Handles on straight lines stay there; others move along."""
    vector = enum_value("handle_left_type", "VECTOR")
    co = np.stack([keys.frames, values], axis=1).astype(np.float32)
    if all((read_column(fcurve, f"handle_{side}_type") == vector).all() for side in ("left", "right")):
        write_column(fcurve, "co", co)
        recalculate_handles(fcurve)
        return
    handles = {name: read_column(fcurve, name) for name in ("handle_left", "handle_right")}
    write_column(fcurve, "co", co)
    for name, handle in handles.items():
        handle[:, 1] += values - keys.values
        write_column(fcurve, name, handle)
