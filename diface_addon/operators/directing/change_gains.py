"""Add Channel Gain and Remove Channel Gain: the strength of single channels."""

from __future__ import annotations

import bpy
from bpy.props import EnumProperty, StringProperty

from ...core import articulation_controls, errors
from ...settings import scene_settings
from ...settings.directing import articulation_settings
from ..base.operator_base import OperatorBase
from .directing_operator import DirectingOperator

CHANNEL_ITEMS = [(name, name, "") for name in articulation_controls.GAIN_CHANNELS]


class DIFACE_OT_add_channel_gain(DirectingOperator, bpy.types.Operator):
    """Add a gain of one channel, such as one shape key that is too strong"""

    bl_idname = "diface.add_channel_gain"
    bl_label = "Add Channel Gain"
    bl_property = "channel"

    channel: EnumProperty(name="Channel", description="Channel that gets a gain", items=CHANNEL_ITEMS)

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        context.window_manager.invoke_search_popup(self)
        return {"FINISHED"}

    def run(self, context: bpy.types.Context) -> str:
        gains = scene_settings.character(context).diface.articulation.gains
        if self.channel in {item.name for item in gains}:
            raise errors.SceneError(f"{self.channel} has a gain already.", "Change it in the list.")
        gains.add().name = self.channel
        return f"Added a gain of {self.channel}."


class DIFACE_OT_remove_channel_gain(OperatorBase, bpy.types.Operator):
    """Remove the gain of this channel, which moves as generated again"""

    bl_idname = "diface.remove_channel_gain"
    bl_label = "Remove Channel Gain"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    channel: StringProperty(name="Channel", description="Channel whose gain is removed", options={"SKIP_SAVE"})

    def run(self, context: bpy.types.Context) -> str:
        obj = scene_settings.character(context)
        index = obj.diface.articulation.gains.find(self.channel) if obj else -1
        if index < 0:
            raise errors.SceneError(f"{self.channel} has no gain.", "Choose one that is in the list.")
        articulation_settings.remove_gain(obj, index)
        return f"Removed the gain of {self.channel}."


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_add_channel_gain, DIFACE_OT_remove_channel_gain))
