"""Settings for editing, `scene.diface.edit`."""

from __future__ import annotations

from collections.abc import Callable

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, IntProperty

from ..scene.edits.frame_choice import RANGE_CHOICES
from .choices import ALL_REGIONS, REGION_ITEMS

_on_live_switched: Callable[[bpy.types.Context], None] | None = None


def set_live_callback(callback: Callable[[bpy.types.Context], None] | None) -> None:
    """Set the function that is called when the Live toggle changes; None removes it."""
    global _on_live_switched
    _on_live_switched = callback


def _update_live(_settings: EditSettings, context: bpy.types.Context) -> None:
    if _on_live_switched is not None:
        _on_live_switched(context)


class EditSettings(bpy.types.PropertyGroup):
    """Settings of the Edit panel, at `scene.diface.edit`."""

    frame_choice: EnumProperty(
        name="Frames",
        description="Frames that In-Between regenerates",
        items=RANGE_CHOICES,
        default="AUTO",
    )
    regions: EnumProperty(
        name="Regions",
        description="Parts of the character that every button of this panel works on: Pin, Unpin, Copy, Paste, "
        "Regenerate, In-Between, Swap, Splice and Live. Shift-click to choose several",
        items=REGION_ITEMS,
        options={"ENUM_FLAG"},
        default=set(ALL_REGIONS),
    )
    falloff: FloatProperty(
        name="Falloff",
        description="Number of frames before and after a pin that adapt to it",
        default=8.0,
        min=1.0,
        max=120.0,
        soft_max=30.0,
    )
    keep_motion: FloatProperty(
        name="Keep Motion",
        description="Amount of existing motion to keep when regenerating. "
        "0: new motion, 1: only adjusted to pass through the pins",
        min=0.0,
        max=1.0,
        subtype="FACTOR",
    )
    live: BoolProperty(
        name="Live",
        description="Regenerate after every change of a key, a strength, the style or the seed, "
        "in a copy of the active take",
        options={"SKIP_SAVE"},
        update=_update_live,
    )
    swap_choice: EnumProperty(
        name="Swap",
        description="Which two frames exchange their poses",
        items=(
            ("FRAMES", "Frames", "The two frames entered below"),
            ("KEYS", "Selected Keys", "The two frames whose keys are selected in the Dope Sheet or Graph Editor"),
        ),
    )
    swap_first: IntProperty(
        name="Swap Frame", description="First of the two frames that exchange their poses", min=-100_000, max=999_999
    )
    swap_second: IntProperty(
        name="With Frame", description="Second of the two frames that exchange their poses", min=-100_000, max=999_999
    )
