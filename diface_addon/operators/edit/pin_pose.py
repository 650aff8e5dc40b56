"""Pin Pose: key the pose at the playhead as pins."""

from __future__ import annotations

import bpy

from ...core import channels, errors
from ...scene.animation import active_curves, character_checks, evaluate_curves
from ...scene.pins import pins
from ...settings import scene_settings
from ..base import region_choice
from ..base.operator_base import OperatorBase


class DIFACE_OT_pin_pose(OperatorBase, bpy.types.Operator):
    """Key the current pose as pins in the chosen regions. Pins are kept exactly when the motion is regenerated"""

    bl_idname = "diface.pin_pose"
    bl_label = "Pin Pose"
    bl_options = {"REGISTER", "UNDO"}

    region: bpy.props.EnumProperty(name="Region", items=region_choice.REGION_CHOICES, options={"SKIP_SAVE"})

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        obj = scene_settings.character(context)
        character_checks.check(obj, ())
        if not active_curves.find_active_curves(obj):
            raise errors.SceneError(f"{obj.name} has no animation yet.", "Generate a take first.")
        character_checks.check_keys_editable(obj)

    def run(self, context: bpy.types.Context) -> str:
        obj, frame = scene_settings.character(context), context.scene.frame_current_final
        chosen = region_choice.chosen_channels(context, self.region)
        available = active_curves.reached_channels(obj) | set(channels.HEAD)
        names = tuple(name for name in chosen if name in available)
        if not names:
            raise errors.SceneError(f"{obj.name} has no shape keys of these regions.", "Choose other regions.")
        pose = evaluate_curves.sample_motion(obj, frame, 1, names).values[0].tolist()
        keyed = pins.set_values(obj, frame, dict(zip(names, pose, strict=True)))
        return region_choice.pinned_message(keyed, frame)


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_pin_pose,))
