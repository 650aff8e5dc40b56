"""Editing in a scene: the user's keys are kept exactly, and only the scope of the edit is regenerated."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
import pytest

from diface_addon import compat
from diface_addon.core import channels
from diface_addon.jobs import edit, running_job
from diface_addon.operators.edit.regenerate import plan_around_pins
from diface_addon.scene.pins import pins
from diface_addon.scene.provenance import stored_request, take_request
from diface_addon.scene.takes import take_index
from tests.addon.scene import scenes
from tests.addon.worker.fake_engine import REGENERATED, SLOW

JAW = 'key_blocks["jawOpen"].value'
SMILE = 'key_blocks["mouthSmileLeft"].value'


@pytest.fixture
def take(scene, head, clicks, worker) -> bpy.types.Object:
    """A character with a take of four seconds from frame 11 on."""
    scene.frame_start = 11
    scenes.use_audio_file(scene, clicks([0.5, 1.5, 2.5], seconds=4.0))
    assert bpy.ops.diface.generate() == {"FINISHED"}
    return head


def face(obj: bpy.types.Object) -> bpy.types.Action:
    return obj.data.shape_keys.animation_data.action


def curve(obj: bpy.types.Object, path: str = JAW) -> bpy.types.FCurve:
    return compat.find_channelbag(face(obj), "KEY").fcurves.find(path)


def key(obj: bpy.types.Object, frame: float, value: float, path: str = JAW) -> None:
    """Key a value as a user does: an existing key keeps its type, otherwise a new key is inserted."""
    curve(obj, path).keyframe_points.insert(frame, value, options={"FAST"})


def values(obj: bpy.types.Object, path: str = JAW) -> np.ndarray:
    return scenes.curve_points(face(obj), "KEY", path)


def turn(obj: bpy.types.Object, frame: int) -> np.ndarray:
    """Return all components of the rotation keyed at a frame."""
    found = compat.find_channelbag(obj.animation_data.action, "OBJECT").fcurves
    return np.array([c.evaluate(frame) for c in found if c.data_path.startswith("rotation")], np.float32)


@pytest.mark.parametrize("rate", list(scenes.RATES))
def test_regenerate_keeps_pins_exactly_at_every_rate(scene, head, clicks, worker, rate):
    fps = scenes.set_rate(scene, rate)
    scene.frame_start = 7
    scenes.use_audio_file(scene, clicks([0.5], seconds=6.0))
    bpy.ops.diface.generate()
    middle = 7 + round(3 * fps)
    key(head, middle, 0.7310585975646973)
    key(head, middle + 5.375, 0.123)
    before = values(head)
    assert bpy.ops.diface.regenerate() == {"FINISHED"}
    after = values(head)
    at = {round(float(frame), 4): value for frame, value in after}
    assert at[middle] == np.float32(0.7310585975646973)
    assert at[round(middle + 5.375, 4)] == np.float32(0.123)
    far = np.abs(before[:, 0] - middle) > 2 * 8 + fps
    assert np.array_equal(before[far], after[np.abs(after[:, 0] - middle) > 2 * 8 + fps])
    assert np.float32(REGENERATED) in after[:, 1]


def test_edit_keeps_the_old_take(take):
    old = face(take)
    key(take, 60, 0.6)
    fingerprint = values(take).tobytes()
    count = len(take_index.all_takes())
    bpy.ops.diface.regenerate()
    assert len(take_index.all_takes()) == count + 1
    assert face(take) != old
    assert scenes.curve_points(old, "KEY", JAW).tobytes() == fingerprint
    made = take_request.load(face(take))
    assert len(made.request.constraints.pins) == 1
    assert made.request.constraints.pins.row.tolist() == [49.0]
    assert made.model_hash == "0123abcd"


def test_pin_is_applied_in_the_new_take(take):
    key(take, 60, 0.6)
    bpy.ops.diface.regenerate()
    [pin] = pins.find_pins(take)
    assert (pin.frame, pin.value) == (60.0, np.float32(0.6))
    assert pins.changed_pins(take) == []
    key(take, 80, 0.3)
    bpy.ops.diface.regenerate()
    assert [pin.frame for pin in pins.find_pins(take)] == [60.0, 80.0]


def reopened(path: Path) -> bpy.types.Object:
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    bpy.ops.wm.open_mainfile(filepath=str(path))
    return bpy.data.objects["Character"]


@pytest.mark.parametrize("frame", [60, 60.25])
@pytest.mark.parametrize("how", ["unpinned", "changed and unpinned", "deleted", "saved"])
def test_regenerate_after_unpin(take, frame, how, tmp_path):
    """Motion that was warped to a pin is regenerated completely."""
    key(take, frame, 0.9)
    bpy.ops.diface.regenerate()
    if how == "changed and unpinned":
        key(take, frame, 0.5)
    if how == "deleted":
        keys = curve(take).keyframe_points
        keys.remove(next(keyframe for keyframe in keys if abs(keyframe.co.x - frame) < 1e-3))
    else:
        bpy.ops.diface.unpin_all()
    if how == "saved":
        take = reopened(tmp_path / "shot.blend")
    assert pins.find_pins(take) == []
    [removed] = pins.changed_pins(take)
    assert (removed.path, removed.frame, removed.value) == (JAW, frame, np.float32(0.9))
    assert bpy.ops.diface.regenerate() == {"FINISHED"}
    assert pins.find_pins(take) == pins.changed_pins(take) == []
    found = values(take)
    assert found[np.abs(found[:, 0] - frame) < 4, 1].max() < 0.6


def test_only_applied_pins_are_regenerated_after_unpin(take):
    key(take, 60, 0.9)
    bpy.ops.diface.unpin_all()
    assert pins.changed_pins(take) == []
    bpy.context.scene.frame_set(80)
    bpy.ops.diface.pin_pose(region="ALL")
    bpy.ops.diface.unpin_all()
    assert pins.changed_pins(take) == []


def test_removed_pin_stays_changed_after_an_edit_elsewhere(take):
    key(take, 40, 0.9)
    key(take, 100, 0.8)
    bpy.ops.diface.regenerate()
    bpy.context.scene.frame_set(40)
    bpy.ops.diface.unpin(region="ALL")
    bpy.ops.diface.in_between(first=95, last=105)
    assert [pin.frame for pin in pins.find_pins(take)] == [100]
    assert [pin.frame for pin in pins.changed_pins(take)] == [40]
    bpy.ops.diface.regenerate()
    assert pins.changed_pins(take) == []


def test_unpinned_blink_stays_as_edited_with_a_note(scene, clicks, worker, capfd):
    """Blinks are warped to their pins and never regenerated."""
    obj = scenes.add_character(scene, ("jawOpen", "eyeBlinkLeft"))
    scenes.use_audio_file(scene, clicks([0.5], seconds=4.0))
    bpy.ops.diface.generate()
    block = obj.data.shape_keys.key_blocks["eyeBlinkLeft"]
    block.value = 0.7
    block.keyframe_insert("value", frame=60)
    key(obj, 90, 0.9)
    bpy.ops.diface.regenerate()
    assert [pin.frame for pin in pins.find_pins(obj)] == [60, 90]
    bpy.ops.diface.unpin_all()
    assert "Removed 2 pins. Blinks, gaze and breath are not regenerated" in capfd.readouterr().out
    assert [pin.frame for pin in pins.changed_pins(obj)] == [90]


def test_undo_of_unpin(take):
    key(take, 60, 0.9)
    bpy.ops.diface.regenerate()
    bpy.ops.ed.undo_push(message="Regenerate")
    bpy.ops.diface.unpin_all()
    bpy.ops.ed.undo_push(message="Unpin")
    assert len(pins.changed_pins(take)) == 1
    bpy.ops.ed.undo()
    again = bpy.data.objects["Character"]
    assert [pin.frame for pin in pins.find_pins(again)] == [60]
    assert pins.changed_pins(again) == []


def test_pin_on_a_renamed_shape_key_is_kept(take):
    take.data.shape_keys.key_blocks["jawOpen"].name = "JawOpen"
    path = 'key_blocks["JawOpen"].value'
    key(take, 60, 0.66, path)
    assert bpy.ops.diface.regenerate() == {"FINISHED"}
    assert bpy.ops.diface.regenerate(where="ALL") == {"FINISHED"}
    [pin] = pins.find_pins(take)
    assert (pin.path, pin.frame, pin.value) == (path, 60, np.float32(0.66))


def test_key_of_the_face_leaves_the_head(take):
    """A key of the face leaves the head's curves as they are, to the bit."""
    heads = [turn(take, frame) for frame in range(11, 131)]
    key(take, 60, 0.6)
    bpy.ops.diface.regenerate()
    assert np.array_equal(heads, [turn(take, frame) for frame in range(11, 131)])


