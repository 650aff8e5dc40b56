"""Export glTF: the character with its skeleton, its shape keys and its motion."""

from __future__ import annotations

import bpy

from ...scene.export import formats
from ..base.export_operators import PlainExportOperator


class DIFACE_OT_export_gltf(PlainExportOperator, bpy.types.Operator):
    """Export the character with skeleton, shape keys and motion to a GLB file (glTF), for the preview or scene range"""

    bl_idname = "diface.export_gltf"
    bl_label = "Export glTF"

    kind = formats.GLTF
    filename_ext = ".glb"
    filter_glob: bpy.props.StringProperty(default="*.glb", options={"HIDDEN"})


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_export_gltf,))
