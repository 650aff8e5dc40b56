"""Select objects."""

from __future__ import annotations

import bpy


def select_only(context: bpy.types.Context, obj: bpy.types.Object) -> None:
    """Make `obj` the active and only selected object of the view layer."""
    for other in context.view_layer.objects:
        other.select_set(False)
    context.view_layer.objects.active = obj
    obj.select_set(True)
