"""Live: changes are regenerated in a working copy. The tests call the timer, as there is no window."""

from __future__ import annotations

import time

import bpy
import numpy as np
import pytest

from diface_addon import compat
from diface_addon.core import channels
from diface_addon.jobs import edit, edit_plan
from diface_addon.jobs.live_mode import live
from diface_addon.scene.animation import evaluate_curves
from diface_addon.scene.animation.active_actions import active_actions
from diface_addon.scene.pins import pins
from diface_addon.scene.provenance import stored_request, take_request
from diface_addon.settings.directing import direction_updates
from diface_addon.worker import process
from tests.addon.scene import scenes
from tests.addon.worker import fake_engine

JAW = 'key_blocks["jawOpen"].value'
SMILE = 'key_blocks["mouthSmileLeft"].value'
FIRST = 11
SECONDS = 9.0


@pytest.fixture(autouse=True)
def switched_off():
    """Switch Live off after every test."""
    yield
    live.stop()


@pytest.fixture
def take(scene, head, worker, clicks) -> list[bpy.types.Action]:
    """The Actions of a take of nine seconds of clicks, 25 frames per second from frame 11 on."""
    scene.render.fps, scene.frame_start = 25, FIRST
    scene.diface.blinks = scene.diface.gaze = scene.diface.breath = False
    scenes.use_audio_file(scene, clicks([0.5, 2.0, 4.5, 6.0, 8.5], SECONDS))
    assert bpy.ops.diface.generate() == {"FINISHED"}
    return active_actions(head)


def key_properties(actions) -> dict:
    """Return all properties of the keys of these Actions."""
    found = {}
    for action in actions:
        for kind in ("KEY", "OBJECT"):
            held = compat.find_channelbag(action, kind)
            for fcurve in held.fcurves if held else ():
                keys = [
                    (*k.co, *k.handle_left, *k.handle_right, k.type, k.interpolation) for k in fcurve.keyframe_points
                ]
                found[action.name, kind, fcurve.data_path, fcurve.array_index] = keys
    return found


def fcurve(obj, path: str = JAW, index: int = 0) -> bpy.types.FCurve:
    owner = obj if path.startswith("rotation") else obj.data.shape_keys
    return compat.active_channelbag(owner.animation_data).fcurves.find(path, index=index)


def set_key(obj, frame: int, value: float, path: str = JAW, index: int = 0) -> None:
    """Move a key as dragging it in the Graph Editor does."""
    key = next(key for key in fcurve(obj, path, index).keyframe_points if key.co.x == frame)
    key.co.y = value
    fcurve(obj, path, index).id_data.update_tag()
    live.current().mark_changed()


def values(obj, path: str = JAW, index: int = 0) -> dict[float, float]:
    return {key.co.x: key.co.y for key in fcurve(obj, path, index).keyframe_points}


def run_until(done, seconds: float = 20.0) -> None:
    """Advance the timer until `done`, or until Live is off."""
    end = time.monotonic() + seconds
    while live.current() and not done():
        assert time.monotonic() < end, "Live did not finish."
        live.tick()
        time.sleep(0.01)


def wait_for_draft() -> None:
    """Wait for the next draft."""
    before = live.current().timings
    run_until(lambda: live.current().timings is not before)


def run_timer(seconds: float) -> None:
    end = time.monotonic() + seconds
    run_until(lambda: time.monotonic() > end)


def test_live_regenerates_only_around_a_key(scene, head, take) -> None:
    before, old = key_properties(take), values(head)
    turn = values(head, "rotation_euler", 2)
    scene.diface.edit.live = True
    copy = active_actions(head)
    assert {action.name for action in copy}.isdisjoint(action.name for action in take)
    assert copy[0].name == f"{take[0].name} live"
    assert values(head) == old

    set_key(head, 120, 0.75)
    wait_for_draft()
    new = values(head)
    assert new[120] == 0.75
    assert new.keys() == old.keys()
    near = [frame for frame in new if new[frame] != old[frame]]
    assert {119.0, 121.0} <= set(near)
    assert all(abs(frame - 120) <= 63 for frame in near)
    assert values(head, "rotation_euler", 2) == turn
    assert key_properties(take) == before
    assert active_actions(head) == copy
    assert pins.changed_pins(head) == []
    assert [(pin.frame, pin.value) for pin in pins.find_pins(head)] == [(120, 0.75)]


