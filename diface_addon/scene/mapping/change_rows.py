"""Adds, changes and removes the rows of the mapping that the user sets."""

from __future__ import annotations

import bpy

from ...core import errors
from ...rig.mapping import custom_property, row_settings
from .table import MappingTable, TableRow, axis_parts


def check_editable(main: bpy.types.Object | None) -> None:
    """Raise SceneError if the mapping of a character cannot be changed."""
    if main is None or main.type != "MESH":
        raise errors.SceneError("There is no character.", "Choose one, or click any of its objects.")
    if not main.is_editable:
        hint = "Make a library override (Object > Library Override > Make), or work in the file that it comes from."
        raise errors.SceneError(f"{main.name} is linked from another file.", hint)


def add(
    main: bpy.types.Object, table: MappingTable, channel: str, kind: str, owner: bpy.types.Object
) -> row_settings.DifaceMappingRow:
    """Add a row of a channel, beside what was found for it, which becomes rows of the user."""
    take_over(main, table, channel)
    row = main.diface_mapping.rows.add()
    row.channel, row.kind, row.owner = channel, kind, owner
    row.gain = row_settings.USUAL_GAINS.get(kind, 1.0)
    return row


def take_over(main: bpy.types.Object, table: MappingTable, channel: str) -> None:
    """Make rows of the user of what was found for a channel, with the same effect. Poses stay as they are."""
    for row in table.rows:
        if row.hand < 0 and row.channel == channel and not row.is_pose:
            _copy(main, row)


def change(main: bpy.types.Object, table: MappingTable, row: TableRow) -> None:
    """Make a row that was found one of the user, to be changed; the other rows of its channel as well.

    A pose becomes a row that is not in use: its shape key is not solved any more.
    """
    if row.hand >= 0:
        return
    if not row.is_pose:
        take_over(main, table, row.channel)
        return
    new = main.diface_mapping.rows.add()
    new.channel, new.owner, new.shape_key, new.use = row_settings.POSE, row.owner, row.name, False


def remove(main: bpy.types.Object, number: int) -> None:
    """Remove a row of the user, by its number in the collection."""
    main.diface_mapping.rows.remove(number)


def reset(main: bpy.types.Object, channel: str = "") -> int:
    """Remove the user's rows, of one channel or all, so that what was found counts again. Return how many."""
    rows = main.diface_mapping.rows
    numbers = [number for number, row in enumerate(rows) if channel in ("", row.channel)]
    for number in reversed(numbers):
        rows.remove(number)
    return len(numbers)


def _copy(main: bpy.types.Object, row: TableRow) -> None:
    """Add rows of the user that do what a row that was found does: a bone's needs one for each of its axes."""
    turns = axis_parts(row) if row.bone else [("X", row.gain)]
    for axis, gain in turns:
        new = main.diface_mapping.rows.add()
        new.channel, new.kind, new.owner, new.gain, new.offset = row.channel, row.kind, row.owner, gain, row.offset
        if row.bone:
            new.bone, new.axis = row.bone.bone, axis
        elif row.kind == row_settings.PROPERTY and row.address:
            new.bone, new.property_name = custom_property.names(row.address[0])
        elif row.kind == row_settings.BONE_LOCATION and row.address:
            new.bone, new.axis = custom_property.bone_of(row.address[0]), "XYZ"[row.address[1]]
        else:
            new.shape_key = row.name
