"""The baseline of an Action: the samples and keys that were generated, to compare the user's edits with.

Blender leaves a key of type GENERATED as it is if the user overwrites it, so key types alone do not show edits.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Collection, Iterable
from dataclasses import replace
from functools import lru_cache
from typing import Any

import bpy
import numpy as np

from ... import compat
from ...core import errors
from ...rig.property_address import PointsByAddress, PropertyAddress, id_type
from ..characters import shape_key_names
from ..keys.write_keys import SampledCurve
from . import stored_request

SAMPLES = "diface_samples"
KEYS = "diface_keys"
PINS = "diface_pins"
COMPRESSION = 1
"""Level of zlib."""
BEFORE_CONTROLS = {SAMPLES: "diface_plain_samples", KEYS: "diface_plain_keys"}
"""The baseline, and the custom properties with what it was before the articulation controls, while they are applied."""


def store(
    action: bpy.types.Action,
    request: dict[str, Any],
    curves: dict[str, list[SampledCurve]],
    keys: PointsByAddress | None = None,
    pins: PointsByAddress | None = None,
    level: int = COMPRESSION,
) -> None:
    """Store the request and the baseline of an Action.

    Args:
        action: An Action of a take.
        request: What made it; must be JSON.
        curves: The samples, one a frame, by kind of data-block ('KEY', 'OBJECT').
        keys: The keys of those curves that do not have one key a frame with the samples' values.
        pins: The pins that the motion passes through. None keeps those that are stored.
        level: Level of compression of the samples, 0 to 9.
    """
    header = {kind: [[c.path, c.index, len(c.values)] for c in kind_curves] for kind, kind_curves in curves.items()}
    stored_request.write_request(action, request)
    for name in (SAMPLES, KEYS, *(() if pins is None else (PINS,))):
        if name in action:
            del action[name]  # Blender cuts bytes that replace others at their first zero
    action[SAMPLES] = pack(header, [curve.values for kind_curves in curves.values() for curve in kind_curves], level)
    if keys:
        action[KEYS] = _pack_points(keys)
    if pins and any(map(len, pins.values())):
        action[PINS] = _pack_points(pins)


def read_samples(action: bpy.types.Action) -> dict[str, list[SampledCurve]]:
    """Return the generated curves by kind of data-block, with the current names of the shape keys."""
    stored = _unpack_curves(bytes(action.get(SAMPLES, b"")))
    addresses = [(kind, curve.path, curve.index) for kind, curves in stored.items() for curve in curves]
    names = _current_paths(action, addresses)
    return {
        kind: [replace(curve, path=names.get((kind, curve.path, curve.index), curve.path)) for curve in curves]
        for kind, curves in stored.items()
    }


def row_count(actions: Iterable[bpy.types.Action]) -> int:
    """Return the number of rows of the longest generated curve of a take; 0 without any. Fast: values are not read."""
    headers = (_read_header(bytes(action.get(SAMPLES, b"")).partition(b"\0")[0]) for action in actions)
    counts = (count for header in headers for entries in header.values() for _path, _index, count in entries)
    return max(counts, default=0)


def check_readable(actions: Iterable[bpy.types.Action]) -> None:
    """Raise SceneError if the baseline of one of `actions` is damaged, or none of them has one."""
    actions = list(actions)
    damaged = [action for action in actions if SAMPLES in action and not _is_whole(bytes(action[SAMPLES]))]
    if not row_count(actions):
        damaged = damaged or actions[:1]
    for action in damaged:
        message = f"The generated keys that {action.name} stores are damaged."
        raise errors.SceneError(
            message, "Generate it again with the same seed, or use another take. The take still plays."
        )


def read_baseline_keys(action: bpy.types.Action) -> PointsByAddress:
    """Return the keys as they were generated, rows of (frame, value), with the current names of the shape keys.

    The result is cached and must not be changed.
    """
    return read_keys(action, SAMPLES, KEYS)


def read_keys(action: bpy.types.Action, samples: str, keys: str) -> PointsByAddress:
    """Return the keys of a baseline that is stored in two custom properties, as `read_baseline_keys` does."""
    stored = bytes(action.get(samples, b"")), bytes(action.get(keys, b""))
    first_frame = stored_request.require_request(action)["first_frame"]
    return with_current_paths(action, _unpack_baseline_keys(first_frame, *stored))


def has_controls(action: bpy.types.Action) -> bool:
    """Return whether articulation controls are applied to the keys of an Action."""
    return BEFORE_CONTROLS[SAMPLES] in action


def read_keys_before_controls(action: bpy.types.Action) -> PointsByAddress:
    """Return the keys as they were generated, before articulation controls. The result must not be changed."""
    return read_keys(action, *(BEFORE_CONTROLS.values() if has_controls(action) else (SAMPLES, KEYS)))


def keep_before_controls(action: bpy.types.Action) -> None:
    """Store the baseline once more, as that before the articulation controls, unless that was done."""
    if not has_controls(action):
        for name, kept in BEFORE_CONTROLS.items():
            if name in action:
                action[kept] = bytes(action[name])


def restore_before_controls(action: bpy.types.Action) -> None:
    """Let the baseline be again, byte for byte, what it was before the articulation controls."""
    for name, kept in BEFORE_CONTROLS.items():
        if name in action:
            del action[name]
        if kept in action:
            action[name] = bytes(action[kept])
            del action[kept]


def read_applied_pins(action: bpy.types.Action) -> PointsByAddress:
    """Return the pins that the motion passes through, rows of (frame, value). Some may have been removed since."""
    return with_current_paths(action, _unpack_points(bytes(action[PINS]))) if PINS in action else {}


def _pack_points(points_by_address: PointsByAddress) -> bytes:
    header = [[*address, len(points)] for address, points in points_by_address.items()]
    return pack(header, list(points_by_address.values()))


def pack(header: Any, arrays: list[np.ndarray], level: int = COMPRESSION) -> bytes:
    """Return a JSON header and float32 arrays as bytes."""
    values = b"".join(np.asarray(array, np.float32).tobytes() for array in arrays)
    return json.dumps(header).encode() + b"\0" + zlib.compress(values, level)


def unpack(stored: bytes) -> tuple[Any, np.ndarray]:
    """Return the header and the values; ((), empty) if the data are damaged."""
    try:
        header, packed = stored.split(b"\0", 1)
        return json.loads(header), np.frombuffer(zlib.decompress(packed), np.float32)
    except (ValueError, zlib.error):
        return (), np.zeros(0, np.float32)


def _read_header(stored: bytes) -> dict[str, Any]:
    """Return the header of packed samples; {} if it is damaged."""
    try:
        return dict(json.loads(stored))
    except (TypeError, ValueError):
        return {}


def _is_whole(stored: bytes) -> bool:
    """Return whether packed samples have the values that their header states."""
    header, values = unpack(stored)
    if not isinstance(header, dict):
        return False
    try:
        return sum(count for curves in header.values() for _path, _index, count in curves) == len(values)
    except (TypeError, ValueError):
        return False


def _unpack_curves(samples: bytes) -> dict[str, list[SampledCurve]]:
    header, values = unpack(samples)
    curves: dict[str, list[SampledCurve]] = {}
    begin = 0
    for kind, entries in dict(header).items():
        curves[kind] = []
        for path, index, count in entries:
            curves[kind].append(SampledCurve(path, index, values[begin : begin + count]))
            begin += count
    return curves


@lru_cache(maxsize=8)
def _unpack_baseline_keys(first_frame: int, samples: bytes, keys: bytes) -> PointsByAddress:
    points: PointsByAddress = {}
    for kind, curves in _unpack_curves(samples).items():
        for curve in curves:
            frames = np.arange(first_frame, first_frame + len(curve.values), dtype=np.float32)
            points[kind, curve.path, curve.index] = np.stack([frames, curve.values], axis=1)
    return points | _unpack_points(keys) if keys else points


@lru_cache(maxsize=8)
def _unpack_points(stored: bytes) -> PointsByAddress:
    header, values = unpack(stored)
    ends = 2 * np.cumsum([count for *_, count in header])
    return {
        (kind, path, index): values[int(end) - 2 * count : int(end)].reshape(-1, 2)
        for (kind, path, index, count), end in zip(header, ends, strict=True)
    }


def with_current_paths(action: bpy.types.Action, stored: PointsByAddress) -> PointsByAddress:
    """Return arrays by property with the current names of the shape keys."""
    names = _current_paths(action, stored)
    if not names:
        return stored
    return {
        (kind, names.get((kind, path, index), path), index): points for (kind, path, index), points in stored.items()
    }


def _current_paths(action: bpy.types.Action, addresses: Collection[PropertyAddress]) -> dict[PropertyAddress, str]:
    """Return the current paths of curves whose shape keys the user renamed within the spellings of a channel.

    Blender renames a curve with its shape key, and the stored data keep the old name.
    """
    renamed: dict[PropertyAddress, str] = {}
    for kind in {kind for kind, _path, _index in addresses if id_type(kind) == "KEY"}:
        channelbag = compat.find_channelbag(action, kind)
        paths = [curve.data_path for curve in channelbag.fcurves] if channelbag else []
        known = {path for address_kind, path, _index in addresses if address_kind == kind}
        channels = ((path, shape_key_names.channel_for_path(path)) for path in paths if path not in known)
        new = {channel: path for path, channel in channels if channel}
        for path in known.difference(paths) if new else ():
            if (channel := shape_key_names.channel_for_path(path)) in new:
                renamed[kind, path, 0] = new[channel]
    return renamed
