"""State of the session, `window_manager.diface`: shown by panels, never saved or undone."""

from __future__ import annotations

import bpy
from bpy.props import BoolProperty, CollectionProperty, FloatProperty, IntProperty, StringProperty


class PanelMessage(bpy.types.PropertyGroup):
    """The last message of one panel's operators. `name` is the panel's topic, such as "edit"."""

    text: StringProperty(options={"SKIP_SAVE"})
    is_error: BoolProperty(options={"SKIP_SAVE"})
    character_uid: IntProperty(options={"SKIP_SAVE"})


class FindingRow(bpy.types.PropertyGroup):
    """One row of Diagnostics: its text is `name`, the problem itself is JSON."""

    data: StringProperty(options={"SKIP_SAVE"})
    row: IntProperty(options={"SKIP_SAVE"})


class DifaceState(bpy.types.PropertyGroup):
    """The running job, the last messages and the copied pose, at `window_manager.diface`."""

    running: BoolProperty(options={"SKIP_SAVE"})
    topic: StringProperty(description="Panel whose operator started the running job", options={"SKIP_SAVE"})
    fraction: FloatProperty(min=0.0, max=1.0, options={"SKIP_SAVE"})
    stage: StringProperty(options={"SKIP_SAVE"})
    cancel_hint: StringProperty(description="What Esc does to the running job", options={"SKIP_SAVE"})
    messages: CollectionProperty(type=PanelMessage, options={"SKIP_SAVE"})
    message: StringProperty(description="The last message of any panel", options={"SKIP_SAVE"})
    worker_report: StringProperty(description="Result of the worker's test, in lines", options={"SKIP_SAVE"})
    findings: CollectionProperty(type=FindingRow, options={"SKIP_SAVE"})
    findings_of: StringProperty(description="The animation that Diagnostics checked", options={"SKIP_SAVE"})
    finding_index: IntProperty(description="The chosen row of Diagnostics", options={"SKIP_SAVE"})
    copied_pose: StringProperty(description="Values that Copy Pose stored, as JSON", options={"SKIP_SAVE"})
