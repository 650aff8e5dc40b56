"""Start an edit of the active animation: of shape keys, or of a take of the user's 3DiFACE models.

If different models generated the face and the head, an edit is of one of the two.
"""

from __future__ import annotations

import dataclasses

import bpy
import numpy as np

from ..core import errors, types
from ..scene.animation import active_curves, character_checks
from ..scene.animation.active_actions import active_actions
from ..scene.pins import pins, vertex_pins
from ..scene.provenance import stored_request, take_request
from ..settings import scene_settings
from . import bind_character, edit_parts, edit_plan, edit_shape_keys, edit_threediface, running_job
from .edit_plan import Planner

BOTH_HINT = "Choose the head alone, or regions without it, under Regions to Edit."


def check(context: bpy.types.Context) -> None:
    """Raise DifaceError if there is nothing to edit. Fast enough for a button's poll."""
    running_job.check_idle()
    obj = scene_settings.character(context)
    character_checks.check(obj, ())
    character_checks.check_replaceable(obj)
    actions = active_actions(obj)
    stored_request.check_readable(actions)
    if actions or vertex_pins.find_take(obj):
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
    bind_character.bind_new(obj)
    bind_character.keep_override(obj)
    part = _choose_part(obj, planner)
    if edit_threediface.is_threediface(obj, part):
        return edit_threediface.ThreeDifaceEditJob.begin(context, planner, part)
    return edit_shape_keys.EditJob.begin(context, planner, part)


def _choose_part(obj: bpy.types.Object, planner: Planner) -> str:
    """Return the part that `planner` regenerates: WHOLE if one request describes the whole animation.

    Raises:
        SceneError: Different models generated the face and the head, and the planner regenerates both or nothing.
    """
    parts, reasons = edit_parts.separate_parts(obj), {}
    if not parts:
        return edit_parts.WHOLE
    for part in parts:
        try:
            edit_plan.check_not_empty(planner(_outline(obj, part)))
        except errors.SceneError as reason:
            reasons[part] = reason
    planned = [part for part in parts if part not in reasons]
    if len(planned) > 1:
        message = "Different models generated the face and the head, which are therefore edited one at a time."
        raise errors.SceneError(message, BOTH_HINT)
    if not planned:
        raise reasons[_changed_part(obj) if _changed_part(obj) in reasons else parts[0]]
    return planned[0]


def _outline(obj: bpy.types.Object, part: str) -> edit_plan.EditContext:
    """Return what a plan for a part needs: its length, channels and request, and the pins of the whole character.

    The values of the motion are 0: a plan does not depend on them.
    """
    is_threediface = edit_threediface.is_threediface(obj, part)
    actions = edit_parts.part_actions(obj, part)
    stored = stored_request.require_request(actions[0])
    request = take_request.from_json(stored)
    if is_threediface:
        rows, kind = edit_threediface.row_count(obj, actions, request), edit_threediface.ThreeDifaceEditContext
    else:
        rows, kind = take_request.row_count(actions, request), edit_plan.EditContext
    own = edit_plan.channel_names(dataclasses.replace(request, parts=(part,)))
    names = (edit_threediface.FACE_COLUMN,) if is_threediface and part != "head" else own
    motion = types.Motion(np.zeros((rows, len(names)), np.float32), names, request.rate)
    found, changed = _find_pins_and_changes(obj)
    return kind(motion, stored["first_frame"], request, "", tuple(found), tuple(changed), True, stored=stored)


def _find_pins_and_changes(obj: bpy.types.Object) -> tuple[list[pins.Pin], list[pins.Pin]]:
    if vertex_pins.find_take(obj):
        return edit_threediface.find_pins_and_changes(obj, has_face=True)
    return pins.find_pins_and_changes(obj)


def _changed_part(obj: bpy.types.Object) -> str:
    """Return the part of which keys were changed; the face if keys of both or of none were."""
    _found, changed = _find_pins_and_changes(obj)
    return "head" if changed and not edit_parts.pins_of_part(changed, "face") else "face"
