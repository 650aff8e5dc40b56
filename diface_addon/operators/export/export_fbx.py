"""Export FBX: the character with its shape keys and its motion."""

from __future__ import annotations

import bpy

from ...scene.export import export
from ...settings import scene_settings
from ..base.to_file import Export


class DIFACE_OT_export_fbx(Export, bpy.types.Operator):
    """Write the character, its shape keys and its motion to an FBX file, for the preview range or the scene's frames"""

    bl_idname = "diface.export_fbx"
    bl_label = "Export FBX"

    filename_ext = ".fbx"
    filter_glob: bpy.props.StringProperty(default="*.fbx", options={"HIDDEN"})

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        super().check_ready(context)
        export.check_keyed(scene_settings.character(context))

    check_format = staticmethod(export.check_fbx)
    write = staticmethod(export.fbx)


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_export_fbx,))
