"""Edits work on the motion before articulation and mood: doing both in either order gives the same keys."""

from __future__ import annotations

import time

import bpy
import numpy as np
import pytest

from diface_addon import compat
from diface_addon.jobs.live_mode import live
from diface_addon.scene.pins import pins
from diface_addon.scene.provenance import baseline, stored_request
from diface_addon.scene.takes import take_index
from diface_addon.settings.directing import direction_settings
from tests.addon.scene import scenes
from tests.addon.worker.fake_engine import REGENERATED

JAW, SMILE = (f'key_blocks["{name}"].value' for name in ("jawOpen", "mouthSmileLeft"))
FIRST = 11
SETTINGS = {"jaw": 0.5, "head": 1.5, "lead": 40.0, "smoothing": 30.0}


@pytest.fixture(autouse=True)
def switched_off():
    """Switch Live off after every test."""
    yield
    live.stop()


@pytest.fixture
def begun(scene, head, clicks, worker):
    """Return a function that begins a new file with a take of four seconds."""
    sound = clicks([0.5, 1.5, 2.5], seconds=4.0)

    def begin() -> bpy.types.Object:
        live.stop()
        fresh = scenes.new_file()
        obj = scenes.add_character(fresh, ("jawOpen", "mouthSmileLeft", "browInnerUp", "eyeBlinkLeft"))
        fresh.frame_start = FIRST
        scenes.use_audio_file(fresh, sound)
        assert bpy.ops.diface.generate() == {"FINISHED"}
        return obj

    return begin


def character() -> bpy.types.Object:
    return bpy.data.objects["Character"]


def curve(path: str = JAW, index: int = 0) -> bpy.types.FCurve:
    owner = character().data.shape_keys if path.startswith("key_blocks") else character()
    return compat.active_channelbag(owner.animation_data).fcurves.find(path, index=index)


def key(frame: float, value: float, path: str = JAW, index: int = 0) -> None:
    curve(path, index).keyframe_points.insert(frame, value, options={"FAST"})


def keys() -> dict:
    """Return frame, value and type of the keys of the active take and its layers, by property."""
    return {
        (curve.data_path, curve.array_index): np.array([[*k.co, k.type == "EXTREME"] for k in curve.keyframe_points])
        for action in direction_settings.controlled_actions(character())
        for kind in ("KEY", "OBJECT")
        for curve in scenes.fcurves(action, kind)
    }


def all_takes() -> dict:
    """Return the keys of every take."""
    return {
        action.name: {
            (kind, curve.data_path, curve.array_index): scenes.curve_points(
                action, kind, curve.data_path, curve.array_index
            ).tobytes()
            for kind in ("KEY", "OBJECT")
            for curve in scenes.fcurves(action, kind)
        }
        for actions in take_index.all_takes().values()
        for action in actions
    }


def direct(**settings: float) -> None:
    for name, value in (settings or SETTINGS).items():
        setattr(character().diface.articulation, name, value)
    if not settings:
        character().diface.mood.happy = 0.6


def undirect() -> None:
    assert bpy.ops.diface.reset_articulation() == {"FINISHED"}
    assert bpy.ops.diface.reset_mood() == {"FINISHED"}


def regenerate() -> None:
    key(60, 0.6)
    key(80, -0.3, "rotation_euler", 1)
    assert bpy.ops.diface.regenerate() == {"FINISHED"}


def regenerate_all() -> None:
    key(40.25, 0.6)
    assert bpy.ops.diface.regenerate(where="ALL") == {"FINISHED"}


def in_between() -> None:
    key(60, 0.6)
    assert bpy.ops.diface.in_between(first=50, last=70) == {"FINISHED"}


def splice() -> None:
    bpy.context.scene.diface.seed = 7
    other = take_index.active_take(character())[0].name
    assert bpy.ops.diface.in_between(first=30, last=90) == {"FINISHED"}
    assert bpy.ops.diface.splice_take(other=other, first=50, last=70) == {"FINISHED"}


def unpin() -> None:
    regenerate()
    assert bpy.ops.diface.unpin_all() == {"FINISHED"}


def convert() -> None:
    bpy.context.scene.render.fps = 48
    assert bpy.ops.diface.convert_take() == {"FINISHED"}


def duplicate() -> None:
    assert bpy.ops.diface.duplicate_take() == {"FINISHED"}


def edit_live() -> None:
    bpy.context.scene.diface.edit.live = True
    key(60, 0.6)
    live.current().mark_changed()
    before, end = live.current().timings, time.monotonic() + 20
    while live.current().timings is before:
        assert time.monotonic() < end, "Live did not finish."
        live.tick()
        time.sleep(0.01)
    bpy.context.scene.diface.edit.live = False


@pytest.mark.parametrize("edit", [regenerate, regenerate_all, in_between, splice, unpin, convert, duplicate, edit_live])
def test_an_edit_and_the_articulation_give_the_same_in_either_order(begun, edit):
    begun()
    edit()
    plain = keys()
    direct()
    expected = keys()
    begun()
    direct()
    edit()
    found = keys()
    assert found.keys() == expected.keys()
    for address, points in expected.items():
        assert points.shape == found[address].shape, address
        np.testing.assert_allclose(found[address], points, atol=1e-5, err_msg=str(address))
    undirect()
    back = keys()
    for address, points in plain.items():
        np.testing.assert_allclose(back[address], points, atol=1e-5, err_msg=str(address))


