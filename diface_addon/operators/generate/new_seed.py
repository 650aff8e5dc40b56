"""New Seed: another performance of the same speech, or of one layer of it."""

from __future__ import annotations

import random

import bpy

from ..base.operator_base import OperatorBase


class DIFACE_OT_new_seed(OperatorBase, bpy.types.Operator):
    """Roll the dice for another seed, and so another performance"""

    bl_idname = "diface.new_seed"
    bl_label = "New Seed"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    setting: bpy.props.EnumProperty(
        name="Of",
        items=[(name, name, "") for name in ("seed", "blinks_seed", "gaze_seed", "breath_seed")],
        options={"HIDDEN"},
    )

    def run(self, context: bpy.types.Context) -> None:
        setattr(context.scene.diface, self.setting, random.randrange(1_000_000))


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_new_seed,))
