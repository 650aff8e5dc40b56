"""Export FBX: the character with its shape keys and its motion."""

from __future__ import annotations

import bpy

from ...scene.export import export
from ...settings import scene_settings
from ..base.write_file import ExportOperator


class DIFACE_OT_export_fbx(ExportOperator, bpy.types.Operator):
    """Export the character with shape keys and motion to an FBX file, for the preview range or the scene range"""

    bl_idname = "diface.export_fbx"
    bl_label = "Export FBX"

    filename_ext = ".fbx"
    filter_glob: bpy.props.StringProperty(default="*.fbx", options={"HIDDEN"})

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        super().check_ready(context)
        export.check_has_keys(scene_settings.character(context))

    check_format = staticmethod(export.check_fbx)
    write = staticmethod(export.export_fbx)


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_export_fbx,))