@pytest.mark.parametrize("mode", ["XYZ", "ZXY", "QUATERNION", "AXIS_ANGLE"])
def test_key_of_the_head_regenerates_the_head(scene, head, clicks, worker, mode):
    head.rotation_mode = mode
    scenes.use_audio_file(scene, clicks([0.5], seconds=4.0))
    bpy.ops.diface.generate()
    found = compat.find_channelbag(head.animation_data.action, "OBJECT").fcurves
    paths = {"QUATERNION": "rotation_quaternion", "AXIS_ANGLE": "rotation_axis_angle"}
    turned = found.find(paths.get(mode, "rotation_euler"), index=0)
    turned.keyframe_points.insert(60, turned.evaluate(60) + 0.2, options={"FAST"})
    wanted, far = turn(head, 60), turn(head, 5)
    bpy.ops.diface.regenerate()
    new = turn(head, 60)
    pinned = slice(None) if mode == "QUATERNION" else slice(0, 1)
    assert np.array_equal(new[pinned], wanted[pinned])
    assert np.array_equal(turn(head, 5), far)
    assert not np.array_equal(turn(head, 64), far)


def test_in_between_regenerates_only_its_range(scene, take):
    scene.use_preview_range, scene.frame_preview_start, scene.frame_preview_end = True, 50, 80
    before, smile = values(take), values(take, SMILE)
    scene.diface.edit.regions = {"JAW"}
    assert bpy.ops.diface.in_between() == {"FINISHED"}
    after = values(take)
    inside = (before[:, 0] >= 50) & (before[:, 0] <= 80)
    assert np.array_equal(before[~inside], after[~inside])
    assert np.allclose(after[inside, 1][10:20], REGENERATED)
    assert np.array_equal(values(take, SMILE), smile)