def test_live_equals_an_edit_as_a_new_take(scene, head, take) -> None:
    """Writing in place gives the same keys as an edit as a new take."""
    scene.diface.edit.live = True
    copy = active_actions(head)
    set_key(head, 120, 0.75)
    set_key(head, 90, -0.4, "rotation_euler", 1)
    obj = head
    shape = fcurve(obj).keyframe_points
    shape[30].select_control_point = True
    wait_for_draft()
    live_keys = key_properties(copy)
    assert fcurve(obj).keyframe_points[30].select_control_point
    scene.diface.edit.live = False

    assert bpy.ops.diface.use_take(take=stored_request.read_request(take[0])["take"]) == {"FINISHED"}
    for frame, value, path, index in ((120, 0.75, JAW, 0), (90, -0.4, "rotation_euler", 1)):
        next(k for k in fcurve(obj, path, index).keyframe_points if k.co.x == frame).co.y = value

    def plan(base: edit_plan.EditContext) -> edit_plan.Plan:
        face, turns = (
            base.regenerate_mask(f - 63, f + 63, names) for f, names in ((120, base.motion.channels[:52]), (90, HEAD))
        )
        return edit_plan.Plan(face | turns, base.pins)

    running = edit.begin(bpy.context, plan)
    written = running.write_result()
    running.end()
    new_take_keys = key_properties(written.actions)
    assert [live_keys[name] for name in sorted(live_keys)] == [new_take_keys[name] for name in sorted(new_take_keys)]


def test_live_works_on_the_chosen_regions(scene, head, take) -> None:
    """A change in another region stays as it is, and is regenerated when its region is chosen."""
    scene.diface.edit.regions = {"LIPS"}
    scene.diface.edit.live = True
    before = values(head)
    set_key(head, 120, 0.75)
    run_timer(0.5)
    assert live.current().timings == {}
    assert values(head) == {**before, 120: 0.75}

    smile, turn = values(head, SMILE), values(head, "rotation_euler", 2)
    set_key(head, 90, 0.5, SMILE)
    wait_for_draft()
    assert values(head, SMILE)[91] != smile[91]
    assert values(head) == {**before, 120: 0.75}
    assert values(head, "rotation_euler", 2) == turn

    lips = values(head, SMILE)
    scene.diface.edit.regions = {"JAW"}
    wait_for_draft()
    assert values(head)[121] != before[121]
    assert values(head, SMILE) == lips


def test_settings_change_only_the_chosen_regions(scene, head, take) -> None:
    scene.diface.edit.regions = {"HEAD"}
    scene.diface.edit.live = True
    jaw, turn = values(head), values(head, "rotation_euler", 2)
    scene.diface.seed += 1
    wait_for_draft()
    assert values(head) == jaw
    assert values(head, "rotation_euler", 2) != turn


def test_draft_is_refined_in_the_regions_that_it_was_made_for(scene, head, take) -> None:
    scene.diface.edit.regions = {"JAW"}
    scene.diface.edit.live = True
    set_key(head, 120, 0.75)
    wait_for_draft()
    smile = values(head, SMILE)
    scene.diface.edit.regions = {"LIPS"}
    wait_for_draft()
    assert values(head, SMILE) == smile


def test_live_needs_a_region(scene, head, take) -> None:
    scene.diface.edit.regions = set()
    scene.diface.edit.live = True
    assert live.current() is None


HEAD = ("head_rx", "head_ry", "head_rz")


def test_live_waits_during_a_drag(scene, head, take) -> None:
    scene.diface.edit.live = True
    run_timer(0.3)
    for step in range(12):
        set_key(head, 120, 0.3 + step / 40)
        live.tick()
        time.sleep(live.WRITE_AFTER[0] / 3)
        assert not process.shared_worker().busy
    assert live.current().timings == {}
    wait_for_draft()
    assert values(head)[120] == pytest.approx(0.3 + 11 / 40)


