"""Whether the artist is in the middle of something that nothing may write into."""

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
"""How the names of operators begin that change something as long as they run."""


def is_busy(manager: bpy.types.WindowManager) -> bool:
    """Whether something is being dragged, played back or rendered."""
    if bpy.app.is_job_running("RENDER"):
        return True
    for window in manager.windows:
        if window.screen and window.screen.is_animation_playing:
            return True
        running = getattr(window, "modal_operators", ())  # Blender 4.1 and older have none
        if any(operator.bl_idname.startswith(MODAL_OPERATOR_PREFIXES) for operator in running):
            return True
    return False