def _regenerate() -> None:
    assert bpy.ops.diface.regenerate() == {"FINISHED"}


def _in_between() -> None:
    assert bpy.ops.diface.in_between(first=50, last=70) == {"FINISHED"}


def _live() -> None:
    bpy.context.scene.diface.edit.live = True
    bpy.context.scene.diface.edit.live = False


@pytest.mark.parametrize("edit", [_regenerate, _in_between, convert, duplicate, _live, splice])
def test_an_edit_leaves_other_takes_as_they_are(begun, edit):
    begun()
    direct()
    key(60, 0.6)
    before = all_takes()
    edit()
    after = all_takes()
    assert len(after) > len(before)
    assert all(after[name] == of_take for name, of_take in before.items())


def test_regenerated_motion_has_the_articulation_and_pins_do_not(begun):
    begun()
    direct(jaw=2.0)
    key(60, 0.6)
    assert bpy.ops.diface.regenerate() == {"FINISHED"}
    at = dict(keys()[JAW, 0][:, :2].tolist())
    assert at[60] == np.float32(0.6)
    assert at[50] == pytest.approx(2 * REGENERATED, abs=1e-3)
    assert [(pin.frame, pin.value) for pin in pins.find_pins(character())] == [(60, np.float32(0.6))]
    assert pins.changed_pins(character()) == []


def test_swapped_poses_are_those_that_are_seen(begun):
    begun()
    direct(jaw=0.5)
    shown = {frame: curve().evaluate(frame) for frame in (FIRST + 12, FIRST + 36)}
    edit = bpy.context.scene.diface.edit
    edit.swap_first, edit.swap_second = shown
    assert bpy.ops.diface.swap_keyframes() == {"FINISHED"}
    first, second = shown
    assert curve().evaluate(first) == pytest.approx(shown[second], abs=1e-6)
    assert curve().evaluate(second) == pytest.approx(shown[first], abs=1e-6)


def test_a_baked_take_keeps_what_is_seen_and_no_data(begun):
    begun()
    direct()
    shown = keys()
    assert bpy.ops.diface.bake_take() == {"FINISHED"}
    baked = character().data.shape_keys.animation_data.action
    assert not [
        name for name in list(baked.keys()) if name.startswith("diface") and not name.startswith(compat.SLOT_PREFIX)
    ]
    np.testing.assert_allclose(keys()[JAW, 0][:, :2], shown[JAW, 0][:, :2])
    direct(jaw=1.7)
    np.testing.assert_allclose(keys()[JAW, 0][:, :2], shown[JAW, 0][:, :2])


def test_a_deleted_take_leaves_settings_for_the_next(begun):
    begun()
    direct(jaw=0.5)
    before = keys()[JAW, 0]
    bpy.ops.diface.delete_take()
    assert bpy.ops.diface.generate() == {"FINISHED"}
    assert np.array_equal(keys()[JAW, 0], before)
    undirect()
    assert keys()[JAW, 0][:, 1].max() == pytest.approx(2 * before[:, 1].max())


def test_pin_pose_keeps_the_pose_that_is_seen(begun):
    begun()
    direct(jaw=0.5)
    bpy.context.scene.frame_set(60)
    shown = keys()
    assert bpy.ops.diface.pin_pose(region="ALL") == {"FINISHED"}
    np.testing.assert_array_equal(keys()[JAW, 0][:, :2], shown[JAW, 0][:, :2])
    direct(jaw=2.0)
    assert dict(keys()[JAW, 0][:, :2].tolist())[60] == dict(shown[JAW, 0][:, :2].tolist())[60]


def test_undo_and_a_saved_file_keep_articulation_and_keys_together(begun, tmp_path):
    begun()
    plain = keys()
    bpy.ops.ed.undo_push(message="start")
    direct()
    directed = keys()
    bpy.ops.ed.undo_push(message="directed")
    bpy.ops.ed.undo()
    assert all(np.array_equal(keys()[address], points) for address, points in plain.items())
    assert character().diface.articulation.jaw == 1.0
    bpy.ops.ed.redo()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "shot.blend"))
    assert all(np.array_equal(keys()[address], points) for address, points in directed.items())
    bpy.context.view_layer.objects.active = character()
    undirect()
    assert all(np.array_equal(keys()[address], points) for address, points in plain.items())


def test_a_renamed_shape_key_keeps_its_articulation(begun):
    begun()
    direct(jaw=0.5)
    character().data.shape_keys.key_blocks["jawOpen"].name = "JawOpen"
    path = 'key_blocks["JawOpen"].value'
    half = keys()[path, 0]
    direct(jaw=1.0)
    np.testing.assert_allclose(keys()[path, 0][:, 1], 2 * half[:, 1], atol=1e-6)
    assert stored_request.require_request(take_index.active_take(character())[0])
    assert not baseline.has_controls(take_index.active_take(character())[0])
