"""Rows of the mapping that the user set, `object.diface_mapping` of the main mesh: properties that Blender saves."""

from __future__ import annotations

import math
from collections.abc import Iterator

import bpy
from bpy.props import (
    BoolProperty,
    CollectionProperty,
    EnumProperty,
    FloatProperty,
    PointerProperty,
    StringProperty,
)

from ...core import channels
from .. import parts
from . import custom_property

OVERRIDABLE = {"LIBRARY_OVERRIDABLE"}
POSE = "POSE"
"""What stands for a channel in the row of a shape key that is solved with other poses."""
SHAPE_KEY, BONE_ROTATION, BONE_LOCATION, PROPERTY = "SHAPE_KEY", "BONE_ROTATION", "BONE_LOCATION", "PROPERTY"
CHANNELS = (
    *((name, name, "") for name in channels.SHAPES),
    (POSE, "Pose", "The shape key is solved with the other poses"),
)
KINDS = (
    (SHAPE_KEY, "Shape Key", "The value of a shape key", "SHAPEKEY_DATA", 0),
    (BONE_ROTATION, "Bone Rotation", "A pose bone, about an axis that it has at rest", "CON_ROTLIKE", 1),
    (BONE_LOCATION, "Bone Location", "A pose bone, along an axis that it has at rest", "CON_LOCLIKE", 2),
    (PROPERTY, "Custom Property", "A custom property of an object or of a pose bone", "PROPERTIES", 3),
)
USUAL_GAINS = {BONE_ROTATION: math.radians(10.0), BONE_LOCATION: 0.01}
"""Gains of new rows, where it is not 1."""


def _search_shapes(row: DifaceMappingRow, _context: bpy.types.Context, _typed: str) -> list[str]:
    keys = row.owner.data.shape_keys if row.owner and row.owner.type == "MESH" else None
    return [key.name for key in keys.key_blocks if key != keys.reference_key] if keys else []


def _search_bones(row: DifaceMappingRow, _context: bpy.types.Context, _typed: str) -> list[str]:
    return list(row.owner.pose.bones.keys()) if row.owner and row.owner.pose else []


def _search_properties(row: DifaceMappingRow, _context: bpy.types.Context, _typed: str) -> list[str]:
    if row.owner is None:
        return []
    bone = row.owner.pose.bones.get(row.bone) if row.owner.pose and row.bone else None
    return list(custom_property.names_of(bone or row.owner))


def _owner_changed(row: DifaceMappingRow, _context: bpy.types.Context) -> None:
    """Make the new owner a part of the character, so that takes find it."""
    main = row.id_data
    if row.owner is not None and row.owner != main and main.library is None:
        parts.add_parts(main, [row.owner])


class DifaceMappingRow(bpy.types.PropertyGroup):
    """One channel that moves one property, by the user."""

    channel: EnumProperty(
        name="Channel", description="The channel that moves the property", items=CHANNELS, override=OVERRIDABLE
    )
    use: BoolProperty(name="Use", description="Let the channel move the property", default=True, override=OVERRIDABLE)
    kind: EnumProperty(
        name="Kind",
        description="What the channel moves",
        items=KINDS,
        override=OVERRIDABLE,
    )
    owner: PointerProperty(
        name="Object",
        description="The mesh, the armature or another object that has the property",
        type=bpy.types.Object,
        update=_owner_changed,
        override=OVERRIDABLE,
    )
    shape_key: StringProperty(
        name="Shape Key", description="The shape key", search=_search_shapes, override=OVERRIDABLE
    )
    bone: StringProperty(
        name="Bone",
        description="The pose bone. Of a custom property: the bone that has it; empty for one of the object itself",
        search=_search_bones,
        override=OVERRIDABLE,
    )
    property_name: StringProperty(
        name="Property",
        description="The custom property, a single Float",
        search=_search_properties,
        override=OVERRIDABLE,
    )
    axis: EnumProperty(
        name="Axis",
        description="The axis of the bone, at rest",
        items=(("X", "X", ""), ("Y", "Y", ""), ("Z", "Z", "")),
        override=OVERRIDABLE,
    )
    gain: FloatProperty(
        name="Gain",
        description="How far the property moves as the channel goes from 0 to 1. Negative: the other way",
        default=1.0,
        soft_min=-2.0,
        soft_max=2.0,
        precision=3,
        override=OVERRIDABLE,
    )
    offset: FloatProperty(
        name="Offset",
        description="The value of the property while the channel is 0. Offsets of several rows add up",
        soft_min=-1.0,
        soft_max=1.0,
        precision=3,
        override=OVERRIDABLE,
    )
    angle: FloatProperty(
        name="Angle",
        description="How far the bone turns as the channel goes from 0 to 1. Negative: the other way",
        subtype="ANGLE",
        get=lambda row: row.gain,
        set=lambda row, value: setattr(row, "gain", value),
    )
    angle_offset: FloatProperty(
        name="Offset",
        description="The angle of the bone while the channel is 0",
        subtype="ANGLE",
        get=lambda row: row.offset,
        set=lambda row, value: setattr(row, "offset", value),
    )
    preset: StringProperty(name="Preset", description="Name of the preset that the row is from", override=OVERRIDABLE)


class DifaceMapping(bpy.types.PropertyGroup):
    """The rows of a character that the user set, at `object.diface_mapping` of its main mesh."""

    rows: CollectionProperty(type=DifaceMappingRow, override=OVERRIDABLE | {"USE_INSERTION"})


def rows_of(main: bpy.types.Object) -> Iterator[DifaceMappingRow]:
    """Yield the rows that the user set for a character."""
    yield from main.diface_mapping.rows


def owners(main: bpy.types.Object) -> list[bpy.types.Object]:
    """Return the objects that the user's rows name, besides the main mesh."""
    found = (row.owner for row in rows_of(main))
    return [owner for owner in dict.fromkeys(found) if owner is not None and owner != main]


GROUPS = (DifaceMappingRow, DifaceMapping)


def register() -> None:
    for group in GROUPS:
        bpy.utils.register_class(group)
    bpy.types.Object.diface_mapping = PointerProperty(type=DifaceMapping, override=OVERRIDABLE)


def unregister() -> None:
    del bpy.types.Object.diface_mapping
    for group in reversed(GROUPS):
        bpy.utils.unregister_class(group)
