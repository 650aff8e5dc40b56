"""Generate the active take again, for the sound that its strip plays now."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import bpy

from ...core import types
from ...scene.animation.active_actions import active_actions
from ...scene.audio import audio_strip, speech_source
from ...scene.files import temporary
from ...scene.keys import frame_rate
from ...scene.provenance import stored_request, take_request
from ...scene.styles import styles
from ...settings import performance, preferences, scene_settings
from .. import generate, running_job, worker_client


def begin(context: bpy.types.Context, strip_name: str) -> generate.GenerationJob:
    """Begin the generation. Nothing in the scene is changed. Raises DifaceError."""
    running_job.check_idle()
    obj = scene_settings.character(context)
    stored = next(filter(None, map(stored_request.read_request, active_actions(obj))))
    request = take_request.from_json(stored)
    with temporary.kept_folder() as folder:
        scene, strip = audio_strip.find_strip(context, strip_name)
        section = audio_strip.audio_section(scene, strip, Path(folder.name))
        speech = speech_source.Speech(section, audio_strip.bounds(strip)[0], strip.name)
        request = dataclasses.replace(
            request,
            audio=section,
            rate=frame_rate.scene_rate(context.scene),
            style=styles.restore_style(request.style, preferences.styles_folder),
            layers=_layers(context) if request.engine is None else request.layers,
            constraints=None,
        )
        job = generate.GenerationJob(worker_client.submit(request), speech, obj.session_uid, folder)
    running_job.set_current(job)
    return job


def _layers(context: bpy.types.Context) -> types.Layers:
    """Return the layers of the settings: a take that was edited does not state those of its first version."""
    return generate.layers_from_settings(performance.active(context))
