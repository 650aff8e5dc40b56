"""A pose of the motion that the user sculpts, in a temporary shape key that is shown alone."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from ...core import channels, errors, types
from ...rig import parts
from ...rig.property_address import PropertyAddress, part_kind
from ..animation import active_curves
from ..characters import shape_keys
from ..vertex_animation import vertex_cache

KEY = "DiFACE Sculpt"
STATE, START = "diface_sculpt", "diface_sculpt_start"
"""Custom properties of the object: the state to restore, and the vertices at the start. They are file data, so that
Undo and saving include them."""

RESTART_HINT = "Discard it, and begin again with Sculpt Pose."


@dataclass(frozen=True)
class Sculpt:
    """A sculpt in progress.

    Attributes:
        frame: The frame of the pose.
        start: Vertices (V, 3) at the start, in the mesh's coordinates.
        now: Vertices (V, 3) now.
        values: The values of the shape keys at the start, by name.
        take: Id of the take that gets the vertices as a pin; None if they become values of shape keys.
    """

    frame: float
    start: np.ndarray
    now: np.ndarray
    values: dict[str, float]
    take: str | None


def is_running(obj: bpy.types.Object | None) -> bool:
    """Return whether a sculpt of `obj` is in progress. Fast enough for a panel."""
    return obj is not None and STATE in obj


def sculpted_mesh(main: bpy.types.Object, active: bpy.types.Object | None) -> bpy.types.Object:
    """Return the mesh of a character that is being sculpted; without one the active mesh, or else the main one."""
    meshes = [obj for obj in parts.numbered_objects(main).values() if obj.type == "MESH"]
    return next(filter(is_running, meshes), active if active in meshes else main)


def sculpt_frame(obj: bpy.types.Object) -> float:
    """Return the frame of the sculpt in progress."""
    return _state(obj)["frame"]


def check_can_begin(obj: bpy.types.Object) -> None:
    """Raise SceneError if no shape key can be added to `obj`, or if it is being sculpted."""
    if is_running(obj):
        raise errors.SceneError(
            f"{obj.name} is being sculpted for frame {sculpt_frame(obj):g}.", "Pin or discard it first."
        )
    if obj.data.library is not None or obj.data.override_library is not None:
        hint = "Sculpt in the file that it comes from, or make it local (Object > Relations > Make Local)."
        raise errors.SceneError(f"The mesh of {obj.name} comes from another file and takes no shape keys here.", hint)


def check_readable(obj: bpy.types.Object) -> None:
    """Raise SceneError if the sculpt of `obj` cannot be read any more."""
    state = _state(obj)
    key = _key(obj)
    if key is None:
        raise errors.SceneError(f"The shape key {state['key']} that was sculpted is gone.", RESTART_HINT)
    if len(key.data) != state["vertices"]:
        message = f"{obj.name} had {state['vertices']} vertices when the sculpt began, and now has {len(key.data)}."
        raise errors.SceneError(message, f"Undo what changed them. {RESTART_HINT}")


def begin(obj: bpy.types.Object, frame: float, take: str | None = None) -> None:
    """Begin a sculpt of the visible pose of `obj`: the mix of its shape keys, or the vertex cache.

    In Object Mode. A new shape key becomes the active one and is shown alone; a cache is hidden.

    Args:
        obj: A mesh of the character.
        frame: The frame of the pose.
        take: Id of the take that gets the vertices as a pin; None if they become values of shape keys.

    Raises:
        SceneError: The cache cannot be read.
    """
    cached = vertex_cache.sample_vertices(obj, frame) if vertex_cache.active_take(obj) else None
    caches = vertex_cache.visibility(obj)
    solo, active = obj.show_only_shape_key, obj.active_shape_key.name if obj.active_shape_key else ""
    made_basis = obj.data.shape_keys is None
    if made_basis:
        obj.shape_key_add(name=shape_keys.BASIS, from_mix=False)
    keys = obj.data.shape_keys
    values = {key.name: key.value for key in keys.key_blocks if key != keys.reference_key}

    obj.show_only_shape_key = False  # else the mix is that one key
    key = obj.shape_key_add(name=KEY, from_mix=True)
    if cached is not None:
        key.points.foreach_set("co", np.ascontiguousarray(cached, np.float32).ravel())
    key.relative_key, key.value = keys.reference_key, 0.0  # from 5.0 on a new key starts at 1
    obj.active_shape_key_index = keys.key_blocks.find(key.name)
    obj.show_only_shape_key = True
    vertex_cache.hide(obj)

    state = {"key": key.name, "frame": frame, "vertices": len(key.data), "solo": solo, "active": active}
    obj[STATE] = json.dumps({**state, "values": values, "made_basis": made_basis, "caches": caches, "take": take})
    obj[START] = shape_keys.positions(key).tobytes()


def read(obj: bpy.types.Object) -> Sculpt:
    """Return the sculpt in progress, also in Edit Mode.

    Raises:
        SceneError: It cannot be read any more.
    """
    if obj.mode == "EDIT":
        obj.update_from_editmode()
    check_readable(obj)
    state = _state(obj)
    start = np.frombuffer(bytes(obj[START]), np.float32).reshape(-1, 3)
    return Sculpt(state["frame"], start, shape_keys.positions(_key(obj)), state["values"], state["take"])


def end(obj: bpy.types.Object) -> None:
    """Remove the sculpt's shape key and restore what was visible before. In Object Mode."""
    state, key = _state(obj), _key(obj)
    if key is not None:
        obj.shape_key_remove(key)
    keys = obj.data.shape_keys
    if keys and state["made_basis"] and len(keys.key_blocks) == 1:
        obj.shape_key_clear()
    elif keys:
        obj.active_shape_key_index = max(0, keys.key_blocks.find(state["active"]))
    obj.show_only_shape_key = state["solo"]
    vertex_cache.restore_visibility(obj, state["caches"])
    del obj[STATE], obj[START]


