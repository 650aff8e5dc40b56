"""Delete Take: a take that is not wanted any more."""

from __future__ import annotations

import bpy

from .. import properties
from ..core import errors
from ..scene import takes, target
from .verb import Verb


class DIFACE_OT_delete_take(Verb, bpy.types.Operator):
    """Delete this take, and the shape keys that were made for it"""

    bl_idname = "diface.delete_take"
    bl_label = "Delete Take"
    bl_options = {"REGISTER", "UNDO"}

    take: bpy.props.StringProperty(name="Take", description="Its id", options={"HIDDEN"})

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        target.check(properties.character(context), ())

    def run(self, context: bpy.types.Context) -> str:
        actions = takes.all_takes().get(self.take)
        if not actions:
            raise errors.SceneError("This take is gone.", "Undo what removed it.")
        name = actions[0].name
        notes = takes.delete_take(properties.character(context), actions)
        return " ".join([f"Deleted: {name}.", *notes])


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_delete_take,))
