"""Export FBX: the character with its shape keys and its motion."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy_extras.io_utils import ExportHelper

from .. import properties
from ..scene import export, frame_range, target
from .verb import Verb


class DIFACE_OT_export_fbx(Verb, ExportHelper, bpy.types.Operator):
    """Write the character, its shape keys and its motion to an FBX file, for the preview range or the scene's frames"""

    bl_idname = "diface.export_fbx"
    bl_label = "Export FBX"

    filename_ext = ".fbx"
    filter_glob: bpy.props.StringProperty(default="*.fbx", options={"HIDDEN"})

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        export.check_fbx()
        target.check(properties.character(context), ())

    def run(self, context: bpy.types.Context) -> str:
        path = Path(bpy.path.abspath(bpy.path.ensure_ext(self.filepath, self.filename_ext)))
        frames = frame_range.of(context.scene)
        export.fbx(properties.character(context), context.scene, frames, path)
        return f"Frames {frames[0]} to {frames[1]} are in {path}."


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_export_fbx,))
