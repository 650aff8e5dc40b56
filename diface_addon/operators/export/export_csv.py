"""Export Live Link CSV: the numbers of the face and the head, without a mesh."""

from __future__ import annotations

import bpy

from ...scene.export import weights_file
from ...settings import scene_settings
from ..base.export_operators import ExportOperator, SampledOperator, check_has_keys


class DIFACE_OT_export_csv(SampledOperator, ExportOperator, bpy.types.Operator):
    """Export the ARKit weights and the head's rotation as Live Link Face writes them, for the preview or scene range"""

    bl_idname = "diface.export_csv"
    bl_label = "Export Live Link CSV"

    filename_ext = ".csv"
    filter_glob: bpy.props.StringProperty(default="*.csv", options={"HIDDEN"})

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        super().check_ready(context)
        check_has_keys(scene_settings.character(context))

    def run(self, context: bpy.types.Context) -> str:
        files = self.files(context)
        ranges = {path: clip.frames for path, clip in files.items()}
        weights_file.write_weights(scene_settings.character(context), context.scene, ranges, self.chosen_rate())
        return self.message(files)


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_export_csv,))
