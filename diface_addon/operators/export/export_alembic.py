"""Export Alembic: the character vertex by vertex."""

from __future__ import annotations

import bpy

from ...scene.export import alembic
from ...scene.files import atomic_write
from ..base.export_operators import ExportOperator, plain_objects


class DIFACE_OT_export_alembic(ExportOperator, bpy.types.Operator):
    """Export the vertices of the character to an Alembic file, for the preview range or the scene range"""

    bl_idname = "diface.export_alembic"
    bl_label = "Export Alembic"

    filename_ext = ".abc"
    filter_glob: bpy.props.StringProperty(default="*.abc", options={"HIDDEN"})

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        alembic.check_alembic()
        super().check_ready(context)

    def run(self, context: bpy.types.Context) -> str:
        files = self.files(context)
        with atomic_write.replacing_each(files) as drafts:
            for path, clip in files.items():
                alembic.write_alembic(plain_objects(context), context.scene, clip.frames, drafts[path])
        return self.message(files)


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_export_alembic,))
