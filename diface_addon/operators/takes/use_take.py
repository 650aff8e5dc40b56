"""Use Take: make a take active."""

from __future__ import annotations

import bpy

from ...scene.comparison import ghost
from ...scene.takes import use_take
from ...settings import scene_settings
from ...settings.directing import direction_settings
from ..base.take_operator import TakeOperator


class DIFACE_OT_use_take(TakeOperator, bpy.types.Operator):
    """Make this take active on the character"""

    bl_idname = "diface.use_take"
    bl_label = "Use Take"
    bl_options = {"REGISTER", "UNDO"}

    def run(self, context: bpy.types.Context) -> str:
        actions = self.actions(unreadable_too=True)
        obj = scene_settings.character(context)
        use_take.use_take(obj, actions)
        direction_settings.refresh(obj)
        ghost.remove_ghosts()
        return f"Active take: {actions[0].name}."


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_use_take,))
