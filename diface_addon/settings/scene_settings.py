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

from ..core import channels
from ..scene.audio import audio_strip
from ..scene.edits import frame_choice
from ..scene.styles import styles
from . import preferences, threediface_files

PARTS = {"FACE": ("face",), "HEAD": ("head",), "BOTH": ("face", "head")}
"""The choice `scene.diface.parts` in the words of a GenerateRequest."""

STEPS = {"DRAFT": 8, "FINAL": 25}
"""Denoising steps of `scene.diface.quality`."""

LAYERS = ("blinks", "gaze", "breath")
"""The switches of the layers; the seed of each is named `..._seed`."""


REGIONS = tuple((name.upper(), name.capitalize(), "") for name in channels.REGIONS)
"""Parts of the face and the head, as an enum's choices."""


def regions(chosen: set[str]) -> tuple[str, ...]:
    """The channels of the regions chosen, of an enum with REGIONS."""
    return tuple(name for region in channels.REGIONS if region.upper() in chosen for name in channels.REGIONS[region])


def _strip_names(_settings: DifaceSettings, context: bpy.types.Context, _typed: str) -> list[str]:
    return [strip.name for _scene, strip in audio_strip.list_strips(context)]


def _style_names(_settings: DifaceSettings, _context: bpy.types.Context, _typed: str) -> list[str]:
    return list(styles.names())


SPEAKERS = (
    "FaceTalk_170728_03272_TA",
    "FaceTalk_170904_00128_TA",
    "FaceTalk_170725_00137_TA",
    "FaceTalk_170915_00223_TA",
    "FaceTalk_170811_03274_TA",
    "FaceTalk_170913_03279_TA",
    "FaceTalk_170904_03276_TA",
    "FaceTalk_170912_03278_TA",
)
"""VOCASET's speakers that 3DiFACE was trained on, in the order of its styles."""


def _faces(_settings: ThreeDifaceSettings, _context: bpy.types.Context, _typed: str) -> list[str]:
    return threediface_files.of_kind(preferences.checkpoints_folder(), "face")


def _heads(_settings: ThreeDifaceSettings, _context: bpy.types.Context, _typed: str) -> list[str]:
    return threediface_files.of_kind(preferences.checkpoints_folder(), "head")


def _is_mesh(_settings: DifaceSettings, obj: bpy.types.Object) -> bool:
    return obj.type == "MESH"


class ThreeDifaceSettings(bpy.types.PropertyGroup):
    """What is asked of the user's own 3DiFACE models."""

    face: StringProperty(
        name="Face Model",
        description="The checkpoint that moves the face. Empty: the general one, else the first",
        search=_faces,
    )
    head: StringProperty(
        name="Head Model",
        description="The checkpoint that moves the head. Empty: the first",
        search=_heads,
    )
    condition: EnumProperty(
        name="Style",
        description="Whose manner of speaking, of those that the face model was trained on",
        items=[(str(number), f"{number}: {name}", "") for number, name in enumerate(SPEAKERS)],
    )
    all_steps: BoolProperty(
        name="All Steps",
        description="Every step of the checkpoint's own sampler: exactly the original's result, and slower",
    )
    steps: IntProperty(name="Steps", description="Denoising steps of a quicker sampler", default=25, min=10, max=50)
    guidance: FloatProperty(
        name="Speech Guidance",
        description="How closely the face follows the speech; 1 is none, and the original takes 0.5",
        default=0.5,
        min=0.0,
        max=10.0,
        soft_max=2.0,
    )
    motion_as: EnumProperty(
        name="Motion As",
        description="How the face's motion is written to the mesh",
        items=(
            ("KEYS", "Shape Keys", "A few shape keys that hold it to 0.01 mm; FBX and Alembic take them"),
            ("CACHE", "Vertex Animation", "Every vertex in a file beside the .blend (PC2); Alembic takes it"),
        ),
    )


def _live_switched(_settings: EditSettings, context: bpy.types.Context) -> None:
    from ..jobs import live  # which reads these settings

    live.switch(context)


class EditSettings(bpy.types.PropertyGroup):
    """How keys that the artist set are answered, at `scene.diface.edit`."""

    source: EnumProperty(name="Frames", description="Which frames In-Between makes anew", items=frame_choice.SOURCES)
    regions: EnumProperty(
        name="Regions",
        description="What is made anew, swapped or copied; Shift for several",
        items=REGIONS,
        options={"ENUM_FLAG"},
        default={identifier for identifier, _name, _description in REGIONS},
    )
    pull: FloatProperty(
        name="Pull",
        description="How far a pin bends what is around it, in frames to either side",
        default=8.0,
        min=1.0,
        max=120.0,
        soft_max=30.0,
    )
    stay: FloatProperty(
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
        update=_live_switched,
    )
    swaps: StringProperty(
        name="Swap",
        description="Pairs of frames whose poses change places, as 12:40 55:80",
    )


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
        search=_strip_names,
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
        description="Multiply the head's nod, tip and turn, beside Head Strength",
        size=3,
        default=(1.0, 1.0, 1.0),
        min=0.0,
        max=2.0,
    )
    style: StringProperty(
        name="Style",
        description="The trained style of the face to speak in, or a style file. Empty: the model's default",
        search=_style_names,
    )
    second_style: StringProperty(
        name="Mix In",
        description="A second style, or style file, to blend with the first. Empty: none",
        search=_style_names,
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
        name="Steps",
        description="How many denoising steps to take",
        items=(
            ("DRAFT", "Draft", f"{STEPS['DRAFT']} steps: quick, for trying out"),
            ("FINAL", "Final", f"{STEPS['FINAL']} steps: smoother, takes about three times as long"),
        ),
    )


class DifaceState(bpy.types.PropertyGroup):
    """What goes on now, at `window_manager.diface`: for the panels to show, never saved or undone."""

    running: BoolProperty(options={"SKIP_SAVE"})
    fraction: FloatProperty(min=0.0, max=1.0, options={"SKIP_SAVE"})
    stage: StringProperty(options={"SKIP_SAVE"})
    message: StringProperty(options={"SKIP_SAVE"})
    worker: StringProperty(options={"SKIP_SAVE"})
    pose: StringProperty(description="What Copy Pose took, as JSON", options={"SKIP_SAVE"})


def character(context: bpy.types.Context) -> bpy.types.Object | None:
    """The object that Generate and Export work on: the chosen one, else the active one."""
    return context.scene.diface.character or context.active_object


def first_checkpoint(kind: str) -> str:
    """The "face" or "head" model that is taken where none is named; "" where there is none."""
    return next(iter(threediface_files.of_kind(preferences.checkpoints_folder(), kind)), "")


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
