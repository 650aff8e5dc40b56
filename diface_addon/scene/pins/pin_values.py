"""Poses as pins: the keys that hold a pose at a frame."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import bpy
import numpy as np

from ...core import channels, placement
from ..animation import active_curves, character_checks, sampling
from ..animation.active_curves import ActiveCurve, PropertyAddress
from ..keys import head_pose
from ..keys.key_table import KeyTable
from ..keys.write_keys import enum_value
from .pin import Pin

SAME_ROTATION = 1e-6
"""Radians up to which a head is where it is wanted."""
MAX_NAMES = 4
"""Names in the note about locked curves, before it says how many more there are."""
HEAD = "head"
"""What `playing.addresses` calls every number of the rotation."""


@dataclass(frozen=True)
class KeyedChannels:
    """The channels that were keyed, and notes about those that were not."""

    channels: tuple[str, ...]
    notes: list[str]


def pose_pins(
    obj: bpy.types.Object, names: Iterable[str], frame: float, source_frame: float | None = None
) -> list[Pin]:
    """What would pin the channels `names` at `frame` as they are at the frame `of`; nothing is written."""
    names, found = set(names), active_curves.find_active_curves(obj)
    times = np.array([frame if source_frame is None else source_frame], np.float64)
    wanted = {address for channel, address in active_curves.addresses_by_channel(obj).items() if channel in names}
    if names & set(channels.HEAD):
        wanted |= set(_rotation_addresses(obj))
    return [
        Pin(*address, frame, float(sampling.sample_property(obj, address, found.get(address), times)[0]))
        for address in sorted(wanted)
    ]


def set_values(
    obj: bpy.types.Object, frame: float, values: dict[str, float], placed: placement.Placement | None = None
) -> KeyedChannels:
    """Key the channels of `values` at `frame`, which may be between frames, with exactly these values, EXTREME.

    Channels that `obj` has no shape key for, or whose curve is locked, are left out; there are notes about the latter.
    placed: how a FLAME mesh lies, where that is known better than from its vertices. Raises SceneError, with nothing
    changed, where a data-block that would be keyed is another file's.
    """
    columns, found = active_curves.addresses_by_channel(obj), active_curves.find_active_curves(obj)
    wanted = {columns[name]: value for name, value in values.items() if name in columns}
    if set(values) & set(channels.HEAD):
        wanted |= _head_pose_values(obj, frame, values, found, placed)
    character_checks.check_blocks(obj, {address[0]: active_curves.data_block(obj, address[0]) for address in wanted})
    locked = [address for address in wanted if address in found and is_locked(found[address].fcurve)]
    free = [address for address in wanted if address not in locked]
    for address in free:
        curve = found.get(address) or _new_curve(obj, address, frame)
        _set_pinned_key(curve, curve.to_curve_time(frame), wanted[address])
    names = active_curves.channels_by_address(obj)
    keyed = {names[address] for address in free}
    return KeyedChannels(
        tuple(name for name in values if name in keyed or (name in channels.HEAD and HEAD in keyed)),
        locked_notes(obj, locked),
    )


def locked_notes(obj: bpy.types.Object, addresses: Iterable[PropertyAddress]) -> list[str]:
    """A note that says which channels of these curves were not changed: none, or one."""
    names = active_curves.channels_by_address(obj)
    turned = [address for address in addresses if names.get(address) == HEAD]
    shapes = [names.get(address, address[1]) for address in addresses if address not in turned]
    every = len(turned) == sum(name == HEAD for name in names.values())
    head = (
        ([HEAD] if turned else [])
        if every
        else [f"{HEAD} {_axis_letter(obj, index)}" for _kind, _path, index in turned]
    )
    return names_note("Locked, so not changed:", [*shapes, *head], MAX_NAMES)


def names_note(what: str, names: Iterable[str], most: int) -> list[str]:
    """A note about `names`, each once and `most` of them by name: none, or one."""
    names = list(dict.fromkeys(names))
    shown = ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
    return [f"{what} {shown}."] if names else []


def _axis_letter(obj: bpy.types.Object, index: int) -> str:
    """What Blender calls one number of the rotation."""
    return ("XYZ" if len(obj.rotation_mode) == 3 else "WXYZ")[index]


def is_locked(fcurve: bpy.types.FCurve) -> bool:
    """Whether the artist has locked a curve, or the group that it is in."""
    return fcurve.lock or (fcurve.group is not None and fcurve.group.lock)


def _rotation_addresses(obj: bpy.types.Object) -> list[PropertyAddress]:
    path = head_pose.rotation_path(obj.rotation_mode)
    return [("OBJECT", path, index) for index in range(len(getattr(obj, path)))]


def _head_pose_values(
    obj: bpy.types.Object,
    frame: float,
    values: dict[str, float],
    active: dict[PropertyAddress, ActiveCurve],
    placed: placement.Placement | None,
) -> dict[PropertyAddress, float]:
    """The rotation's numbers with the axes of `values` turned so; as they are where they are so already."""
    now = sampling.sample_rotation(obj, np.array([frame], np.float64), active)
    vector = sampling.head_vectors(obj, now, placed)
    wanted = np.array([[values.get(name, old) for name, old in zip(channels.HEAD, vector[0], strict=True)]])
    if np.abs(wanted - vector).max() > SAME_ROTATION:
        turned = sampling.to_mesh_axes(obj, wanted, placed)
        curves = head_pose.rotation_curves(obj, turned, sampling.reference_rotation(obj), previous=now[0].tolist())
        now = np.stack([curve.values for curve in curves], axis=1)
    return dict(zip(_rotation_addresses(obj), now[0].tolist(), strict=True))


def _new_curve(obj: bpy.types.Object, address: PropertyAddress, frame: float) -> ActiveCurve:
    """Blender makes it, in the Action that plays or a new one, as if the artist had pressed I."""
    kind, path, index = address
    active_curves.data_block(obj, kind).keyframe_insert(path, index=index if kind == "OBJECT" else -1, frame=frame)
    return active_curves.find_active_curves(obj)[address]


def _set_pinned_key(curve: ActiveCurve, time: float, value: float) -> None:
    """A key with this value, EXTREME: the one that is there with its handles, or a new one like that before it."""
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
    rise = np.float32(value) - keys.co[near, 1]
    keys.co[near, 1] = value
    keys.handle_left[near, 1] += rise
    keys.handle_right[near, 1] += rise
    keys.type[near] = enum_value("type", "EXTREME")
    keys.write(curve.fcurve)
