"""The bones besides the head's that a character's channels turn, as they are stored with its main mesh."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from typing import Any

import bpy
import numpy as np
import numpy.typing as npt

from .mapping import hand_rows
from .mapping.bone_group import BoneGroup
from .parts import part_number, part_objects
from .property_address import part_kind
from .shifted_bones.bone_shift import BoneShift

STORED = "diface_bones"
"""Custom property of the main mesh: the bones and their axes as JSON."""

BoneAxes = Mapping[str, npt.NDArray[np.float64]]
"""Channel -> rotation vector (3,) in radians at weight 1, about the bone's axes."""


def bone_groups(main: bpy.types.Object) -> list[BoneGroup | BoneShift]:
    """Return the bones that channels turn or shift, without those that were removed or renamed since."""
    hand = hand_rows.hand_mapping(main)
    stored = [_without(group, hand.channels) for group in _stored_groups(main)]
    shifts = [group for group in stored if isinstance(group, BoneShift)]
    found = {(group.kind, group.bone): group for group in stored if isinstance(group, BoneGroup)}
    for row in hand.rotations:
        kind = part_kind("OBJECT", part_number(main, row.owner) or 0)
        group = found.get((kind, row.bone), BoneGroup(kind, row.owner, row.bone, {}))
        if not (group.axes and group.turns_head):
            found[kind, row.bone] = group.turned_by(row.channel, row.gain * row.vector, row.offset * row.vector)
    return [group for group in (*found.values(), *shifts) if group.axes]


def _without(group: BoneGroup | BoneShift, channels: Collection[str]) -> BoneGroup | BoneShift:
    """Return a bone without what these channels do, which rows set by hand do instead."""
    axes = {channel: axis for channel, axis in group.axes.items() if channel not in channels}
    return group if len(axes) == len(group.axes) else dataclasses.replace(group, axes=axes)


def _stored_groups(main: bpy.types.Object) -> Iterator[BoneGroup | BoneShift]:
    """Yield the bones as they were found."""
    stored = main.get(STORED, "")
    if not stored or not isinstance(stored, str):
        return
    parts = part_objects(main)
    for entry in _parse(stored):
        armature = parts.get(entry["part"])
        if armature is not None and armature.type == "ARMATURE" and entry["bone"] in armature.pose.bones:
            axes = {channel: np.array(axis, np.float64) for channel, axis in entry["axes"].items()}
            group = BoneShift if entry.get("shift") else BoneGroup
            yield group(part_kind("OBJECT", entry["part"]), armature, entry["bone"], axes)


def store(
    main: bpy.types.Object,
    armature: bpy.types.Object,
    turned: Mapping[str, BoneAxes],
    shifted: Mapping[str, BoneAxes],
) -> None:
    """Store the bones of an armature, which is a part of the character.

    Args:
        main: The main mesh.
        armature: The armature.
        turned: Bone -> the axes that channels turn it about.
        shifted: Bone -> where channels shift it, see `BoneShift`.
    """
    forget(main)
    part = part_number(main, armature)
    entries = [
        {"part": part, "bone": bone, "axes": {channel: list(map(float, axis)) for channel, axis in axes.items()}}
        | ({"shift": True} if bones is shifted else {})
        for bones in (turned, shifted)
        for bone, axes in bones.items()
        if axes
    ]
    if entries:
        main[STORED] = json.dumps(entries, ensure_ascii=False)


def forget(main: bpy.types.Object) -> None:
    """Remove the stored bones."""
    if STORED in main:
        del main[STORED]


@lru_cache(maxsize=64)
def _parse(stored: str) -> tuple[dict[str, Any], ...]:
    try:
        entries = json.loads(stored)
    except ValueError:
        return ()
    is_valid = isinstance(entries, list) and all(
        isinstance(entry, dict) and {"part", "bone", "axes"} <= entry.keys() for entry in entries
    )
    return tuple(entries) if is_valid else ()
