"""What was generated, kept with its Action: the request as JSON, and every sample, to tell the artist's edits from it.

Blender leaves a key of type GENERATED as it is when the artist overwrites it, so that types alone do not show edits.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Collection
from dataclasses import replace
from functools import lru_cache
from typing import Any

import bpy
import numpy as np

from ... import compat
from ..characters import shape_key_names
from ..keys.key_table import KeyTable, Points, nearest
from ..keys.write_keys import Curve, enum

REQUEST = "diface_request"
SAMPLES = "diface_samples"
KEYS = "diface_keys"
PINS = "diface_pins"

Edits = dict[tuple[str, int], np.ndarray]
"""(RNA path, array index) -> what the artist set: rows of (frame, value), shape (K, 2) float32."""

Address = tuple[str, str, int]
Written = dict[Address, np.ndarray]
"""(kind of data-block, RNA path, array index) -> its keys: rows of (frame, value), shape (K, 2) float32."""


def store(
    action: bpy.types.Action,
    request: dict[str, Any],
    curves: dict[str, list[Curve]],
    keys: Written | None = None,
    pins: Written | None = None,
) -> None:
    """Keep `request` and the samples of `curves` (by kind of data-block: 'KEY', 'OBJECT') with the Action.

    keys: those curves whose keys are not one a frame with the samples' values, key by key. pins: what the motion was
    made to go through; None: what was kept of them stays.
    """
    header = {kind: [[c.path, c.index, len(c.values)] for c in some] for kind, some in curves.items()}
    action[REQUEST] = json.dumps(request)
    for name in (SAMPLES, KEYS, *(() if pins is None else (PINS,))):
        if name in action:
            del action[name]  # bytes in the place of others are cut at their first zero
    action[SAMPLES] = _packed(header, [curve.values for some in curves.values() for curve in some])
    if keys:
        action[KEYS] = _packed_keys(keys)
    if pins and any(map(len, pins.values())):
        action[PINS] = _packed_keys(pins)


def _packed_keys(keys: Written) -> bytes:
    return _packed([[*address, len(points)] for address, points in keys.items()], list(keys.values()))


def _packed(header: Any, arrays: list[np.ndarray]) -> bytes:
    values = b"".join(np.asarray(array, np.float32).tobytes() for array in arrays)
    return json.dumps(header).encode() + b"\0" + zlib.compress(values, 1)


def _unpacked(stored: bytes) -> tuple[Any, np.ndarray]:
    header, packed = stored.split(b"\0", 1)
    return json.loads(header), np.frombuffer(zlib.decompress(packed), np.float32)


def request_of(action: bpy.types.Action) -> dict[str, Any] | None:
    """The request that made this Action; None for an Action that DiFACE did not make."""
    return json.loads(action[REQUEST]) if REQUEST in action else None


def samples_of(action: bpy.types.Action) -> dict[str, list[Curve]]:
    """What `store` kept: the curves as they were generated, by kind of data-block and by the names that the
    shape keys have now."""
    stored = _curves(bytes(action[SAMPLES]))
    names = _new_names(action, [(kind, curve.path, curve.index) for kind, some in stored.items() for curve in some])
    return {
        kind: [replace(curve, path=names.get((kind, curve.path, curve.index), curve.path)) for curve in some]
        for kind, some in stored.items()
    }


def _curves(samples: bytes) -> dict[str, list[Curve]]:
    header, values = _unpacked(samples)
    curves: dict[str, list[Curve]] = {}
    done = 0
    for kind, entries in header.items():
        curves[kind] = []
        for path, index, count in entries:
            curves[kind].append(Curve(path, index, values[done : done + count]))
            done += count
    return curves


def as_written(action: bpy.types.Action) -> Written:
    """Every key that `store` kept, rows of (frame, value): what the keys were before the artist changed them.

    By the names that the shape keys have now. Remembered from call to call, so not to be changed.
    """
    stored = bytes(action[SAMPLES]), bytes(action[KEYS]) if KEYS in action else b""
    return _renamed(action, _as_written(request_of(action)["first_frame"], *stored))


def pins_of(action: bpy.types.Action) -> Written:
    """The pins that the motion was made to go through, as rows of (frame, value); they may be none any more."""
    return _renamed(action, _keys(bytes(action[PINS]))) if PINS in action else {}


@lru_cache(maxsize=8)
def _as_written(first_frame: int, samples: bytes, keys: bytes) -> Written:
    found: Written = {}
    for kind, curves in _curves(samples).items():
        for curve in curves:
            frames = np.arange(first_frame, first_frame + len(curve.values), dtype=np.float32)
            found[kind, curve.path, curve.index] = np.stack([frames, curve.values], axis=1)
    return found | _keys(keys) if keys else found


@lru_cache(maxsize=8)
def _keys(stored: bytes) -> Written:
    header, values = _unpacked(stored)
    ends = 2 * np.cumsum([count for *_, count in header])
    return {
        (kind, path, index): values[end - 2 * count : end].reshape(-1, 2)
        for (kind, path, index, count), end in zip(header, ends, strict=True)
    }


def _renamed(action: bpy.types.Action, stored: Written) -> Written:
    """What was kept, by the names that the shape keys have now."""
    names = _new_names(action, stored)
    if not names:
        return stored
    return {(kind, names.get((kind, path, index), path), index): some for (kind, path, index), some in stored.items()}


def _new_names(action: bpy.types.Action, addresses: Collection[Address]) -> dict[Address, str]:
    """The paths that curves have now whose shape keys the artist gave another spelling since. Blender renames a curve
    with its shape key, and what was kept keeps the old name: they are of the same channel."""
    channels = compat.channels_of(action, "KEY")
    paths = [curve.data_path for curve in channels.fcurves] if channels else []
    known = {path for kind, path, _index in addresses if kind == "KEY"}
    new = {channel: path for path in paths if path not in known and (channel := shape_key_names.channel_at(path))}
    lost = known.difference(paths) if new else ()
    return {("KEY", path, 0): new[channel] for path in lost if (channel := shape_key_names.channel_at(path)) in new}


def edits(action: bpy.types.Action, tolerance: float = 1e-5) -> dict[str, Edits]:
    """The keys that the artist changed, moved, added or marked EXTREME, in the curves that were generated, by kind."""
    found: dict[str, Edits] = {}
    for (kind, path, index), points in as_written(action).items():
        channels = compat.channels_of(action, kind)
        fcurve = channels.fcurves.find(path, index=index) if channels else None
        if fcurve and len(fcurve.keyframe_points):
            keys = KeyTable.read(fcurve)
            is_edit = differing(keys, points, tolerance) | (keys.type == enum("type", "EXTREME"))
            if is_edit.any():
                found.setdefault(kind, {})[path, index] = keys.co[is_edit]
    return found


def differing(keys: KeyTable | Points, points: np.ndarray, tolerance: float = 1e-5) -> np.ndarray:
    """Which of `keys` (K,) are not those of `points` (N, 2): neither at another time nor with another value."""
    if not len(points):
        return np.ones(len(keys), bool)
    if np.array_equal(points[:, 0], keys.frames):
        return np.abs(keys.values - points[:, 1]) > tolerance
    near, same = nearest(points[:, 0], keys.frames)
    return ~same | (np.abs(keys.values - points[near, 1]) > tolerance)
