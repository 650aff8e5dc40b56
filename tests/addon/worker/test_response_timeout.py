"""A worker that stops responding is given up after the time in the preferences."""

from __future__ import annotations

import time

import bpy
import pytest

from diface_addon.settings import preferences
from tests.addon.scene import scenes
from tests.addon.worker import fake_engine

pytestmark = pytest.mark.slow


def test_hung_worker_is_given_up(scene, head, clicks, worker, monkeypatch) -> None:
    scenes.use_audio_file(scene, clicks([0.25]))
    assert bpy.ops.diface.generate() == {"FINISHED"}
    monkeypatch.setattr(preferences, "worker_timeout", lambda: 1.0)
    scene.diface.seed = fake_engine.HUNG
    start = time.monotonic()
    with pytest.raises(RuntimeError, match=r"has not responded for 1 s.*Worker Timeout"):
        bpy.ops.diface.generate()
    assert time.monotonic() - start < 30
    scene.diface.seed = 1
    monkeypatch.undo()
    monkeypatch.setattr("diface_addon.worker.process._shared", worker)
    assert bpy.ops.diface.generate() == {"FINISHED"}


def test_progress_restarts_the_timeout(scene, head, clicks, worker, monkeypatch) -> None:
    """The slow engine sends a message every 0.05 s, for longer than the timeout."""
    scenes.use_audio_file(scene, clicks([0.25]))
    monkeypatch.setattr(preferences, "worker_timeout", lambda: 1.5)
    scene.diface.seed = fake_engine.SLOW

    from diface_addon.jobs import generate

    job = generate.begin(bpy.context)
    try:
        end = time.monotonic() + 4
        while time.monotonic() < end:
            job.task.poll()
            assert job.task.state == "running"
            time.sleep(0.05)
    finally:
        job.end()
