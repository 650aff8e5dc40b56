"""What a character looks at, `object.diface.gaze` of its main mesh: keyable, and applied to its takes."""

from __future__ import annotations

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, IntProperty, PointerProperty

from ...core import gaze_controls
from ..choices import OVERRIDABLE
from . import direction_settings
from .direction_settings import GAZE, NOT_KEYED

DEFAULTS = gaze_controls.DEFAULTS


def _factor(name: str, what: str, key: str) -> object:
    """Return the setting of a share from 0 to 1."""
    return FloatProperty(
        name=name,
        description=what,
        default=DEFAULTS[key],
        min=0.0,
        max=1.0,
        subtype="FACTOR",
        override=OVERRIDABLE,
        update=direction_settings.update,
    )


class DifaceGaze(bpy.types.PropertyGroup):
    """Gaze settings of a character."""

    use: BoolProperty(
        name="Gaze Target",
        description="Look at a target. Off: the eyes of the takes are as generated, and the settings stay",
        default=False,
        options=NOT_KEYED,
        override=OVERRIDABLE,
        update=direction_settings.update,
    )
    look_at: EnumProperty(
        name="Look At",
        description="What the character looks at",
        items=(
            ("OBJECT", "Object", "An object, an Empty, or the eyes of another character"),
            ("CAMERA", "Camera", "The camera of the scene. Markers that change the camera count"),
        ),
        default="OBJECT",
        options=NOT_KEYED,
        override=OVERRIDABLE,
        update=direction_settings.update,
    )
    target: PointerProperty(
        name="Target",
        description="Object that the character looks at. Of another character, any object: its eyes are looked at",
        type=bpy.types.Object,
        override=OVERRIDABLE,
        update=direction_settings.update,
    )
    weight: _factor("Weight", "How far the gaze goes to the target. 0: as generated, 1: at the target", "weight")
    often: _factor("How Often", "Share of the time in which the character looks at the target", "often")
    duration: FloatProperty(
        name="How Long",
        description="Mean duration in seconds of a look at the target",
        default=DEFAULTS["duration"],
        min=gaze_controls.MIN_DURATION,
        max=60.0,
        soft_max=10.0,
        step=10,
        precision=1,
        override=OVERRIDABLE,
        update=direction_settings.update,
    )
    head: _factor(
        "Head", "How much the head follows. 0: the eyes alone, 0.5: as people do, 1: the head faces the target", "head"
    )
    seed: IntProperty(
        name="Gaze Seed",
        description="Another number: the character looks at the target at other times",
        default=0,
        min=0,
        options=NOT_KEYED,
        override=OVERRIDABLE,
        update=direction_settings.update,
    )


def reset(obj: bpy.types.Object) -> list[str]:
    """Set the gaze of a character to its defaults, which is no target.

    Returns:
        The settings that F-curves or drivers set, which stay.
    """
    return direction_settings.reset(obj, GAZE, ("use", "look_at", "target", *gaze_controls.CONTROLS, "seed"))


GROUPS = (DifaceGaze,)
