"""Lets an existing take animate a character."""

from __future__ import annotations

from collections.abc import Sequence

import bpy

from ... import compat
from ...core import channels, errors
from ...rig import bones, parts
from ...rig.property_address import id_type, part_kind
from ..animation import active_curves, body_rotation, character_checks
from ..characters import shape_key_names
from ..keys import editable_actions
from ..provenance import layer_tracks, stored_request
from ..vertex_animation import take_cache, vertex_cache
from . import take_index, take_names
from .lines import line_strips


def assign(obj: bpy.types.Object, blocks: dict[str, bpy.types.ID], actions: Sequence[bpy.types.Action]) -> None:
    """Let the Actions of one take animate the data-blocks `blocks` of `obj`, by kind ('KEY', 'OBJECT', 'KEY:1' ...).

    An Action of the user that animated one of them is pushed down to the NLA, where it continues to play. Layers go to
    NLA tracks below the main Action, unless the user removed them. A take of another line of the dialogue goes on
    playing at its frames, on a strip.
    """
    request = stored_request.read_request(actions[0]) or {}
    main, layers = take_index.split_layers(actions)
    moves_face = "cache" in request or _moves_face(obj, blocks, main)
    kinds = list(dict.fromkeys([*blocks, *(parts.shape_key_blocks(obj) if moves_face else ())]))
    leaving = line_strips.find_leaving(obj, kinds, actions)
    if moves_face:
        clear_face(obj)
    line_strips.make_room(obj, leaving, actions, kinds)
    for kind, block in blocks.items():
        _make_free(block)
        compat.assign_action(block, action_for_kind(main, kind), kind)
        if id_type(kind) == "OBJECT":
            body_rotation.blend(block, request)
    if moves_face:
        layer_tracks.attach_layers(active_curves.data_blocks(obj), layers)
    line_strips.confine(obj, actions)
    if "cache" in request:
        vertex_cache.show(obj, request["cache"], request["first_frame"])


def _moves_face(obj: bpy.types.Object, blocks: dict[str, bpy.types.ID], main: Sequence[bpy.types.Action]) -> bool:
    """Return whether a take is to animate the face: its shape keys, or its bones if it has no shape keys."""
    if any(id_type(kind) == "KEY" for kind in blocks):
        return True
    if any(id_type(kind) == "KEY" for action in main for kind in compat.action_kinds(action)):
        return False
    groups = [group for group in bones.bone_groups(obj) if not group.channels <= set(channels.HEAD)]
    addresses = [address for group in groups for address in group.addresses]
    return any(compat.find_fcurve(action, address) for action in main for address in addresses)


def _make_free(block: bpy.types.ID) -> None:
    """Keep what animates a data-block until now: a take as an unused Action, an Action of the user on an NLA track."""
    animation = block.animation_data
    if animation is None or animation.action is None:
        return
    if stored_request.is_take(animation.action):
        animation.action.use_fake_user = True  # a copy that the user made has none, and would be lost
        return
    layer_tracks.remove_empty_tracks(block)
    compat.push_down(block)


def action_for_kind(main: Sequence[bpy.types.Action], kind: str) -> bpy.types.Action:
    """Return which of a take's main Actions, the face's first, animates a kind of data-block."""
    animating = [action for action in main if compat.find_channelbag(action, kind)]
    return animating[-1] if id_type(kind) == "OBJECT" else animating[0]


def use_take(obj: bpy.types.Object, actions: list[bpy.types.Action]) -> None:
    """Let an existing take animate `obj`: the face, the head, or both, depending on what `obj` has.

    Raises:
        SceneError: The vertex cache is gone, or `obj` has nothing that the take animates. `obj` is unchanged.
    """
    _follow_renames(obj, actions)
    animated = animated_blocks(obj, actions)
    if stored_request.read_request(actions[0]):
        take_cache.restore(obj, actions)
    _rename_with_main(obj, actions)
    assign(obj, animated, actions)


def unassign(obj: bpy.types.Object, actions: list[bpy.types.Action]) -> None:
    """Let a take no longer animate `obj`, neither as the active one nor on the strips of lines. It stays a take."""
    blocks = active_curves.data_blocks(obj)
    if any(is_active_on(block, actions) for kind, block in blocks.items() if id_type(kind) == "KEY"):
        clear_face(obj)
    for block in blocks.values():
        layer_tracks.remove_empty_tracks(block)
        if is_active_on(block, actions):
            block.animation_data.action.use_fake_user = True
            block.animation_data.action = None
    line_strips.remove(obj, actions)


