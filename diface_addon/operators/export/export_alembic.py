"""Export Alembic: the character vertex by vertex."""

from __future__ import annotations

import bpy

from ...scene.export import export
from ..base.write_file import ExportOperator


class DIFACE_OT_export_alembic(ExportOperator, bpy.types.Operator):
    """Export the vertices of the character to an Alembic file, for the preview range or the scene range"""

    bl_idname = "diface.export_alembic"
    bl_label = "Export Alembic"

    filename_ext = ".abc"
    filter_glob: bpy.props.StringProperty(default="*.abc", options={"HIDDEN"})

    check_format = staticmethod(export.check_alembic)
    write = staticmethod(export.export_alembic)


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_export_alembic,))
