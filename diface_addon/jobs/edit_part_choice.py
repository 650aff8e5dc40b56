"""Choose the part that an edit regenerates if different models generated the face and the head."""

from __future__ import annotations

import bpy
import numpy as np

from ..core import channels, errors, types
from ..scene.pins import pins, vertex_pins
from ..scene.provenance import stored_request, take_request
from . import edit_parts, edit_plan, edit_threediface
from .edit_plan import Planner

BOTH_HINT = "Choose the head alone, or regions without it, under Regions to Edit."


def choose_part(obj: bpy.types.Object, planner: Planner) -> str:
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
    stored = stored_request.read_request(actions[0])
    request = take_request.from_json(stored)
    if is_threediface:
        rows, kind = edit_threediface.row_count(obj, actions), edit_threediface.ThreeDifaceEditContext
    else:
        rows, kind = edit_plan.sample_count(actions), edit_plan.EditContext
    face = (edit_threediface.FACE_COLUMN,) if is_threediface else channels.FACE
    names = channels.HEAD if part == "head" else face
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
