"""Export Style: write a personal style to a file."""

from __future__ import annotations

from pathlib import Path

import bpy

from ...core import errors
from ...scene.files import atomic_write
from ...scene.styles import packed_styles
from ...settings import performance
from ..base.write_file import WriteFileOperator


class DIFACE_OT_export_style(WriteFileOperator, bpy.types.Operator):
    """Write the selected personal style to a file, for Load Style and the command line"""

    bl_idname = "diface.export_style"
    bl_label = "Export Style"

    filename_ext = packed_styles.SUFFIX
    filter_glob: bpy.props.StringProperty(default=f"*{packed_styles.SUFFIX}", options={"HIDDEN"})

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        name = performance.active(context).style
        if name not in packed_styles.names():
            message = f'"{Path(name).name}" is not a personal style.' if name else "No personal style is selected."
            raise errors.SceneError(message, "Make one with Personalise, then choose it as Style.")

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if not self.filepath:
            self.filepath = bpy.path.clean_name(performance.active(context).style) + self.filename_ext
        return super().invoke(context, event)

    def run(self, context: bpy.types.Context) -> str:
        path, name = self.output_path(), performance.active(context).style
        data = packed_styles.style_bytes(name)
        with atomic_write.replacing(path) as draft:
            draft.write_bytes(data)
        return f"Exported the style {name} to {path}."


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_export_style,))
