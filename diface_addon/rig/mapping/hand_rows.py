"""The rows that the user set, resolved to properties of the character, and what they replace.

A channel for which the user set a row, in use or not, is moved as its rows say: what was found for the channel is not
used. A shape key in a row is no pose that is solved with others any more.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import bpy
import numpy as np
import numpy.typing as npt

from .. import stored_bones
from ..head_target import head_target
from ..parts import part_number
from ..property_address import PropertyAddress, bone_path, part_kind, shape_key_path
from ..shifted_bones.bone_shift import BoneShift
from . import custom_property
from .face_target import FaceTarget
from .row_settings import (
    BONE_LOCATION,
    BONE_ROTATION,
    POSE,
    PROPERTY,
    SHAPE_KEY,
    DifaceMappingRow,
    rows_of,
)

AXES = "XYZ"


@dataclass(frozen=True)
class HandRow:
    """A row that the user set.

    Attributes:
        number: Its number in the collection.
        channel: The channel, or `POSE`.
        kind: SHAPE_KEY, BONE_ROTATION, BONE_LOCATION or PROPERTY.
        use: Whether it is in use.
        owner: The object that has the property; None if it is not set or was deleted.
        name: What the user reads as the property.
        gain: Value of the property at weight 1, without the offset; of a rotation in radians.
        offset: Value at weight 0.
        address: The property; None of a rotation, and while there is a problem.
        bone: Name of the pose bone; "" without one.
        axis: Number of the axis of a bone.
        preset: Name of the preset that it is from; "" if it was set by hand.
        problem: Why it moves nothing, for the user; "" if it does.
    """

    number: int
    channel: str
    kind: str
    use: bool
    owner: bpy.types.Object | None
    name: str
    gain: float
    offset: float
    address: PropertyAddress | None = None
    bone: str = ""
    axis: int = 0
    preset: str = ""
    problem: str = ""

    @property
    def source(self) -> str:
        """Where the row is from, for the user."""
        return f"Preset {self.preset}" if self.preset else "By Hand"

    @property
    def is_active(self) -> bool:
        """Whether a channel moves the property."""
        return self.use and not self.problem and self.channel != POSE

    @property
    def vector(self) -> npt.NDArray[np.float64]:
        """The unit vector (3,) of the axis."""
        return np.eye(3)[self.axis]


@dataclass(frozen=True)
class HandMapping:
    """All rows that the user set for a character.

    Attributes:
        rows: The rows.
        shifted: Locations of bones that were found, and that rows of the user move too.
    """

    rows: tuple[HandRow, ...] = ()
    shifted: tuple[FaceTarget, ...] = ()

    @property
    def channels(self) -> frozenset[str]:
        """The channels that what was found does not move any more."""
        return frozenset(row.channel for row in self.rows) - {POSE}

    @property
    def own_addresses(self) -> frozenset[PropertyAddress]:
        """The properties that poses and lips do not move any more."""
        taken = (row for row in self.rows if row.is_active or (row.channel == POSE and not row.use))
        return frozenset(row.address for row in taken if row.address is not None)

    @property
    def rotations(self) -> list[HandRow]:
        """The active rows that turn bones."""
        return [row for row in self.rows if row.is_active and row.kind == BONE_ROTATION]

    def merged(self, found: Iterable[FaceTarget]) -> list[FaceTarget]:
        """Return properties with the user's rows in place of what was found for the same channels."""
        targets: dict[PropertyAddress, FaceTarget] = {}
        for target in (*found, *self.shifted):
            gains = tuple((channel, gain) for channel, gain in target.gains if channel not in self.channels)
            if gains:
                targets[target.address] = FaceTarget(target.address, gains, target.name, target.offset)
        for row in self.rows:
            if row.is_active and row.address is not None:
                before = targets.get(row.address, FaceTarget(row.address, (), row.name))
                gains = (*before.gains, (row.channel, row.gain))
                targets[row.address] = FaceTarget(row.address, gains, row.name, before.offset + row.offset)
        return list(targets.values())


def hand_mapping(main: bpy.types.Object) -> HandMapping:
    """Return the rows that the user set for the character of a main mesh."""
    rows = tuple(_resolved(main, number, row) for number, row in enumerate(rows_of(main)))
    moved = {row.address for row in rows if row.is_active and row.kind == BONE_LOCATION}
    found = (group for group in stored_bones.groups(main) if isinstance(group, BoneShift)) if moved else ()
    shifts = [group for group in found if moved & set(group.addresses)]
    return HandMapping(rows, tuple(target for group in shifts for target in group.components()))


