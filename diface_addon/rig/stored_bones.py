"""The bones that were found for the channels of a character, as they are stored with its main mesh."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import bpy
import numpy as np
import numpy.typing as npt

from ..core import channels
from . import stored_json
from .mapping.bone_group import BoneGroup
from .parts import part_number, part_objects
from .property_address import part_kind
from .shifted_bones.bone_shift import BoneShift

STORED = "diface_bones"
"""Custom property of the main mesh: the bones and their axes."""

BoneAxes = Mapping[str, npt.NDArray[np.float64]]
"""Channel -> rotation vector (3,) in radians at weight 1, about the bone's axes; or a location."""


def groups(main: bpy.types.Object) -> Iterator[BoneGroup | BoneShift]:
    """Yield the bones as they were found, without those that were removed or renamed since."""
    parts = part_objects(main)
    for entry in stored_json.read(main, STORED, _entries) or ():
        armature = parts.get(entry["part"])
        if armature is not None and armature.type == "ARMATURE" and entry["bone"] in armature.pose.bones:
            axes = {channel: np.array(axis, np.float64) for channel, axis in entry["axes"].items()}
            group = BoneShift if entry.get("shift") else BoneGroup
            yield group(part_kind("OBJECT", entry["part"]), armature, entry["bone"], axes)


def turns_with_head(main: bpy.types.Object, bone: str) -> bool:
    """Return whether a bone is one of the neck, which takes a share of the head's rotation."""
    entries = stored_json.read(main, STORED, _entries) or ()
    return any(entry["bone"] == bone and entry["axes"].keys() <= set(channels.HEAD) for entry in entries)


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
    part = part_number(main, armature)
    entries = [
        {"part": part, "bone": bone, "axes": {channel: list(map(float, axis)) for channel, axis in axes.items()}}
        | ({"shift": True} if bones is shifted else {})
        for bones in (turned, shifted)
        for bone, axes in bones.items()
        if axes
    ]
    stored_json.write(main, STORED, entries)


def forget(main: bpy.types.Object) -> None:
    """Remove the stored bones."""
    stored_json.write(main, STORED, None)


def _entries(stored: Any) -> tuple[dict[str, Any], ...]:
    entries = [dict(entry) for entry in stored]
    if not all({"part", "bone", "axes"} <= entry.keys() for entry in entries):
        raise ValueError("An entry lacks a field.")
    return tuple(entries)
