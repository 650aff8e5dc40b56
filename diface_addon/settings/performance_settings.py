"""Settings of a performance, `object.diface.performance` of a character: its speech, its style, its seeds."""

from __future__ import annotations

import bpy
from bpy.props import (
    BoolProperty,
    EnumProperty,
    FloatProperty,
    FloatVectorProperty,
    IntProperty,
    PointerProperty,
    StringProperty,
)

from .. import compat
from ..scene.audio import audio_strip
from ..scene.styles import style_names, styles
from .choices import OVERRIDABLE
from .takes.key_settings import DifaceKeySettings
from .threediface_settings import ThreeDifaceSettings


def _search_strips(_settings: DifacePerformance, context: bpy.types.Context, _typed: str) -> list[str]:
    return [strip.name for _scene, strip in audio_strip.list_all_strips(context)]


def _search_styles(_settings: DifacePerformance, _context: bpy.types.Context, _typed: str) -> list[tuple[str, str]]:
    return [(style_names.display_name(name), style_names.description(name)) for name in styles.names()]


def _amount(name: str, description: str) -> object:
    """Return a setting of how much there is of something. 0: nothing, 1: as usual, 2: twice as much."""
    return FloatProperty(
        name=name, description=description, default=1.0, min=0.0, max=2.0, subtype="FACTOR", override=OVERRIDABLE
    )


def _guidance(name: str, description: str) -> object:
    """Return a setting of a guidance scale."""
    return FloatProperty(
        name=name,
        description=description,
        default=1.0,
        min=0.0,
        max=10.0,
        soft_min=1.0,
        soft_max=3.0,
        override=OVERRIDABLE,
    )


