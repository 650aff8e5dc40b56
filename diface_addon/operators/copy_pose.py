"""Copy Pose and Paste Pose: a pose from a frame, a take or a character to another, where it is a pin."""

from __future__ import annotations

import json

import bpy

from .. import editing, properties
from ..core import channels, errors
from ..scene import performance, pins
from .verb import Verb


class DIFACE_OT_copy_pose(Verb, bpy.types.Operator):
    """Copy the character's pose at the playhead, in the regions chosen"""

    bl_idname = "diface.copy_pose"
    bl_label = "Copy Pose"

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        editing.check(context)

    def run(self, context: bpy.types.Context) -> str:
        names = properties.regions(context.scene.diface.edit.regions)
        names = tuple(name for name in channels.ALL if name in names)
        if not names:
            raise errors.SceneError("No region is chosen.", "Choose some under Regions.")
        pose = performance.read(properties.character(context), context.scene.frame_current, 1, names)
        values = dict(zip(names, pose.values[0].tolist(), strict=True))
        context.window_manager.diface.pose = json.dumps(values)
        return f"Copied {len(values)} values of frame {context.scene.frame_current}."


class DIFACE_OT_paste_pose(Verb, bpy.types.Operator):
    """Pin the copied pose at the playhead, in the regions chosen"""

    bl_idname = "diface.paste_pose"
    bl_label = "Paste Pose"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        editing.check(context)
        if not context.window_manager.diface.pose:
            raise errors.SceneError("No pose was copied.", "Press Copy Pose at the frame that has it.")

    def run(self, context: bpy.types.Context) -> str:
        names = properties.regions(context.scene.diface.edit.regions)
        pose = json.loads(context.window_manager.diface.pose)
        chosen = {name: value for name, value in pose.items() if name in names}
        if not chosen:
            raise errors.SceneError("The copied pose has nothing of the regions chosen.", "Choose others.")
        frame = context.scene.frame_current_final
        pins.set_values(properties.character(context), frame, chosen)
        return f"Pinned {len(chosen)} values at frame {frame:g}."


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_copy_pose, DIFACE_OT_paste_pose))
