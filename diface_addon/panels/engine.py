"""The engine, and the settings of the user's 3DiFACE models."""

from __future__ import annotations

import bpy

from ..scene.characters import flame_mesh, shape_key_names
from ..settings import performance, threediface_settings
from ..version import EXTENSION


def draw(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """Draw the choice of the engine, and below it the settings of 3DiFACE models."""
    settings = performance.active(context)
    layout.prop(settings, "engine")
    if settings.engine == "DIFACE":
        return
    models, box = settings.threediface, layout.box()
    for kind, part in (("face", "HEAD"), ("head", "FACE")):
        row = box.row()
        row.active = settings.parts != part
        row.prop(models, kind, placeholder=threediface_settings.default_checkpoint(kind))
    face = box.column()
    face.active = settings.parts != "HEAD"
    face.prop(models, "condition")
    face.prop(models, "guidance")
    face.prop(models, "motion_as")
    steps = box.row(align=True, heading="Steps")
    steps.prop(models, "all_steps", text="All", toggle=True)
    number = steps.row(align=True)
    number.active = not models.all_steps
    number.prop(models, "steps", text="")
    if not threediface_settings.default_checkpoint("face"):
        box.label(text="Set the folder of your checkpoints:", icon="INFO")
        box.operator("preferences.addon_show", text="DiFACE Preferences", icon="PREFERENCES").module = EXTENSION


def draw_flame(layout: bpy.types.UILayout, obj: bpy.types.Object | None, uses_threediface: bool) -> None:
    """Draw the operators for a mesh without shape keys for the face, or the one that adds a FLAME mesh."""
    is_flame = flame_mesh.is_flame(obj)
    if is_flame:
        layout.label(text=f"{obj.name} is a FLAME mesh", icon="CHECKMARK")
    if not uses_threediface:
        if obj is not None and obj.type == "MESH" and not shape_key_names.face_shape_keys(obj):
            row = layout.row(align=True)
            row.operator("diface.add_arkit_keys", icon="SHAPEKEY_DATA")
            row.operator("diface.place_landmarks", text="", icon="EMPTY_AXIS")
    elif not is_flame:
        layout.operator("diface.add_flame_head", text="Add FLAME Head", icon="USER")
