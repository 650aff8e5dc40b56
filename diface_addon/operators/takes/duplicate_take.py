"""Duplicate Take: a copy to change, with the take as it is kept."""

from __future__ import annotations

import bpy

from ...jobs import edit_shape_keys
from ...scene.takes import rollback, take_copies, use_take
from ...settings import scene_settings
from ..base.take_operator import TakeOperator


class DIFACE_OT_duplicate_take(TakeOperator, bpy.types.Operator):
    """Make a copy of this take, and let it play where this one does"""

    bl_idname = "diface.duplicate_take"
    bl_label = "Duplicate Take"
    bl_options = {"REGISTER", "UNDO"}

    def run(self, context: bpy.types.Context) -> str:
        obj, actions = scene_settings.character(context), self.actions()
        with rollback.all_or_nothing():
            copies = take_copies.duplicate(actions, edit_shape_keys.name_with_suffix(actions[0].name, "copy"))
            use_take.replace_active_take(obj, actions, copies)
        return f"New take: {copies[0].name}."


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_duplicate_take,))
