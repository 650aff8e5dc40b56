"""The settings of the performance that is worked on: the character's own, or those that a new character starts with."""

from __future__ import annotations

import bpy

from ..scene.animation import active_curves
from ..scene.audio import speech_source
from ..scene.characters import flame_mesh
from . import scene_settings
from .performance_settings import DifacePerformance
from .stored.group_values import read_values, write_values

_NO_SETTING = frozenset({"is_own"})
"""Properties of the group that are no settings."""


def active(context: bpy.types.Context) -> DifacePerformance:
    """Return the settings of the active character; without one, those that a new character starts with. For reading."""
    return of_object(scene_settings.character(context), context.scene)


def of_object(obj: bpy.types.Object | None, scene: bpy.types.Scene) -> DifacePerformance:
    """Return the settings of a character by its main mesh; see `active`."""
    return obj.diface.performance if obj is not None and has_own(obj) else scene.diface.new_character


def to_change(context: bpy.types.Context) -> DifacePerformance:
    """Return the settings like `active`, for writing: a character gets its own first."""
    return give_own(scene_settings.character(context), context.scene)


def give_own(obj: bpy.types.Object | None, scene: bpy.types.Scene) -> DifacePerformance:
    """Give a character separate settings if it has none yet: those that new characters of the scene start with.

    Args:
        obj: The main mesh; any object, which gets none if it has no face.
        scene: The scene that the character is in.

    Returns:
        The settings that are in effect now.
    """
    if needs_own(obj):
        start_with(obj, scene.diface.new_character)
    return of_object(obj, scene)


def start_with(obj: bpy.types.Object, settings: DifacePerformance) -> None:
    """Give an object that is known to be a character a copy of settings, if it has none yet."""
    if not has_own(obj):
        write_values(obj.diface.performance, read_values(settings, _NO_SETTING))
    obj.diface.performance.is_own = True


def has_own(obj: bpy.types.Object) -> bool:
    """Return whether a character has separate settings: it was given them, or a script has set one."""
    return obj.diface.performance.is_own or bool(read_values(obj.diface.performance))


def needs_own(obj: bpy.types.Object | None) -> bool:
    """Return whether an object is a character without separate settings that can be given them."""
    if obj is None or obj.type != "MESH" or obj.library is not None or has_own(obj):
        return False
    return active_curves.has_face(obj) or flame_mesh.is_flame(obj)


def speech_choice(settings: DifacePerformance) -> speech_source.SpeechChoice:
    """Return the strip or file that the settings name."""
    heard = {"channel": settings.audio_channel.lower(), "high_pass": settings.high_pass}
    if settings.source == "FILE":
        return speech_source.SpeechChoice(filepath=settings.filepath, **heard)
    return speech_source.SpeechChoice(strip=settings.strip, **heard)


def names() -> tuple[str, ...]:
    """Return the names of all settings of a performance."""
    return tuple(name for name in DifacePerformance.__annotations__ if name not in _NO_SETTING)
