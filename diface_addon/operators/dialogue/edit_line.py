"""Edit Line: choose the character of a line, and make its take the active one."""

from __future__ import annotations

import bpy

from ...core import errors
from ...jobs.dialogue import lines
from ...scene.takes import rollback, use_take
from ...settings import performance
from ...settings.directing import direction_settings
from . import chosen_line


class DIFACE_OT_edit_line(chosen_line.LineOperator, bpy.types.Operator):
    """Choose the character of this line, and make its take the active one, which all panels edit"""

    bl_idname = "diface.edit_line"
    bl_label = "Edit Line"
    bl_options = {"REGISTER", "UNDO"}

    def run(self, context: bpy.types.Context) -> str:
        found = self.find_line(context)
        obj = found.character
        if obj is None:
            raise errors.SceneError(f"{found.text}.", chosen_line.NO_LINE)
        if found.actions:
            with rollback.all_or_nothing(obj), direction_settings.reading_plain(obj):
                use_take.use_take(obj, lines.take_actions(found.actions))
        _choose(context, obj)
        settings = performance.to_change(context)
        settings.source, settings.strip = "STRIP", found.strip.name
        if not found.first <= context.scene.frame_current < found.end:
            context.scene.frame_set(found.first)
        what = found.actions[0].name if found.actions else "no take yet"
        return f"{found.label}: {what}."


def _choose(context: bpy.types.Context, obj: bpy.types.Object) -> None:
    """Make a character the one that all panels work on."""
    if context.scene.diface.character is not None:
        context.scene.diface.character = obj
    elif obj.name in context.view_layer.objects:
        for other in list(context.view_layer.objects.selected):
            other.select_set(False)
        context.view_layer.objects.active = obj
        obj.select_set(True)
    else:
        context.scene.diface.character = obj


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_edit_line,))
