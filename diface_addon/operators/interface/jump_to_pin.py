"""Jump to Pin: move the playhead to a pinned frame."""

from __future__ import annotations

import math

import bpy

from ...core import errors
from ...scene.animation import character_checks
from ...scene.pins import pinned_frames
from ...settings import scene_settings
from ..base.operator_base import OperatorBase

MIN_STEP = 0.01
"""Frames from the playhead within which a pin counts as at it."""


class DIFACE_OT_jump_to_pin(OperatorBase, bpy.types.Operator):
    """Move the playhead to a pinned frame"""

    bl_idname = "diface.jump_to_pin"
    bl_label = "Jump to Pin"
    bl_options = {"REGISTER", "UNDO"}

    to: bpy.props.EnumProperty(
        name="To",
        items=(
            ("NEXT", "Next", "The next pinned frame after the playhead"),
            ("PREVIOUS", "Previous", "The last pinned frame before the playhead"),
            ("FRAME", "Frame", "A given frame"),
        ),
    )
    frame: bpy.props.FloatProperty(name="Frame")

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        obj = scene_settings.character(context)
        character_checks.check(obj, ())
        if not pinned_frames.find(obj):
            raise errors.SceneError("There are no pins.", "Key a shape or the head, or press Pin Pose.")

    def run(self, context: bpy.types.Context) -> None:
        scene = context.scene
        frame = self.frame if self.to == "FRAME" else self._neighbour(context, scene.frame_current_final)
        whole = math.floor(frame)
        scene.frame_set(whole, subframe=frame - whole)

    def _neighbour(self, context: bpy.types.Context, now: float) -> float:
        frames = pinned_frames.find(scene_settings.character(context))
        if self.to == "NEXT":
            following = [frame for frame in frames if frame > now + MIN_STEP]
        else:
            following = [frame for frame in reversed(frames) if frame < now - MIN_STEP]
        if not following:
            side = "after" if self.to == "NEXT" else "before"
            raise errors.SceneError(f"No pinned frame {side} frame {now:g}.", "Choose one in the list of pins.")
        return following[0]


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_jump_to_pin,))
