"""The regions of face and head that an operator uses."""

from __future__ import annotations

import bpy

from ...core import channels, errors
from ...scene.pins.pins import KeyedChannels
from ...settings import choices

REGION_CHOICES = (
    ("CHOSEN", "Chosen", "The regions chosen in the panel"),
    ("ALL", "All", "The whole face and the head"),
    *choices.REGION_ITEMS,
)
"""Items of an enum property."""


def pinned_message(keyed: KeyedChannels, frame: float) -> str:
    """Return the message on what was pinned at a frame. Raises SceneError if nothing was pinned."""
    if not keyed.channels:
        raise errors.SceneError(" ".join(keyed.notes) or "Nothing was pinned.", "Unlock them, or choose other regions.")
    shapes = sum(name in channels.SHAPES for name in keyed.channels)
    parts = [f"{shapes} shape" + ("s" if shapes > 1 else "")] if shapes else []
    parts += ["the head"] if len(keyed.channels) > shapes else []
    return " ".join([f"Pinned {' and '.join(parts)} at frame {frame:g}.", *keyed.notes])


def chosen_channels(context: bpy.types.Context, region: str) -> tuple[str, ...]:
    """Return the channels of one of REGION_CHOICES. Raises SceneError if no region is chosen."""
    if region == "ALL":
        return channels.SHAPES + channels.HEAD
    channel_names = choices.region_channels(context.scene.diface.edit.regions if region == "CHOSEN" else {region})
    if not channel_names:
        raise errors.SceneError("No region is chosen.", "Choose some under Regions.")
    return channel_names
