"""Whether the user is doing something that must not be interrupted by changes of the scene."""

from __future__ import annotations

import bpy

MODAL_OPERATOR_PREFIXES = (
    "TRANSFORM_OT_",
    "GRAPH_OT_",
    "ACTION_OT_",
    "ANIM_OT_",
    "NLA_OT_",
    "POSE_OT_",
    "SCULPT_OT_",
    "PAINT_OT_",
)
"""Prefixes of modal operators that change data while they run."""


def is_busy(manager: bpy.types.WindowManager) -> bool:
    """Return whether something is being dragged, played back or rendered."""
    if bpy.app.is_job_running("RENDER"):
        return True
    for window in manager.windows:
        if window.screen and window.screen.is_animation_playing:
            return True
        running = getattr(window, "modal_operators", ())  # 4.1 and older have no such attribute
        if any(operator.bl_idname.startswith(MODAL_OPERATOR_PREFIXES) for operator in running):
            return True
    return False
