"""Export Alembic: the character vertex by vertex."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy_extras.io_utils import ExportHelper

from .. import properties
from ..scene import export, frame_range, target
from .verb import Verb


class DIFACE_OT_export_alembic(Verb, ExportHelper, bpy.types.Operator):
    """Write every vertex of the character to an Alembic file, for the preview range or the scene's frames"""

    bl_idname = "diface.export_alembic"
    bl_label = "Export Alembic"

    filename_ext = ".abc"
    filter_glob: bpy.props.StringProperty(default="*.abc", options={"HIDDEN"})

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        export.check_alembic()
        target.check(properties.character(context), ())

    def run(self, context: bpy.types.Context) -> str:
        path = Path(bpy.path.abspath(bpy.path.ensure_ext(self.filepath, self.filename_ext)))
        frames = frame_range.of(context.scene)
        export.alembic(properties.character(context), context.scene, frames, path)
        return f"Frames {frames[0]} to {frames[1]} are in {path}."


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_export_alembic,))
