"""Which part of the face and the head a button is about."""

from __future__ import annotations

import bpy

from ...core import channels, errors
from ...scene.pins.pins import KeyedChannels
from ...settings import choices

REGION_CHOICES = (
    ("CHOSEN", "Chosen", "The regions that are chosen in the panel"),
    ("ALL", "All", "The whole face and the head"),
    *choices.REGION_ITEMS,
)
"""The choices of an enum."""


def pinned_message(keyed: KeyedChannels, frame: float) -> str:
    """What was pinned at a frame, for the artist. Raises SceneError where that is nothing."""
    if not keyed.channels:
        raise errors.SceneError(" ".join(keyed.notes) or "Nothing was pinned.", "Unlock them, or choose other regions.")
    shapes = sum(name in channels.SHAPES for name in keyed.channels)
    parts = [f"{shapes} shape" + ("s" if shapes > 1 else "")] if shapes else []
    parts += ["the head"] if len(keyed.channels) > shapes else []
    return " ".join([f"Pinned {' and '.join(parts)} at frame {frame:g}.", *keyed.notes])


def chosen_channels(context: bpy.types.Context, region: str) -> tuple[str, ...]:
    """The channels of one of CHOICES. Raises SceneError where that is none."""
    if region == "ALL":
        return channels.SHAPES + channels.HEAD
    found = choices.region_channels(context.scene.diface.edit.regions if region == "CHOSEN" else {region})
    if not found:
        raise errors.SceneError("No region is chosen.", "Choose some under Regions.")
    return found
