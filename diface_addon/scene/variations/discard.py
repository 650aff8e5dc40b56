"""Delete the variations that nobody wants; those that somebody has worked on stay."""

from __future__ import annotations

import bpy

from ...rig.property_address import PropertyAddress
from ..comparison import ghost
from ..keys import editable_actions
from ..provenance import edited_keys
from ..takes import delete_take, take_index, take_list
from .variation_row import VariationRow

UserKeys = set[tuple[PropertyAddress, float, float]]
"""Keys that the user set: property, frame and value."""


def discard(obj: bpy.types.Object, row: VariationRow, kept: str = "") -> tuple[int, list[str]]:
    """Delete the variations of a character that nobody has touched.

    Args:
        obj: The character.
        row: Its variations.
        kept: Id of the one that stays anyway.

    Returns:
        How many were deleted, and the names of those that stay: with a star, with keys of the user, used on an NLA
        strip, or of another file.
    """
    ghost.remove_ghosts()
    deleted, stay, existing = 0, [], take_index.all_takes()
    known = {key for one in row.before for action in existing.get(one.take, ()) for key in _user_keys(action)}
    for take in row.takes:
        actions = existing.get(take)
        if not actions or take == kept:
            continue
        if _is_worth_keeping(actions, known):
            stay.append(actions[0].name)
            continue
        delete_take.delete_take(obj, actions)
        deleted += 1
    return deleted, stay


def _is_worth_keeping(actions: list[bpy.types.Action], known: UserKeys) -> bool:
    """Return whether a take is in use, or has keys of the user that were not there before the variations."""
    main, _layers = take_index.split_layers(actions)
    if take_list.is_favourite(actions[0]) or not all(map(editable_actions.is_editable, actions)):
        return True
    return any(_user_keys(action) - known or _is_on_a_strip(action) for action in main)


def _user_keys(action: bpy.types.Action) -> UserKeys:
    found = edited_keys.user_keys(action).items()
    return {(address, frame, value) for address, keys in found for frame, value in keys.co.tolist()}


def _is_on_a_strip(action: bpy.types.Action) -> bool:
    """Return whether an NLA strip plays an Action, as after To NLA."""
    owners = [*bpy.data.objects, *bpy.data.shape_keys]
    tracks = [track for owner in owners if owner.animation_data for track in owner.animation_data.nla_tracks]
    return any(strip.action == action for track in tracks for strip in track.strips)
