"""In-Between: regenerate a frame range in the chosen regions; everything around it is kept."""

from __future__ import annotations

import bpy

from ...core import channels, errors
from ...jobs import edit, edit_plan, running_job
from ...jobs.words import word_list
from ...scene.animation import active_curves
from ...scene.edits import frame_choice
from ...scene.pins import pins
from ...settings import scene_settings
from ..base import region_choice
from ..base.modal_job import ModalJobOperator


class DIFACE_OT_in_between(ModalJobOperator, bpy.types.Operator):
    """Regenerate a frame range of the active take, as a new take."""

    bl_idname = "diface.in_between"
    bl_label = "In-Between"
    bl_description = (
        "Regenerate a frame range so that it blends with the motion before and after it. Keys inside are kept. "
        "Creates a new take. Press again for another variation"
    )
    bl_options = {"REGISTER", "UNDO"}

    first: bpy.props.IntProperty(
        name="First Frame", description="Used if Last Frame is greater", options={"HIDDEN", "SKIP_SAVE"}
    )
    last: bpy.props.IntProperty(name="Last Frame", options={"HIDDEN", "SKIP_SAVE"})

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        edit.check(context)
        region_choice.check_regions(context)

    def begin(self, context: bpy.types.Context) -> running_job.RunningJob:
        frames = (self.first, self.last) if self.last > self.first else None
        if frames is None and context.scene.diface.edit.frame_choice == "WORD":
            frames = word_list.chosen_frames(context).frames
        return edit.begin(context, lambda base: plan_in_between(bpy.context, base, frames))


def plan_in_between(
    context: bpy.types.Context, edit_context: edit_plan.EditContext, frames: tuple[int, int] | None
) -> edit_plan.Plan:
    """Return the plan that regenerates a frame range in the panel's regions.

    Args:
        context: Names the character and the settings.
        edit_context: The motion that is edited.
        frames: First and last frame (inclusive); None: as the settings choose.

    Raises:
        SceneError: The range is empty, or the character has no channel in the regions.
    """
    take_range = edit_context.first_frame, edit_context.last_frame
    obj, choice = scene_settings.character(context), context.scene.diface.edit.frame_choice
    first, last = frames or frame_choice.find_range(choice, context.scene, take_range, pins.pinnable_fcurves(obj))
    mask = edit_context.regenerate_mask(first, last, region_choice.chosen_channels(context))
    animated = {*active_curves.channels_by_address(obj).values(), *channels.HEAD}
    moving = [name for column, name in enumerate(edit_context.motion.channels) if mask[:, column].any()]
    if moving and not any(name in animated or name not in channels.SHAPES + channels.HEAD for name in moving):
        hint = "Blinks and gaze are layers, with switches and seeds under Eyes, Breath & Tongue."
        raise errors.SceneError(f"{obj.name} has no channel to regenerate in the chosen regions.", hint)
    return edit_plan.Plan(mask, edit_context.pins, label=f"in-between {first}-{last}")


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_in_between,))
