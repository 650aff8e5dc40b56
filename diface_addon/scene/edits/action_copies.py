"""Copies of the active Actions, into which an edit is written as a new take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import bpy

from ... import compat
from ...rig.property_address import PropertyAddress, id_type
from ..animation import active_curves
from ..animation.active_curves import ActiveCurve
from ..keys.write_keys import GROUP_NAMES
from ..provenance import layer_tracks, take_request
from ..takes import take_list, take_names, use_take
from .rewrite_keys import CurveChange


@dataclass(frozen=True)
class ActionCopies:
    """The Actions of the new take: a copy of each active one, and new ones for data-blocks that had none."""

    by_original: dict[bpy.types.Action, bpy.types.Action]
    main: list[bpy.types.Action]
    layers: list[bpy.types.Action]


def copy_actions(
    obj: bpy.types.Object, base_actions: Sequence[bpy.types.Action], changes: list[CurveChange], name: str
) -> ActionCopies:
    """Copy the active Actions and layers, with channels for changes of data-blocks that nothing animated."""
    copy_of: dict[bpy.types.Action, bpy.types.Action] = {}
    blocks = active_curves.data_blocks(obj)
    animations = [block.animation_data for block in blocks.values() if block.animation_data]
    needed = {animation.action for animation in animations if compat.active_channelbag(animation)}  # those with a slot
    for action in [action for action in base_actions if action in needed] or base_actions[:1]:
        used = [kind for kind, block in blocks.items() if use_take.is_active_on(block, [action])]
        suffix = take_names.part_suffix(obj, used[0] if used else "OBJECT") if copy_of else ""
        copy_of[action] = _copy_action(action, f"{name} {suffix}" if suffix else name)
        compat.keep_slots(copy_of[action], action, blocks.values())
        for kind in used:
            compat.mark_slot(copy_of[action], kind, blocks[kind].animation_data)
    main = list(copy_of.values())
    layers = _copy_layers(blocks, copy_of, main[0].name if main else name)
    for kind in dict.fromkeys(change.address[0] for change in changes):
        if not any(compat.find_channelbag(action, kind) for action in main):
            suffix = take_names.part_suffix(obj, kind)
            _add_channels(main, blocks[kind], kind, f"{main[0].name} {suffix}" if main else name)
    return ActionCopies(copy_of, main, layers)


def _copy_layers(
    blocks: dict[str, bpy.types.ID], copy_of: dict[bpy.types.Action, bpy.types.Action], name: str
) -> list[bpy.types.Action]:
    """Copy the layers of all data-blocks, and add them to `copy_of`. The first track of each says if it is muted."""
    layers = []
    for block in blocks.values():
        for track, action in layer_tracks.active_layers(block):
            if action in copy_of:
                continue
            copy = copy_of[action] = _copy_action(action, f"{name} {layer_tracks.layer_name(action)}")
            is_muted = track.mute or any(strip.mute for strip in track.strips if strip.action == action)
            copy[layer_tracks.STATE] = "MUTED" if is_muted else "OFF"
            layers.append(copy)
    return layers


def curve_in_copy(
    address: PropertyAddress, curve: ActiveCurve | None, copies: ActionCopies
) -> tuple[bpy.types.Action, bpy.types.FCurve]:
    """Return where the new take has a curve: in the copy of its active Action, or new in the main one.

    The user's keys above a layer become the layer's pins, and their curve in the main Action is removed.
    """
    kind, path, index = address
    holding = [action for action in copies.main if compat.find_channelbag(action, kind)]
    holding = holding or [action for action in copies.main if compat.can_hold(action, kind)]
    original = curve.action if curve else None
    action = copies.by_original[original] if original in copies.by_original else holding[0]
    channelbag = compat.writable_channelbag(action, kind)
    fcurve = channelbag.fcurves.find(path, index=index)
    if fcurve is None:
        fcurve = channelbag.fcurves.new(path, index=index)
        group = GROUP_NAMES[id_type(kind)]
        fcurve.group = channelbag.groups.get(group) or channelbag.groups.new(group)
        if curve:
            fcurve.extrapolation = curve.fcurve.extrapolation
    over = compat.find_fcurve(holding[0], address) if holding and holding[0] is not action else None
    if over is not None:
        compat.writable_channelbag(holding[0], kind).fcurves.remove(over)
    return action, fcurve


def _copy_action(action: bpy.types.Action, name: str) -> bpy.types.Action:
    copy = action.copy()
    copy.name, copy.use_fake_user = name, True
    take_list.set_favourite(copy, False)
    take_request.discard(copy)
    return copy


def _add_channels(main: list[bpy.types.Action], block: bpy.types.ID, kind: str, name: str) -> None:
    """Let an Action of the take hold curves of `block`: an existing one, or a new one if Actions have no slots."""
    if not main or not compat.HAS_ACTION_SLOTS:
        main.append(bpy.data.actions.new(name))
        main[-1].use_fake_user = True
    compat.new_channelbag(main[0] if compat.HAS_ACTION_SLOTS else main[-1], block, kind)
