"""A second head that plays another take for comparison: a copy of the character that is not rendered."""

from __future__ import annotations

from typing import Literal

import bpy

from ..provenance import layer_tracks

MARK = "diface_ghost"
"""Custom property of a ghost: the id of its take."""
GAP = 1.1
"""Distance of a ghost beside the character, in widths of the character."""

GhostPlacement = Literal["BESIDE", "THROUGH"]


def find_ghost() -> bpy.types.Object | None:
    """Return the ghost, or None."""
    return next((obj for obj in bpy.data.objects if MARK in obj), None)


def ghost_take(obj: bpy.types.Object) -> str:
    """Return the id of a ghost's take."""
    return obj[MARK]


def add_ghost(obj: bpy.types.Object, take: str, placement: GhostPlacement) -> bpy.types.Object:
    """Add a ghost of `obj` to its collections, for the take with the id `take`. The caller assigns the take."""
    copy = obj.copy()
    copy.data = obj.data.copy()
    copy.name, copy.data.name = f"{obj.name} ghost", f"{obj.name} ghost"
    copy[MARK] = take
    if copy.data.shape_keys:
        copy.data.shape_keys[layer_tracks.PREVIEW_ONLY] = True
    copy.hide_render = copy.hide_select = True
    for collection in obj.users_collection:
        collection.objects.link(copy)
    copy.select_set(False)
    if placement == "BESIDE":
        _place_beside(copy, obj)
    else:
        copy.display_type, copy.show_in_front = "WIRE", True
    return copy


def remove_ghosts() -> None:
    """Remove every ghost, with its mesh and shape keys."""
    for obj in [obj for obj in bpy.data.objects if MARK in obj]:
        mesh = obj.data
        if mesh.shape_keys:
            layer_tracks.detach_layers(mesh.shape_keys)
        bpy.data.objects.remove(obj)
        bpy.data.meshes.remove(mesh)


def _place_beside(copy: bpy.types.Object, obj: bpy.types.Object) -> None:
    """Place a ghost along the scene's X axis with a constraint, which also works if the location is animated."""
    aside = copy.constraints.new("TRANSFORM")
    aside.name = "Beside the character"
    aside.target, aside.map_to = obj, "LOCATION"
    aside.to_min_x = aside.to_max_x = GAP * obj.dimensions.x