def test_an_edit_near_a_key_after_the_end_does_not_lengthen_the_take(take):
    rows = len(values(take))
    last = int(values(take)[-1, 0])
    key(take, last + 6, 0.5)
    key(take, last - 3, 0.6)
    bpy.ops.diface.regenerate()
    request = take_request.load(face(take)).request
    assert request.constraints.values.shape[0] == rows
    bpy.ops.diface.in_between(first=last - 20, last=last - 10)
    request = take_request.load(face(take)).request
    assert request.constraints.values.shape[0] == rows
    assert values(take)[-1].tolist() == [last + 6, 0.5]


def test_regenerate_all_keeps_the_pins(scene, take):
    key(take, 60, 0.6)
    bpy.ops.diface.regenerate(where="ALL")
    found = values(take)
    assert found[49, 1] == np.float32(0.6)
    eased = 2 * round(0.2 * 24)
    assert np.isclose(found[:, 1], REGENERATED).sum() == 96 - 15 - eased
    assert found[0, 1] == found[-1, 1] == 0


def test_swap_exchanges_poses(scene, take):
    key(take, 40, 0.9)
    key(take, 90, 0.2)
    scene.diface.edit.swap_first, scene.diface.edit.swap_second = 40, 90
    assert bpy.ops.diface.swap_keyframes() == {"FINISHED"}
    found = values(take)
    assert found[40 - 11, 1] == np.float32(0.2)
    assert found[90 - 11, 1] == np.float32(0.9)


