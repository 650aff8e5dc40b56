"""Export Style: a personal style as a file of its own."""

from __future__ import annotations

from pathlib import Path

import bpy

from ...core import errors
from ...scene.files import atomic_write
from ...scene.styles import packed_styles
from ..base.write_file import WriteFileOperator


class DIFACE_OT_export_style(WriteFileOperator, bpy.types.Operator):
    """Write the personal style that is chosen to a file, which Load Style and the command line take"""

    bl_idname = "diface.export_style"
    bl_label = "Export Style"

    filename_ext = packed_styles.SUFFIX
    filter_glob: bpy.props.StringProperty(default=f"*{packed_styles.SUFFIX}", options={"HIDDEN"})

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        name = context.scene.diface.style
        if name not in packed_styles.names():
            what = f'"{Path(name).name}" is' if name else "There is"
            hint = "Personalise makes one from takes; then choose it as Style."
            raise errors.SceneError(f"{what} no personal style of this .blend.", hint)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if not self.filepath:
            self.filepath = bpy.path.clean_name(context.scene.diface.style) + self.filename_ext
        return super().invoke(context, event)

    def run(self, context: bpy.types.Context) -> str:
        path, name = self.output_path(), context.scene.diface.style
        data = packed_styles.style_bytes(name)
        with atomic_write.replacing(path) as draft:
            draft.write_bytes(data)
        return f"The style {name} is in {path}."


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_export_style,))
