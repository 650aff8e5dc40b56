"""Poses as pins: keys that hold a pose at a frame."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import bpy
import numpy as np

from ...core import channels, placement
from ...rig.head_target import head_target
from ...rig.property_address import PropertyAddress
from ..animation import active_curves, character_checks, evaluate_curves
from ..animation.active_curves import HEAD, ActiveCurve
from ..keys import frame_rate, head_pose
from ..keys.key_table import KeyTable
from ..keys.wording import names_note
from ..keys.write_keys import enum_value
from .pin import Pin

SAME_ROTATION = 1e-6
"""Radians up to which two rotations of the head are the same."""


@dataclass(frozen=True)
class KeyedChannels:
    """The channels that were keyed, and notes about those that were not."""

    channels: tuple[str, ...]
    notes: list[str]


def pose_pins(
    obj: bpy.types.Object, names: Iterable[str], frame: float, source_frame: float | None = None
) -> list[Pin]:
    """Return pins at `frame` that hold the pose of another frame. Nothing is written.

    Args:
        obj: The character.
        names: The channels.
        frame: The frame of the pins.
        source_frame: The frame of the pose; None for `frame`.
    """
    names, active = set(names), active_curves.find_active_curves(obj)
    times = np.array([frame if source_frame is None else source_frame], np.float64)
    known = active_curves.channels_by_address(obj)
    addresses = {target.address for target in active_curves.face_targets(obj) if names & set(target.channels)}
    for group in active_curves.groups(obj):
        addresses |= set(group.addresses) if names & group.channels else set()
    if names & set(channels.HEAD):
        addresses |= set(head_target(obj).addresses)
    return [
        Pin(*address, frame, float(value[0]), known[address])
        for address in sorted(addresses)
        for value in [evaluate_curves.sample_property(obj, address, active.get(address), times)]
    ]


def set_values(
    obj: bpy.types.Object, frame: float, values: dict[str, float], placed: placement.Placement | None = None
) -> KeyedChannels:
    """Key channels with exactly these values, as EXTREME keys.

    Channels that `obj` has no shape key for, or whose curve is locked, are left out; there are notes about the latter.

    Args:
        obj: The character.
        frame: The frame, which may be between frames.
        values: The value of each channel.
        placed: Placement of a FLAME mesh if it is known better than from its vertices.

    Raises:
        SceneError: A data-block to key is in another file. Nothing is changed.
    """
    active = active_curves.find_active_curves(obj)
    value_of = _property_values(obj, frame, values, active, placed)
    free, notes = set_properties(obj, frame, value_of)
    names = active_curves.channels_by_address(obj)
    keyed = {names[address] for address in free}
    return KeyedChannels(
        tuple(name for name in values if name in keyed or (name in channels.HEAD and HEAD in keyed)), notes
    )


def set_properties(
    obj: bpy.types.Object, frame: float, value_of: dict[PropertyAddress, float]
) -> tuple[list[PropertyAddress], list[str]]:
    """Key properties with exactly these values, as EXTREME keys.

    Returns:
        The properties that were keyed, and notes about those whose curve is locked.

    Raises:
        SceneError: A data-block to key is in another file. Nothing is changed.
    """
    active = active_curves.find_active_curves(obj)
    character_checks.check_blocks(obj, {address[0]: active_curves.data_block(obj, address[0]) for address in value_of})
    locked = [address for address in value_of if address in active and is_locked(active[address].fcurve)]
    free = [address for address in value_of if address not in locked]
    for address in free:
        curve = active.get(address) or _new_curve(obj, address, frame)
        _set_pinned_key(curve, curve.to_curve_time(frame), value_of[address])
    return free, locked_notes(obj, locked)


def value_pins(
    obj: bpy.types.Object, frame: float, values: dict[str, float], placed: placement.Placement | None = None
) -> list[Pin]:
    """Return pins at `frame` that hold values of channels, as float32. Nothing is written. Arguments of `set_values`.

    Channels that `obj` has no shape key for are left out.
    """
    known = active_curves.channels_by_address(obj)
    value_of = _property_values(obj, frame, values, active_curves.find_active_curves(obj), placed)
    return [Pin(*address, frame, float(np.float32(value)), known[address]) for address, value in value_of.items()]


def without_locked(obj: bpy.types.Object, pins: Iterable[Pin]) -> list[Pin]:
    """Return the pins whose curves exist and are not locked."""
    active = active_curves.find_active_curves(obj)
    return [pin for pin in pins if pin.address in active and not is_locked(active[pin.address].fcurve)]


def _property_values(
    obj: bpy.types.Object,
    frame: float,
    values: dict[str, float],
    active: dict[PropertyAddress, ActiveCurve],
    placed: placement.Placement | None,
) -> dict[PropertyAddress, float]:
    """Return the values of properties that give channels these values at a frame."""
    new = {target.address: target.value(values) for target in active_curves.face_targets(obj)}
    value_of = {address: value for address, value in new.items() if value is not None}
    for group in active_curves.groups(obj):
        if group.channels & values.keys():
            value_of |= _group_values(obj, group, frame, values, active)
    if set(values) & set(channels.HEAD):
        value_of |= _head_pose_values(obj, frame, values, active, placed)
    return value_of


def _group_values(
    obj: bpy.types.Object,
    group: active_curves.Group,
    frame: float,
    values: dict[str, float],
    active: dict[PropertyAddress, ActiveCurve],
) -> dict[PropertyAddress, float]:
    """Return the values of a group for values of channels; channels that are not among them stay as they are."""
    now = group.columns(evaluate_curves.sample_group(obj, group, np.array([frame], np.float64), active))
    new = {name: np.array([values[name]], np.float32) for name in group.channels if name in values}
    solved = group.solve(now | new, frame_rate.scene_rate(bpy.context.scene))
    return dict(zip(group.addresses, solved[0].tolist(), strict=True))


def locked_notes(obj: bpy.types.Object, addresses: Iterable[PropertyAddress]) -> list[str]:
    """Return a note about the locked channels of these curves: one, or none without curves."""
    names = active_curves.channels_by_address(obj)
    turned = [address for address in addresses if names.get(address) == HEAD]
    shapes = list(dict.fromkeys(names.get(address, address[1]) for address in addresses if address not in turned))
    every = len(turned) == sum(name == HEAD for name in names.values())
    head = (
        ([HEAD] if turned else [])
        if every
        else [f"{HEAD} {_axis_letter(obj, index)}" for _kind, _path, index in turned]
    )
    return names_note("Locked, so not changed:", [*shapes, *head])


def _axis_letter(obj: bpy.types.Object, index: int) -> str:
    """Return Blender's letter for one value of the rotation."""
    return ("XYZ" if len(head_target(obj).rotation_mode) == 3 else "WXYZ")[index]


