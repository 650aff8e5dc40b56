"""Whose models make the motion, and what is asked of the user's own."""

from __future__ import annotations

import bpy

from ..scene.characters import flame_mesh, shape_key_names
from ..settings import threediface_settings
from ..version import EXTENSION


def draw(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """The choice, and beneath it the settings of 3DiFACE's models."""
    settings = context.scene.diface
    layout.prop(settings, "engine")
    if settings.engine == "DIFACE":
        return
    chosen, box = settings.threediface, layout.box()
    for kind, part in (("face", "HEAD"), ("head", "FACE")):
        row = box.row()
        row.active = settings.parts != part
        row.prop(chosen, kind, placeholder=threediface_settings.default_checkpoint(kind))
    face = box.column()
    face.active = settings.parts != "HEAD"
    face.prop(chosen, "condition")
    face.prop(chosen, "guidance")
    face.prop(chosen, "motion_as")
    steps = box.row(align=True, heading="Steps")
    steps.prop(chosen, "all_steps", text="All", toggle=True)
    number = steps.row(align=True)
    number.active = not chosen.all_steps
    number.prop(chosen, "steps", text="")
    if not threediface_settings.default_checkpoint("face"):
        box.label(text="Name your checkpoints in the preferences:", icon="INFO")
        box.operator("preferences.addon_show", text="DiFACE's Preferences", icon="PREFERENCES").module = EXTENSION


def draw_flame(layout: bpy.types.UILayout, obj: bpy.types.Object | None, uses_threediface: bool) -> None:
    """What can be done for a FLAME mesh, or to have one."""
    if flame_mesh.is_flame(obj):
        layout.label(text=f"{obj.name}: a FLAME mesh", icon="CHECKMARK")
        if not uses_threediface and not shape_key_names.face_shape_keys(obj):
            layout.operator("diface.add_arkit_keys", icon="SHAPEKEY_DATA")
    elif uses_threediface:
        layout.operator("diface.add_flame_head", text="Add FLAME Head", icon="USER")
