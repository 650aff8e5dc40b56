"""Whole faces that the artist sculpted, as pins of a take whose face moves vertex by vertex or on shapes of its own."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable

import bpy
import numpy as np

from ... import compat
from ...core import errors, placement, types
from ..characters import flame_mesh, shape_keys
from ..provenance import baseline
from ..takes import takes
from ..vertex_animation import motion_shape_keys, take_cache, vertex_cache

PINS = "diface_vertex_pins"
"""Custom property of a take's Action: its pins, frames as JSON and then the offsets, compressed."""

Actions = list[bpy.types.Action]
Faces = dict[float, np.ndarray]
"""Frame -> how far each vertex (V, 3) float64 is from where it rests, in the mesh's coordinates: with the artist's own
shape keys, say another nose, and without what speaks. float64, so that what was sculpted comes back to the bit."""


def take_of(obj: bpy.types.Object) -> str | None:
    """The id of the take that moves `obj`'s face on shapes of its own or as a vertex cache; quick, for a button."""
    if obj.type != "MESH":
        return None
    keys = obj.data.shape_keys
    action = keys.animation_data.action if keys and keys.animation_data else None
    request = baseline.request_of(action) if action else None
    if request and "shape_keys" in request:
        return request["take"]
    cache = vertex_cache.playing(obj)
    found = (baseline.request_of(action) for action in bpy.data.actions) if cache else ()
    return next((request["take"] for request in found if request and request["take"].startswith(cache)), None)


def actions_of(take: str) -> Actions:
    """The Actions of a take. Raises SceneError where it is gone."""
    found = takes.all_takes().get(take)
    if not found:
        raise errors.SceneError("The take that was sculpted is gone.", "Undo that, or discard the sculpt.")
    return found


def frames(actions: Actions, unsettled: bool = False) -> list[float]:
    """The frames at which the take has pins; `unsettled`: those at which its motion does not know them yet, or still
    goes through one that was let go."""
    found = set(_read(actions))
    return sorted(found ^ _settled(actions) if unsettled else found)


def add(obj: bpy.types.Object, actions: Actions, frame: float, places: np.ndarray) -> None:
    """Pin the face at a frame: its vertices at `places` (V, 3), in the mesh's coordinates."""
    offset = places.astype(np.float64) - motion_shape_keys.standing(obj)
    _write(actions, {**_read(actions), frame: offset}, _settled(actions) - {frame})


def remove(actions: Actions, frame: float) -> None:
    """Let go of the pin at a frame, where there is one."""
    _write(actions, {at: face for at, face in _read(actions).items() if at != frame}, _settled(actions))


def of(
    obj: bpy.types.Object,
    actions: Actions,
    first_frame: int,
    kept: Iterable[int] = (),
    placed: placement.Placement | None = None,
) -> types.VertexPins | None:
    """What a generation from `first_frame` on has to keep of a take's face: its pins, and its motion at the frames
    `kept`, where that lies. None where there is nothing.

    placed: how the mesh lies, where that is known better than from its vertices.
    """
    faces = {**_moving(obj, actions, sorted(set(kept))), **_read(actions)}
    if not faces:
        return None
    placed = placed or flame_mesh.place(obj, None)
    order = sorted(faces)
    offsets = np.stack([faces[frame] for frame in order])
    return types.VertexPins(np.array(order) - float(first_frame), placed.offsets(offsets))


def carry(obj: bpy.types.Object, old: Actions, new: Actions, kept: Iterable[int] = ()) -> None:
    """Give a take that was made around another's pins the same pins, and a cache of its own to the bit what was pinned,
    and what the other has at the frames `kept`."""
    pins = _read(old)
    _write(new, pins, set(pins))
    request, file = baseline.request_of(new[0]), take_cache.of(obj, new)
    if file is None:
        return
    standing = motion_shape_keys.standing(obj)
    faces = {**_moving(obj, old, sorted(set(kept))), **pins}
    rows = {frame - request["first_frame"]: standing + face for frame, face in faces.items()}
    vertex_cache.set_rows(file, {int(row): places for row, places in rows.items() if row == int(row) >= 0})


def _moving(obj: bpy.types.Object, actions: Actions, wanted: list[int]) -> Faces:
    """What the take's face does at whole frames, as far as it lasts."""
    request = baseline.request_of(actions[0])
    rows = [frame - request["first_frame"] for frame in wanted]
    if not wanted or ("shape_keys" not in request and "cache" not in request):
        return {}
    if file := take_cache.of(obj, actions):
        standing = motion_shape_keys.standing(obj)
        found = vertex_cache.rows(file, rows)
        return {wanted[rows.index(row)]: places.astype(np.float64) - standing for row, places in found.items()}
    blocks = obj.data.shape_keys.key_blocks
    names = [name for name in request["shape_keys"] if name in blocks]
    deltas = np.stack([shape_keys.delta(obj, blocks[name]) for name in names]).astype(np.float64)
    curves = _curves(actions, [blocks[name].path_from_id("value") for name in names])
    last = min(curve.range()[1] for curve in curves)
    there = [frame for frame in wanted if request["first_frame"] <= frame <= last]
    return {frame: np.tensordot([curve.evaluate(frame) for curve in curves], deltas, 1) for frame in there}


def _curves(actions: Actions, paths: list[str]) -> list[bpy.types.FCurve]:
    held = [found for action in actions if (found := compat.channels_of(action, "KEY"))]
    return [next(curve for some in held if (curve := some.fcurves.find(path))) for path in paths]


def _read(actions: Actions) -> Faces:
    holder = _holder(actions)
    if PINS not in holder:
        return {}
    header, packed = bytes(holder[PINS]).split(b"\0", 1)
    order = json.loads(header)["frames"]
    if not order:
        return {}
    offsets = np.frombuffer(zlib.decompress(packed), np.float64).reshape(len(order), -1, 3)
    return dict(zip(order, offsets, strict=True))


def _settled(actions: Actions) -> set[float]:
    holder = _holder(actions)
    return set(json.loads(bytes(holder[PINS]).split(b"\0", 1)[0])["settled"]) if PINS in holder else set()


def _write(actions: Actions, faces: Faces, settled: set[float]) -> None:
    holder = _holder(actions)
    if PINS in holder:
        del holder[PINS]  # bytes in the place of others are cut at their first zero
    if faces or settled:
        order = sorted(faces)
        offsets = b"".join(np.asarray(faces[frame], np.float64).tobytes() for frame in order)
        header = {"frames": order, "settled": sorted(settled)}
        holder[PINS] = json.dumps(header).encode() + b"\0" + zlib.compress(offsets, 1)


def _holder(actions: Actions) -> bpy.types.Action:
    """The one of a take's Actions that has its pins, or shall have them."""
    return next((action for action in actions if PINS in action), actions[0])