def is_locked(fcurve: bpy.types.FCurve) -> bool:
    """Return whether a curve, or the group that it is in, is locked."""
    return fcurve.lock or (fcurve.group is not None and fcurve.group.lock)


def _head_pose_values(
    obj: bpy.types.Object,
    frame: float,
    values: dict[str, float],
    active: dict[PropertyAddress, ActiveCurve],
    placed: placement.Placement | None,
) -> dict[PropertyAddress, float]:
    """Return the rotation's values with the head axes of `values`; those that it has if the pose is the same."""
    now = evaluate_curves.sample_rotation(obj, np.array([frame], np.float64), active)
    vector = evaluate_curves.head_vectors(obj, now, placed)
    pose = np.array([[values.get(name, old) for name, old in zip(channels.HEAD, vector[0], strict=True)]])
    if np.abs(pose - vector).max() > SAME_ROTATION:
        turned = evaluate_curves.to_mesh_axes(obj, pose, placed)
        curves = head_pose.rotation_curves(
            head_target(obj), turned, evaluate_curves.reference_rotation(obj), previous=now[0].tolist()
        )
        now = np.stack([curve.values for curve in curves], axis=1)
    return dict(zip(head_target(obj).addresses, now[0].tolist(), strict=True))


def _new_curve(obj: bpy.types.Object, address: PropertyAddress, frame: float) -> ActiveCurve:
    """Insert a key in the active Action or a new one, as Blender does if the user presses I, and return its curve."""
    kind, path, index = address
    block = active_curves.data_block(obj, kind)
    is_vector = hasattr(block.path_resolve(path), "__len__")
    block.keyframe_insert(path, index=index if is_vector else -1, frame=frame)
    return active_curves.find_active_curves(obj)[address]


def _set_pinned_key(curve: ActiveCurve, time: float, value: float) -> None:
    """Set an EXTREME key: the existing one with its handles, or a new one like the one before it."""
    keys = KeyTable.read(curve.fcurve)
    near, same = keys.nearest([time])
    if not same[0]:
        before = max(int(np.searchsorted(keys.frames, time)) - 1, 0)
        if keys.interpolation[before] == enum_value("interpolation", "LINEAR"):
            keys = KeyTable.joined([keys, KeyTable.generated([time], [value])])
        else:
            curve.fcurve.keyframe_points.insert(time, value)
            keys = KeyTable.read(curve.fcurve)
        near, _ = keys.nearest([time])
    keys.with_values(near, [value], "EXTREME").write(curve.fcurve)
