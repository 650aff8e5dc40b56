"""The worker starts before the first request, without a window never."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import bpy
import pytest

from diface_addon.jobs.setup import prefetch
from diface_addon.settings import preferences
from diface_addon.worker.connection import Connection
from tests.addon.conftest import needs_audio
from tests.addon.panels.panel_drawing import drawn
from tests.addon.scene import scenes


@pytest.fixture
def windowed(monkeypatch):
    """Let the add-on believe that Blender has a window, and forget what was scheduled before and after."""
    monkeypatch.setattr(prefetch.bpy, "app", SimpleNamespace(background=False, timers=bpy.app.timers))
    prefetch.unregister()
    yield
    prefetch.unregister()


def is_scheduled() -> bool:
    return bpy.app.timers.is_registered(prefetch._start)


def test_nothing_starts_in_the_background(scene, head) -> None:
    assert bpy.app.background
    drawn()
    assert not is_scheduled()


@pytest.mark.usefixtures("windowed")
def test_nothing_starts_without_a_face_and_a_sound(scene) -> None:
    drawn()
    assert not is_scheduled()
    bpy.ops.mesh.primitive_cube_add()
    drawn()
    assert not is_scheduled()


@pytest.mark.usefixtures("windowed")
def test_worker_starts_when_the_panel_shows_a_face(scene, head) -> None:
    drawn()
    assert is_scheduled()


@pytest.mark.usefixtures("windowed")
def test_worker_starts_when_the_panel_shows_a_sound_file(scene, clicks) -> None:
    scenes.use_audio_file(scene, clicks([0.25]))
    drawn()
    assert is_scheduled()


@needs_audio
@pytest.mark.usefixtures("windowed")
def test_worker_starts_when_audio_is_loaded(scene, clicks) -> None:
    bpy.ops.diface.load_audio(filepath=str(clicks([0.25])))
    assert is_scheduled()


@pytest.mark.usefixtures("windowed")
def test_worker_starts_when_the_head_is_added(scene) -> None:
    bpy.ops.diface.add_head()
    assert is_scheduled()


@pytest.mark.usefixtures("windowed")
def test_it_is_tried_once(scene, head) -> None:
    drawn()
    bpy.app.timers.unregister(prefetch._start)
    drawn()
    assert not is_scheduled()


@pytest.mark.usefixtures("windowed")
def test_preference_switches_it_off(scene, head, monkeypatch) -> None:
    monkeypatch.setattr(preferences, "is_prefetch_enabled", lambda: False)
    drawn()
    assert not is_scheduled()


@pytest.mark.usefixtures("windowed")
def test_unregistering_removes_the_timer(scene, head) -> None:
    drawn()
    prefetch.unregister()
    assert not is_scheduled()


@pytest.fixture
def sent(monkeypatch) -> list[str]:
    """Return the list of the requests to load models."""
    sent: list[str] = []
    send = Connection.prefetch
    monkeypatch.setattr(Connection, "prefetch", lambda self: (sent.append("prefetch"), send(self)))
    return sent


def test_first_request_uses_the_worker_that_was_started(scene, head, clicks, worker, sent) -> None:
    worker.close()
    assert prefetch._start() is None
    pid = worker.pid
    assert pid
    assert sent == ["prefetch"]
    scenes.use_audio_file(scene, clicks([0.25]))
    assert bpy.ops.diface.generate() == {"FINISHED"}
    assert worker.pid == pid


def test_bundled_models_are_not_loaded_for_3diface(scene, head, worker, sent) -> None:
    scene.diface.engine = "THREEDIFACE"
    prefetch._start()
    assert worker.pid
    assert sent == []


def test_worker_that_cannot_start_is_reported_by_the_request(scene, head, clicks, worker, monkeypatch, caplog) -> None:
    worker.close()
    monkeypatch.setattr(preferences, "worker_python", lambda: Path("/nowhere/python"))
    assert prefetch._start() is None
    assert "not started early" in caplog.text
    scenes.use_audio_file(scene, clicks([0.25]))
    with pytest.raises(RuntimeError, match="There is no Python at"):
        bpy.ops.diface.generate()
