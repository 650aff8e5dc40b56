"""The parts of a character, face and head, as takes of different models may animate them: each is edited alone."""

from __future__ import annotations

from collections.abc import Iterable

import bpy

from ..rig.head_target import head_target
from ..scene.animation.active_actions import active_actions
from ..scene.pins import vertex_pins
from ..scene.pins.pin import Pin, is_head
from ..scene.provenance import stored_request

WHOLE = ""
"""Stands for the face and the head together, in place of "face" or "head"."""

PARTS = ("face", "head")


def part_actions(obj: bpy.types.Object, part: str) -> list[bpy.types.Action]:
    """Return the Actions that animate a part of `obj`: all active ones for WHOLE.

    The face of a vertex cache has no active Action; its take's are returned.
    """
    if part == WHOLE:
        return active_actions(obj)
    if part == "face" and (take := vertex_pins.find_take(obj)):
        return vertex_pins.take_actions(take)
    block = head_target(obj).owner if part == "head" else obj.data.shape_keys
    action = block.animation_data.action if block and block.animation_data else None
    return [action] if action else []


def separate_parts(obj: bpy.types.Object) -> tuple[str, ...]:
    """Return the generated parts that have to be edited apart, because a different model made each.

    Returns:
        Empty if one request describes the whole animation, which may be by two takes of DiFACE's models. Otherwise
        "face" and "head", or "head" if DiFACE did not generate the face.
    """
    requests = {part: _request(obj, part) for part in PARTS}
    face, head = requests["face"], requests["head"]
    if head is None or (face is not None and face["take"] == head["take"]):
        return ()
    if not any(request and request.get("engine") for request in (face, head)):
        return ()
    has_face = bool(part_actions(obj, "face"))
    return tuple(part for part, request in requests.items() if request) if has_face else ()


def pins_of_part(pins: Iterable[Pin], part: str) -> list[Pin]:
    """Return the pins of a part; all for WHOLE."""
    return [pin for pin in pins if part == WHOLE or is_head(pin) == (part == "head")]


def _request(obj: bpy.types.Object, part: str) -> dict | None:
    actions = part_actions(obj, part)
    return stored_request.read_request(actions[0]) if actions else None
