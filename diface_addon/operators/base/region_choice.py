"""The regions that a button works on."""

from __future__ import annotations

import bpy

from ...core import channels, errors
from ...scene.keys.wording import count_noun
from ...scene.pins import pins
from ...settings import choices

REGION_CHOICES = (
    ("CHOSEN", "Panel", "The regions chosen in the Edit panel"),
    ("ALL", "All", "The whole face and the head"),
    *choices.REGION_ITEMS,
)
"""Items of an enum property."""


def pinned_message(keyed: pins.KeyedChannels, frame: float) -> str:
    """Return the message about pins set at a frame. Raises SceneError if none was set."""
    if not keyed.channels:
        hint = "Unlock the curves, or choose other regions."
        raise errors.SceneError(" ".join(keyed.notes) or "Nothing was pinned.", hint)
    pinned = set(keyed.channels)
    shapes = len(pinned & set(channels.SPEECH))
    parts = [count_noun(shapes, "shape")] if shapes else []
    parts += ["the breath"] if pinned & set(channels.LAYERS["breath"]) else []
    parts += ["the head"] if pinned & set(channels.HEAD) else []
    listed = " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))
    return "\n".join([f"Pinned {listed} at frame {frame:g}.", *keyed.notes])


def check_regions(context: bpy.types.Context) -> None:
    """Raise SceneError if no region is chosen in the panel."""
    if not context.scene.diface.edit.regions:
        raise errors.SceneError("No region is chosen.", "Choose at least one under Regions.")


def chosen_channels(context: bpy.types.Context, region: str = "CHOSEN") -> tuple[str, ...]:
    """Return the channels of one of `REGION_CHOICES`. Raises SceneError if no region is chosen."""
    if region == "ALL":
        return channels.SHAPES + channels.HEAD
    if region == "CHOSEN":
        check_regions(context)
        return choices.editable_channels(context.scene.diface.edit.regions)
    return choices.editable_channels({region})
