"""Convert Take: a take at the scene's new frame rate, in sync with its sound, with its pins."""

from __future__ import annotations

import bpy
import numpy as np
import pytest

from diface_addon import compat
from diface_addon.core import errors
from diface_addon.jobs.live_mode import live_session
from diface_addon.scene.pins import pins
from diface_addon.scene.provenance import baseline, stored_request
from diface_addon.scene.takes import take_index, take_list
from tests.addon.scene import scenes

JAW = 'key_blocks["jawOpen"].value'
CLICKS = [0.5, 1.5, 2.5]
FIRST = 11


@pytest.fixture
def take(scene, head, clicks, worker) -> bpy.types.Object:
    """A character with a take of four seconds at 24 frames per second, from frame 11 on."""
    scene.render.fps, scene.render.fps_base = 24, 1.0
    scene.frame_start = FIRST
    scenes.use_audio_file(scene, clicks(CLICKS, seconds=4.0))
    assert bpy.ops.diface.generate() == {"FINISHED"}
    return head


def jaw_curve(obj: bpy.types.Object) -> bpy.types.FCurve:
    action = obj.data.shape_keys.animation_data.action
    return compat.find_channelbag(action, "KEY").fcurves.find(JAW)


def insert(obj: bpy.types.Object, frame: float, value: float) -> None:
    jaw_curve(obj).keyframe_points.insert(frame, value, options={"FAST"})


@pytest.mark.parametrize("rate", ["25", "30", "60", "29.97"])
def test_converted_take_is_in_sync_and_has_a_key_per_frame(scene, take, rate) -> None:
    old = stored_request.read_request(take.data.shape_keys.animation_data.action)
    fps = scenes.set_rate(scene, rate)
    assert bpy.ops.diface.convert_take() == {"FINISHED"}
    keys = scenes.jaw_keys(take)
    assert keys[:, 0].tolist() == list(range(FIRST, FIRST + int(np.ceil(4 * fps - 1e-6))))
    seconds = (np.array(scenes.loud_frames(keys)) - FIRST) / fps
    assert seconds == pytest.approx(CLICKS, abs=1 / 24)
    request = stored_request.read_request(take.data.shape_keys.animation_data.action)
    assert request["rate"]["fps"] / request["rate"]["base"] == pytest.approx(fps)
    assert request["parent"] == old["take"]
    assert request["take"] != old["take"]
    assert pins.find_pins(take) == []


def test_pins_keep_their_values_and_their_times_in_seconds(scene, take) -> None:
    insert(take, 40, 0.7310585975646973)
    insert(take, 52.25, 0.123)
    assert bpy.ops.diface.regenerate() == {"FINISHED"}
    insert(take, 83, 0.456)  # not regenerated yet
    before, changed = pins.find_pins(take), pins.changed_pins(take)
    scene.render.fps = 30
    assert bpy.ops.diface.convert_take() == {"FINISHED"}
    after = pins.find_pins(take)
    assert [pin.value for pin in after] == [pin.value for pin in before]
    expected = [FIRST + (pin.frame - FIRST) * 30 / 24 for pin in before]
    assert [pin.frame for pin in after] == pytest.approx(expected, abs=1e-4)
    assert [pin.value for pin in pins.changed_pins(take)] == [pin.value for pin in changed]
    assert bpy.ops.diface.regenerate() == {"FINISHED"}
    assert [pin.value for pin in pins.find_pins(take)] == [pin.value for pin in before]
    assert pins.changed_pins(take) == []


def test_refused_edit_names_convert_take_and_works_after_it(scene, take) -> None:
    scene.render.fps = 30
    insert(take, 40, 0.5)
    with pytest.raises(RuntimeError, match="Convert Take"):
        bpy.ops.diface.regenerate()
    with pytest.raises(errors.SceneError, match="Convert Take"):
        live_session.create_working_copy(bpy.context)
    assert bpy.ops.diface.convert_take() == {"FINISHED"}
    assert bpy.ops.diface.regenerate() == {"FINISHED"}


def test_original_take_and_its_row_stay(scene, take) -> None:
    action = take.data.shape_keys.animation_data.action
    before = scenes.curve_points(action, "KEY", JAW).copy()
    scene.render.fps = 60
    assert bpy.ops.diface.convert_take() == {"FINISHED"}
    assert (scenes.curve_points(action, "KEY", JAW) == before).all()
    original, converted = take_list.entries(take)
    assert (original.depth, converted.depth, converted.parent) == (0, 1, original.take)
    assert converted.is_active


def test_take_at_the_scenes_rate_is_refused(scene, take) -> None:
    with pytest.raises(RuntimeError, match="has the scene's frame rate"):
        bpy.ops.diface.convert_take()


def test_inactive_take_is_converted_and_stays_inactive(scene, take) -> None:
    (first,) = take_index.all_takes()
    assert bpy.ops.diface.generate() == {"FINISHED"}
    active = take.data.shape_keys.animation_data.action
    scene.render.fps = 30
    assert bpy.ops.diface.convert_take(take=first) == {"FINISHED"}
    assert take.data.shape_keys.animation_data.action == active
    assert len(take_index.all_takes()) == 3


def test_curve_that_the_user_added_is_retimed(scene, take) -> None:
    take.location.x = 2.0
    take.keyframe_insert("location", index=0, frame=FIRST + 48)
    scene.render.fps = 30
    assert bpy.ops.diface.convert_take() == {"FINISHED"}
    action = take.animation_data.action
    assert scenes.curve_points(action, "OBJECT", "location").tolist() == [[FIRST + 60, 2.0]]


@pytest.mark.parametrize("damage", ["cut", "missing", "no header", "other header", "too few values"])
def test_a_damaged_baseline_is_named_and_nothing_changes(scene, take, damage) -> None:
    action = take.data.shape_keys.animation_data.action
    whole = bytes(action[baseline.SAMPLES])
    header, values = baseline.unpack(whole)
    damaged = {
        "cut": whole[:-40],
        "no header": whole.partition(b"\0")[2],
        "other header": baseline.pack(5, [values]),
        "too few values": baseline.pack(header, [values[:-1]]),
    }
    for part in take_index.active_take(take) if damage == "missing" else [action]:
        del part[baseline.SAMPLES]
    if damage in damaged:
        action[baseline.SAMPLES] = damaged[damage]
    keys, names = scenes.jaw_keys(take).copy(), sorted(bpy.data.actions.keys())
    scene.render.fps = 30
    with pytest.raises(RuntimeError, match="stores are damaged"):
        bpy.ops.diface.convert_take()
    assert np.array_equal(scenes.jaw_keys(take), keys)
    assert sorted(bpy.data.actions.keys()) == names
