"""Comparison: a copy of the character that another take animates, next to it or in its place; it is not rendered.

All meshes of the head are copied, and the armature that moves them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import bpy

from ... import compat
from ...rig import parts
from ...rig.discovery.scene_index import GHOST_MARK
from ..provenance import layer_tracks
from . import ghost_links

MARK = GHOST_MARK
"""Custom property of a ghost: the id of its take, "" for its other objects. Also of the material that ghosts have."""
GAP = 1.1
"""Distance of a ghost from its character, in widths of the character."""
TINT = (0.05, 0.4, 1.0, 0.4)
"""Colour and opacity of a ghost in the place of its character."""
OFFSET = 0.004
"""How far the surface of such a ghost is moved outward, in heights of the character, so that its tint shows evenly."""

GhostPlacement = Literal["BESIDE", "THROUGH"]


def find_ghost() -> bpy.types.Object | None:
    """Return the ghost of the main mesh, or None."""
    return next((obj for obj in bpy.data.objects if obj.get(MARK)), None)


def ghost_take(obj: bpy.types.Object) -> str:
    """Return the id of the take of a ghost."""
    return obj[MARK]


def add_ghost(
    obj: bpy.types.Object, take: str, placement: GhostPlacement, others: Iterable[bpy.types.Object] = ()
) -> bpy.types.Object:
    """Return a new ghost of `obj` in its collections, with copies of all parts of its character.

    Args:
        obj: The character.
        take: Id of the take to compare with; the caller assigns its Actions.
        placement: Next to the character, or in its place: tinted and see-through.
        others: Objects that are seen on the head and have no shape keys: hair, eyeballs.
    """
    numbered = parts.numbered_objects(obj)
    copies = {original: _copied(original) for original in [*numbered.values(), *others]}
    for copy in copies.values():
        ghost_links.relink(copy, copies)
    main = copies[obj]
    main[MARK] = take
    for number, part in numbered.items():
        if number:
            main[f"{parts.PART}{number}"] = copies[part]
    for original, copy in copies.items():
        if placement == "BESIDE" and original.parent not in copies:
            _place_beside(copy, original, GAP * obj.dimensions.x)
        elif placement == "THROUGH" and copy.type == "MESH":
            _tint(copy)
    return main


def _copied(obj: bpy.types.Object) -> bpy.types.Object:
    """Return a copy of an object that is not rendered and cannot be selected; bones and Empties are not shown."""
    copy = obj.copy()
    copy.name = f"{obj.name} ghost"
    copy[MARK] = ""
    copy[layer_tracks.PREVIEW_ONLY] = True
    if obj.type == "MESH":
        copy.data = obj.data.copy()
        copy.data.name = f"{obj.name} ghost"
        if copy.data.shape_keys:
            copy.data.shape_keys[layer_tracks.PREVIEW_ONLY] = True
    copy.hide_render = copy.hide_select = True
    copy.hide_viewport = copy.hide_viewport or obj.type in ("ARMATURE", "EMPTY")
    for collection in obj.users_collection:
        collection.objects.link(copy)
    copy.select_set(False)
    return copy


def remove_ghosts() -> None:
    """Remove every ghost, with its meshes and shape keys."""
    ghosts = [obj for obj in bpy.data.objects if MARK in obj]
    meshes = [obj.data for obj in ghosts if obj.type == "MESH"]
    for mesh in [mesh for mesh in meshes if mesh.shape_keys]:
        layer_tracks.detach_layers({"KEY": mesh.shape_keys})
    for obj in ghosts:
        bpy.data.objects.remove(obj)
    for mesh in meshes:
        bpy.data.meshes.remove(mesh)
    for material in [material for material in bpy.data.materials if MARK in material and not material.users]:
        bpy.data.materials.remove(material)


def _place_beside(copy: bpy.types.Object, obj: bpy.types.Object, distance: float) -> None:
    """Keep the copy at a distance along the X axis of the scene, also if the character's location is animated."""
    aside = copy.constraints.new("TRANSFORM")
    aside.name = "Beside the character"
    aside.target, aside.map_to = obj, "LOCATION"
    aside.to_min_x = aside.to_max_x = distance


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
