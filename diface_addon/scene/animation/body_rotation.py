"""The rotation that a body's animation gives the head, which a take is added to instead of replacing it."""

from __future__ import annotations

from collections.abc import Iterable

import bpy

from ... import compat
from ...rig import bones
from ...rig.head_target import HeadTarget
from ...rig.property_address import id_type
from ..provenance import stored_request
from . import active_curves

ADDED = "added_rotation"
"""Field of a stored request: whether the head's rotation is added to that of the animation below."""


def is_animated_below(main: bpy.types.Object, target: HeadTarget) -> bool:
    """Return whether an Action of the user rotates the head, by itself or on an NLA strip.

    The head of a character that is a single object is not a body's: its takes replace the user's rotation.
    """
    if target.owner == main:
        return False
    turned = [address for group in bones.bone_groups(main) if group.turns_head for address in group.addresses]
    addresses = [*target.addresses, *turned]
    if any(active_curves.strips_animating(main, address) for address in addresses):
        return True
    animation = target.owner.animation_data
    if animation is None or animation.action is None or stored_request.is_take(animation.action):
        return False
    channels = compat.active_channelbag(animation)
    paths = {path for _kind, path, _index in addresses}
    return channels is not None and any(curve.data_path in paths for curve in channels.fcurves)


def is_added(action: bpy.types.Action, kind: str) -> bool:
    """Return whether an Action of a take adds to the animation below on a kind of data-block."""
    return id_type(kind) == "OBJECT" and bool(stored_request.require_request(action).get(ADDED))


def blend(block: bpy.types.ID, request: dict) -> None:
    """Let the active Action of `block` add to the NLA strips below it if the take's `request` says so."""
    if request.get(ADDED) and block.animation_data:
        block.animation_data.action_blend_type = "COMBINE"


def stored_fields(actions: Iterable[bpy.types.Action]) -> dict[str, bool]:
    """Return the field ADDED of the takes among `actions`, for a take that is made from them."""
    requests = filter(None, map(stored_request.read_request, actions))
    return {ADDED: True} if any(request.get(ADDED) for request in requests) else {}
