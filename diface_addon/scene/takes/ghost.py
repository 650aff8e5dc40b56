"""Comparison: a copy of the character that another take animates, next to it or in its place; it is not rendered."""

from __future__ import annotations

from typing import Literal

import bpy

from ... import compat
from ...rig import head_target, parts
from ..provenance import layer_tracks

MARK = "diface_ghost"
"""Custom property of a ghost: the id of its take. Also of the material that ghosts have."""
GAP = 1.1
"""Distance of a ghost from its character, in widths of the character."""
TINT = (0.05, 0.4, 1.0, 0.4)
"""Colour and opacity of a ghost in the place of its character."""
OFFSET = 0.004
"""How far the surface of such a ghost is moved outward, in heights of the character, so that its tint shows evenly."""

GhostPlacement = Literal["BESIDE", "THROUGH"]


def find_ghost() -> bpy.types.Object | None:
    """Return the ghost, or None."""
    return next((obj for obj in bpy.data.objects if MARK in obj), None)


def ghost_take(obj: bpy.types.Object) -> str:
    """Return the id of the take of a ghost."""
    return obj[MARK]


def add_ghost(obj: bpy.types.Object, take: str, placement: GhostPlacement) -> bpy.types.Object:
    """Return a new ghost of `obj` in its collections.

    Args:
        obj: The character.
        take: Id of the take to compare with; the caller assigns its Actions.
        placement: Next to the character, or in its place: tinted and see-through.
    """
    copy = obj.copy()
    copy.data = obj.data.copy()
    copy.name, copy.data.name = f"{obj.name} ghost", f"{obj.name} ghost"
    copy[MARK] = take
    parts.forget_parts(copy)
    head_target.forget(copy)
    if copy.data.shape_keys:
        copy.data.shape_keys[layer_tracks.PREVIEW_ONLY] = True
    copy.hide_render = copy.hide_select = True
    for collection in obj.users_collection:
        collection.objects.link(copy)
    copy.select_set(False)
    if placement == "BESIDE":
        _place_beside(copy, obj)
    else:
        _tint(copy)
    return copy


def remove_ghosts() -> None:
    """Remove every ghost, with its mesh and shape keys."""
    for obj in [obj for obj in bpy.data.objects if MARK in obj]:
        mesh = obj.data
        if mesh.shape_keys:
            layer_tracks.detach_layers(mesh.shape_keys)
        bpy.data.objects.remove(obj)
        bpy.data.meshes.remove(mesh)
    for material in [material for material in bpy.data.materials if MARK in material and not material.users]:
        bpy.data.materials.remove(material)


def _place_beside(copy: bpy.types.Object, obj: bpy.types.Object) -> None:
    """Keep the copy at a distance along the X axis of the scene, also if the character's location is animated."""
    aside = copy.constraints.new("TRANSFORM")
    aside.name = "Beside the character"
    aside.target, aside.map_to = obj, "LOCATION"
    aside.to_min_x = aside.to_max_x = GAP * obj.dimensions.x


def _tint(copy: bpy.types.Object) -> None:
    """Give the copy one see-through colour, in solid, material and rendered view."""
    material = bpy.data.materials.new("DiFACE Comparison")
    material[MARK] = True
    material.diffuse_color = TINT  # pyrefly: ignore[bad-assignment]
    compat.use_see_through_nodes(material, TINT)
    copy.data.materials.clear()
    copy.data.materials.append(material)
    offset = copy.modifiers.new("Comparison", "DISPLACE")
    offset.strength, offset.mid_level = OFFSET * copy.dimensions.z, 0.0
