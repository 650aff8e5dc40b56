"""In-Between: a stretch of the motion made anew, for the regions chosen; all around stays as it is."""

from __future__ import annotations

import bpy

from .. import editing, generation, properties
from ..core import errors
from ..scene import edit_range, pins
from .background import Background


class DIFACE_OT_in_between(Background, bpy.types.Operator):
    """Make a stretch of the motion anew, between what is before and after it; keys inside stay, as a new take"""

    bl_idname = "diface.in_between"
    bl_label = "In-Between"
    bl_options = {"REGISTER", "UNDO"}

    first: bpy.props.IntProperty(name="First", description="Used where Last is greater", options={"HIDDEN"})
    last: bpy.props.IntProperty(name="Last", description="Last frame", options={"HIDDEN"})

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        editing.check(context)
        if not context.scene.diface.edit.regions:
            raise errors.SceneError("No region is chosen.", "Choose some under Regions.")

    def begin(self, context: bpy.types.Context) -> generation.Generation:
        settings, obj = context.scene.diface, properties.character(context)
        names = properties.regions(settings.edit.regions)

        def plan(base: editing.Base) -> editing.Plan:
            whole = base.first_frame, base.last_frame
            first, last = self.first, self.last
            if last <= first:
                first, last = edit_range.of(settings.edit.source, context.scene, whole, pins.curves(obj))
            return editing.Plan(base.rows(first, last, names), base.pins, settings.seed)

        return editing.begin(context, plan)


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_in_between,))
