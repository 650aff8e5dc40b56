"""Idle and Listen takes in Live, after undo and redo, and in a file that is opened again: nobody begins to speak."""

from __future__ import annotations

import bpy
import numpy as np
import pytest

from diface_addon.jobs.live_mode import live
from diface_addon.scene.animation.active_actions import active_actions
from diface_addon.scene.pins import pins
from diface_addon.scene.provenance import stored_request
from tests.addon.conftest import needs_audio
from tests.addon.jobs.test_live import key_properties, run_timer, set_key, switched_off, values, wait_for_draft

__all__ = ["switched_off"]
pytestmark = pytest.mark.usefixtures("real_worker")
BROW, JAW = 'key_blocks["browInnerUp"].value', 'key_blocks["jawOpen"].value'
AT, FAR = 70, 50
"""A frame in the middle of both takes, and frames that an edit there does not reach."""


@pytest.fixture(params=["idle", pytest.param("listen", marks=needs_audio)])
def silent(request, listener) -> bpy.types.Object:
    """A character that idles or listens."""
    if request.param == "listen":
        request.getfixturevalue("strip")
    assert getattr(bpy.ops.diface, request.param)() == {"FINISHED"}
    assert role(listener) == request.param
    return listener


def role(obj: bpy.types.Object) -> str:
    return stored_request.require_request(obj.data.shape_keys.animation_data.action)["role"]


def mouth(obj: bpy.types.Object) -> float:
    """Return how far the jaw opens."""
    return max(values(obj, JAW).values())


def test_live_draws_the_motion_around_a_key_and_the_mouth_rests(scene, silent) -> None:
    take, kind = active_actions(silent), role(silent)
    written, before = key_properties(take), values(silent, BROW)
    scene.diface.edit.live = True
    set_key(silent, AT, 0.6, BROW)
    wait_for_draft()
    after = values(silent, BROW)
    assert after[AT] == np.float32(0.6)
    assert after[AT + 1] > before[AT + 1] + 0.1
    assert {frame for frame in after if after[frame] != before[frame]} <= set(range(AT - FAR, AT + FAR + 1))
    assert (mouth(silent), role(silent)) == (0, kind)
    assert key_properties(take) == written
    scene.diface.edit.live = False
    assert (mouth(silent), role(silent)) == (0, kind)


def test_live_is_undone_and_done_again(scene, silent) -> None:
    name, kind = silent.name, role(silent)
    bpy.ops.ed.undo_push(message="begin")
    scene.diface.edit.live = True
    bpy.ops.ed.undo_push(message="live")
    before = values(silent, BROW)
    set_key(silent, AT, 0.6, BROW)
    bpy.ops.ed.undo_push(message="key")
    wait_for_draft()
    bpy.ops.ed.undo()
    run_timer(0.4)
    assert values(bpy.data.objects[name], BROW) == before
    bpy.ops.ed.redo()
    wait_for_draft()
    again = bpy.data.objects[name]
    assert values(again, BROW)[AT] == np.float32(0.6)
    assert values(again, BROW)[AT + 1] > before[AT + 1] + 0.1
    assert (mouth(again), role(again)) == (0, kind)


def test_a_take_is_undone_and_done_again(scene, listener) -> None:
    name = listener.name
    bpy.ops.ed.undo_push(message="begin")
    bpy.ops.diface.idle()
    written = key_properties(active_actions(listener))
    bpy.ops.ed.undo_push(message="idle")
    bpy.ops.ed.undo()
    assert active_actions(bpy.data.objects[name]) == []
    bpy.ops.ed.redo()
    again = bpy.data.objects[name]
    assert key_properties(active_actions(again)) == written
    assert pins.find_pins(again) == []


def test_an_opened_file_is_edited_as_before(scene, silent, tmp_path) -> None:
    name, kind = silent.name, role(silent)
    gaze = silent.diface.gaze.use, silent.diface.gaze.target
    written = key_properties(active_actions(silent))
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "silent.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "silent.blend"))
    again = bpy.data.objects[name]
    assert key_properties(active_actions(again)) == written
    assert (again.diface.gaze.use, again.diface.gaze.target) == gaze
    assert pins.find_pins(again) == []
    before = values(again, BROW)
    bpy.context.scene.diface.edit.live = True
    assert live.current() is not None
    set_key(again, AT, 0.6, BROW)
    wait_for_draft()
    assert values(again, BROW)[AT + 1] > before[AT + 1] + 0.1
    assert (mouth(again), role(again)) == (0, kind)