@pytest.mark.parametrize(
    ("frames", "message"),
    [((0, 0), "Two different frames"), ((40, 40), "Two different"), ((40, 4000), "outside the take")],
)
def test_swap_refuses_frames_that_are_no_pair(scene, take, frames, message):
    scene.diface.edit.swap_first, scene.diface.edit.swap_second = frames
    with pytest.raises(RuntimeError, match=message):
        bpy.ops.diface.swap_keyframes()


def select_keys_at(obj, frames):
    fcurves = compat.find_channelbag(face(obj), "KEY").fcurves
    for point in (point for fcurve in fcurves for point in fcurve.keyframe_points):
        point.select_control_point = point.co.x in frames


def test_swap_exchanges_the_poses_of_the_two_selected_key_frames(scene, take):
    key(take, 40, 0.9)
    key(take, 90, 0.2)
    scene.diface.edit.swap_choice = "KEYS"
    select_keys_at(take, (40, 90))
    assert bpy.ops.diface.swap_keyframes() == {"FINISHED"}
    found = values(take)
    assert (found[40 - 11, 1], found[90 - 11, 1]) == (np.float32(0.2), np.float32(0.9))
    select_keys_at(take, (40, 60, 90))
    with pytest.raises(RuntimeError, match="exactly two frames must be selected"):
        bpy.ops.diface.swap_keyframes()


def test_copy_and_paste_pose_between_characters(scene, take, clicks):
    key(take, 60, 0.75)
    scene.frame_set(60)
    bpy.ops.diface.copy_pose()
    other = scenes.add_character(scene, ("jawOpen",))
    bpy.context.view_layer.objects.active = other
    scenes.use_audio_file(scene, clicks([0.5]))
    bpy.ops.diface.generate()
    scene.frame_set(70)
    bpy.ops.diface.paste_pose()
    [pin] = [pin for pin in pins.find_pins(other) if pin.kind == "KEY"]
    assert (pin.frame, pin.value) == (70.0, np.float32(0.75))


def test_edit_of_a_user_action(scene, head, clicks, worker):
    """Three keys of the user are kept, and the motion between them is generated."""
    scenes.use_audio_file(scene, clicks([0.5], seconds=4.0))
    block = head.data.shape_keys.key_blocks["jawOpen"]
    for frame, value in ((10, 0.1), (50, 0.8), (90, 0.2)):
        block.value = value
        block.keyframe_insert("value", frame=frame)
    user_action = face(head)
    before = values(head)
    scene.diface.edit.frame_choice = "STRIP"
    assert bpy.ops.diface.in_between() == {"FINISHED"}
    found = {float(frame): float(value) for frame, value in values(head)}
    assert [found[frame] for frame in (10.0, 50.0, 90.0)] == before[:, 1].tolist()
    assert stored_request.read_request(face(head)) is not None
    assert scenes.curve_points(user_action, "KEY", JAW).tobytes() == before.tobytes()
    assert np.isclose(list(found.values()), REGENERATED).sum() > 20


def test_undo_brings_the_old_take_back(take):
    bpy.ops.ed.undo_push(message="before")
    old, count = face(take).name, len(bpy.data.actions)
    key(take, 60, 0.6)
    bpy.ops.ed.undo_push(message="key")
    bpy.ops.diface.regenerate()
    bpy.ops.ed.undo_push(message="regenerate")
    bpy.ops.ed.undo()
    obj = bpy.data.objects["Character"]
    assert face(obj).name == old
    assert len(bpy.data.actions) == count
    assert values(obj)[49, 1] == np.float32(0.6)


