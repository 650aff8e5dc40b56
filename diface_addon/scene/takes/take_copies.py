"""Copies of a take: another take, a plain Action, or NLA strips."""

from __future__ import annotations

import uuid

import bpy
import numpy as np

from ... import compat
from ...core import errors
from ...rig.property_address import id_type
from ..animation import active_curves, body_rotation, character_checks
from ..keys.key_table import KeyTable
from ..keys.write_keys import GROUP_NAMES, enum_value
from ..provenance import layer_tracks, stored_request
from . import take_index, take_list, use_take

PROPERTY_PREFIX = "diface"
"""Prefix of the custom properties that make an Action a take."""


def duplicate(actions: list[bpy.types.Action], name: str) -> list[bpy.types.Action]:
    """Return a copy of a take, called `name`. Raise SceneError for a vertex animation."""
    check_has_keys(actions)
    take, created = uuid.uuid4().hex, stored_request.creation_time()
    copies = []
    for action in actions:
        copy = action.copy()
        original = stored_request.require_request(action)
        request = {**original, "take": take, "name": name, "parent": original["take"], "created": created}
        stored_request.write_request(copy, request)
        copy.use_fake_user = True
        take_list.set_favourite(copy, False)
        suffix = request.get("layer", "head") if copies else ""
        copy.name = f"{copies[0].name} {suffix}" if suffix else name
        copies.append(copy)
    return copies


def push_down(obj: bpy.types.Object, actions: list[bpy.types.Action]) -> None:
    """Move a take with its layers to the NLA, where other takes do not replace it.

    Raises:
        SceneError: The take is a vertex animation, or cannot animate `obj`.
    """
    check_has_keys(actions)
    use_take.use_take(obj, actions)
    blocks = use_take.animated_blocks(obj, actions)
    for block in blocks.values():
        compat.push_down(block)
    for block in active_curves.data_blocks(obj).values():
        layer_tracks.release_tracks(block)


def bake(obj: bpy.types.Object, actions: list[bpy.types.Action]) -> list[bpy.types.Action]:
    """Return plain Actions with the motion of a take and its visible layers, active where the take is active.

    Raises:
        SceneError: The take is a vertex animation, or is active on a data-block that cannot be animated here.
    """
    check_has_keys(actions)
    main, _layers = take_index.split_layers(actions)
    blocks = active_curves.data_blocks(obj)
    moved = {kind: block for kind, block in blocks.items() if use_take.is_active_on(block, main)}
    character_checks.check_blocks(obj, moved)
    layers = layer_tracks.visible_layers(blocks.values(), actions)
    baked = [_plain_copy(action, f"{actions[0].name} baked") for action in main]
    for layer in layers:
        for kind in [kind for kind in compat.action_kinds(layer) if kind in blocks]:
            _merge_layer(layer, kind, blocks[kind], baked)
    for action in baked:
        _set_key_types(action)
    if moved:
        _replace_active(obj, main, baked)
    return baked


def check_has_keys(actions: list[bpy.types.Action]) -> None:
    """Raise SceneError for a vertex animation, which has no keys."""
    if "cache" in stored_request.require_request(actions[0]):
        hint = "Set Motion As to Shape Keys and generate again with the same seed."
        raise errors.SceneError(f"The face of {actions[0].name} is a vertex animation, and has no keys.", hint)


def _plain_copy(action: bpy.types.Action, new_name: str) -> bpy.types.Action:
    copy = action.copy()
    copy.name, copy.use_fake_user = new_name, True
    names = list(copy.keys())
    for name in names:
        if name.startswith(PROPERTY_PREFIX) and not name.startswith(compat.SLOT_PREFIX):
            del copy[name]
    return copy


def _merge_layer(layer: bpy.types.Action, kind: str, block: bpy.types.ID, baked: list[bpy.types.Action]) -> None:
    """Add a layer's curves for one kind of data-block to the main ones, except those that the main ones replace."""
    channels = next((found for action in baked if (found := compat.find_channelbag(action, kind))), None)
    if channels is None:
        if not compat.HAS_ACTION_SLOTS:
            baked.append(bpy.data.actions.new(f"{baked[0].name} {block.name}"))
            baked[-1].use_fake_user = True
        channels = compat.new_channelbag(baked[0] if compat.HAS_ACTION_SLOTS else baked[-1], block, kind)
    for curve in compat.find_channelbag(layer, kind).fcurves:
        if channels.fcurves.find(curve.data_path, index=curve.array_index) is None:
            new = channels.fcurves.new(curve.data_path, index=curve.array_index)
            group = curve.group.name if curve.group else GROUP_NAMES[id_type(kind)]
            new.group = channels.groups.get(group) or channels.groups.new(group)
            new.extrapolation, new.mute = curve.extrapolation, curve.mute
            KeyTable.read(curve).write(new)


def _set_key_types(action: bpy.types.Action) -> None:
    for _address, curve in compat.action_fcurves(action):
        keys = curve.keyframe_points
        keys.foreach_set("type", np.full(len(keys), enum_value("type", "KEYFRAME"), np.int32))


def _replace_active(obj: bpy.types.Object, main: list[bpy.types.Action], baked: list[bpy.types.Action]) -> None:
    """Assign `baked` wherever `main` or its layers are active on `obj`."""
    request = stored_request.read_request(main[0]) or {}
    blocks = active_curves.data_blocks(obj)
    moved = {kind for kind, block in blocks.items() if use_take.is_active_on(block, main)}
    if any(id_type(kind) == "KEY" for kind in moved):
        moved |= {kind for kind, block in blocks.items() if layer_tracks.active_layers(block)}
        layer_tracks.detach_layers(blocks)
    for kind in [kind for kind in blocks if kind in moved]:
        layer_tracks.remove_empty_tracks(blocks[kind])
        action = next((action for action in baked if compat.find_channelbag(action, kind)), None)
        animation = blocks[kind].animation_data
        if action and (animation.action is None or animation.action in main):
            compat.assign_action(blocks[kind], action, kind)
            body_rotation.blend(blocks[kind], request)
