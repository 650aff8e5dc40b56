"""Export FBX: the character with its skeleton, its shape keys and its motion."""

from __future__ import annotations

import bpy

from ...scene.export import formats
from ..base.export_operators import PlainExportOperator


class DIFACE_OT_export_fbx(PlainExportOperator, bpy.types.Operator):
    """Export the character with skeleton, shape keys and motion to an FBX file, for the preview or scene range"""

    bl_idname = "diface.export_fbx"
    bl_label = "Export FBX"

    kind = formats.FBX
    filename_ext = ".fbx"
    filter_glob: bpy.props.StringProperty(default="*.fbx", options={"HIDDEN"})


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_export_fbx,))
