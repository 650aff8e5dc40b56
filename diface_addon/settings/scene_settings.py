"""The scene's settings, `scene.diface`: what the panel shows and Generate reads."""

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

from ..scene.audio import audio_strip, speech_source
from ..scene.styles import styles
from .choices import STEPS
from .edit_settings import EditSettings
from .runtime_state import DifaceState
from .threediface_settings import ThreeDifaceSettings


def _search_strips(_settings: DifaceSettings, context: bpy.types.Context, _typed: str) -> list[str]:
    return [strip.name for _scene, strip in audio_strip.list_strips(context)]


def _search_styles(_settings: DifaceSettings, _context: bpy.types.Context, _typed: str) -> list[str]:
    return list(styles.names())


def _is_mesh(_settings: DifaceSettings, obj: bpy.types.Object) -> bool:
    return obj.type == "MESH"


class DifaceSettings(bpy.types.PropertyGroup):
    engine: EnumProperty(
        name="Engine",
        description="Whose models make the motion",
        items=(
            ("DIFACE", "DiFACE", "DiFACE's own models, for any character with ARKit's shape keys"),
            ("THREEDIFACE", "3DiFACE Checkpoint", "3DiFACE models of your own, for a FLAME mesh"),
        ),
    )
    threediface: PointerProperty(type=ThreeDifaceSettings)
    edit: PointerProperty(type=EditSettings)
    character: PointerProperty(
        name="Character",
        description="The mesh object to animate. Empty: the active object",
        type=bpy.types.Object,
        poll=_is_mesh,
    )
    source: EnumProperty(
        name="Audio",
        description="Where the speech comes from",
        items=(
            ("STRIP", "Strip", "A sound strip of the sequencer, as it is trimmed and placed there"),
            ("FILE", "File", "A sound file, from its beginning at the scene's first frame"),
        ),
    )
    strip: StringProperty(
        name="Strip",
        description="The sound strip. Empty: the active one, or the only one",
        search=_search_strips,
    )
    filepath: StringProperty(name="File", description="The sound file", subtype="FILE_PATH")
    parts: EnumProperty(
        name="Generate",
        description="What to generate",
        items=(
            ("FACE", "Face", "Only the face's shape keys"),
            ("HEAD", "Head", "Only the head's rotation"),
            ("BOTH", "Both", "The face's shape keys and the head's rotation"),
        ),
        default="BOTH",
    )
    seed: IntProperty(name="Seed", description="Another number gives another performance of the same speech", min=0)
    guidance: FloatProperty(
        name="Speech Guidance",
        description="How closely the face follows the speech; 1 is none. The head is not guided",
        default=1.5,
        min=0.0,
        max=10.0,
        soft_max=4.0,
    )
    face_strength: FloatProperty(
        name="Face Strength",
        description="Multiplies the face's motion. Blinks stay as they are",
        default=1.0,
        min=0.0,
        max=2.0,
        subtype="FACTOR",
    )
    head_strength: FloatProperty(
        name="Head Strength",
        description="Multiplies the head's motion",
        default=1.0,
        min=0.0,
        max=2.0,
        subtype="FACTOR",
    )
    head_axes: FloatVectorProperty(
        name="Head Axes",
        description="Multiply the head's nod, tilt and turn, in addition to Head Strength",
        size=3,
        default=(1.0, 1.0, 1.0),
        min=0.0,
        max=2.0,
    )
    style: StringProperty(
        name="Style",
        description="The trained style of the face to speak in, or a style file. Empty: the model's default",
        search=_search_styles,
    )
    second_style: StringProperty(
        name="Second Style",
        description="A second style, or style file, to blend with the first. Empty: none",
        search=_search_styles,
    )
    style_mix: FloatProperty(
        name="Mix",
        description="How much of the second style there is: 0 is only the first, 1 only the second",
        default=0.5,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
    )
    style_strength: FloatProperty(
        name="Style Strength",
        description="0 is no manner in particular, 1 the style as it was learnt, more exaggerates it",
        default=1.0,
        min=0.0,
        max=2.0,
        subtype="FACTOR",
    )
    style_guidance: FloatProperty(
        name="Style Guidance",
        description="How closely the face follows the style; 1 is none",
        default=1.0,
        min=0.0,
        max=10.0,
        soft_max=4.0,
    )
    variety: FloatProperty(
        name="Variety",
        description="How much one seed differs from another: 0 not at all, 1 as people differ",
        default=1.0,
        min=0.0,
        max=2.0,
        subtype="FACTOR",
    )
    blinks: BoolProperty(name="Blinks", description="Blink, mostly where a phrase ends", default=True)
    blinks_seed: IntProperty(name="Blinks Seed", description="Another number blinks at other times", min=0)
    gaze: BoolProperty(name="Gaze", description="Look at the listener, and away now and then", default=True)
    gaze_seed: IntProperty(name="Gaze Seed", description="Another number looks elsewhere", min=0)
    breath: BoolProperty(
        name="Breath",
        description="Breathe in before each phrase, on the shape key breathIn where the character has one",
        default=True,
    )
    breath_seed: IntProperty(name="Breath Seed", description="Another number breathes a little differently", min=0)
    quality: EnumProperty(
        name="Quality",
        description="How many denoising steps to take",
        items=(
            ("DRAFT", "Draft", f"{STEPS['DRAFT']} steps: quick, for trying out"),
            ("FINAL", "Final", f"{STEPS['FINAL']} steps: smoother, takes about three times as long"),
        ),
    )


def character(context: bpy.types.Context) -> bpy.types.Object | None:
    """The object that Generate and Export work on: the chosen one, else the active one."""
    return context.scene.diface.character or context.active_object


def speech_choice(scene: bpy.types.Scene) -> speech_source.SpeechChoice:
    """Return the strip or file that the settings of `scene` name."""
    settings = scene.diface
    if settings.source == "FILE":
        return speech_source.SpeechChoice(filepath=settings.filepath)
    return speech_source.SpeechChoice(strip=settings.strip)


def register() -> None:
    for group in (ThreeDifaceSettings, EditSettings, DifaceSettings, DifaceState):
        bpy.utils.register_class(group)
    bpy.types.Scene.diface = PointerProperty(type=DifaceSettings)
    bpy.types.WindowManager.diface = PointerProperty(type=DifaceState)


def unregister() -> None:
    del bpy.types.WindowManager.diface
    del bpy.types.Scene.diface
    for group in (DifaceState, DifaceSettings, EditSettings, ThreeDifaceSettings):
        bpy.utils.unregister_class(group)
