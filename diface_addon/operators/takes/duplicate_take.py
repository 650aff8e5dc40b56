"""Duplicate Take: a copy to change, while the take is kept as it is."""

from __future__ import annotations

import bpy

from ...scene.takes import rollback, take_copies, take_names, use_take
from ...settings import scene_settings
from ..base.take_operator import TakeOperator


class DIFACE_OT_duplicate_take(TakeOperator, bpy.types.Operator):
    """Copy this take. If the take is active, the copy becomes active in its place"""

    bl_idname = "diface.duplicate_take"
    bl_label = "Duplicate Take"
    bl_options = {"REGISTER", "UNDO"}

    def run(self, context: bpy.types.Context) -> str:
        obj, actions = scene_settings.character(context), self.actions()
        with rollback.all_or_nothing():
            copies = take_copies.duplicate(actions, take_names.copy_name(actions[0].name))
            use_take.replace_active_take(obj, actions, copies)
        return f"New take: {copies[0].name}."


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_duplicate_take,))
