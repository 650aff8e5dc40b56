"""Use Take: lets a take that was made before animate the character again."""

from __future__ import annotations

import bpy

from .. import properties
from ..core import errors
from ..scene import takes, target
from .verb import Verb


class DIFACE_OT_use_take(Verb, bpy.types.Operator):
    """Let this take animate the character"""

    bl_idname = "diface.use_take"
    bl_label = "Use Take"
    bl_options = {"REGISTER", "UNDO"}

    take: bpy.props.StringProperty(name="Take", description="Its id", options={"HIDDEN"})

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        target.check(properties.character(context), ())

    def run(self, context: bpy.types.Context) -> str:
        actions = takes.all_takes().get(self.take)
        if not actions:
            raise errors.SceneError("This take is gone.", "Undo what removed it, or generate another.")
        takes.use_take(properties.character(context), actions)
        return f"Now playing: {actions[0].name}."


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_use_take,))
