"""Load Style: choose the style of a file, and pack it into the .blend."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy_extras.io_utils import ImportHelper

from ...core import errors
from ...scene.styles import packed_styles, style_file, styles
from ...settings import performance
from ..base.operator_base import OperatorBase


class DIFACE_OT_load_style(OperatorBase, ImportHelper, bpy.types.Operator):
    """Choose a style file, as Export Style or the command line writes it. It is packed into the .blend"""

    bl_idname = "diface.load_style"
    bl_label = "Load Style"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    filter_glob: bpy.props.StringProperty(default=f"*{packed_styles.SUFFIX}", options={"HIDDEN"})
    second: bpy.props.BoolProperty(name="Second Style", description="Use it as the second style", options={"HIDDEN"})

    def run(self, context: bpy.types.Context) -> str:
        path = Path(bpy.path.abspath(self.filepath))
        if path.suffix != packed_styles.SUFFIX or not path.is_file():
            hint = f"Choose one that ends in {packed_styles.SUFFIX}."
            raise errors.SceneError(f"{path.name} is not a style file.", hint)
        try:
            data = path.read_bytes()
        except OSError as reason:
            raise errors.SceneError(f"{path} cannot be read: {reason.strerror}.", "Choose another file.") from reason
        style_name = style_file.read_name(data, path.stem)
        name = packed_styles.find_name(data)
        if name is None:
            name = packed_styles.unique_name(style_name, list(styles.trained()))
            packed_styles.pack(context.scene, name, data)
        setattr(performance.to_change(context), "second_style" if self.second else "style", name)
        return f"The style {name} is packed into the .blend."


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_load_style,))