class DifacePerformance(bpy.types.PropertyGroup):
    """Settings of a performance: at `object.diface.performance`, and at `scene.diface.new_character`."""

    is_own: BoolProperty(
        description="Whether the character has separate settings, which the scene's no longer replace",
        options={"HIDDEN"},
        override=OVERRIDABLE,
    )
    engine: EnumProperty(
        name="Engine",
        description="The models that generate the motion",
        items=(
            ("DIFACE", "DiFACE", "DiFACE's models, for any character with ARKit shape keys"),
            ("THREEDIFACE", "3DiFACE Checkpoint", "Your 3DiFACE models, for a FLAME mesh"),
        ),
        override=OVERRIDABLE,
    )
    threediface: PointerProperty(type=ThreeDifaceSettings, override=OVERRIDABLE)
    keys: PointerProperty(type=DifaceKeySettings, override=OVERRIDABLE)
    source: EnumProperty(
        name="Audio",
        description="Source of the speech",
        items=(
            ("STRIP", "Strip", "A sound strip of the Sequencer, as it is trimmed and placed there"),
            ("FILE", "File", "A sound file, from its beginning at the first frame of the scene"),
        ),
        override=OVERRIDABLE,
    )
    strip: StringProperty(
        name="Strip",
        description="Sound strip. Empty: the active strip, or the only one",
        search=_search_strips,
        override=OVERRIDABLE,
    )
    filepath: StringProperty(
        name="File",
        description="Sound file",
        subtype="FILE_PATH",
        options=compat.RELATIVE_PATH,
        override=OVERRIDABLE,
    )
    audio_channel: EnumProperty(
        name="Channel",
        description="Channel of the sound that is heard",
        items=(
            ("MIX", "Mix", "The average of all channels"),
            ("LEFT", "Left", "The left channel, such as the first of two people"),
            ("RIGHT", "Right", "The right channel, such as the second of two people"),
            ("LOUDER", "Loudest", "The channel with the most power, such as the voice's own microphone"),
        ),
        override=OVERRIDABLE,
    )
    high_pass: BoolProperty(
        name="High-Pass",
        description="Remove what is below 80 Hz, such as hum and rumble, before the sound is heard",
        default=False,
        override=OVERRIDABLE,
    )
    parts: EnumProperty(
        name="Generate",
        description="What to generate",
        items=(
            ("FACE", "Face", "Only the shape keys of the face"),
            ("HEAD", "Head", "Only the rotation of the head"),
            ("BOTH", "Both", "The shape keys of the face and the rotation of the head"),
        ),
        default="BOTH",
        override=OVERRIDABLE,
    )
    seed: IntProperty(
        name="Seed",
        description="Number of the variation. Generate uses this seed. Regenerate, Regenerate All, In-Between and "
        "Swap use it for a new edit, and the next unused seed if the same edit is pressed again",
        min=0,
        override=OVERRIDABLE,
    )
    guidance: _guidance("Speech Guidance", "Guidance scale for speech (face only). 1.0: off, 3.0: strong")
    face_strength: _amount("Face Strength", "Scale of the face motion. Blinks are not scaled")
    head_strength: _amount("Head Strength", "Scale of the head motion")
    head_axes: FloatVectorProperty(
        name="Head Axes",
        description="Scale of nod, tilt and turn of the head, in addition to Head Strength",
        size=3,
        default=(1.0, 1.0, 1.0),
        min=0.0,
        max=2.0,
        override=OVERRIDABLE,
    )
    style: StringProperty(
        name="Style",
        description="Speaking style of the face: a trained style, a personal style, or a style file. "
        "Empty: the default, an even blend of Natural and Articulate",
        search=_search_styles,
        override=OVERRIDABLE,
    )
    second_style: StringProperty(
        name="Second Style",
        description="Second style, or style file, to blend with the first. Empty: no blend",
        search=_search_styles,
        override=OVERRIDABLE,
    )
    style_mix: FloatProperty(
        name="Mix",
        description="Share of the second style. 0: only the first style, 1: only the second",
        default=0.5,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
        override=OVERRIDABLE,
    )
    style_strength: _amount("Style Strength", "0: neutral, 1: style as trained, above 1: exaggerated")
    style_guidance: _guidance("Style Guidance", "Guidance scale for the style (face only). 1.0: off, 3.0: strong")
    variety: _amount(
        "Variety",
        "Variation between seeds: brows, lids and cheeks vary as people do, the mouth stays close to the speech. "
        "0: every seed gives the same face, 1: natural variation",
    )
    beats: _amount(
        "Beats", "How far the head nods and the brows rise with accents and phrase ends. 0: not, 1: as people do"
    )
    other_sounds: BoolProperty(
        name="Non-Speech Sounds",
        description="Show laughs, coughs and breaths, and rest in music and noise. Off: everything is spoken",
        default=True,
        override=OVERRIDABLE,
    )
    blinks: BoolProperty(
        name="Blinks",
        description="Add blinks, mostly at the ends of phrases",
        default=True,
        override=OVERRIDABLE,
    )
    blinks_seed: IntProperty(name="Blinks Seed", description="Variation of the blinks", min=0, override=OVERRIDABLE)
    gaze: BoolProperty(
        name="Gaze",
        description="Add eye motion: towards the listener, with glances away",
        default=True,
        override=OVERRIDABLE,
    )
    gaze_seed: IntProperty(name="Gaze Seed", description="Variation of the gaze", min=0, override=OVERRIDABLE)
    breath: BoolProperty(
        name="Breath",
        description="Add breaths before phrases, on the shape key breathIn if the character has one",
        default=True,
        override=OVERRIDABLE,
    )
    breath_seed: IntProperty(name="Breath Seed", description="Variation of the breaths", min=0, override=OVERRIDABLE)
    tongue: _amount(
        "Tongue",
        "How far the tongue moves with the speech: its tip and body up for l, n, t, d, k and g, the tip out for th. "
        "0: not, 1: as the sounds ask. Shows on characters with shape keys or bones of the tongue",
    )
    listen_to: StringProperty(
        name="Listen To",
        description="Sound strip of the character that is listened to. Empty: the active strip, or the only one",
        search=_search_strips,
        override=OVERRIDABLE,
    )
    speaker: PointerProperty(
        name="Speaker",
        description="Any object of the character who speaks: a listener looks at its eyes. Empty: straight ahead",
        type=bpy.types.Object,
        override=OVERRIDABLE,
    )
    reactions: _amount(
        "Reactions", "How often a listener nods, raises the brows or smiles, and how much. 0: never, 1: as people do"
    )
