"""Settings for editing, `scene.diface.edit`."""

from __future__ import annotations

from collections.abc import Callable

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, StringProperty

from ..scene.edits.frame_choice import SOURCES
from .choices import REGION_ITEMS

_on_live_switched: Callable[[bpy.types.Context], None] | None = None


def set_live_callback(callback: Callable[[bpy.types.Context], None] | None) -> None:
    """Set the function that is called when the Live toggle changes; None removes it."""
    global _on_live_switched
    _on_live_switched = callback


def _update_live(_settings: EditSettings, context: bpy.types.Context) -> None:
    if _on_live_switched is not None:
        _on_live_switched(context)


class EditSettings(bpy.types.PropertyGroup):
    """How keys that the artist set are answered, at `scene.diface.edit`."""

    frame_choice: EnumProperty(name="Frames", description="Which frames In-Between makes anew", items=SOURCES)
    regions: EnumProperty(
        name="Regions",
        description="What is made anew, swapped or copied; Shift for several",
        items=REGION_ITEMS,
        options={"ENUM_FLAG"},
        default={identifier for identifier, _name, _description in REGION_ITEMS},
    )
    falloff: FloatProperty(
        name="Falloff",
        description="How far a pin bends what is around it, in frames to either side",
        default=8.0,
        min=1.0,
        max=120.0,
        soft_max=30.0,
    )
    keep_motion: FloatProperty(
        name="Keep Motion",
        description="How much of the motion stays where it is made anew: 0 nothing, 1 it is only bent to the pins",
        min=0.0,
        max=1.0,
        subtype="FACTOR",
    )
    live: BoolProperty(
        name="Live",
        description="Answer every change of a key, a strength or the seed at once, in a copy of the take that plays",
        options={"SKIP_SAVE"},
        update=_update_live,
    )
    swaps: StringProperty(
        name="Swap",
        description="Pairs of frames whose poses change places, as 12:40 55:80",
    )
