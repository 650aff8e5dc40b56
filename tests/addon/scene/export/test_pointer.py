"""The mouse pointer counts and waits during exports, and is as before afterwards, also after an error."""

from __future__ import annotations

from types import SimpleNamespace

import bpy
import pytest

from diface_addon.scene.export import pointer
from diface_addon.scene.export.plain import sampling


class Recorder:
    """Takes the place of the window and of its manager."""

    def __init__(self) -> None:
        self.calls: list[tuple] = []

    def __getattr__(self, name: str):
        return lambda *arguments: self.calls.append((name, *arguments))


@pytest.fixture
def recorder(monkeypatch) -> Recorder:
    found = Recorder()
    context = SimpleNamespace(window=found, window_manager=found)
    monkeypatch.setattr(pointer, "bpy", SimpleNamespace(context=context))
    return found


def test_every_sampled_frame_is_counted(scene, head, recorder) -> None:
    sampling.sample(scene, [head], [1.0, 2.0, 3.0])
    updates = [("progress_update", row) for row in range(3)]
    assert recorder.calls == [("progress_begin", 0, 3), *updates, ("progress_end",)]


def test_the_pointer_is_as_before_after_an_error(recorder) -> None:
    with pytest.raises(RuntimeError), pointer.waiting(), pointer.counting(5):
        raise RuntimeError
    assert recorder.calls == [
        ("cursor_modal_set", "WAIT"),
        ("progress_begin", 0, 5),
        ("progress_end",),
        ("cursor_modal_restore",),
    ]


def test_nothing_waits_without_a_window() -> None:
    assert bpy.context.window is None or bpy.app.background
    with pointer.waiting():
        pass
