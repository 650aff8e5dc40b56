"""Sculpt Pose, Pin Sculpt, Discard Sculpt: sculpt the pose of a frame by hand, and keep it as pins."""

from __future__ import annotations

import bpy

from ...core import errors
from ...jobs import pin_sculpt, running_job
from ...scene.animation import character_checks
from ...scene.pins import sculpt, vertex_pins
from ...settings import scene_settings
from ..base.modal_job import ModalJobOperator
from ..base.operator_base import OperatorBase


class DIFACE_OT_sculpt_pose(OperatorBase, bpy.types.Operator):
    """Copy the pose at the playhead to a temporary shape key, to sculpt it or edit its vertices. Then use Pin Sculpt"""

    bl_idname = "diface.sculpt_pose"
    bl_label = "Sculpt Pose"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        obj = scene_settings.character(context)
        character_checks.check(obj, ())
        if vertex_pins.find_take(obj):
            character_checks.check_custom_shapes(obj, ("face",), as_cache=False)
        else:
            character_checks.check(obj, ("face",))
        pin_sculpt.check_keys(obj, vertex_pins.find_take(obj))
        sculpt.check_can_begin(sculpt.sculpted_mesh(obj, context.active_object))

    def run(self, context: bpy.types.Context) -> str:
        main = scene_settings.character(context)
        self.check_ready(context)
        obj = sculpt.sculpted_mesh(main, context.active_object)
        pin_sculpt.enter_object_mode(context, obj)
        sculpt.begin(obj, context.scene.frame_current_final, vertex_pins.find_take(main))
        return "Sculpt the pose or edit its vertices, then use Pin Sculpt."


class DIFACE_OT_pin_sculpt(ModalJobOperator, bpy.types.Operator):
    """Key the sculpt as pins: the shape-key values that come closest to it, or its vertices in a 3DiFACE take"""

    bl_idname = "diface.pin_sculpt"
    bl_label = "Pin Sculpt"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        _check_running(context)
        obj = scene_settings.character(context)
        character_checks.check(obj, ())
        sculpt.check_readable(sculpt.sculpted_mesh(obj, None))
        running_job.check_idle()

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if vertex_pins.find_take(scene_settings.character(context)):
            return self.execute(context)  # needs no worker
        return super().invoke(context, event)

    def begin(self, context: bpy.types.Context) -> running_job.RunningJob:
        return pin_sculpt.begin(context)

    def run(self, context: bpy.types.Context) -> str:
        obj = scene_settings.character(context)
        self.check_ready(context)
        sculpted = pin_sculpt.read_sculpt(obj)
        return pin_sculpt.pin_vertices(context, obj, sculpted) if sculpted.take else super().run(context)

    def _result_message(self) -> str:
        return " ".join(self._notes)


class DIFACE_OT_discard_sculpt(OperatorBase, bpy.types.Operator):
    """Discard the sculpt, and show the animation again"""

    bl_idname = "diface.discard_sculpt"
    bl_label = "Discard Sculpt"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        _check_running(context)

    def run(self, context: bpy.types.Context) -> None:
        self.check_ready(context)
        obj = sculpt.sculpted_mesh(scene_settings.character(context), None)
        pin_sculpt.enter_object_mode(context, obj)
        sculpt.end(obj)


def _check_running(context: bpy.types.Context) -> None:
    main = scene_settings.character(context)
    if main is None or not sculpt.is_running(sculpt.sculpted_mesh(main, None)):
        raise errors.SceneError("No sculpt is in progress.", "Begin one with Sculpt Pose.")


CLASSES = (DIFACE_OT_sculpt_pose, DIFACE_OT_pin_sculpt, DIFACE_OT_discard_sculpt)
register, unregister = bpy.utils.register_classes_factory(CLASSES)
