"""Start the worker before the first request, while the user still chooses a character and a sound."""

from __future__ import annotations

import bpy

from ...scene.animation import active_curves
from ...scene.audio import audio_strip
from ...settings import performance, preferences, scene_settings
from .. import worker_client

DELAY = 0.2
"""Seconds until the worker starts: the panel is drawn first."""

_is_scheduled = False


def schedule_if_useful(context: bpy.types.Context) -> None:
    """Start the worker soon if the scene has a face or a sound. Panels call it while they draw: no data changes."""
    if _can_schedule() and _has_input(context):
        schedule()


def schedule() -> None:
    """Start the worker and load its models soon, once in a session. A timer does it, and so never without a window."""
    global _is_scheduled
    if _can_schedule():
        _is_scheduled = True
        bpy.app.timers.register(_start, first_interval=DELAY, persistent=True)


def _can_schedule() -> bool:
    return not _is_scheduled and not bpy.app.background and preferences.is_prefetch_enabled()


def _has_input(context: bpy.types.Context) -> bool:
    settings, obj = performance.active(context), scene_settings.character(context)
    if settings.source == "FILE":
        has_sound = bool(settings.filepath)
    else:
        has_sound = bool(audio_strip.list_strips(context))
    return has_sound or (obj is not None and obj.type == "MESH" and active_curves.has_face(obj))


def _start() -> None:
    worker = worker_client.start_early()
    if worker and performance.active(bpy.context).engine == "DIFACE":
        worker.prefetch()


def register() -> None:
    pass


def unregister() -> None:
    global _is_scheduled
    _is_scheduled = False
    if bpy.app.timers.is_registered(_start):
        bpy.app.timers.unregister(_start)