def test_newer_change_cancels_the_running_task(scene, head, take) -> None:
    scene.diface.edit.live = True
    run_timer(0.3)
    scene.diface.seed = fake_engine.SLOW
    run_until(lambda: process.shared_worker().busy)
    job = live.current()._task
    scene.diface.seed = 1
    set_key(head, 120, 0.75)
    wait_for_draft()
    assert job.state == "cancelled"
    assert values(head)[120] == 0.75


def test_working_copy_stores_a_request_that_reproduces_it(scene, head, take) -> None:
    """After copying, after a draft and its refinement, and after another draft when Live is switched off."""

    def kept() -> bool:
        action = active_actions(head)[0]
        made = take_request.load(action)
        if made is None:
            return False
        wanted, names = made.request.constraints, channels.of_request(made.request.parts, made.request.layers)
        playing = evaluate_curves.sample_motion(head, FIRST, len(wanted.values), names)
        assert set(made.request.parts) == {"face", "head"}
        assert wanted.known_mask.all()
        return np.array_equal(wanted.values, playing.values)

    scene.diface.edit.live = True
    assert kept()
    set_key(head, 60, 0.75)
    wait_for_draft()
    assert not kept()
    wait_for_draft()  # in full quality
    assert kept()
    set_key(head, 160, 0.3)
    wait_for_draft()
    scene.diface.edit.live = False
    live.tick()
    assert kept()


@pytest.mark.slow
def test_written_result_is_not_a_change_and_is_refined_once(scene, head, take) -> None:
    scene.diface.edit.live = True
    set_key(head, 120, 0.75)
    wait_for_draft()
    live.current().mark_changed()
    wait_for_draft()  # in full quality
    final = live.current().timings
    assert stored_request.read_request(active_actions(head)[0])["seed"] == 0
    live.current().mark_changed()
    run_timer(0.5)
    assert live.current().timings is final


def test_changed_strength_applies_around_the_playhead(scene, head, take) -> None:
    scene.diface.edit.live = True
    old, turn = values(head), values(head, "rotation_euler", 2)
    scene.frame_set(FIRST + 50)  # there is a click at this frame
    scene.diface.face_strength = 0.5
    wait_for_draft()
    new = values(head)
    assert new[FIRST + 50] == pytest.approx(fake_engine.REGENERATED)
    assert stored_request.read_request(active_actions(head)[0])["face_strength"] == 0.5
    assert values(head, "rotation_euler", 2) == turn
    assert new[FIRST + 212] == old[FIRST + 212] > 0.1


def test_reverted_key_is_not_a_pin(scene, head, take) -> None:
    scene.diface.edit.live = True
    set_key(head, 120, 0.75)
    wait_for_draft()
    assert values(head)[121] > 2 * fake_engine.REGENERATED
    pins.unpin(head, pins.find_pins(head))
    live.current().mark_changed()
    wait_for_draft()
    assert pins.find_pins(head) == []
    assert [values(head)[frame] for frame in (119, 120, 121)] == pytest.approx([fake_engine.REGENERATED] * 3)


def test_live_after_undo_and_redo(scene, head, take) -> None:
    bpy.ops.ed.undo_push(message="begin")
    scene.diface.edit.live = True
    bpy.ops.ed.undo_push(message="live")
    old = values(head)
    set_key(head, 120, 0.75)
    bpy.ops.ed.undo_push(message="key")
    wait_for_draft()
    bpy.ops.ed.undo()
    head = bpy.data.objects["Character"]
    run_timer(0.4)
    assert live.current() is not None
    assert values(head) == old
    bpy.ops.ed.redo()
    head = bpy.data.objects["Character"]
    wait_for_draft()
    assert values(head)[120] == 0.75
    assert values(head)[121] != old[121]
    bpy.ops.ed.undo()
    bpy.ops.ed.undo()
    run_timer(0.2)
    assert live.current() is None
    assert not bpy.context.scene.diface.edit.live


