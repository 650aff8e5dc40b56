"""New Seed: choose another seed, for the performance or one of its layers."""

from __future__ import annotations

import random

import bpy

from ...settings import performance
from ..base.operator_base import OperatorBase


class DIFACE_OT_new_seed(OperatorBase, bpy.types.Operator):
    """Choose a random seed, for another performance of the same speech"""

    bl_idname = "diface.new_seed"
    bl_label = "New Seed"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    setting: bpy.props.EnumProperty(
        name="Setting",
        description="The seed that is changed",
        items=[(name, name, "") for name in ("seed", "blinks_seed", "gaze_seed", "breath_seed")],
        options={"HIDDEN"},
    )

    def run(self, context: bpy.types.Context) -> None:
        setattr(performance.to_change(context), self.setting, random.randrange(1_000_000))


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_new_seed,))
