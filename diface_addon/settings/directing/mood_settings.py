"""The mood of a character, `object.diface.mood` of its main mesh: keyable intensities, applied to its takes."""

from __future__ import annotations

import bpy
from bpy.props import BoolProperty, IntProperty

from ...core import mood_controls
from . import direction_settings
from .directed_properties import directed, factor
from .direction_settings import MOOD, NOT_KEYED


def _intensity(name: str, what: str) -> object:
    """Return the setting of the intensity of a mood."""
    return factor(name, f"{what}. 0: none, 1: full. Moods that add up to more than 1 share it", 0.0)


class DifaceMood(bpy.types.PropertyGroup):
    """Mood settings of a character."""

    use: directed(
        BoolProperty,
        "Mood",
        "Show the mood. Off: the takes are without it, and the intensities stay",
        default=True,
        options=NOT_KEYED,
    )
    seed: directed(
        IntProperty,
        "Mood Seed",
        "Another number: the expression rises and eases at other times",
        default=0,
        min=0,
        options=NOT_KEYED,
    )
    neutral: _intensity("Neutral", "A calm face: less of what brows, cheeks and mouth corners show by themselves")
    happy: _intensity("Happy", "Raised cheeks and mouth corners, a lively head")
    sad: _intensity("Sad", "Raised inner brows, lowered mouth corners, a low and slow head")
    angry: _intensity("Angry", "Lowered brows, tight lids, pressed lips in pauses, a low and lively head")
    afraid: _intensity("Afraid", "Raised and drawn brows, wide eyes, stretched lips, a head drawn back")
    surprised: _intensity("Surprised", "Raised brows, wide eyes, an open mouth in pauses")
    disgusted: _intensity("Disgusted", "A wrinkled nose, a raised upper lip, a head turned away")
    confident: _intensity("Confident", "A raised head that moves calmly, a slight smile")
    tired: _intensity("Tired", "Drooping lids and mouth corners, a low and slow head, more blinks")
    playful: _intensity("Playful", "A lopsided smile, one raised brow, a tilted and lively head")


def reset(obj: bpy.types.Object) -> list[str]:
    """Set the intensities of a character's moods to 0.

    Returns:
        The moods that F-curves or drivers set, which stay.
    """
    return direction_settings.reset(obj, MOOD, mood_controls.NAMES)


GROUPS = (DifaceMood,)
