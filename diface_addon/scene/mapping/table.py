"""The mapping of a character as a table: each channel with each property that it moves, and where that is from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import bpy
import numpy as np

from ...core import channels
from ...rig import binding, bone_axes, bones, parts, stored_bones
from ...rig.character import Character
from ...rig.mapping import custom_property, driven_shapes, hand_rows, row_settings
from ...rig.mapping.bone_group import BoneGroup
from ...rig.mapping.face_mapping import FaceMapping, empty_shapes, face_mapping
from ...rig.mapping.face_target import FaceTarget
from ...rig.mapping.pose_recipes import is_measured
from ...rig.property_address import PropertyAddress, id_type, kind_number, part_kind
from ...rig.shape_names import Coverage, coverage, named_targets
from ...rig.shifted_bones.bone_shift import BoneShift
from ..characters import shape_key_names

NAME, HALVES, MOVES, POSES, MEASURED = "Name", "Halves", "Displacement", "Pose Recipe", "Measured Pose"
BONE, DRIVER = "Bone", "Driver"
LONGEST_RECIPE = 3
"""Channels of a pose that are named."""
MIN_PART = 0.02
"""Parts of an axis below this share of it are left out."""


@dataclass(frozen=True)
class TableRow:
    """One row.

    Attributes:
        channel: The channel, or `row_settings.POSE`.
        kind: SHAPE_KEY, BONE_ROTATION, BONE_LOCATION or PROPERTY.
        owner: The object that has the property.
        name: The shape key, bone or custom property, for the user.
        gain: How far the channel moves it; of a bone that was found, the angle in radians.
        source: Where the row is from, for the user.
        offset: The value at weight 0.
        address: Path and index of the property in its data-block; None of a rotation.
        bone: Of a rotation, or of a location that was found: the bone, with the axis of this channel alone.
        hand: Number of the user's row; -1 of what was found.
        use: Whether it is in use.
        text: What the user reads as the channel.
        problem: Why it moves nothing, for the user; "" if it does.
    """

    channel: str
    kind: str
    owner: bpy.types.Object | None
    name: str
    gain: float
    source: str
    offset: float = 0.0
    address: tuple[str, int] | None = None
    bone: BoneGroup | BoneShift | None = None
    hand: int = -1
    use: bool = True
    text: str = ""
    problem: str = ""

    @property
    def is_pose(self) -> bool:
        """Whether it is a shape key that is solved with others."""
        return self.channel == row_settings.POSE

    @property
    def block(self) -> bpy.types.ID | None:
        """The data-block that has the property."""
        if self.owner is None:
            return None
        return self.owner.data.shape_keys if self.kind == row_settings.SHAPE_KEY else self.owner

    @property
    def target(self) -> str:
        """The name of the shape key or the bone of a row that was found."""
        return self.bone.bone if self.bone else self.name

    @property
    def words(self) -> str:
        """The text to search in."""
        return " ".join((self.text or self.channel, self.name, self.owner.name if self.owner else "", self.source))


@dataclass(frozen=True)
class MappingTable:
    """The rows, in the order of the channels, and what they reach."""

    rows: tuple[TableRow, ...] = ()
    coverage: Coverage = field(default_factory=lambda: coverage(()))


@dataclass(frozen=True)
class _Named:
    """A channel, as `coverage` counts them."""

    channel: str


def mapping_table(main: bpy.types.Object, character: Character | None) -> MappingTable:
    """Return the mapping of a character.

    Args:
        main: Its main mesh.
        character: What was found of it, for a character that was not bound yet; None for the main mesh alone.
    """
    objects = parts.numbered_objects(main)
    if character is not None and not binding.is_bound(main):
        new = [face for face in character.faces if face not in objects.values()]
        known = (*objects.values(), *new)
        new += [owner for owner in driven_shapes.owners(character.faces) if owner not in known]
        objects |= {max(objects) + 1 + number: obj for number, obj in enumerate(new)}
    meshes = {part_kind("KEY", n): obj for n, obj in objects.items() if obj.type == "MESH" and obj.data.shape_keys}
    driven = {kind: shape_key_names.driven_shape_keys(mesh) for kind, mesh in meshes.items()}
    hand = hand_rows.hand_mapping(main)
    found = face_mapping(meshes, driven, hand, objects)
    turned = [group for group in _bones(main, character, hand) if not group.turns_head]
    blocked = [row for row in _driven_rows(meshes) if row.channel not in hand.channels]
    rows = [*blocked, *_face_rows(found, objects, hand), *_bone_rows(turned, hand), *map(_hand_row, hand.rows)]
    order = {name: number for number, name in enumerate(channels.SHAPES)}
    rows.sort(key=lambda row: order.get(row.channel, len(order)))
    reached = set(found.channels).union(*(group.channels for group in turned))
    return MappingTable(tuple(rows), coverage(_Named(name) for name in reached))


def _bones(
    main: bpy.types.Object, character: Character | None, hand: hand_rows.HandMapping
) -> list[BoneGroup | BoneShift]:
    """Return the bones that channels turn; of a character that was not bound yet, as they will be."""
    if character is None or character.armature is None or binding.is_bound(main):
        return bones.bone_groups(main)
    found: list[BoneGroup | BoneShift] = []
    for kind, moved in zip((BoneGroup, BoneShift), _axes(character), strict=True):
        for bone, axes in moved.items():
            free = {name: axis for name, axis in axes.items() if name not in hand.channels}
            found.append(kind("", character.armature, bone, free))
    return [*(group for group in found if group.axes), *bones.bone_groups(main)]


_Moved = dict[str, stored_bones.BoneAxes]
_known_axes: dict[int, tuple[Character, tuple[_Moved, _Moved]]] = {}
"""Identifier of a main mesh -> its character and the axes of its bones: panels ask on each redraw."""


def _axes(character: Character) -> tuple[_Moved, _Moved]:
    """Return the axes of the bones that are turned, and of those that are shifted."""
    known = _known_axes.get(character.main.session_uid)
    if known is None or known[0] is not character:
        _known_axes.clear()
        known = character, bone_axes.find_axes(character)
        _known_axes[character.main.session_uid] = known
    return known[1]


def _face_rows(
    found: FaceMapping, objects: dict[int, bpy.types.Object], hand: hand_rows.HandMapping
) -> Iterator[TableRow]:
    """Yield the rows of what was found in shape keys."""
    by_hand = {(row.address, row.channel) for row in hand.rows if row.is_active}
    for target in found.all_targets:
        owner = objects[kind_number(target.address[0])]
        for channel, gain in target.gains:
            if (target.address, channel) in by_hand:
                continue
            if id_type(target.address[0]) == "OBJECT":
                source = BONE if any(target.address == other.address for other in hand.shifted) else DRIVER
                yield _control_row(target, owner, channel, gain, source)
            else:
                yield _shape_row(channel, target.address, target.name, owner, gain, _source(owner, target, channel))
    if found.lips:
        for address, name in zip(found.lips.addresses, found.lips.names, strict=True):
            yield _shape_row("mouthClose", address, name, objects[kind_number(address[0])], 1.0, NAME)
    if found.group:
        poses = found.group.poses
        for address, name, number in zip(found.group.addresses, found.group.names, found.group.numbers, strict=True):
            owner = objects[kind_number(address[0])]
            measured = MEASURED if is_measured(objects[0], name) else POSES
            row = _shape_row(row_settings.POSE, address, name, owner, 1.0, measured)
            yield replace(row, text=_recipe(poses.recipes[number]))


def _control_row(target: FaceTarget, owner: bpy.types.Object, channel: str, gain: float, source: str) -> TableRow:
    """Return the row of a property that sets a driven shape key, or of a bone that rows of the user move too."""
    _kind, path, index = target.address
    kind = row_settings.PROPERTY if custom_property.is_custom(path) else row_settings.BONE_LOCATION
    return TableRow(channel, kind, owner, target.name, gain, source, target.offset, (path, index))


def _driven_rows(meshes: dict[str, bpy.types.Object]) -> Iterator[TableRow]:
    """Yield the rows of face shapes that a driver sets and no property is keyed for, with the reason."""
    for mesh, name, reason in driven_shapes.reasons(meshes.values()):
        if channel := shape_key_names.channel_for_name(name):
            yield TableRow(channel, row_settings.SHAPE_KEY, mesh, name, 1.0, DRIVER, problem=reason)


def _shape_row(
    channel: str, address: PropertyAddress, name: str, owner: bpy.types.Object, gain: float, source: str
) -> TableRow:
    kind = row_settings.SHAPE_KEY
    return TableRow(channel, kind, owner, name, gain, source, address=(address[1], address[2]))


def _source(owner: bpy.types.Object, target: FaceTarget, channel: str) -> str:
    """Return why a channel moves a shape key."""
    keys = owner.data.shape_keys.key_blocks
    names = [key.name for key in keys if key != owner.data.shape_keys.reference_key]
    named = {one.name for one in named_targets(names) if one.channel == channel}
    if target.name in named:
        return HALVES if len(named) > 1 else NAME
    return MOVES if named & empty_shapes(owner) else POSES


def _recipe(recipe: np.ndarray) -> str:
    """Return the channels of a pose, the largest first."""
    used = np.argsort(-np.abs(recipe))[: LONGEST_RECIPE + 1]
    names = [channels.FACE[number] for number in used if abs(recipe[number]) > 0]
    return ", ".join(names[:LONGEST_RECIPE]) + (" ..." if len(names) > LONGEST_RECIPE else "")


def _bone_rows(groups: list[BoneGroup | BoneShift], hand: hand_rows.HandMapping) -> Iterator[TableRow]:
    """Yield the rows of bones that were found: the angle or the way at weight 1 as the gain."""
    for group in groups:
        kind = row_settings.BONE_ROTATION if isinstance(group, BoneGroup) else row_settings.BONE_LOCATION
        for channel, axis in group.axes.items():
            if channel not in hand.channels:
                alone = replace(group, axes={channel: axis})
                size = float(np.linalg.norm(axis))
                yield TableRow(channel, kind, group.armature, group.bone, size, BONE, bone=alone)


def _hand_row(row: hand_rows.HandRow) -> TableRow:
    address, bone = (row.address[1], row.address[2]) if row.address else None, None
    if row.kind == row_settings.BONE_ROTATION and row.owner is not None and not row.problem:
        x, y, z = (row.offset * row.vector).tolist()
        bone = BoneGroup("", row.owner, row.bone, {row.channel: row.gain * row.vector}, (x, y, z))
    return TableRow(
        row.channel, row.kind, row.owner, row.name, row.gain, row.source, row.offset, address, bone, row.number,
        row.use, "Pose" if row.channel == row_settings.POSE else "", row.problem,
    )  # fmt: skip


def axis_parts(row: TableRow) -> list[tuple[str, float]]:
    """Return (axis, radians or way) of a bone that was found, about or along the bone's own axes X, Y and Z."""
    assert row.bone is not None
    (axis,) = row.bone.axes.values()
    size = np.linalg.norm(axis)
    return [(name, float(part)) for name, part in zip("XYZ", axis, strict=True) if abs(part) > MIN_PART * size]
