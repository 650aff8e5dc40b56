"""Delete the variations that nobody wants; those that somebody has worked on stay."""

from __future__ import annotations

from collections.abc import Iterable

import bpy

from ... import compat
from ..comparison import ghost
from ..keys import editable_actions
from ..keys.key_table import KeyTable
from ..provenance import baseline, edited_keys
from ..takes import delete_take, take_index, take_list


def throw_away(obj: bpy.types.Object, takes: Iterable[str]) -> tuple[int, list[str]]:
    """Delete takes of a character that nobody has touched.

    Args:
        obj: The character.
        takes: Their ids.

    Returns:
        How many were deleted, and the names of those that stay: with a star, with keys of the user, used on an NLA
        strip, or of another file.
    """
    ghost.remove_ghosts()
    deleted, stay = 0, []
    for take in takes:
        actions = take_index.all_takes().get(take)
        if not actions:
            continue
        if _is_worth_keeping(actions):
            stay.append(actions[0].name)
            continue
        delete_take.delete_take(obj, actions)
        deleted += 1
    return deleted, stay


def _is_worth_keeping(actions: list[bpy.types.Action]) -> bool:
    main, _layers = take_index.split_layers(actions)
    if take_list.is_favourite(actions[0]) or not all(map(editable_actions.is_editable, actions)):
        return True
    return any(_has_keys_of_the_user(action) or _is_on_a_strip(action) for action in main)


def _has_keys_of_the_user(action: bpy.types.Action) -> bool:
    points = baseline.read_baseline_keys(action)
    return any(
        edited_keys.changed_mask(KeyTable.read(fcurve), points[address]).any()
        for address, fcurve in compat.action_fcurves(action)
        if address in points
    )


def _is_on_a_strip(action: bpy.types.Action) -> bool:
    """Return whether an NLA strip plays an Action, as after To NLA."""
    owners = [*bpy.data.objects, *bpy.data.shape_keys]
    tracks = [track for owner in owners if owner.animation_data for track in owner.animation_data.nla_tracks]
    return any(strip.action == action for track in tracks for strip in track.strips)
