"""Favourite: a star for takes that the artist likes."""

from __future__ import annotations

import bpy

from ...scene.takes import take_list
from ..base.take_operator import TakeOperator


class DIFACE_OT_favourite_take(TakeOperator, bpy.types.Operator):
    """Give this take a star, or take it away"""

    bl_idname = "diface.favourite_take"
    bl_label = "Favourite"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def check_ready(cls, _context: bpy.types.Context) -> None:
        """A star needs no character."""

    def run(self, _context: bpy.types.Context) -> None:
        action = self.actions()[0]
        take_list.set_favourite(action, not take_list.is_favourite(action))


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_favourite_take,))
