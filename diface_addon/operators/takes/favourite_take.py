"""Favourite: mark a take with a star."""

from __future__ import annotations

import bpy

from ...scene.takes import take_list
from ..base.take_operator import TakeOperator


class DIFACE_OT_favourite_take(TakeOperator, bpy.types.Operator):
    """Mark this take with a star, or remove the star. Personalise uses starred takes"""

    bl_idname = "diface.favourite_take"
    bl_label = "Favourite"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        """Accept any context: a star needs no character."""

    def run(self, context: bpy.types.Context) -> None:
        action = self.actions()[0]
        take_list.set_favourite(action, not take_list.is_favourite(action))


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_favourite_take,))
