"""Strips of the NLA that play an Action, wherever they are."""

from __future__ import annotations

import bpy


def remove_strips(action: bpy.types.Action) -> None:
    """Take `action` out of every NLA: its strips, and tracks that are empty then."""
    for block in bpy.data.user_map(subset=[action])[action]:
        animation = getattr(block, "animation_data", None)
        for track in list(animation.nla_tracks) if animation else ():
            strips = [strip for strip in track.strips if strip.action == action]
            for strip in strips:
                track.strips.remove(strip)
            if strips and not len(track.strips):
                animation.nla_tracks.remove(track)
