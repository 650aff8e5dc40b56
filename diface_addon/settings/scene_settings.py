"""Settings of a scene, `scene.diface`."""

from __future__ import annotations

import bpy
from bpy.props import EnumProperty, IntProperty, PointerProperty

from ..scene.characters import bundled_head, flame_mesh
from . import character_settings
from .choices import STEPS
from .dialogue.dialogue_settings import DifaceDialogue
from .edit_settings import EditSettings
from .performance_settings import DifacePerformance
from .runtime_state import DifaceState, FindingRow, PanelMessage


def _can_hold_a_face(_settings: DifaceSettings, obj: bpy.types.Object) -> bool:
    return obj.type in {"MESH", "ARMATURE", "EMPTY"}


class DifaceSettings(bpy.types.PropertyGroup):
    """Settings of a scene, at `scene.diface`."""

    edit: PointerProperty(type=EditSettings)
    dialogue: PointerProperty(type=DifaceDialogue)
    new_character: PointerProperty(type=DifacePerformance)
    """What a new character starts with; the settings of all panels while there is no character."""
    character: PointerProperty(
        name="Character",
        description="Character to animate: any of its meshes, its armature or its empty. Empty: the active object",
        type=bpy.types.Object,
        poll=_can_hold_a_face,
    )
    variations: IntProperty(
        name="Variations",
        description="Number of takes that Generate Variations generates",
        default=4,
        min=1,
        soft_max=16,
        max=99,
    )
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
    return main_mesh(context.scene.diface.character or context.active_object)


def character_in(scene: bpy.types.Scene) -> bpy.types.Object | None:
    """Return the character of a scene, which may be another one than the context's; see `character`."""
    if scene == bpy.context.scene:
        return character(bpy.context)
    return main_mesh(scene.diface.character or scene.view_layers[0].objects.active)


def main_mesh(picked: bpy.types.Object | None) -> bpy.types.Object | None:
    """Return the main mesh of the character that an object belongs to; the object itself if it belongs to none."""
    if picked is None or bundled_head.MARK in picked or flame_mesh.is_flame(picked):
        return picked
    found = character_settings.find(picked)
    return found.main if found else picked


GROUPS = (EditSettings, DifaceDialogue, DifaceSettings, PanelMessage, FindingRow, DifaceState)
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
