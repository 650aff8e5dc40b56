"""Sculpted faces as pins of a take whose face is a vertex cache or moves custom shapes."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterable

import bpy
import numpy as np

from ... import compat
from ...core import errors, placement, types
from ..characters import flame_mesh, shape_keys
from ..provenance import stored_request
from ..takes import take_index
from ..vertex_animation import motion_shape_keys, pc2_file, take_cache, vertex_cache

PINS = "diface_vertex_pins"
"""Custom property of a take's Action: its pins, the frames as JSON and then the compressed offsets."""

VertexOffsets = dict[float, np.ndarray]
"""Frame -> offset of each vertex from rest, (V, 3) float64, in the mesh's coordinates.

Rest includes the user's shape keys, such as another nose, and no face channels. float64 reproduces a sculpt exactly."""


def find_take(obj: bpy.types.Object) -> str | None:
    """Return the id of the take that moves the face of `obj` by custom shapes or as a vertex cache.

    Fast enough for a button's poll.
    """
    if obj.type != "MESH":
        return None
    keys = obj.data.shape_keys
    action = keys.animation_data.action if keys and keys.animation_data else None
    request = stored_request.read_request(action) if action else None
    if request and "shape_keys" in request:
        return request["take"]
    cache = vertex_cache.active_take(obj)
    found = (stored_request.read_request(action) for action in bpy.data.actions) if cache else ()
    return next((request["take"] for request in found if request and request["take"].startswith(cache)), None)


def take_actions(take: str) -> list[bpy.types.Action]:
    """Return the Actions of a take. Raise SceneError if it was deleted."""
    found = take_index.all_takes().get(take)
    if not found:
        raise errors.SceneError("The take that was sculpted is gone.", "Undo that, or discard the sculpt.")
    return found


def pin_frames(actions: list[bpy.types.Action], changed_only: bool = False) -> list[float]:
    """Return the frames of a take's pins.

    Args:
        actions: The take.
        changed_only: Return the frames where its motion does not match the pins: added, or removed since.
    """
    frames = set(_read_pins(actions))
    return sorted(frames ^ _applied_frames(actions) if changed_only else frames)


def add_pin(obj: bpy.types.Object, actions: list[bpy.types.Action], frame: float, positions: np.ndarray) -> None:
    """Pin the face at a frame, with its vertices at `positions` (V, 3) in the mesh's coordinates."""
    offset = positions.astype(np.float64) - motion_shape_keys.neutral_vertices(obj)
    _write_pins(actions, {**_read_pins(actions), frame: offset}, _applied_frames(actions) - {frame})


def retime(actions: list[bpy.types.Action], to_new: Callable[[float], float]) -> None:
    """Move all pins of a take in time."""
    pins = {to_new(frame): offsets for frame, offsets in _read_pins(actions).items()}
    _write_pins(actions, pins, {to_new(frame) for frame in _applied_frames(actions)})


def remove_pin(actions: list[bpy.types.Action], frame: float) -> None:
    """Remove the pin at a frame, if there is one."""
    _write_pins(
        actions, {at: face for at, face in _read_pins(actions).items() if at != frame}, _applied_frames(actions)
    )


def to_vertex_pins(
    obj: bpy.types.Object,
    actions: list[bpy.types.Action],
    first_frame: int,
    known_frames: Iterable[int] = (),
    placed: placement.Placement | None = None,
) -> types.VertexPins | None:
    """Return what a generation must keep of a take's face; None if there is nothing.

    Args:
        obj: The character.
        actions: The take.
        first_frame: Frame of the first row.
        known_frames: Frames whose motion is kept, besides the pins.
        placed: Placement of the mesh if it is known better than from its vertices.
    """
    faces = {**_motion_offsets(obj, actions, sorted(set(known_frames))), **_read_pins(actions)}
    if not faces:
        return None
    placed = placed or flame_mesh.estimate_placement(obj, None)
    order = sorted(faces)
    offsets = np.stack([faces[frame] for frame in order])
    return types.VertexPins(np.array(order) - float(first_frame), placed.deltas_to_flame(offsets))


