"""Copy Pose and Paste Pose: copy a pose from a frame, take or character, and pin it at another."""

from __future__ import annotations

import json

import bpy

from ...core import channels, errors
from ...jobs import edit
from ...scene.animation import active_curves, character_checks, evaluate_curves
from ...scene.keys.wording import count_noun
from ...scene.pins import pins
from ...settings import scene_settings
from ..base import region_choice
from ..base.operator_base import OperatorBase


class DIFACE_OT_copy_pose(OperatorBase, bpy.types.Operator):
    """Copy the pose of the character at the playhead, in the chosen regions"""

    bl_idname = "diface.copy_pose"
    bl_label = "Copy Pose"

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        obj = scene_settings.character(context)
        character_checks.check(obj, ())
        if not active_curves.find_active_curves(obj):
            hint = "Generate a take first, or key its shape keys."
            raise errors.SceneError(f"{obj.name} has no animation yet.", hint)
        region_choice.check_regions(context)

    def run(self, context: bpy.types.Context) -> str:
        obj, frame = scene_settings.character(context), context.scene.frame_current_final
        chosen = region_choice.chosen_channels(context)
        available = active_curves.reached_channels(obj) | set(channels.HEAD)
        names = tuple(name for name in channels.EDITED if name in chosen and name in available)
        if not names:
            raise errors.SceneError(f"{obj.name} has no shape keys of these regions.", "Choose other regions.")
        pose = evaluate_curves.sample_motion(obj, frame, 1, names)
        values = dict(zip(names, pose.values[0].tolist(), strict=True))
        context.window_manager.diface.copied_pose = json.dumps(values)
        return f"Copied {count_noun(len(values), 'value')} of frame {frame:g}."


class DIFACE_OT_paste_pose(OperatorBase, bpy.types.Operator):
    """Pin the copied pose at the playhead, in the chosen regions"""

    bl_idname = "diface.paste_pose"
    bl_label = "Paste Pose"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        edit.check(context)
        character_checks.check_keys_editable(scene_settings.character(context))
        if not context.window_manager.diface.copied_pose:
            raise errors.SceneError("No pose was copied.", "Press Copy Pose at the frame that has it.")
        region_choice.check_regions(context)

    def run(self, context: bpy.types.Context) -> str:
        names = region_choice.chosen_channels(context)
        pose = json.loads(context.window_manager.diface.copied_pose)
        chosen = {name: value for name, value in pose.items() if name in names}
        if not chosen:
            raise errors.SceneError("The copied pose has no value in the chosen regions.", "Choose other regions.")
        obj, frame = scene_settings.character(context), context.scene.frame_current_final
        if not chosen.keys() & (active_curves.reached_channels(obj) | set(channels.HEAD)):
            raise errors.SceneError(f"{obj.name} has no shape keys of the copied pose.", "Choose other regions.")
        return region_choice.pinned_message(pins.set_values(obj, frame, chosen), frame)


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_copy_pose, DIFACE_OT_paste_pose))
