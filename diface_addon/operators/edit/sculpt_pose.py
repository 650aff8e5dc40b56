"""Sculpt Pose, Pin Sculpt, Discard Sculpt: a frame's pose sculpted or edited by hand, and kept as pins."""

from __future__ import annotations

import bpy

from ...core import errors
from ...jobs import running_job, worker_client
from ...scene.animation import character_checks
from ...scene.keys import editable_actions
from ...scene.pins import pins, sculpt, vertex_pins
from ...settings import scene_settings
from ..base.operator_base import OperatorBase

MM_PER_METRE = 1000.0
MIN_DISPLACEMENT = 1e-7
"""Units of length: what moved less was not sculpted."""


class DIFACE_OT_sculpt_pose(OperatorBase, bpy.types.Operator):
    """Take the pose at the playhead out, to sculpt it or to edit its vertices; Pin Sculpt puts it back as keys"""

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
        _check_keys(obj, vertex_pins.find_take(obj))
        sculpt.check_can_begin(obj)

    def run(self, context: bpy.types.Context) -> str:
        obj = scene_settings.character(context)
        self.check_ready(context)
        _enter_object_mode(context, obj)
        sculpt.begin(obj, context.scene.frame_current_final, vertex_pins.find_take(obj))
        return "Sculpt it or edit its vertices, then Pin Sculpt."


class DIFACE_OT_pin_sculpt(OperatorBase, bpy.types.Operator):
    """Keep what was sculpted: as keys that come as near to it as they can, or of 3DiFACE's motion the vertices"""

    bl_idname = "diface.pin_sculpt"
    bl_label = "Pin Sculpt"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        _check_running(context)
        obj = scene_settings.character(context)
        character_checks.check(obj, ())
        sculpt.check_readable(obj)
        if running_job.current() is not None:
            raise errors.WorkerError("DiFACE is generating.", "Pin the sculpt when it has finished.")

    def run(self, context: bpy.types.Context) -> str:
        obj = scene_settings.character(context)
        self.check_ready(context)
        sculpted = sculpt.read(obj)
        _check_keys(obj, sculpted.take)
        if abs(sculpted.now - sculpted.start).max(initial=0.0) < MIN_DISPLACEMENT:
            raise errors.SceneError("Nothing was sculpted yet.", "Sculpt it or edit its vertices, or discard it.")
        return _pin_vertices(context, obj, sculpted) if sculpted.take else _pin_channels(context, obj, sculpted)


class DIFACE_OT_discard_sculpt(OperatorBase, bpy.types.Operator):
    """Forget what was sculpted, and show the motion again"""

    bl_idname = "diface.discard_sculpt"
    bl_label = "Discard Sculpt"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        _check_running(context)

    def run(self, context: bpy.types.Context) -> None:
        obj = scene_settings.character(context)
        self.check_ready(context)
        _enter_object_mode(context, obj)
        sculpt.end(obj)


def _pin_vertices(context: bpy.types.Context, obj: bpy.types.Object, sculpted: sculpt.Sculpt) -> str:
    actions = vertex_pins.take_actions(sculpted.take)
    _enter_object_mode(context, obj)
    sculpt.end(obj)
    vertex_pins.add_pin(obj, actions, sculpted.frame, sculpted.now)
    return f"The face is pinned at frame {sculpted.frame:g}: Regenerate moves to it."


def _pin_channels(context: bpy.types.Context, obj: bpy.types.Object, sculpted: sculpt.Sculpt) -> str:
    names, request = sculpt.make_solve_request(obj, sculpted)
    solved = worker_client.wait_with_cursor(context, request)
    new = zip(names, solved.weights, request.current, strict=True)
    changed = {name: float(value) for name, value, before in new if value != before}
    if not changed:
        raise errors.SceneError(f"No shape key of {obj.name} moves it so.", "Sculpt it otherwise, or discard it.")

    _enter_object_mode(context, obj)
    sculpt.end(obj)
    keyed = pins.set_values(obj, sculpted.frame, changed)
    unit = MM_PER_METRE * context.scene.unit_settings.scale_length * abs(obj.matrix_world.median_scale)
    held = f"Held to {solved.rms * unit:.1f} mm; worst {solved.worst * unit:.1f} mm."
    return " ".join([f"{_channel_count(len(keyed.channels))} pinned at frame {sculpted.frame:g}.", held, *keyed.notes])


def _channel_count(channels: int) -> str:
    return "1 channel is" if channels == 1 else f"{channels} channels are"


def _check_keys(obj: bpy.types.Object, take: str | None) -> None:
    """Raises SceneError where a sculpt could not be pinned: it would be written into another file's Action."""
    if take:
        editable_actions.check(vertex_pins.take_actions(take))
    else:
        character_checks.check_keys_editable(obj)


def _check_running(context: bpy.types.Context) -> None:
    if not sculpt.is_running(scene_settings.character(context)):
        raise errors.SceneError("There is no sculpt.", "Begin one with Sculpt Pose.")


def _enter_object_mode(context: bpy.types.Context, obj: bpy.types.Object) -> None:
    """To Object Mode: shape keys neither come nor go in another, and what was active would be edited next."""
    if obj.mode != "OBJECT":
        with context.temp_override(active_object=obj, object=obj):
            bpy.ops.object.mode_set(mode="OBJECT")


CLASSES = (DIFACE_OT_sculpt_pose, DIFACE_OT_pin_sculpt, DIFACE_OT_discard_sculpt)
register, unregister = bpy.utils.register_classes_factory(CLASSES)