def copy_pins(
    obj: bpy.types.Object, old: list[bpy.types.Action], new: list[bpy.types.Action], known_frames: Iterable[int] = ()
) -> None:
    """Copy the pins of a take to a new one that was generated around them.

    A cache of the new take gets exactly the pinned vertices, and those of the old take at the frames `known_frames`.
    """
    pins = _read_pins(old)
    _write_pins(new, pins, set(pins))
    request, file = stored_request.require_request(new[0]), take_cache.cache_file(obj, new)
    if file is None:
        return
    neutral = motion_shape_keys.neutral_vertices(obj)
    faces = {**_motion_offsets(obj, old, sorted(set(known_frames))), **pins}
    rows = {frame - request["first_frame"]: neutral + face for frame, face in faces.items()}
    pc2_file.write_rows(file, {int(row): places for row, places in rows.items() if row == int(row) >= 0})


def _motion_offsets(obj: bpy.types.Object, actions: list[bpy.types.Action], frames: list[int]) -> VertexOffsets:
    """Return the offsets of a take's face at those whole frames that it has."""
    request = stored_request.require_request(actions[0])
    rows = [frame - request["first_frame"] for frame in frames]
    if not frames or ("shape_keys" not in request and "cache" not in request):
        return {}
    if file := take_cache.cache_file(obj, actions):
        neutral = motion_shape_keys.neutral_vertices(obj)
        found = pc2_file.read_rows(file, rows, len(neutral))
        return {frames[rows.index(row)]: places.astype(np.float64) - neutral for row, places in found.items()}
    blocks = obj.data.shape_keys.key_blocks
    names = [name for name in request["shape_keys"] if name in blocks]
    deltas = np.stack([shape_keys.shape_key_delta(obj, blocks[name]) for name in names]).astype(np.float64)
    curves = _find_fcurves(actions, [blocks[name].path_from_id("value") for name in names])
    last = min(curve.range()[1] for curve in curves)
    covered = [frame for frame in frames if request["first_frame"] <= frame <= last]
    return {frame: np.tensordot([curve.evaluate(frame) for curve in curves], deltas, 1) for frame in covered}


def _find_fcurves(actions: list[bpy.types.Action], paths: list[str]) -> list[bpy.types.FCurve]:
    held = [found for action in actions if (found := compat.find_channelbag(action, "KEY"))]
    return [next(curve for some in held if (curve := some.fcurves.find(path))) for path in paths]


def _read_pins(actions: list[bpy.types.Action]) -> VertexOffsets:
    holder = _pin_action(actions)
    if PINS not in holder:
        return {}
    header, packed = bytes(holder[PINS]).split(b"\0", 1)
    order = json.loads(header)["frames"]
    if not order:
        return {}
    offsets = np.frombuffer(zlib.decompress(packed), np.float64).reshape(len(order), -1, 3)
    return dict(zip(order, offsets, strict=True))


def _applied_frames(actions: list[bpy.types.Action]) -> set[float]:
    holder = _pin_action(actions)
    return set(json.loads(bytes(holder[PINS]).split(b"\0", 1)[0])["settled"]) if PINS in holder else set()


def _write_pins(actions: list[bpy.types.Action], faces: VertexOffsets, applied: set[float]) -> None:
    holder = _pin_action(actions)
    if PINS in holder:
        del holder[PINS]  # Blender cuts bytes that replace others at their first zero
    if faces or applied:
        order = sorted(faces)
        offsets = b"".join(np.asarray(faces[frame], np.float64).tobytes() for frame in order)
        header = {"frames": order, "settled": sorted(applied)}
        holder[PINS] = json.dumps(header).encode() + b"\0" + zlib.compress(offsets, 1)


def _pin_action(actions: list[bpy.types.Action]) -> bpy.types.Action:
    """Return the Action of a take that stores its pins."""
    return next((action for action in actions if PINS in action), actions[0])
