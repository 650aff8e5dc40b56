"""What was generated, kept with its Action: the request as JSON, and every sample, to tell the artist's edits from it.

Blender leaves a key of type GENERATED as it is when the artist overwrites it, so that types alone do not show edits.
"""

from __future__ import annotations

import json
import zlib
from typing import Any

import bpy
import numpy as np

from .. import compat
from .write_keys import Curve

REQUEST = "diface_request"
SAMPLES = "diface_samples"

Edits = dict[tuple[str, int], np.ndarray]
"""(RNA path, array index) -> what the artist set: rows of (frame, value), shape (K, 2) float32."""


def store(action: bpy.types.Action, request: dict[str, Any], curves: dict[str, list[Curve]]) -> None:
    """Keep `request` and the samples of `curves` (by kind of data-block: 'KEY', 'OBJECT') with the Action."""
    header = {kind: [[c.path, c.index, len(c.values)] for c in some] for kind, some in curves.items()}
    values = [curve.values.astype(np.float32) for some in curves.values() for curve in some]
    packed = zlib.compress(b"".join(some.tobytes() for some in values), 1)
    action[REQUEST] = json.dumps(request)
    action[SAMPLES] = json.dumps(header).encode() + b"\0" + packed


def request_of(action: bpy.types.Action) -> dict[str, Any] | None:
    """The request that made this Action; None for an Action that DiFACE did not make."""
    return json.loads(action[REQUEST]) if REQUEST in action else None


def samples_of(action: bpy.types.Action) -> dict[str, list[Curve]]:
    """What `store` kept: the curves as they were generated, by kind of data-block."""
    header, packed = bytes(action[SAMPLES]).split(b"\0", 1)
    values = np.frombuffer(zlib.decompress(packed), np.float32)
    curves: dict[str, list[Curve]] = {}
    done = 0
    for kind, entries in json.loads(header).items():
        curves[kind] = []
        for path, index, count in entries:
            curves[kind].append(Curve(path, index, values[done : done + count]))
            done += count
    return curves


def edits(action: bpy.types.Action, tolerance: float = 1e-5) -> dict[str, Edits]:
    """The keys that the artist changed, moved, added or re-typed, in the curves that were generated, by kind."""
    first_frame = request_of(action)["first_frame"]
    found: dict[str, Edits] = {}
    for kind, curves in samples_of(action).items():
        channels = compat.channels_of(action, kind)
        for curve in curves:
            fcurve = channels.fcurves.find(curve.path, index=curve.index) if channels else None
            rows = _edited(fcurve, curve, first_frame, tolerance) if fcurve else ()
            if len(rows):
                found.setdefault(kind, {})[curve.path, curve.index] = rows
    return found


def _edited(fcurve: bpy.types.FCurve, curve: Curve, first_frame: int, tolerance: float) -> np.ndarray:
    keys = fcurve.keyframe_points
    points, types = np.empty((len(keys), 2), np.float32), np.empty(len(keys), np.int32)
    keys.foreach_get("co", points.ravel())
    keys.foreach_get("type", types)

    # Each key against the sample nearest in time: neither off its frame, nor off its value, nor of another type.
    row = np.clip(np.rint(points[:, 0] - first_frame).astype(int), 0, len(curve.values) - 1)
    moved = np.abs(points[:, 0] - first_frame - row) > 1e-3
    changed = np.abs(points[:, 1] - curve.values[row]) > tolerance
    retyped = types != bpy.types.Keyframe.bl_rna.properties["type"].enum_items["GENERATED"].value
    return points[moved | changed | retyped]
