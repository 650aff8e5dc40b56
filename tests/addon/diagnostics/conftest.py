"""The bundled head with a take of recorded speech, by the trained models, and takes with faults made on purpose."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import bpy
import numpy as np
import pytest
import soundfile

from diface_addon.core import channels, types
from diface_addon.scene.animation import evaluate_curves
from diface_addon.scene.animation.active_actions import active_actions
from diface_addon.scene.characters import bundled_head
from diface_addon.scene.diagnostics.problem import Problem
from diface_addon.scene.provenance import stored_request
from diface_addon.scene.takes import write_take
from diface_addon.settings import findings
from tests.addon.scene import scenes

FIRST_FRAME, FPS = 11, 25
SECONDS = 6.0

Change = Callable[[np.ndarray], None]
"""Changes the values (T, 52) of a face in place."""


@pytest.fixture
def talking(scene, speech, tmp_path, real_worker) -> bpy.types.Object:
    """The bundled head with a take of the sample speech, a sound file."""
    scene.render.fps = FPS
    obj = bundled_head.add_head(bpy.context)
    samples, rate = soundfile.read(speech, frames=round(SECONDS * 16000))
    soundfile.write(tmp_path / "speech.wav", samples, rate)
    scene.frame_start = FIRST_FRAME
    scenes.use_audio_file(scene, tmp_path / "speech.wav")
    assert bpy.ops.diface.generate() == {"FINISHED"}
    return obj


@pytest.fixture
def on_strip(scene, talking) -> bpy.types.bpy_struct:
    """A sound strip with the sample speech, and a take of it."""
    strip = scenes.add_strip(scene, Path(scene.diface.filepath), FIRST_FRAME)
    scene.diface.source = "STRIP"
    assert bpy.ops.diface.generate() == {"FINISHED"}
    return strip


def problems(obj: bpy.types.Object) -> list[Problem]:
    """Check the active take, and return what is wrong."""
    assert bpy.ops.diface.check_take() == {"FINISHED"}
    return listed(obj)


def listed(obj: bpy.types.Object) -> list[Problem]:
    """Return the rows of the panel."""
    found = findings.find(bpy.context, obj)
    assert found is not None
    return found


def face_values(obj: bpy.types.Object) -> np.ndarray:
    """Return the values (T, 52) of the active face."""
    return evaluate_curves.sample_motion(obj, FIRST_FRAME, round(SECONDS * FPS), channels.FACE).values


def rewrite(obj: bpy.types.Object, change: Change) -> None:
    """Animate a character with a changed copy of its take, as if the models had generated it so."""
    motion = evaluate_curves.sample_motion(obj, FIRST_FRAME, round(SECONDS * FPS), channels.ALL)
    values = motion.values.copy()
    change(values)
    request = stored_request.require_request(active_actions(obj)[0])
    own = {name: value for name, value in request.items() if name not in ("take", "name", "character", "created")}
    write_take.write_take(obj, types.Motion(values, channels.ALL, motion.rate), "faulty", own)
