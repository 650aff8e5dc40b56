"""Push Down Take: move a take to NLA tracks."""

from __future__ import annotations

import bpy

from ...scene.comparison import ghost
from ...scene.takes import take_copies
from ...settings import scene_settings
from ..base.take_operator import TakeOperator


class DIFACE_OT_push_down_take(TakeOperator, bpy.types.Operator):
    """Move this take to NLA tracks, where it plays below the next Action"""

    bl_idname = "diface.push_down_take"
    bl_label = "Push Down to NLA"
    bl_options = {"REGISTER", "UNDO"}

    def run(self, context: bpy.types.Context) -> str:
        actions = self.actions()
        take_copies.push_down(scene_settings.character(context), actions)
        ghost.remove_ghosts()
        return f"Now in the NLA: {actions[0].name}."


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_push_down_take,))
