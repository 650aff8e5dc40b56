"""Add, Change, Remove and Reset: the rows of the mapping."""

from __future__ import annotations

import bpy
from bpy.props import BoolProperty, EnumProperty, IntProperty

from ...core import channels, errors
from ...rig.mapping import row_settings
from ...scene.mapping import change_rows
from ...scene.mapping import table as mapping_table
from ...settings import character_settings, mapping_list, scene_settings
from ..base.operator_base import OperatorBase

CHOSEN = -1
"""Number of a row: the one that is chosen in the list."""


class RowOperator(OperatorBase):
    """Mix-in for operators on the mapping."""

    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        change_rows.check_editable(scene_settings.character(context))


def row_at(context: bpy.types.Context, number: int) -> mapping_table.TableRow:
    """Return a row of the table. Raises SceneError if there is no such row."""
    rows = mapping_list.table(context)[1].rows
    number = context.window_manager.diface_mapping_list.chosen if number == CHOSEN else number
    if not 0 <= number < len(rows):
        raise errors.SceneError("The mapping has no such row.", "Choose a row in the list.")
    return rows[number]


class DIFACE_OT_add_mapping_row(RowOperator, bpy.types.Operator):
    """Let a channel move one more property. What was found for the channel stays, as rows that you can change"""

    bl_idname = "diface.add_mapping_row"
    bl_label = "Add Row"

    channel: EnumProperty(
        name="Channel", description="The channel that moves the property", items=[(n, n, "") for n in channels.SHAPES]
    )

    kind: EnumProperty(name="Kind", description="What the channel moves", items=row_settings.KINDS)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        chosen = mapping_list.chosen_row(context, mapping_list.table(context)[1].rows)
        if chosen is not None and not chosen.is_pose:
            self.channel = chosen.channel
        return context.window_manager.invoke_props_dialog(self)

    def run(self, context: bpy.types.Context) -> None:
        main, table = mapping_list.table(context)
        found = character_settings.find(main)
        armature = found.armature if found else None
        owner = armature if armature and self.kind != row_settings.SHAPE_KEY else main
        change_rows.add(main, table, self.channel, self.kind, owner)
        mapping_list.choose(context, len(main.diface_mapping.rows) - 1)


class DIFACE_OT_change_mapping_row(RowOperator, bpy.types.Operator):
    """Make this row and the others of its channel yours, to be changed"""

    bl_idname = "diface.change_mapping_row"
    bl_label = "Change Row"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    row: IntProperty(
        name="Row", description="Number of the row; -1: the chosen one", default=CHOSEN, options={"SKIP_SAVE", "HIDDEN"}
    )
    use: BoolProperty(
        name="Use", description="Let the channel move the property", default=True, options={"SKIP_SAVE", "HIDDEN"}
    )

    def run(self, context: bpy.types.Context) -> None:
        main, table = mapping_list.table(context)
        row = row_at(context, self.row)
        change_rows.change(main, table, row)
        for number, new in enumerate(main.diface_mapping.rows):
            if new.channel == row.channel and new.owner == row.owner and _names(new) == row.target:
                new.use = self.use
                mapping_list.choose(context, number)


class DIFACE_OT_use_mapping_row(RowOperator, bpy.types.Operator):
    """Use this row, or leave it out"""

    bl_idname = "diface.use_mapping_row"
    bl_label = "Use Row"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    row: IntProperty(
        name="Row", description="Number of the row; -1: the chosen one", default=CHOSEN, options={"SKIP_SAVE", "HIDDEN"}
    )

    def run(self, context: bpy.types.Context) -> None:
        row = row_at(context, self.row)
        if row.hand >= 0:
            changed = scene_settings.character(context).diface_mapping.rows[row.hand]
            changed.use = not changed.use


class DIFACE_OT_remove_mapping_row(RowOperator, bpy.types.Operator):
    """Remove this row. A channel without any row of yours is moved as it was found; clear Use to move nothing"""

    bl_idname = "diface.remove_mapping_row"
    bl_label = "Remove Row"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    row: IntProperty(
        name="Row", description="Number of the row; -1: the chosen one", default=CHOSEN, options={"SKIP_SAVE", "HIDDEN"}
    )

    def run(self, context: bpy.types.Context) -> None:
        row = row_at(context, self.row)
        if row.hand < 0:
            message = f"The row of {row.channel} was found, and is not one of yours."
            raise errors.SceneError(message, "Clear its box, so that it is not used.")
        change_rows.remove(mapping_list.table(context)[0], row.hand)
        state = context.window_manager.diface_mapping_list
        state.chosen = max(state.chosen - 1, 0)


class DIFACE_OT_reset_mapping(RowOperator, bpy.types.Operator):
    """Return to the mapping that was found, for the channel of the chosen row or for all"""

    bl_idname = "diface.reset_mapping"
    bl_label = "Reset"

    of: EnumProperty(
        name="Of",
        description="The rows to reset",
        items=(("ALL", "All", "All channels"), ("CHANNEL", "Channel", "The channel of the chosen row")),
        options={"SKIP_SAVE", "HIDDEN"},
    )

    def run(self, context: bpy.types.Context) -> str:
        main = scene_settings.character(context)
        channel = row_at(context, CHOSEN).channel if self.of == "CHANNEL" else ""
        count = change_rows.reset(main, channel)
        return f"The mapping of {channel or main.name} is as it was found: {count} of your rows are removed."


def _names(row: bpy.types.PropertyGroup) -> str:
    """Return the shape key, bone or property that a row of the user names."""
    return row.shape_key or row.bone or row.property_name


register, unregister = bpy.utils.register_classes_factory(
    (
        DIFACE_OT_add_mapping_row,
        DIFACE_OT_change_mapping_row,
        DIFACE_OT_use_mapping_row,
        DIFACE_OT_remove_mapping_row,
        DIFACE_OT_reset_mapping,
    )
)
