"""Takes: each Motion becomes a new Action, and no Action that was there is changed."""

from __future__ import annotations

import contextlib
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from ... import compat
from ...core import channels, errors, placement, types
from ..animation import active_curves, character_checks
from ..characters import shape_key_names, shape_keys
from ..keys import editable_actions, head_pose, nla, write_keys
from ..keys.write_keys import SampledCurve
from ..provenance import baseline, layer_tracks
from ..provenance.rest_pose import rest_delta, rest_rotation
from ..vertex_animation import motion_shape_keys, take_cache, vertex_cache
from . import face_curves, ghost, user_curves


@dataclass(frozen=True)
class TakeResult:
    """A take just made: its name, its Actions, and notes.

    The Actions are one, or two where one cannot animate two data-blocks, and after them one a layer.
    """

    name: str
    actions: tuple[bpy.types.Action, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class CustomShapes:
    """What a face's motion on shapes of its own needs: the shapes, and whether they become a vertex cache or keys."""

    shapes: types.Shapes
    as_cache: bool


def write_take(
    obj: bpy.types.Object,
    motion: types.Motion,
    name: str,
    request: dict[str, Any],
    placed: placement.Placement | None = None,
    custom_shapes: CustomShapes | None = None,
) -> TakeResult:
    """Animate `obj` with `motion`, row r at frame request["first_frame"] + r, as a new take called `name`.

    Face channels go to the shape keys that `rig_map` finds, within their sliders' ranges; the head's rotation vector
    goes to the object's rotation. `request` is kept with the take, and must be JSON. placed: how the mesh lies, of a
    FLAME mesh; its head turns about its neck. own: shapes that the motion brings along, for a FLAME mesh.
    """
    blocks: dict[str, bpy.types.ID] = {}
    curves: dict[str, list[SampledCurve]] = {}
    layers: dict[str, list[SampledCurve]] = {}
    notes: list[str] = []
    take = {"take": uuid.uuid4().hex, "name": name, "character": obj.name, **request}

    face = tuple(channel for channel in motion.channels if channel in channels.SHAPES)
    if face:
        curves["KEY"], layers, notes = face_curves.build_face_curves(obj, motion.select(face), request.get("layers"))
    elif custom_shapes is not None:
        moving = motion.select(custom_shapes.shapes.names).values
        kept, keyed, notes = motion_shape_keys.write_motion(
            obj, moving, custom_shapes.shapes, placed, custom_shapes.as_cache, take["take"], name
        )
        take |= kept
        curves |= {"KEY": keyed} if keyed else {}
    if "KEY" in curves:
        blocks["KEY"] = obj.data.shape_keys
    if channels.HEAD[0] in motion.channels:
        blocks["OBJECT"] = obj
        curves["OBJECT"], kept = _head_curves(obj, motion.select(channels.HEAD).values, placed)
        notes += _head_notes(obj)
        take |= kept

    # A face that is a vertex cache, and no head, is an Action without curves: it stands for the take.
    one_each = [{kind: some} for kind, some in curves.items()] or [{}]
    parts = [curves] if compat.HAS_ACTION_SLOTS else one_each
    actions = [_new_action(name if not n else f"{name} head", some, blocks, take) for n, some in enumerate(parts)]
    for kind in curves:
        user_curves.copy_user_fcurves(obj, kind, compat.find_channelbag(_action_for_kind(actions, kind), kind))
    name = actions[0].name  # as Blender has it
    for layer, some in layers.items():
        actions.append(_new_action(f"{name} {layer}", {"KEY": some}, blocks, {**take, "layer": layer}))
    ghost.remove_ghosts()
    assign(obj, blocks, tuple(actions))
    return TakeResult(name, tuple(actions), tuple(notes))


def _head_curves(
    obj: bpy.types.Object, vectors: np.ndarray, placed: placement.Placement | None
) -> tuple[list[SampledCurve], dict[str, Any]]:
    """The curves of the object that turn the head by `vectors` (T, 3), and what the take has to remember."""
    rest, delta = rest_rotation(obj), rest_delta(obj)
    curves = head_pose.rotation_curves(obj, placed.rotations_to_local(vectors) if placed else vectors, rest)
    if placed:
        curves += head_pose.pivot_compensation(obj, placed.rotations_to_local(vectors), rest, placed.neck, delta)
    return curves, {"rest_rotation": list(rest), "rest_delta": list(delta), "rotation_mode": obj.rotation_mode}


def _head_notes(obj: bpy.types.Object) -> list[str]:
    drivers = obj.animation_data.drivers if obj.animation_data else ()
    driven = any(curve.data_path == head_pose.rotation_path(obj.rotation_mode) for curve in drivers)
    return [f"A driver sets the rotation of {obj.name}, so the head does not turn as generated."] if driven else []


def _new_action(
    name: str, curves: dict[str, list[SampledCurve]], blocks: dict[str, bpy.types.ID], take: dict[str, Any]
) -> bpy.types.Action:
    action = bpy.data.actions.new(name)
    action.use_fake_user = True  # a take that is not in use would be lost on saving
    for kind, some in curves.items():
        group = {"KEY": "Face", "OBJECT": "Head"}[kind]
        write_keys.write_curves(compat.new_channelbag(action, blocks[kind]), some, take["first_frame"], group)
    baseline.store(action, take, curves)
    return action


def assign(obj: bpy.types.Object, blocks: dict[str, bpy.types.ID], actions: tuple[bpy.types.Action, ...]) -> None:
    """Let the `actions` of one take animate `obj`: each data-block of `blocks`, by kind ('KEY', 'OBJECT').

    Layers among them go to tracks below the main Action, as far as the artist has not removed them.
    """
    request = baseline.read_request(actions[0])
    main, layers = split_layers(actions)
    if "KEY" in blocks or "cache" in request:
        _clear_face(obj)
    for kind, block in blocks.items():
        animation = block.animation_data
        if animation and animation.action:
            if baseline.read_request(animation.action) is None:
                if kind == "KEY":
                    layer_tracks.remove_empty_tracks(block)
                compat.push_down(block)  # what the artist animated goes on playing below the take
            else:
                animation.action.use_fake_user = True  # an artist's copy of a take has none, and would be lost
        compat.assign_action(block, _action_for_kind(main, kind))
        if kind == "KEY":
            layer_tracks.attach_layers(block, layers)
    if "cache" in request:
        vertex_cache.show(obj, request["cache"], request["first_frame"])


@contextlib.contextmanager
def all_or_nothing() -> Iterator[None]:
    """Whatever is raised within, no Action is left that was made within."""
    before = set(bpy.data.actions)
    try:
        yield
    except BaseException:
        for action in set(bpy.data.actions) - before:
            bpy.data.actions.remove(action)
        raise


def _action_for_kind(main: list[bpy.types.Action], kind: str) -> bpy.types.Action:
    """Which of a take's main Actions, the face's first, animates a kind of data-block."""
    having = [action for action in main if compat.find_channelbag(action, kind)]
    return having[-1] if kind == "OBJECT" else having[0]


def split_layers(actions: Sequence[bpy.types.Action]) -> tuple[list[bpy.types.Action], list[bpy.types.Action]]:
    """The main Actions of a take, and its layers."""
    layers = [action for action in actions if layer_tracks.layer_name(action)]
    return [action for action in actions if action not in layers], layers


def _clear_face(obj: bpy.types.Object) -> None:
    """Take the face's take off, and what it moved back to rest: the next one may move it in another way."""
    vertex_cache.hide(obj)
    keys = obj.data.shape_keys
    if keys is None:
        return
    layer_tracks.detach_layers(keys)
    action = keys.animation_data.action if keys.animation_data else None
    if action is None or baseline.read_request(action) is None:
        return
    layer_tracks.reset_shape_keys(keys, action)
    action.use_fake_user = True  # an artist's copy of a take has none, and would be lost
    keys.animation_data.action = None


def all_takes() -> dict[str, list[bpy.types.Action]]:
    """The Actions of every take in the file, by the take's id, in the order of their names: the main ones, of which the
    first stands for the take, and after them its layers.

    A copy that the artist made of a take is a take of its own, "id/1", and has the same layers: what has the same id
    and animates the same. Layers whose main Action is gone are no take.
    """
    found: dict[str, list[bpy.types.Action]] = {}
    layers: dict[str, list[bpy.types.Action]] = {}
    seen: Counter[tuple[str, ...]] = Counter()
    for action in bpy.data.actions:
        request = baseline.read_request(action)
        if request and "layer" in request:
            layers.setdefault(request["take"], []).append(action)
        elif request:
            same = request["take"], *(kind for kind in ("KEY", "OBJECT") if compat.find_channelbag(action, kind))
            copy = f"/{seen[same]}" if seen[same] else ""
            seen[same] += 1
            found.setdefault(request["take"] + copy, []).append(action)
    for some in layers.values():
        some.sort(key=lambda action: list(channels.LAYERS).index(layer_tracks.layer_name(action)))
    for actions in found.values():
        actions.sort(key=lambda action: compat.find_channelbag(action, "KEY") is None)  # the face's stands for the take
    return {take: actions + layers.get(take.partition("/")[0], []) for take, actions in found.items()}


def active_takes(obj: bpy.types.Object, actions_by_take: dict[str, list[bpy.types.Action]]) -> set[str]:
    """The ids of those takes of `found` that animate `obj` now: none, one, or one for the face and one for the head."""
    keys = obj.data.shape_keys if obj.type == "MESH" else None
    played = [block.animation_data.action for block in (obj, keys) if block and block.animation_data]
    active = {take for take, actions in actions_by_take.items() if any(action in actions for action in played)}
    cache = vertex_cache.active_take(obj)
    return active | (
        {take for take in actions_by_take if take.startswith(cache) and "/" not in take} if cache else set()
    )


def use_take(obj: bpy.types.Object, actions: list[bpy.types.Action]) -> None:
    """Let a take that was made before animate `obj` again, as far as `obj` has what the take animates.

    Raises SceneError where its vertex cache is gone, or `obj` has nothing of it, with `obj` as it was.
    """
    _follow_renames(obj, actions)
    animated = animated_blocks(obj, actions)
    take_cache.restore(obj, actions)
    _rename_with_main(actions)
    assign(obj, animated, tuple(actions))


def _follow_renames(obj: bpy.types.Object, actions: list[bpy.types.Action]) -> None:
    """Have the curves of Actions that nothing plays follow shape keys that were spelt anew since, as
    `JawOpen` for `jawOpen`; Blender does so with those that play."""
    shapes = shape_key_names.face_shape_keys(obj).items()
    paths = {channel: obj.data.shape_keys.key_blocks[name].path_from_id("value") for channel, name in shapes}
    for action in actions:
        held = compat.find_channelbag(action, "KEY")
        if held is None or action.users > int(action.use_fake_user) or not editable_actions.is_editable(action):
            continue
        there = {curve.data_path for curve in held.fcurves}
        for curve in held.fcurves:
            path = paths.get(shape_key_names.channel_for_path(curve.data_path))
            if path and path not in there:
                curve.data_path = path


def replace_active_take(obj: bpy.types.Object, before: list[bpy.types.Action], actions: list[bpy.types.Action]) -> None:
    """Let a take animate what another one, `before`, animates of `obj` now: nothing, its face, its head, or both.

    Raises SceneError with `obj` as it was.
    """
    found = active_curves.data_blocks(obj).items()
    blocks = {kind: block for kind, block in found if any(compat.find_channelbag(some, kind) for some in actions)}
    moved = {kind: block for kind, block in blocks.items() if is_active_on(block, before)}
    if moved:
        character_checks.check_blocks(obj, blocks)
        assign(obj, moved, tuple(actions))


def is_active_on(block: bpy.types.ID, actions: Sequence[bpy.types.Action]) -> bool:
    """Whether one of `actions` is what animates a data-block."""
    return block.animation_data is not None and block.animation_data.action in actions


def animated_blocks(obj: bpy.types.Object, actions: list[bpy.types.Action]) -> dict[str, bpy.types.ID]:
    """The data-blocks of `obj` that a take animates, by kind. Raises SceneError where there are none."""
    keys = obj.data.shape_keys if obj.type == "MESH" else None
    names = {block.path_from_id("value") for block in keys.key_blocks} if keys else set()
    found: dict[str, bpy.types.ID] = {}
    for action in split_layers(actions)[0]:
        if compat.find_channelbag(action, "OBJECT"):
            found["OBJECT"] = obj
        face = compat.find_channelbag(action, "KEY")
        if face and any(curve.data_path in names for curve in face.fcurves):
            found["KEY"] = keys
    if not found and "cache" not in baseline.read_request(actions[0]):
        hint = "Choose the character that it was made for."
        raise errors.SceneError(f"{obj.name} has none of the shape keys of {actions[0].name}.", hint)
    character_checks.check_blocks(obj, found)
    return found


def _rename_with_main(actions: list[bpy.types.Action]) -> None:
    """Have a take's other Actions called after its first, which the artist may have renamed."""
    for action in actions[1:]:
        wanted = f"{actions[0].name} {layer_tracks.layer_name(action) or 'head'}"
        if not action.name.startswith(wanted):
            action.name = wanted


def delete_take(obj: bpy.types.Object | None, actions: list[bpy.types.Action]) -> list[str]:
    """Remove a take, and what it alone moved of `obj`; a vertex cache's file stays, for Undo. Returns notes."""
    request = baseline.read_request(actions[0])
    main, _layers = split_layers(actions)
    file = None
    if obj is not None and obj.type == "MESH":
        keys = obj.data.shape_keys
        if keys and keys.animation_data and keys.animation_data.action in main:
            _clear_face(obj)
            layer_tracks.remove_empty_tracks(keys)
        file = take_cache.cache_file(obj, actions)
        vertex_cache.remove(obj, request["take"])
    others = [baseline.read_request(action) for action in bpy.data.actions if action not in actions]
    shared = any(other and other["take"] == request["take"] for other in others)
    for action in main if shared else actions:
        nla.remove_strips(action)
        bpy.data.actions.remove(action)
    needed = {name for other in others if other for name in other.get("shape_keys", ())}
    if obj is not None:
        shape_keys.remove_shape_keys(obj, [name for name in request.get("shape_keys", ()) if name not in needed])
    return [f"Its vertex cache stays in {file}."] if file and file.is_file() else []


def seeds(obj: bpy.types.Object) -> set[int]:
    """The seeds that the takes of `obj` were made with."""
    requests = (baseline.read_request(action) for action in bpy.data.actions)
    own = (request for request in requests if request and request.get("character", obj.name) == obj.name)
    return {request["seed"] for request in own if "seed" in request}
