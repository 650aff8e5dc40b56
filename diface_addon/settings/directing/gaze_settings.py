"""What a character looks at, `object.diface.gaze` of its main mesh: keyable, and applied to its takes."""

from __future__ import annotations

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, IntProperty, PointerProperty

from ...core import gaze_controls
from . import direction_settings
from .directed_properties import directed, factor
from .direction_settings import GAZE, NOT_KEYED

DEFAULTS = gaze_controls.DEFAULTS


class DifaceGaze(bpy.types.PropertyGroup):
    """Gaze settings of a character."""

    use: directed(
        BoolProperty,
        "Gaze Target",
        "Look at a target. Off: the eyes of the takes are as generated, and the settings stay",
        default=False,
        options=NOT_KEYED,
    )
    look_at: directed(
        EnumProperty,
        "Look At",
        "What the character looks at",
        items=(
            ("OBJECT", "Object", "An object, an Empty, or the eyes of another character"),
            ("CAMERA", "Camera", "The camera of the scene. Markers that change the camera count"),
        ),
        default="OBJECT",
        options=NOT_KEYED,
    )
    target: directed(
        PointerProperty,
        "Target",
        "Object that the character looks at. Of another character, any object: its eyes are looked at",
        type=bpy.types.Object,
    )
    weight: factor(
        "Weight", "How far the gaze goes to the target. 0: as generated, 1: at the target", DEFAULTS["weight"]
    )
    often: factor("Time on Target", "Share of the time in which the character looks at the target", DEFAULTS["often"])
    duration: directed(
        FloatProperty,
        "Look Duration",
        "Mean duration in seconds of a look at the target",
        default=DEFAULTS["duration"],
        min=gaze_controls.MIN_DURATION,
        max=60.0,
        soft_max=10.0,
        step=10,
        precision=1,
    )
    head: factor(
        "Head",
        "How much the head follows. 0: the eyes alone, 0.5: as people do, 1: the head faces the target",
        DEFAULTS["head"],
    )
    seed: directed(
        IntProperty,
        "Gaze Seed",
        "Another number: the character looks at the target at other times",
        default=0,
        min=0,
        options=NOT_KEYED,
    )


def reset(obj: bpy.types.Object) -> list[str]:
    """Set the gaze of a character to its defaults, which is no target.

    Returns:
        The settings that F-curves or drivers set, which stay.
    """
    return direction_settings.reset(obj, GAZE, ("use", "look_at", "target", *gaze_controls.CONTROLS, "seed"))


GROUPS = (DifaceGaze,)
