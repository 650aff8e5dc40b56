"""Export USD: the character with its skeleton, its shape keys and its motion."""

from __future__ import annotations

import bpy

from ...scene.export import formats
from ..base.export_operators import PlainExportOperator


class DIFACE_OT_export_usd(PlainExportOperator, bpy.types.Operator):
    """Export the character with skeleton, shape keys and motion to a USD file, for the preview or scene range"""

    bl_idname = "diface.export_usd"
    bl_label = "Export USD"

    kind = formats.USD
    filename_ext = ".usdc"
    filter_glob: bpy.props.StringProperty(default="*.usdc;*.usda;*.usd;*.usdz", options={"HIDDEN"})


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_export_usd,))
