"""Start an edit of the active animation: of shape keys, or of a take of the user's 3DiFACE models."""

from __future__ import annotations

import bpy

from ..core import errors
from ..scene.animation import active_curves, character_checks
from ..scene.animation.active_actions import active_actions
from ..scene.pins import vertex_pins
from ..scene.provenance import stored_request
from ..settings import scene_settings
from . import edit_part_choice, edit_shape_keys, edit_threediface, running_job
from .edit_plan import Planner


def check(context: bpy.types.Context) -> None:
    """Raise DifaceError if there is nothing to edit. Fast enough for a button's poll."""
    running_job.check_idle()
    obj = scene_settings.character(context)
    character_checks.check(obj, ())
    character_checks.check_replaceable(obj)
    stored_request.check_readable(active_actions(obj))
    if active_actions(obj) or vertex_pins.find_take(obj):
        return
    animations = [block.animation_data for block in active_curves.data_blocks(obj).values()]
    if any(animation and any(track.strips for track in animation.nla_tracks) for animation in animations):
        hint = "Choose a take under Takes to edit it; it plays over the strips."
        raise errors.SceneError(f"{obj.name} is animated by NLA strips alone.", hint)
    raise errors.SceneError(f"{obj.name} has no animation yet.", "Generate a take first, or key its shape keys.")


def begin(context: bpy.types.Context, planner: Planner) -> edit_shape_keys.EditJob:
    """Send an edit of the active animation to the worker. In the scene, only pins are marked.

    Args:
        context: Names the character and the settings.
        planner: Plans the edit from the existing motion. It must not hold bpy objects.

    Raises:
        DifaceError: There is nothing to edit, or the worker cannot be reached.
    """
    check(context)
    obj = scene_settings.character(context)
    part = edit_part_choice.choose_part(obj, planner)
    if edit_threediface.is_threediface(obj, part):
        return edit_threediface.ThreeDifaceEditJob.begin(context, planner, part)
    return edit_shape_keys.EditJob.begin(context, planner, part)