def test_edits_are_refused_with_a_reason(scene, head, clicks, worker):
    scenes.use_audio_file(scene, clicks([0.5]))
    with pytest.raises(RuntimeError, match="has no animation yet"):
        bpy.ops.diface.regenerate()
    bpy.ops.diface.generate()
    scene.diface.edit.frame_choice = "PREVIEW"
    with pytest.raises(RuntimeError, match="No preview range"):
        bpy.ops.diface.in_between()
    scene.diface.edit.frame_choice = "MARKERS"
    with pytest.raises(RuntimeError, match="not between two markers"):
        bpy.ops.diface.in_between()
    with pytest.raises(RuntimeError, match="No pose was copied"):
        bpy.ops.diface.paste_pose()
    scene.render.fps = 60
    key(head, 20, 0.5)
    with pytest.raises(RuntimeError, match=r"frames per second.*Convert Take"):
        bpy.ops.diface.regenerate()


def test_edit_after_the_character_or_action_was_deleted(scene, take):
    def begun():
        key(take, 60, 0.6 if not pins.find_pins(take) else 0.61)
        return edit.begin(bpy.context, lambda base: plan_around_pins(base, 8.0))

    running = begun()
    face(take).name = "renamed meanwhile"
    written = running.write_result()
    running.end()
    assert written.name.startswith("Edit 1: around 60")

    running = begun()
    for action in list(bpy.data.actions):
        bpy.data.actions.remove(action)
    with pytest.raises(Exception, match="deleted while DiFACE worked"):
        running.write_result()
    running.end()


def test_opposing_pins_are_kept_with_a_note(scene, clicks, worker):
    scenes.add_character(scene, ("jawOpen", "jawLeft", "jawRight"))
    obj = bpy.context.active_object
    scenes.use_audio_file(scene, clicks([0.5], seconds=4.0))
    bpy.ops.diface.generate()
    for name in ("jawLeft", "jawRight"):
        key(obj, 60, 0.9, f'key_blocks["{name}"].value')
    running = edit.begin(bpy.context, lambda base: plan_around_pins(base, 8.0))
    written = running.write_result()
    running.end()
    assert any("jawLeft and jawRight" in note for note in written.notes)
    for name in ("jawLeft", "jawRight"):
        assert values(obj, f'key_blocks["{name}"].value')[59, 1] == np.float32(0.9)


def test_cancelled_edit_leaves_nothing(scene, take):
    scene.diface.seed = SLOW
    from diface_addon.operators.edit.regenerate import plan_all

    before = {action.name for action in bpy.data.actions}
    running = edit.begin(bpy.context, lambda base: plan_all(base, seed=SLOW))
    assert running_job.current() is running
    running.end()
    assert running_job.current() is None
    assert {action.name for action in bpy.data.actions} == before


def test_take_is_regenerated_from_its_file(take, tmp_path: Path):
    """Without a window, the request of an edit in the .blend generates the same Motion."""
    key(take, 60, 0.6)
    bpy.ops.diface.regenerate()
    name, original = face(take).name, take_request.load(face(take)).request
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "scene.blend"))
    from diface_addon.cli import regenerate_take

    made = regenerate_take.stored_request(name, tmp_path)
    assert np.array_equal(made.request.constraints.values, original.constraints.values)
    assert made.request.seed == original.seed
    with pytest.raises(Exception, match="no take called none"):
        regenerate_take.stored_request("none", tmp_path)


def test_spliced_take_can_be_regenerated_from_its_file(scene, take):
    first = face(take)
    scene.diface.seed = 1
    bpy.ops.diface.generate()
    bpy.ops.diface.splice_take(other=first.name, first=40, last=60)
    made = take_request.load(face(take)).request.constraints
    assert made.known_mask.all()
    column = channels.ALL.index("jawOpen")
    assert np.array_equal(made.values[:, column], values(take)[:, 1])


def test_edit_of_a_take_of_other_models_has_a_note(take):
    for action in bpy.data.actions:
        if stored_request.REQUEST in action:
            action[stored_request.REQUEST] = action[stored_request.REQUEST].replace("0123abcd", "older")
    key(take, 60, 0.6)
    running = edit.begin(bpy.context, lambda base: plan_around_pins(base, 8.0))
    written = running.write_result()
    running.end()
    assert any("different model version" in note for note in written.notes)
    assert values(take)[49, 1] == np.float32(0.6)
