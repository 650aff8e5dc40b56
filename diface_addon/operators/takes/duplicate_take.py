"""Duplicate Take: a copy to change, with the take as it is kept."""

from __future__ import annotations

import bpy

from ...jobs import edit_shape_keys
from ...scene.takes import take_copies, takes
from ...settings import scene_settings
from ..base.take_operator import TakeVerb


class DIFACE_OT_duplicate_take(TakeVerb, bpy.types.Operator):
    """Make a copy of this take, and let it play where this one does"""

    bl_idname = "diface.duplicate_take"
    bl_label = "Duplicate Take"
    bl_options = {"REGISTER", "UNDO"}

    def run(self, context: bpy.types.Context) -> str:
        obj, actions = scene_settings.character(context), self.actions()
        with takes.whole_or_not():
            copies = take_copies.duplicate(actions, edit_shape_keys.named(actions[0].name, "copy"))
            takes.use_instead(obj, actions, copies)
        return f"New take: {copies[0].name}."


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_duplicate_take,))
