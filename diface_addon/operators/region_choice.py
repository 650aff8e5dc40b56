"""Which part of the face and the head a button is about."""

from __future__ import annotations

import bpy

from .. import properties
from ..core import channels, errors

CHOICES = (
    ("CHOSEN", "Chosen", "The regions that are chosen in the panel"),
    ("ALL", "All", "The whole face and the head"),
    *properties.REGIONS,
)
"""The choices of an enum."""


def names(context: bpy.types.Context, region: str) -> tuple[str, ...]:
    """The channels of one of CHOICES. Raises SceneError where that is none."""
    if region == "ALL":
        return channels.SHAPES + channels.HEAD
    found = properties.regions(context.scene.diface.edit.regions if region == "CHOSEN" else {region})
    if not found:
        raise errors.SceneError("No region is chosen.", "Choose some under Regions.")
    return found