def test_undo_cancels_the_running_task(scene, head, take) -> None:
    scene.diface.edit.live = True
    bpy.ops.ed.undo_push(message="live")
    scene.diface.seed = fake_engine.SLOW
    set_key(head, 120, 0.75)
    bpy.ops.ed.undo_push(message="key")
    run_until(lambda: process.shared_worker().busy)
    old = values(head, "rotation_euler", 2)
    bpy.ops.ed.undo()
    run_timer(0.4)
    assert not process.shared_worker().busy
    assert live.current().timings == {}
    assert values(bpy.data.objects["Character"], "rotation_euler", 2) == old


@pytest.mark.parametrize("what", ["character", "take", "scene"])
def test_deleted_data_switch_live_off_with_a_message(scene, head, take, what) -> None:
    scene.diface.edit.live = True
    set_key(head, 120, 0.75)
    run_until(lambda: process.shared_worker().busy)
    if what == "character":
        bpy.data.objects.remove(head)
    elif what == "take":
        for action in active_actions(head):
            bpy.data.actions.remove(action)
    else:
        bpy.data.scenes.new("Other")
        bpy.data.scenes.remove(scene)
    run_timer(1.0)
    assert live.current() is None
    assert "Live is off" in bpy.context.window_manager.diface.message
    assert not any(some.diface.edit.live for some in bpy.data.scenes)
    assert not process.shared_worker().busy


def test_error_is_shown_once_and_live_continues(scene, head, take) -> None:
    scene.diface.edit.live = True
    state = bpy.context.window_manager.diface
    scene.diface.seed = fake_engine.BUG
    run_until(lambda: state.message)
    assert "a bug" in state.message
    state.message = ""
    live.current().mark_changed()
    run_timer(0.4)
    assert state.message == ""
    scene.diface.seed = 1
    wait_for_draft()


def test_generate_preempts_live(scene, head, take) -> None:
    scene.diface.edit.live = True
    run_timer(0.3)
    scene.diface.seed = fake_engine.SLOW
    run_until(lambda: process.shared_worker().busy)
    scene.diface.seed = 2
    scene.diface.edit.live, playing = True, active_actions(head)
    assert bpy.ops.diface.generate() == {"FINISHED"}
    assert active_actions(head) != playing
    run_timer(0.3)
    assert "another take is active" in bpy.context.window_manager.diface.message


def test_locked_curve_is_unchanged_and_not_requested_again(scene, head, take) -> None:
    scene.diface.edit.live = True
    fcurve(head).lock = True
    set_key(head, 120, 0.75)
    wait_for_draft()
    times = live.current().timings
    live.current().mark_changed()
    run_timer(0.3)
    assert live.current().timings is times
    assert values(head)[120] == 0.75


def test_live_is_off_in_an_opened_file(scene, head, take, tmp_path) -> None:
    scene.diface.edit.live = True
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "live.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "live.blend"))
    assert live.current() is None
    assert not bpy.context.scene.diface.edit.live
    assert not bpy.app.timers.is_registered(live.tick)
    assert live._on_depsgraph_update not in bpy.app.handlers.depsgraph_update_post


def test_live_without_animation_shows_a_message(scene, head) -> None:
    scene.diface.edit.live = True
    assert not scene.diface.edit.live
    assert "has no animation yet" in bpy.context.window_manager.diface.message


def test_changed_driver_of_the_articulation_is_followed_and_regenerates_nothing(scene, head, take) -> None:
    control = bpy.data.objects.new("Control", None)
    scene.collection.objects.link(control)
    control["jaw"] = 1.0
    driver = head.driver_add("diface.articulation.jaw").driver
    driver.type = "AVERAGE"
    target = driver.variables.new().targets[0]
    target.id, target.data_path = control, '["jaw"]'
    scene.diface.edit.live = True
    run_timer(0.4)
    before, timings = values(head), live.current().timings
    control["jaw"] = 0.5
    control.update_tag()
    bpy.context.view_layer.update()
    direction_updates.apply_changes()
    run_timer(0.6)
    assert live.current().timings == timings
    assert max(values(head).values()) == pytest.approx(0.5 * max(before.values()), abs=1e-4)
    assert pins.find_pins(head) == []
