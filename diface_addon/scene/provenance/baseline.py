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
from ..keys.write_keys import SampledCurve
from . import stored_request

SAMPLES = "diface_samples"
KEYS = "diface_keys"
PINS = "diface_pins"

PropertyAddress = tuple[str, str, int]
PointsByAddress = dict[PropertyAddress, np.ndarray]
"""(kind of data-block, RNA path, array index) -> its keys: rows of (frame, value), shape (K, 2) float32."""


def store(
    action: bpy.types.Action,
    request: dict[str, Any],
    curves: dict[str, list[SampledCurve]],
    keys: PointsByAddress | None = None,
    pins: PointsByAddress | None = None,
) -> None:
    """Keep `request` and the samples of `curves` (by kind of data-block: 'KEY', 'OBJECT') with the Action.

    keys: those curves whose keys are not one a frame with the samples' values, key by key. pins: what the motion was
    made to go through; None: what was kept of them stays.
    """
    header = {kind: [[c.path, c.index, len(c.values)] for c in some] for kind, some in curves.items()}
    stored_request.write_request(action, request)
    for name in (SAMPLES, KEYS, *(() if pins is None else (PINS,))):
        if name in action:
            del action[name]  # bytes in the place of others are cut at their first zero
    action[SAMPLES] = _pack(header, [curve.values for some in curves.values() for curve in some])
    if keys:
        action[KEYS] = _pack_points(keys)
    if pins and any(map(len, pins.values())):
        action[PINS] = _pack_points(pins)


def _pack_points(keys: PointsByAddress) -> bytes:
    return _pack([[*address, len(points)] for address, points in keys.items()], list(keys.values()))


def _pack(header: Any, arrays: list[np.ndarray]) -> bytes:
    values = b"".join(np.asarray(array, np.float32).tobytes() for array in arrays)
    return json.dumps(header).encode() + b"\0" + zlib.compress(values, 1)


def _unpack(stored: bytes) -> tuple[Any, np.ndarray]:
    header, packed = stored.split(b"\0", 1)
    return json.loads(header), np.frombuffer(zlib.decompress(packed), np.float32)


def read_samples(action: bpy.types.Action) -> dict[str, list[SampledCurve]]:
    """What `store` kept: the curves as they were generated, by kind of data-block and by the names that the
    shape keys have now."""
    stored = _unpack_curves(bytes(action[SAMPLES]))
    names = _current_paths(action, [(kind, curve.path, curve.index) for kind, some in stored.items() for curve in some])
    return {
        kind: [replace(curve, path=names.get((kind, curve.path, curve.index), curve.path)) for curve in some]
        for kind, some in stored.items()
    }


def _unpack_curves(samples: bytes) -> dict[str, list[SampledCurve]]:
    header, values = _unpack(samples)
    curves: dict[str, list[SampledCurve]] = {}
    done = 0
    for kind, entries in header.items():
        curves[kind] = []
        for path, index, count in entries:
            curves[kind].append(SampledCurve(path, index, values[done : done + count]))
            done += count
    return curves


def read_baseline_keys(action: bpy.types.Action) -> PointsByAddress:
    """Every key that `store` kept, rows of (frame, value): what the keys were before the artist changed them.

    By the names that the shape keys have now. Remembered from call to call, so not to be changed.
    """
    stored = bytes(action[SAMPLES]), bytes(action[KEYS]) if KEYS in action else b""
    return _with_current_paths(
        action, _unpack_baseline_keys(stored_request.read_request(action)["first_frame"], *stored)
    )


def read_applied_pins(action: bpy.types.Action) -> PointsByAddress:
    """The pins that the motion was made to go through, as rows of (frame, value); they may be none any more."""
    return _with_current_paths(action, _unpack_points(bytes(action[PINS]))) if PINS in action else {}


@lru_cache(maxsize=8)
def _unpack_baseline_keys(first_frame: int, samples: bytes, keys: bytes) -> PointsByAddress:
    found: PointsByAddress = {}
    for kind, curves in _unpack_curves(samples).items():
        for curve in curves:
            frames = np.arange(first_frame, first_frame + len(curve.values), dtype=np.float32)
            found[kind, curve.path, curve.index] = np.stack([frames, curve.values], axis=1)
    return found | _unpack_points(keys) if keys else found


@lru_cache(maxsize=8)
def _unpack_points(stored: bytes) -> PointsByAddress:
    header, values = _unpack(stored)
    ends = 2 * np.cumsum([count for *_, count in header])
    return {
        (kind, path, index): values[end - 2 * count : end].reshape(-1, 2)
        for (kind, path, index, count), end in zip(header, ends, strict=True)
    }


def _with_current_paths(action: bpy.types.Action, stored: PointsByAddress) -> PointsByAddress:
    """What was kept, by the names that the shape keys have now."""
    names = _current_paths(action, stored)
    if not names:
        return stored
    return {(kind, names.get((kind, path, index), path), index): some for (kind, path, index), some in stored.items()}


def _current_paths(action: bpy.types.Action, addresses: Collection[PropertyAddress]) -> dict[PropertyAddress, str]:
    """The paths that curves have now whose shape keys the artist gave another spelling since. Blender renames a curve
    with its shape key, and what was kept keeps the old name: they are of the same channel."""
    channels = compat.find_channelbag(action, "KEY")
    paths = [curve.data_path for curve in channels.fcurves] if channels else []
    known = {path for kind, path, _index in addresses if kind == "KEY"}
    new = {channel: path for path in paths if path not in known and (channel := shape_key_names.channel_for_path(path))}
    lost = known.difference(paths) if new else ()
    return {
        ("KEY", path, 0): new[channel] for path in lost if (channel := shape_key_names.channel_for_path(path)) in new
    }
