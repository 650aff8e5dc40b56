"""Playblast: a quick video of the character with the sound."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy_extras.io_utils import ExportHelper

from .. import compat, properties
from ..scene import frame_range, playblast, target
from .verb import Verb


class DIFACE_OT_playblast(Verb, ExportHelper, bpy.types.Operator):
    """Render the preview range or the scene's frames to an mp4 file with the sound"""

    bl_idname = "diface.playblast"
    bl_label = "Playblast"

    filename_ext = ".mp4"
    filter_glob: bpy.props.StringProperty(default="*.mp4", options={"HIDDEN"})
    look: bpy.props.EnumProperty(
        name="Look",
        items=(
            ("WORKBENCH", "Workbench", "Quick, lit as in a solid viewport"),
            ("SCENE", "Scene", "With the scene's own render engine and lights"),
        ),
    )

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        target.check(properties.character(context), ())

    def run(self, context: bpy.types.Context) -> str:
        path = Path(bpy.path.abspath(bpy.path.ensure_ext(self.filepath, self.filename_ext)))
        first, last = frame_range.of(context.scene)
        playblast.render(context, properties.character(context), (first, last), self.look, path)
        silent = "" if compat.HAS_AUDIO else " It is silent, as this Blender is built without sound."
        return f"Frames {first} to {last} are in {path}.{silent}"


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_playblast,))