def make_solve_request(
    main: bpy.types.Object, obj: bpy.types.Object, sculpted: Sculpt
) -> tuple[tuple[PropertyAddress, ...], types.SolveRequest]:
    """Return the shape keys that may reproduce a sculpt, by address, and the request for their values.

    They are those that face channels reach, alone or as poses. Those that a driver sets or that are muted are left out.

    Args:
        main: The main mesh of the character.
        obj: The mesh that was sculpted.
        sculpted: The sculpt.
    """
    keys = _solvable_keys(main, obj, sculpted)
    deltas = np.zeros((len(keys), len(sculpted.now), 3), np.float32)
    relative: dict[str, np.ndarray] = {}
    for delta, key in zip(deltas, keys.values(), strict=True):
        other = key.relative_key
        if other.name not in relative:
            relative[other.name] = shape_keys.positions(other)  # read each once, which takes most of the time
        delta[:] = shape_keys.shape_key_delta(obj, key, relative[other.name])
    asked = types.SolveRequest(
        deltas=deltas,
        offsets=sculpted.now - sculpted.start,
        current=np.array([sculpted.values[key.name] for key in keys.values()], np.float32),
        lower=np.array([key.slider_min for key in keys.values()], np.float32),
        upper=np.array([key.slider_max for key in keys.values()], np.float32),
        vertex_mask=np.ones(len(sculpted.now), bool),
    )
    return tuple(keys), asked


def _solvable_keys(
    main: bpy.types.Object, obj: bpy.types.Object, sculpted: Sculpt
) -> dict[PropertyAddress, bpy.types.ShapeKey]:
    kind = part_kind("KEY", parts.part_number(main, obj) or 0)
    by_path = {key.path_from_id("value"): key for key in obj.data.shape_keys.key_blocks if not key.mute}
    return {
        address: by_path[address[1]]
        for address, channel in active_curves.channels_by_address(main).items()
        if address[0] == kind
        and address[1] in by_path
        and channel not in channels.LAYERS["breath"]
        and by_path[address[1]].name in sculpted.values
    }


def _state(obj: bpy.types.Object) -> dict[str, Any]:
    if not is_running(obj):
        raise errors.SceneError("No sculpt is in progress.", "Begin one with Sculpt Pose.")
    return json.loads(obj[STATE])


def _key(obj: bpy.types.Object) -> bpy.types.ShapeKey | None:
    keys = obj.data.shape_keys
    return keys.key_blocks.get(_state(obj)["key"]) if keys else None
