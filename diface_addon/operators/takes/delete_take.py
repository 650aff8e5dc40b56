"""Delete Take: a take that is not wanted any more."""

from __future__ import annotations

import bpy

from ...scene.keys import editable_actions
from ...scene.takes import delete_take, ghost
from ...settings import scene_settings
from ..base.take_operator import TakeOperator


class DIFACE_OT_delete_take(TakeOperator, bpy.types.Operator):
    """Delete this take, and the shape keys that were made for it"""

    bl_idname = "diface.delete_take"
    bl_label = "Delete Take"
    bl_options = {"REGISTER", "UNDO"}

    def run(self, context: bpy.types.Context) -> str:
        actions = self.actions(unreadable_too=True)
        editable_actions.check(actions, "Delete it in that file; here it would come back with the next opening.")
        name = actions[0].name
        ghost.remove_ghosts()
        notes = delete_take.delete_take(scene_settings.character(context), actions)
        return " ".join([f"Deleted: {name}.", *notes])


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_delete_take,))
