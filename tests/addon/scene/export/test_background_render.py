"""The playblast's render in a window: in every case, no handler, scene copy or temporary file is left behind."""

from __future__ import annotations

from pathlib import Path

import bpy
import pytest

from diface_addon.core import errors
from diface_addon.scene.export import playblast


@pytest.fixture
def arguments(scene, head, tmp_path):
    """Return the arguments of a render of one small frame."""
    scene.render.resolution_x, scene.render.resolution_y = 32, 32
    frames, path = (1, 1), tmp_path / "out.mp4"
    settings = playblast.PlayblastSettings(frames, "WORKBENCH", path)
    return {"context": bpy.context, "obj": head, "settings": settings}


@pytest.fixture(autouse=True)
def nothing_left(scene, tmp_path):
    """Check that handlers, scenes and files are the same at the end of the test."""
    before = list(bpy.app.handlers.render_cancel)
    yield
    assert list(bpy.app.handlers.render_cancel) == before
    assert len(bpy.data.scenes) == 1
    assert not bpy.data.cameras
    assert {path.name for path in tmp_path.iterdir()} <= {"out.mp4"}


def render_now(scene: bpy.types.Scene) -> None:
    bpy.ops.render.render(animation=True, scene=scene.name)


def cancel_now(scene: bpy.types.Scene) -> None:
    for handler in list(bpy.app.handlers.render_cancel):
        handler(scene)


def fail(_scene: bpy.types.Scene) -> None:
    raise ZeroDivisionError


def test_finished_render_leaves_the_video(arguments, monkeypatch) -> None:
    monkeypatch.setattr(playblast, "_invoke_render", render_now)
    render = playblast.BackgroundRender()
    render.start(**arguments)
    assert not render.is_running
    render.finish()
    assert arguments["settings"].path.stat().st_size > 0
    render.finish()


@pytest.mark.parametrize("cause", ["Esc", "Blender removes the operator"])
def test_cancelled_render_leaves_nothing(arguments, monkeypatch, cause) -> None:
    monkeypatch.setattr(playblast, "_invoke_render", cancel_now if cause == "Esc" else lambda _scene: None)
    render = playblast.BackgroundRender()
    render.start(**arguments)
    with pytest.raises(errors.Cancelled):
        render.finish(cancelled=cause != "Esc")
    assert not arguments["settings"].path.exists()


def test_two_renders_share_no_state(arguments, monkeypatch) -> None:
    monkeypatch.setattr(playblast, "_invoke_render", cancel_now)
    first = playblast.BackgroundRender()
    first.start(**arguments)
    with pytest.raises(errors.Cancelled):
        first.finish()
    monkeypatch.setattr(playblast, "_invoke_render", render_now)
    second = playblast.BackgroundRender()
    second.start(**arguments)
    second.finish()
    assert arguments["settings"].path.exists()


def test_render_that_raises_leaves_nothing(arguments, monkeypatch) -> None:
    monkeypatch.setattr(playblast, "_invoke_render", fail)
    with pytest.raises(ZeroDivisionError):
        playblast.BackgroundRender().start(**arguments)


def test_opening_a_file_during_a_render_leaves_nothing(arguments, monkeypatch) -> None:
    monkeypatch.setattr(playblast, "_invoke_render", lambda _scene: None)
    render = playblast.BackgroundRender()
    render.start(**arguments)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    assert render.is_lost
    with pytest.raises(errors.Cancelled):
        render.finish()
    assert not Path(arguments["settings"].path).exists()