def replace_active_take(obj: bpy.types.Object, before: list[bpy.types.Action], actions: list[bpy.types.Action]) -> None:
    """Let a take animate what another one, `before`, animates of `obj` now: nothing, its face, its head, or both.

    Raises:
        SceneError: A data-block cannot be animated. `obj` is unchanged.
    """
    blocks = {
        kind: block
        for kind, block in active_curves.data_blocks(obj).items()
        if any(compat.find_channelbag(action, kind) for action in actions)
    }
    moved = {kind: block for kind, block in blocks.items() if is_active_on(block, before)}
    if moved:
        character_checks.check_blocks(obj, blocks)
        assign(obj, moved, actions)


def is_active_on(block: bpy.types.ID, actions: Sequence[bpy.types.Action]) -> bool:
    """Return whether one of `actions` is the active Action of a data-block."""
    return block.animation_data is not None and block.animation_data.action in actions


def animated_blocks(obj: bpy.types.Object, actions: list[bpy.types.Action]) -> dict[str, bpy.types.ID]:
    """Return the data-blocks of `obj` that a take animates, by kind.

    Raises:
        SceneError: It has no such data-block, or one cannot be animated.
    """
    blocks: dict[str, bpy.types.ID] = {}
    for kind, block in active_curves.data_blocks(obj).items():
        channelbags = [compat.find_channelbag(action, kind) for action in take_index.split_layers(actions)[0]]
        if any(found and _fits(block, kind, found) for found in channelbags):
            blocks[kind] = block
    if not blocks and "cache" not in (stored_request.read_request(actions[0]) or {}):
        hint = "Choose the character that the take was made for."
        raise errors.SceneError(f"{obj.name} has none of the shape keys of {actions[0].name}.", hint)
    character_checks.check_blocks(obj, blocks)
    return blocks


def _fits(block: bpy.types.ID, kind: str, channels: bpy.types.bpy_struct) -> bool:
    """Return whether a take's F-curves animate something that a data-block has."""
    if id_type(kind) == "OBJECT":
        return True
    paths = {key.path_from_id("value") for key in block.key_blocks}
    return any(curve.data_path in paths for curve in channels.fcurves)


def clear_face(obj: bpy.types.Object) -> None:
    """Detach the face's take from every mesh and bone of a character and reset its shape keys to 0.

    Otherwise values would remain that the next take does not animate.
    """
    vertex_cache.hide(obj)
    layer_tracks.detach_layers(active_curves.data_blocks(obj))
    for kind, keys in parts.shape_key_blocks(obj).items():
        action = keys.animation_data.action if keys.animation_data else None
        if action is not None and stored_request.is_take(action):
            layer_tracks.reset_values(keys, action, kind)
            action.use_fake_user = True  # a copy that the user made has none, and would be lost
            keys.animation_data.action = None


def _follow_renames(obj: bpy.types.Object, actions: list[bpy.types.Action]) -> None:
    """Let the curves of inactive Actions follow shape keys that were renamed since, as `JawOpen` for `jawOpen`.

    Blender does so for active Actions.
    """
    for number, part in parts.numbered_objects(obj).items():
        shapes = shape_key_names.face_shape_keys(part)
        if shapes:
            _follow_renames_of_mesh(part, part_kind("KEY", number), shapes, actions)


def _follow_renames_of_mesh(
    part: bpy.types.Object, kind: str, shapes: dict[str, str], actions: list[bpy.types.Action]
) -> None:
    blocks = dict(part.data.shape_keys.key_blocks.items())
    paths = {channel: blocks[name].path_from_id("value") for channel, name in shapes.items()}
    valid = {block.path_from_id("value") for block in blocks.values()}
    for action in actions:
        channelbag = compat.find_channelbag(action, kind)
        is_used = action.users > int(action.use_fake_user)
        if channelbag is None or is_used or not editable_actions.is_editable(action):
            continue
        existing = {curve.data_path for curve in channelbag.fcurves}
        for curve in channelbag.fcurves:
            path = paths.get(shape_key_names.channel_for_path(curve.data_path))
            if path and path not in existing and curve.data_path not in valid:
                curve.data_path = path


def _rename_with_main(obj: bpy.types.Object, actions: list[bpy.types.Action]) -> None:
    """Name the other Actions of a take after its first, which the user may have renamed."""
    for action in actions[1:]:
        kind = next(iter(compat.action_kinds(action)), "OBJECT")
        name = f"{actions[0].name} {layer_tracks.layer_name(action) or take_names.part_suffix(obj, kind)}"
        if not action.name.startswith(name):
            action.name = name
