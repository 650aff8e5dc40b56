"""The gaps of an imported recording: frames without tracking, and the plan that regenerates them."""

from __future__ import annotations

import bpy
import numpy as np

from ...core import channels
from ...scene.animation.active_actions import active_actions
from ...scene.provenance import recorded, stored_request
from ..edit_plan import EditContext, Plan


def has_gaps(obj: bpy.types.Object | None) -> bool:
    """Return whether the active take of a character has frames without tracking. Fast enough for a redraw."""
    actions = active_actions(obj) if obj is not None and obj.type == "MESH" else []
    return any(recorded.lost_frames(stored_request.read_request(action)) for action in actions)


def plan_fill(edit_context: EditContext) -> Plan:
    """Return the plan that regenerates the frames in which tracking was lost. Pins in them are kept."""
    mask = np.zeros(edit_context.motion.values.shape, bool)
    for first, last in recorded.lost_frames(edit_context.stored):
        mask |= edit_context.regenerate_mask(first, last, channels.ALL)
    return Plan(mask, edit_context.pins, keep_motion=0.0, label="gaps filled")
