"""Settings of a scene, `scene.diface`."""

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
from ..scene.characters import bundled_head, flame_mesh
from ..scene.styles import style_names, styles
from . import character_settings
from .choices import STEPS
from .edit_settings import EditSettings
from .runtime_state import DifaceState, FindingRow, PanelMessage
from .threediface_settings import ThreeDifaceSettings


def _search_strips(_settings: DifaceSettings, context: bpy.types.Context, _typed: str) -> list[str]:
    return [strip.name for _scene, strip in audio_strip.list_strips(context)]


def _search_styles(_settings: DifaceSettings, _context: bpy.types.Context, _typed: str) -> list[tuple[str, str]]:
    return [(style_names.display_name(name), style_names.description(name)) for name in styles.names()]


def _can_hold_a_face(_settings: DifaceSettings, obj: bpy.types.Object) -> bool:
    return obj.type in {"MESH", "ARMATURE", "EMPTY"}


class DifaceSettings(bpy.types.PropertyGroup):
    """Settings of a scene, at `scene.diface`."""

    engine: EnumProperty(
        name="Engine",
        description="The models that generate the motion",
        items=(
            ("DIFACE", "DiFACE", "DiFACE's models, for any character with ARKit shape keys"),
            ("THREEDIFACE", "3DiFACE Checkpoint", "Your 3DiFACE models, for a FLAME mesh"),
        ),
    )
    threediface: PointerProperty(type=ThreeDifaceSettings)
    edit: PointerProperty(type=EditSettings)
    character: PointerProperty(
        name="Character",
        description="Character to animate: any of its meshes, its armature or its empty. Empty: the active object",
        type=bpy.types.Object,
        poll=_can_hold_a_face,
    )
    source: EnumProperty(
        name="Audio",
        description="Source of the speech",
        items=(
            ("STRIP", "Strip", "A sound strip of the Sequencer, as it is trimmed and placed there"),
            ("FILE", "File", "A sound file, from its beginning at the first frame of the scene"),
        ),
    )
    strip: StringProperty(
        name="Strip",
        description="Sound strip. Empty: the active strip, or the only one",
        search=_search_strips,
    )
    filepath: StringProperty(name="File", description="Sound file", subtype="FILE_PATH")
    parts: EnumProperty(
        name="Generate",
        description="What to generate",
        items=(
            ("FACE", "Face", "Only the shape keys of the face"),
            ("HEAD", "Head", "Only the rotation of the head"),
            ("BOTH", "Both", "The shape keys of the face and the rotation of the head"),
        ),
        default="BOTH",
    )
    seed: IntProperty(
        name="Seed",
        description="Number of the variation. Generate uses this seed. Regenerate, Regenerate All, In-Between and "
        "Swap use it for a new edit, and the next unused seed if the same edit is pressed again",
        min=0,
    )
    variations: IntProperty(
        name="Variations",
        description="Number of takes that Generate Variations generates",
        default=4,
        min=1,
        soft_max=16,
        max=99,
    )
    guidance: FloatProperty(
        name="Speech Guidance",
        description="Guidance scale for speech (face only). 1.0: off, 3.0: strong",
        default=1.0,
        min=0.0,
        max=10.0,
        soft_min=1.0,
        soft_max=3.0,
    )
    face_strength: FloatProperty(
        name="Face Strength",
        description="Scale of the face motion. Blinks are not scaled",
        default=1.0,
        min=0.0,
        max=2.0,
        subtype="FACTOR",
    )
    head_strength: FloatProperty(
        name="Head Strength",
        description="Scale of the head motion",
        default=1.0,
        min=0.0,
        max=2.0,
        subtype="FACTOR",
    )
    head_axes: FloatVectorProperty(
        name="Head Axes",
        description="Scale of nod, tilt and turn of the head, in addition to Head Strength",
        size=3,
        default=(1.0, 1.0, 1.0),
        min=0.0,
        max=2.0,
    )
    style: StringProperty(
        name="Style",
        description="Speaking style of the face: a trained style, a personal style, or a style file. "
        "Empty: the default, an even blend of Natural and Articulate",
        search=_search_styles,
    )
    second_style: StringProperty(
        name="Second Style",
        description="Second style, or style file, to blend with the first. Empty: no blend",
        search=_search_styles,
    )
    style_mix: FloatProperty(
        name="Mix",
        description="Share of the second style. 0: only the first style, 1: only the second",
        default=0.5,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
    )
    style_strength: FloatProperty(
        name="Style Strength",
        description="0: neutral, 1: style as trained, above 1: exaggerated",
        default=1.0,
        min=0.0,
        max=2.0,
        subtype="FACTOR",
    )
    style_guidance: FloatProperty(
        name="Style Guidance",
        description="Guidance scale for the style (face only). 1.0: off, 3.0: strong",
        default=1.0,
        min=0.0,
        max=10.0,
        soft_min=1.0,
        soft_max=3.0,
    )
    variety: FloatProperty(
        name="Variety",
        description=(
            "Variation between seeds: brows, lids and cheeks vary as people do, the mouth stays close to the speech. "
            "0: every seed gives the same face, 1: natural variation"
        ),
        default=1.0,
        min=0.0,
        max=2.0,
        subtype="FACTOR",
    )
    blinks: BoolProperty(name="Blinks", description="Add blinks, mostly at the ends of phrases", default=True)
    blinks_seed: IntProperty(name="Blinks Seed", description="Variation of the blinks", min=0)
    gaze: BoolProperty(name="Gaze", description="Add eye motion: towards the listener, with glances away", default=True)
    gaze_seed: IntProperty(name="Gaze Seed", description="Variation of the gaze", min=0)
    breath: BoolProperty(
        name="Breath",
        description="Add breaths before phrases, on the shape key breathIn if the character has one",
        default=True,
    )
    breath_seed: IntProperty(name="Breath Seed", description="Variation of the breaths", min=0)
    quality: EnumProperty(
        name="Quality",
        description="Number of denoising steps",
        items=(
            ("DRAFT", "Draft", f"{STEPS['DRAFT']} steps: fast, for trying out"),
            ("FINAL", "Final", f"{STEPS['FINAL']} steps: smoother, takes about three times as long"),
        ),
    )


def character(context: bpy.types.Context) -> bpy.types.Object | None:
    """Return the object that all operators work on: the main mesh of the character that is chosen, otherwise active.

    An object that belongs to no character is returned itself, and so are a FLAME mesh and the bundled head, which are
    characters of one mesh.
    """
    picked = context.scene.diface.character or context.active_object
    if picked is None or bundled_head.MARK in picked or flame_mesh.is_flame(picked):
        return picked
    found = character_settings.find(picked)
    return found.main if found else picked


def speech_choice(scene: bpy.types.Scene) -> speech_source.SpeechChoice:
    """Return the strip or file that the settings of `scene` name."""
    settings = scene.diface
    if settings.source == "FILE":
        return speech_source.SpeechChoice(filepath=settings.filepath)
    return speech_source.SpeechChoice(strip=settings.strip)


GROUPS = (ThreeDifaceSettings, EditSettings, DifaceSettings, PanelMessage, FindingRow, DifaceState)
"""Property groups, those that others point to first."""


def register() -> None:
    for group in GROUPS:
        bpy.utils.register_class(group)
    bpy.types.Scene.diface = PointerProperty(type=DifaceSettings)
    bpy.types.WindowManager.diface = PointerProperty(type=DifaceState)


def unregister() -> None:
    del bpy.types.WindowManager.diface
    del bpy.types.Scene.diface
    for group in reversed(GROUPS):
        bpy.utils.unregister_class(group)
