"""Load Style: a style file in place of a trained style."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy_extras.io_utils import ImportHelper

from ...core import errors
from ..base.operator_base import OperatorBase

SUFFIX = ".safetensors"


class DIFACE_OT_load_style(OperatorBase, ImportHelper, bpy.types.Operator):
    """Choose a style file, as `python -m diface_core personalise` writes it from a performance"""

    bl_idname = "diface.load_style"
    bl_label = "Load Style"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    filter_glob: bpy.props.StringProperty(default=f"*{SUFFIX}", options={"HIDDEN"})
    second: bpy.props.BoolProperty(name="Mixed In", description="As the style that is mixed in", options={"HIDDEN"})

    def run(self, context: bpy.types.Context) -> None:
        path = Path(bpy.path.abspath(self.filepath))
        if path.suffix != SUFFIX or not path.is_file():
            raise errors.SceneError(f"{path.name} is not a style file.", f"Choose one that ends in {SUFFIX}.")
        setattr(context.scene.diface, "second_style" if self.second else "style", str(path))


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_load_style,))
