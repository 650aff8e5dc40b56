"""A second head that plays another take, to compare: a copy of the character, beside it or through it, not rendered."""

from __future__ import annotations

from typing import Literal

import bpy

from ..provenance import layer_tracks

MARK = "diface_ghost"
"""Custom property of a ghost: the id of the take that it plays."""
GAP = 1.1
"""How far beside the character a ghost stands, in widths of it."""

GhostPlacement = Literal["BESIDE", "THROUGH"]


def find_ghost() -> bpy.types.Object | None:
    """The ghost that there is."""
    return next((obj for obj in bpy.data.objects if MARK in obj), None)


def ghost_take(obj: bpy.types.Object) -> str:
    """The id of the take that a ghost plays."""
    return obj[MARK]


def add_ghost(obj: bpy.types.Object, take: str, placement: GhostPlacement) -> bpy.types.Object:
    """A ghost of `obj`, in its collections, for the take with the id `take`; that it plays it is left to the caller."""
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
    """Along the scene's X axis, whatever animates the character's location."""
    aside = copy.constraints.new("TRANSFORM")
    aside.name = "Beside the character"
    aside.target, aside.map_to = obj, "LOCATION"
    aside.to_min_x = aside.to_max_x = GAP * obj.dimensions.x
