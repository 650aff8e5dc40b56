"""Which character speaks a strip, by the names of the strip, its sound file and its channel."""

from __future__ import annotations

import re
from collections import Counter

import bpy

from ...scene.animation import active_curves
from ...scene.audio import audio_strip, strip_identity
from ...scene.characters import flame_mesh
from ...settings import character_settings, scene_settings

NOT_NAMES = frozenset({"collection", "head", "body", "face", "armature", "mesh", "character", "master", "geometry"})
"""Words that are in many names and name nobody."""


def by_name(context: bpy.types.Context) -> list[tuple[bpy.types.bpy_struct, bpy.types.Object]]:
    """Return the strips without a character whose speaker is named, each with the main mesh of that character."""
    names = character_names(context.scene)
    found = []
    for scene, strip in audio_strip.list_strips(context):
        if strip.diface.character is None and (obj := _find_speaker(scene, strip, names)):
            found.append((strip, obj))
    return found


def character_names(scene: bpy.types.Scene) -> dict[str, bpy.types.Object]:
    """Return the main meshes of the characters of a scene by the names that belong to one of them alone.

    These are the names of the mesh, its parent, its armature and its collections, as lower-case words.
    """
    meshes = [obj for obj in scene.objects if obj.type == "MESH" and (obj.data.shape_keys or flame_mesh.is_flame(obj))]
    mains = dict.fromkeys(filter(None, map(scene_settings.main_mesh, meshes)))
    mains = [main for main in mains if active_curves.has_face(main) or flame_mesh.is_flame(main)]
    names = {main: {name for name in map(_normalise, _names_of(main, scene)) if name} for main in mains}
    counts = Counter(name for of_main in names.values() for name in of_main)
    return {name: main for main, of_main in names.items() for name in of_main if counts[name] == 1}


def _names_of(main: bpy.types.Object, scene: bpy.types.Scene) -> list[str]:
    found = character_settings.find(main)
    others = [main.parent, found.armature if found else None]
    named = [main.name, main.data.name, *(other.name for other in others if other)]
    return named + [found.name for found in main.users_collection if found != scene.collection]


def _find_speaker(
    scene: bpy.types.Scene, strip: bpy.types.bpy_struct, names: dict[str, bpy.types.Object]
) -> bpy.types.Object | None:
    """Return the character with the longest name in the strip's name, its file's or its channel's; None without one."""
    texts = [strip.name, strip_identity.sound_name(strip)]
    if not strip.parent_meta():
        texts.append(scene.sequence_editor.channels[strip.channel].name)
    for text in texts:
        words = f" {_normalise(text)} "
        for name in sorted(names, key=len, reverse=True):
            if f" {name} " in words:
                return names[name]
    return None


def _normalise(name: str) -> str:
    """Return a name as lower-case words without numbers: "Alice_head.001" is "alice"."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    words = re.findall(r"[^\W\d_]+", spaced.lower())
    return " ".join(word for word in words if word not in NOT_NAMES)