def problems(main: bpy.types.Object) -> list[str]:
    """Return what hinders rows that are in use, one line each."""
    rows = hand_mapping(main).rows
    return [f"Mapping, {row.channel}: {row.problem}." for row in rows if row.use and row.problem]


def signature(main: bpy.types.Object) -> str:
    """Return a text that changes with the rows that the user set; "" without any."""
    rows = hand_mapping(main).rows
    return "|".join(f"{row.channel}{row.kind}{row.use}{row.name}{row.axis}{row.gain}{row.offset}" for row in rows)


def _resolved(main: bpy.types.Object, number: int, row: DifaceMappingRow) -> HandRow:
    address, problem = None, _owner_problem(main, row)
    if not problem:
        problem = _PROBLEMS[row.kind](main, row)
    if not problem and row.gain == 0.0:
        problem = "The gain is 0"
    if not problem:
        address = _address(part_number(main, row.owner) or 0, row)
        if address is not None and _is_driven(row.owner, address):
            address, problem = None, f"A driver sets {_name(row)}, so that it cannot be keyed"
    return HandRow(
        number, row.channel, row.kind, row.use, row.owner, _name(row), row.gain, row.offset, address, row.bone,
        AXES.index(row.axis), row.preset, problem,
    )  # fmt: skip


def _owner_problem(main: bpy.types.Object, row: DifaceMappingRow) -> str:
    if row.owner is None or not row.owner.users_scene:
        return "The object was deleted, or none is chosen"
    return "" if part_number(main, row.owner) is not None else f"{row.owner.name} is no part of the character yet"


def _shape_problem(_main: bpy.types.Object, row: DifaceMappingRow) -> str:
    keys = row.owner.data.shape_keys if row.owner.type == "MESH" else None
    if keys is None or row.shape_key not in keys.key_blocks:
        return f"{row.owner.name} has no shape key {row.shape_key}: renamed or removed?"
    return f"{row.shape_key} is the reference key" if keys.key_blocks[row.shape_key] == keys.reference_key else ""


def _bone_problem(main: bpy.types.Object, row: DifaceMappingRow) -> str:
    if row.owner.pose is None or row.bone not in row.owner.pose.bones:
        return f"{row.owner.name} has no bone {row.bone}: renamed or removed?"
    target = head_target(main)
    if row.kind == BONE_ROTATION and (target.owner, target.bone) == (row.owner, row.bone):
        return f"The head's rotation turns the bone {row.bone}"
    if row.kind == BONE_ROTATION and stored_bones.turns_with_head(main, row.bone):
        return f"The bone {row.bone} takes a share of the head's rotation; a location or another bone can be moved"
    return ""


def _property_problem(_main: bpy.types.Object, row: DifaceMappingRow) -> str:
    return custom_property.problem(row.owner, row.bone, row.property_name)


_PROBLEMS = {
    SHAPE_KEY: _shape_problem,
    BONE_ROTATION: _bone_problem,
    BONE_LOCATION: _bone_problem,
    PROPERTY: _property_problem,
}


def _address(part: int, row: DifaceMappingRow) -> PropertyAddress | None:
    if row.kind == SHAPE_KEY:
        return part_kind("KEY", part), shape_key_path(row.shape_key), 0
    if row.kind == BONE_LOCATION:
        return part_kind("OBJECT", part), bone_path(row.bone, "location"), AXES.index(row.axis)
    if row.kind == PROPERTY:
        return part_kind("OBJECT", part), custom_property.path_of(row.bone, row.property_name), 0
    return None


def _is_driven(owner: bpy.types.Object, address: PropertyAddress) -> bool:
    kind, path, index = address
    block = owner.data.shape_keys if kind.startswith("KEY") else owner
    drivers = block.animation_data.drivers if block.animation_data else ()
    return any(curve.data_path == path and curve.array_index == index for curve in drivers)


def _name(row: DifaceMappingRow) -> str:
    """Return what the user reads as the property of a row."""
    if row.kind == SHAPE_KEY:
        return row.shape_key
    if row.kind == PROPERTY:
        return f"{row.bone}: {row.property_name}" if row.bone else row.property_name
    return f"{row.bone} {'rotation' if row.kind == BONE_ROTATION else 'location'} {row.axis}"
