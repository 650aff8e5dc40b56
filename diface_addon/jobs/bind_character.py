"""Find the parts of a character before its first take."""

from __future__ import annotations

import bpy

from ..rig import binding
from ..rig.discovery.find_character import find_character
from ..scene.characters import bundled_head, flame_mesh


def ensure_bound(obj: bpy.types.Object | None) -> None:
    """Bind the character of the main mesh `obj`, if nothing is stored with it yet.

    The bundled head and a FLAME mesh are characters of one object, which need no search.
    """
    if obj is None or obj.type != "MESH" or binding.is_bound(obj):
        return
    if bundled_head.MARK in obj or flame_mesh.is_flame(obj) or not obj.is_editable:
        return
    character = find_character(obj)
    if character is not None and character.main == obj:
        binding.bind(character)
