"""Settings for the user's 3DiFACE models, `object.diface.performance.threediface` of a character."""

from __future__ import annotations

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, IntProperty, StringProperty

from . import preferences, threediface_files
from .choices import OVERRIDABLE

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
"""The speakers of VOCASET that 3DiFACE was trained on, in the order of its styles."""


def _search_face_models(_settings: ThreeDifaceSettings, _context: bpy.types.Context, _typed: str) -> list[str]:
    return threediface_files.checkpoint_names(preferences.checkpoints_folder(), "face")


def _search_head_models(_settings: ThreeDifaceSettings, _context: bpy.types.Context, _typed: str) -> list[str]:
    return threediface_files.checkpoint_names(preferences.checkpoints_folder(), "head")


class ThreeDifaceSettings(bpy.types.PropertyGroup):
    """Settings for the user's 3DiFACE models."""

    face: StringProperty(
        name="Face Model",
        description="Checkpoint that animates the face. Empty: the general one, else the first",
        search=_search_face_models,
        override=OVERRIDABLE,
    )
    head: StringProperty(
        name="Head Model",
        description="Checkpoint that animates the head. Empty: the first",
        search=_search_head_models,
        override=OVERRIDABLE,
    )
    condition: EnumProperty(
        name="Style",
        description="Speaking style: a speaker that the face model was trained on",
        items=[(str(number), f"{number}: {name}", "") for number, name in enumerate(SPEAKERS)],
        override=OVERRIDABLE,
    )
    all_steps: BoolProperty(
        name="All Steps",
        description="All steps of the checkpoint's sampler: exactly the result of the original, but slower",
        override=OVERRIDABLE,
    )
    steps: IntProperty(
        name="Steps",
        description="Denoising steps of a faster sampler",
        default=25,
        min=10,
        max=50,
        override=OVERRIDABLE,
    )
    guidance: FloatProperty(
        name="Speech Guidance",
        description="Guidance scale for speech. 1: off; the original uses 0.5",
        default=0.5,
        min=0.0,
        max=10.0,
        soft_max=2.0,
        override=OVERRIDABLE,
    )
    motion_as: EnumProperty(
        name="Motion As",
        description="How the motion of the face is written to the mesh",
        items=(
            ("KEYS", "Shape Keys", "A few shape keys, accurate to 0.01 mm. For FBX and Alembic"),
            ("CACHE", "Vertex Animation", "All vertices in a file beside the .blend (PC2). For Alembic"),
        ),
        override=OVERRIDABLE,
    )


def default_checkpoint(kind: str) -> str:
    """Return the default "face" or "head" model; "" if no model is found."""
    return next(iter(threediface_files.checkpoint_names(preferences.checkpoints_folder(), kind)), "")
