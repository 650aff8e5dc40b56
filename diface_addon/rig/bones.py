"""The bones besides the head's that a character's channels turn or shift: those that were found, and the user's."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection

import bpy

from . import stored_bones
from .mapping import hand_rows
from .mapping.bone_group import BoneGroup
from .parts import part_number
from .property_address import part_kind
from .shifted_bones.bone_shift import BoneShift


def bone_groups(main: bpy.types.Object) -> list[BoneGroup | BoneShift]:
    """Return the bones that channels turn or shift, without those that were removed or renamed since."""
    hand = hand_rows.hand_mapping(main)
    stored = [_without(group, hand.channels) for group in stored_bones.groups(main)]
    by_hand = {target.address for target in hand.shifted}
    shifts = [group for group in stored if isinstance(group, BoneShift) and not by_hand & set(group.addresses)]
    found = {(group.kind, group.bone): group for group in stored if isinstance(group, BoneGroup)}
    for row in hand.rotations:
        kind = part_kind("OBJECT", part_number(main, row.owner) or 0)
        group = found.get((kind, row.bone), BoneGroup(kind, row.owner, row.bone, {}))
        found[kind, row.bone] = group.turned_by(row.channel, row.gain * row.vector, row.offset * row.vector)
    return [group for group in (*found.values(), *shifts) if group.axes]


def _without(group: BoneGroup | BoneShift, channels: Collection[str]) -> BoneGroup | BoneShift:
    """Return a bone without what these channels do, which rows set by hand do instead."""
    axes = {channel: axis for channel, axis in group.axes.items() if channel not in channels}
    return group if len(axes) == len(group.axes) else dataclasses.replace(group, axes=axes)
