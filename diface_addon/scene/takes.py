"""Takes: each Motion becomes a new Action, and no Action that was there is changed."""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np
from mathutils import Quaternion, Vector

from .. import compat
from ..core import channels, placement, types
from . import generated, head_pose, own_shapes, rig_map, shape_basis, take_cache, vertex_cache, write_keys
from .write_keys import Curve


@dataclass(frozen=True)
class Written:
    """A take just made: its name, its Actions (two where one Action cannot animate two data-blocks), and notes."""

    name: str
    actions: tuple[bpy.types.Action, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Own:
    """What a face's motion on shapes of its own needs: the shapes, and whether they become a vertex cache or keys."""

    shapes: types.Shapes
    as_cache: bool


def write_take(
    obj: bpy.types.Object,
    motion: types.Motion,
    name: str,
    request: dict[str, Any],
    placed: placement.Placement | None = None,
    own: Own | None = None,
) -> Written:
    """Animate `obj` with `motion`, row r at frame request["first_frame"] + r, as a new take called `name`.

    Face channels go to the shape keys that `rig_map` finds, within their sliders' ranges; the head's rotation vector
    goes to the object's rotation. `request` is kept with the take, and must be JSON. placed: how the mesh lies, of a
    FLAME mesh; its head turns about its neck. own: shapes that the motion brings along, for a FLAME mesh.
    """
    blocks: dict[str, bpy.types.ID] = {}
    curves: dict[str, list[Curve]] = {}
    notes: list[str] = []
    take = {"take": uuid.uuid4().hex, "name": name, **request}

    face = tuple(channel for channel in motion.channels if channel in channels.SHAPES)
    if face:
        curves["KEY"], notes = _face_curves(obj, motion.select(face))
    elif own is not None:
        moving = motion.select(own.shapes.names).values
        kept, keyed, notes = own_shapes.write(obj, moving, own.shapes, placed, own.as_cache, take["take"], name)
        take |= kept
        curves |= {"KEY": keyed} if keyed else {}
    if "KEY" in curves:
        blocks["KEY"] = obj.data.shape_keys
    if channels.HEAD[0] in motion.channels:
        rest, delta = rest_rotation(obj), rest_delta(obj)
        vectors = motion.select(channels.HEAD).values
        blocks["OBJECT"] = obj
        curves["OBJECT"] = head_pose.curves(obj, placed.turns(vectors) if placed else vectors, rest)
        if placed:
            curves["OBJECT"] += head_pose.swings(obj, placed.turns(vectors), rest, placed.neck, delta)
        notes += _head_notes(obj)
        take |= {"rest_rotation": list(rest), "rest_delta": list(delta), "rotation_mode": obj.rotation_mode}

    # A face that is a vertex cache, and no head, is an Action without curves: it stands for the take.
    apart = [{kind: some} for kind, some in curves.items()] or [{}]
    actions = tuple(_new_action(name, some, blocks, take) for some in ([curves] if compat.HAS_ACTION_SLOTS else apart))
    assign(obj, blocks, actions)
    return Written(actions[0].name, actions, tuple(notes))


def _face_curves(obj: bpy.types.Object, motion: types.Motion) -> tuple[list[Curve], list[str]]:
    blocks, driven = obj.data.shape_keys.key_blocks, rig_map.driven(obj)
    found = rig_map.face_map(obj)
    written = {channel: name for channel, name in found.items() if channel in motion.channels and name not in driven}
    curves, clamped = [], []
    for channel, name in written.items():
        block, values = blocks[name], motion.column(channel)
        within = np.clip(values, block.slider_min, block.slider_max)
        if np.max(np.abs(within - values)) > 0.01:
            clamped.append(name)
        curves.append(Curve(block.path_from_id("value"), 0, within))

    # Few characters can breathe; of that nobody need be told.
    missing = [channel for channel in motion.channels if channel in channels.FACE and channel not in found]
    notes = _note("No shape key for", missing)
    notes += _note("A driver sets, not keyed:", [name for name in found.values() if name in driven])
    notes += _note("Held within the slider's range:", clamped)
    notes += _note("Muted, so it does not show:", [name for name in written.values() if blocks[name].mute])
    if obj.show_only_shape_key:
        notes.append("Only one shape key shows: turn Solo Active Shape Key off.")
    return curves, notes


def _head_notes(obj: bpy.types.Object) -> list[str]:
    drivers = obj.animation_data.drivers if obj.animation_data else ()
    driven = any(curve.data_path == head_pose.path(obj.rotation_mode) for curve in drivers)
    return [f"A driver sets the rotation of {obj.name}, so the head does not turn as generated."] if driven else []


def _note(what: str, names: list[str]) -> list[str]:
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return [f"{what} {shown}."] if names else []


def _new_action(
    name: str, curves: dict[str, list[Curve]], blocks: dict[str, bpy.types.ID], take: dict[str, Any]
) -> bpy.types.Action:
    action = bpy.data.actions.new(name)
    action.use_fake_user = True  # a take that is not in use would be lost on saving
    for kind, some in curves.items():
        group = {"KEY": "Face", "OBJECT": "Head"}[kind]
        write_keys.write(compat.new_channels(action, blocks[kind]), some, take["first_frame"], group)
    generated.store(action, take, curves)
    return action


def assign(obj: bpy.types.Object, blocks: dict[str, bpy.types.ID], actions: tuple[bpy.types.Action, ...]) -> None:
    """Let the `actions` of one take animate `obj`: each data-block of `blocks`, by kind ('KEY', 'OBJECT')."""
    request = generated.request_of(actions[0])
    if "KEY" in blocks or "cache" in request:
        _rest_face(obj)
    for kind, block in blocks.items():
        animation = block.animation_data
        if animation and animation.action:
            if generated.request_of(animation.action) is None:
                compat.push_down(block)  # what the artist animated goes on playing below the take
            else:
                animation.action.use_fake_user = True  # an artist's copy of a take has none, and would be lost
        compat.assign_action(block, next(action for action in actions if compat.channels_of(action, kind)))
    if "cache" in request:
        vertex_cache.show(obj, request["cache"], request["first_frame"])


def _rest_face(obj: bpy.types.Object) -> None:
    """Take the face's take off, and what it moved back to rest: the next one may move it in another way."""
    vertex_cache.hide(obj)
    keys = obj.data.shape_keys
    action = keys.animation_data.action if keys and keys.animation_data else None
    if action is None or generated.request_of(action) is None:
        return
    animated = compat.channels_of(action, "KEY")
    for block in keys.key_blocks if animated else ():
        if animated.fcurves.find(block.path_from_id("value")):
            block.value = 0.0
    action.use_fake_user = True  # an artist's copy of a take has none, and would be lost
    keys.animation_data.action = None


def all_takes() -> dict[str, list[bpy.types.Action]]:
    """The Actions of every take in the file, by the take's id, in the order of their names.

    A copy that the artist made of a take is a take of its own, "id/1": what has the same id and animates the same.
    """
    found: dict[str, list[bpy.types.Action]] = {}
    seen: Counter[tuple[str, ...]] = Counter()
    for action in bpy.data.actions:
        if request := generated.request_of(action):
            same = request["take"], *(kind for kind in ("KEY", "OBJECT") if compat.channels_of(action, kind))
            copy = f"/{seen[same]}" if seen[same] else ""
            seen[same] += 1
            found.setdefault(request["take"] + copy, []).append(action)
    return found


def active_takes(obj: bpy.types.Object, found: dict[str, list[bpy.types.Action]]) -> set[str]:
    """The ids of those takes of `found` that animate `obj` now: none, one, or one for the face and one for the head."""
    keys = obj.data.shape_keys if obj.type == "MESH" else None
    playing = [block.animation_data.action for block in (obj, keys) if block and block.animation_data]
    active = {take for take, actions in found.items() if any(action in actions for action in playing)}
    cache = vertex_cache.playing(obj)
    return active | ({take for take in found if take.startswith(cache) and "/" not in take} if cache else set())


def use_take(obj: bpy.types.Object, actions: list[bpy.types.Action]) -> None:
    """Let a take that was made before animate `obj` again, as far as `obj` has what the take animates.

    Raises SceneError where its vertex cache is gone, with `obj` as it was.
    """
    take_cache.restore(obj, actions)
    keys = obj.data.shape_keys if obj.type == "MESH" else None
    having = {"OBJECT": obj, **({"KEY": keys} if keys else {})}
    animated = {kind: block for kind, block in having.items() if any(compat.channels_of(a, kind) for a in actions)}
    assign(obj, animated, tuple(actions))


def delete_take(obj: bpy.types.Object | None, actions: list[bpy.types.Action]) -> list[str]:
    """Remove a take, and what it alone moved of `obj`; a vertex cache's file stays, for Undo. Returns notes."""
    request = generated.request_of(actions[0])
    file = None
    if obj is not None and obj.type == "MESH":
        keys = obj.data.shape_keys
        if keys and keys.animation_data and keys.animation_data.action in actions:
            _rest_face(obj)
        file = take_cache.of(obj, actions)
        vertex_cache.remove(obj, request["take"])
    for action in actions:
        bpy.data.actions.remove(action)
    if obj is not None and not any(generated.request_of(a) == request for a in bpy.data.actions):
        shape_basis.remove(obj, request.get("shape_keys", []))
    return [f"Its vertex cache stays in {file}."] if file and file.is_file() else []


def seeds(obj: bpy.types.Object) -> set[int]:
    """The seeds that the takes of `obj` were made with."""
    requests = (generated.request_of(action) for action in bpy.data.actions)
    return {request["seed"] for request in requests if request and "seed" in request}


def rest_rotation(obj: bpy.types.Object) -> Quaternion:
    """The rotation that `obj` had before DiFACE first animated it, so that takes do not add up.

    A take that plays remembers it. Where none plays but the object still stands as one left it (the artist took the
    Action off), that take's counts; otherwise the artist has turned the object, and its rotation now is the rest.
    """
    request = _resting(obj)
    return Quaternion(request["rest_rotation"]) if request else head_pose.rotation_of(obj)


def rest_delta(obj: bpy.types.Object) -> Vector:
    """The delta location that `obj` had before DiFACE first animated it."""
    request = _resting(obj)
    return Vector(request["rest_delta"]) if request and "rest_delta" in request else obj.delta_location.copy()


def _resting(obj: bpy.types.Object) -> dict[str, Any] | None:
    """The request of the take that remembers how `obj` was before."""
    playing = obj.animation_data.action if obj.animation_data else None
    for action in bpy.data.actions:
        request = generated.request_of(action)
        if not request or "rest_rotation" not in request:
            continue
        if action == playing or (playing is None and _stands_in(obj, action)):
            return request
    return None


def _stands_in(obj: bpy.types.Object, action: bpy.types.Action) -> bool:
    """Whether the object's rotation is that of a row of a take."""
    path = head_pose.path(obj.rotation_mode)
    # Without slots, the face's Action has the same request, and no rotation.
    columns = [curve.values for curve in generated.samples_of(action).get("OBJECT", ()) if curve.path == path]
    now = np.array(getattr(obj, path), np.float32)
    return len(columns) == len(now) and bool(np.any(np.all(np.abs(np.stack(columns, 1) - now) < 1e-5, axis=1)))
