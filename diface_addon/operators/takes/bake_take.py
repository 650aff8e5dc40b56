"""Bake Take: a plain Action without DiFACE's data."""

from __future__ import annotations

import bpy

from ...scene.comparison import ghost
from ...scene.takes import take_copies
from ...settings import scene_settings
from ..base.take_operator import TakeOperator


class DIFACE_OT_bake_take(TakeOperator, bpy.types.Operator):
    """Make a plain Action of this take with its layers in it, without DiFACE's data, and use it instead"""

    bl_idname = "diface.bake_take"
    bl_label = "Bake to Action"
    bl_options = {"REGISTER", "UNDO"}

    def run(self, context: bpy.types.Context) -> str:
        baked = take_copies.bake(scene_settings.character(context), self.actions())
        ghost.remove_ghosts()
        return f"New Action: {', '.join(action.name for action in baked)}."


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_bake_take,))
