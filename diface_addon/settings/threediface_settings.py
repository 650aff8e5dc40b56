"""Settings for the user's 3DiFACE models, `scene.diface.threediface`."""

from __future__ import annotations

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, IntProperty, StringProperty

from . import preferences, threediface_files

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
    return threediface_files.checkpoint_names(preferences.checkpoints_folder(), "face")


def _search_head_models(_settings: ThreeDifaceSettings, _context: bpy.types.Context, _typed: str) -> list[str]:
    return threediface_files.checkpoint_names(preferences.checkpoints_folder(), "head")


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
        search=_search_head_models,
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


def default_checkpoint(kind: str) -> str:
    """The "face" or "head" model that is taken where none is named; "" where there is none."""
    return next(iter(threediface_files.checkpoint_names(preferences.checkpoints_folder(), kind)), "")
