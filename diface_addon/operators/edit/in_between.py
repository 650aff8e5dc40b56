"""In-Between: a stretch of the motion made anew, for the regions chosen; all around stays as it is."""

from __future__ import annotations

import bpy

from ...core import channels, errors
from ...jobs import edit, edit_plan, running_job
from ...scene.animation import active_curves
from ...scene.edits import frame_choice
from ...scene.pins import pins
from ...settings import choices, scene_settings
from ..base.modal_job import ModalJobOperator


class DIFACE_OT_in_between(ModalJobOperator, bpy.types.Operator):
    """Make a stretch of the motion anew, between what is before and after it; keys inside stay, as a new take"""

    bl_idname = "diface.in_between"
    bl_label = "In-Between"
    bl_options = {"UNDO"}

    first: bpy.props.IntProperty(
        name="First", description="Used where Last is greater", options={"HIDDEN", "SKIP_SAVE"}
    )
    last: bpy.props.IntProperty(name="Last", description="Last frame", options={"HIDDEN", "SKIP_SAVE"})

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        edit.check(context)
        if not context.scene.diface.edit.regions:
            raise errors.SceneError("No region is chosen.", "Choose some under Regions.")

    def begin(self, context: bpy.types.Context) -> running_job.RunningJob:
        given = (self.first, self.last) if self.last > self.first else None
        return edit.begin(context, lambda base: plan_in_between(bpy.context, base, given))


def plan_in_between(
    context: bpy.types.Context, edit_context: edit_plan.EditContext, frames: tuple[int, int] | None
) -> edit_plan.Plan:
    """The frames `given`, else those that the settings say, of the regions that they say. Raises SceneError where there
    are none."""
    settings = context.scene.diface
    whole = edit_context.first_frame, edit_context.last_frame
    obj = scene_settings.character(context)
    first, last = frames or frame_choice.find_range(
        settings.edit.frame_choice, context.scene, whole, pins.pinnable_fcurves(obj)
    )
    made = edit_context.regenerate_mask(first, last, choices.region_channels(settings.edit.regions))
    has = {*active_curves.channels_by_address(obj).values(), *channels.HEAD}
    moving = [name for column, name in enumerate(edit_context.motion.channels) if made[:, column].any()]
    if moving and not any(name in has or name not in channels.ALL for name in moving):
        hint = "Blinks and gaze are layers: they have switches and seeds of their own, under Eyes & Breath."
        raise errors.SceneError(f"{obj.name} has nothing in the regions chosen that DiFACE makes anew.", hint)
    return edit_plan.Plan(made, edit_context.pins, settings.seed)


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_in_between,))
