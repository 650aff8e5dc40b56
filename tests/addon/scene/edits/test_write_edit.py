"""An edit as a new take: exact pins, no change outside the edit, and an unchanged old take."""

from __future__ import annotations

from dataclasses import fields

import bpy
import numpy as np
import pytest
from mathutils import Euler, Vector

from diface_addon import compat
from diface_addon.core import channels, errors, placement, types
from diface_addon.scene.animation import active_curves, evaluate_curves
from diface_addon.scene.edits import curve_changes, write_edit
from diface_addon.scene.keys.key_table import KeyTable
from diface_addon.scene.keys.write_keys import enum_value
from diface_addon.scene.pins import pins
from diface_addon.scene.provenance import baseline, layer_tracks, stored_request
from diface_addon.scene.takes import take_list, use_take, write_take
from tests.addon.scene import scenes
from tests.addon.scene.rotations import MODES, turn
from tests.addon.scene.small_takes import (
    FIRST,
    JAW,
    NAMES,
    SMILE,
    STRIPS,
    add_strips,
    curve,
    evaluated_jaw,
    key_at,
    key_properties,
    motion,
    write,
)

ROWS = 40


def actions(obj) -> list[bpy.types.Action]:
    owners = (obj.data.shape_keys, obj)
    return list(dict.fromkeys(o.animation_data.action for o in owners if o.animation_data and o.animation_data.action))


def regenerated_mask(first: int, last: int, names=NAMES, chosen=None) -> np.ndarray:
    """Return a mask (T, C) of the frames `first` to `last` and the channels `chosen`."""
    made = np.zeros((ROWS, len(names)), bool)
    made[first - FIRST : last - FIRST + 1, [n for n, name in enumerate(names) if chosen is None or name in chosen]] = (
        True
    )
    return made


def new_motion(obj, made: np.ndarray, names=NAMES, seed: int = 7) -> types.Motion:
    """Return a motion as the worker would: the current one, with other values where it is regenerated."""
    base = evaluate_curves.sample_motion(obj, FIRST, len(made), names)
    values = np.where(made, motion(len(made), names, seed).values, base.values)
    return types.Motion(values, names, base.rate)


def edit(obj, made: np.ndarray, found=None, names=NAMES, **more) -> write_take.TakeResult:
    found = pins.find_pins(obj) if found is None else found
    return write_motion(obj, actions(obj), new_motion(obj, made, names), made, found, **more)


def write_motion(obj, base, new: types.Motion, made: np.ndarray, found, **more) -> write_take.TakeResult:
    """Write a motion as an edit of the Actions `base`."""
    change = curve_changes.MotionEdit(new, made, tuple(found), FIRST, **more)
    return write_edit.write_edit(obj, base, change, "E", {"first_frame": FIRST, "seed": 1})


def action_contents(action: bpy.types.Action) -> dict:
    """Return all keys of an Action and its custom properties as bytes."""
    found = {name: bytes(str(action[name]) if isinstance(action[name], str) else action[name], "utf8")
             if isinstance(action[name], str) else bytes(action[name])
             for name in (stored_request.REQUEST, baseline.SAMPLES, baseline.KEYS) if name in action}  # fmt: skip
    for kind in ("KEY", "OBJECT"):
        for fcurve in getattr(compat.find_channelbag(action, kind), "fcurves", ()):
            table = KeyTable.read(fcurve)
            about = (fcurve.mute, fcurve.lock, fcurve.extrapolation, len(fcurve.modifiers))
            keys = [getattr(table, field.name).tobytes() for field in fields(KeyTable)]
            found[kind, fcurve.data_path, fcurve.array_index] = about, keys
    return found


def outside(fcurve: bpy.types.FCurve, first: float, last: float) -> list[bytes]:
    table = KeyTable.read(fcurve).outside(first, last)
    return [getattr(table, field.name).tobytes() for field in fields(KeyTable)]


def test_edit_changes_only_the_regenerated_keys(scene, head) -> None:
    write(head)
    head.keyframe_insert("location", frame=3)
    first = curve(head, "location")
    before, kept = [action_contents(action) for action in actions(head)], key_properties(head)
    old, made = actions(head), regenerated_mask(20, 30, chosen=("jawOpen", *channels.HEAD))
    wanted = new_motion(head, made)
    written = edit(head, made)
    assert [action_contents(action) for action in old] == before
    assert set(written.actions) == set(actions(head))
    assert not set(written.actions) & set(old)
    assert written.notes == ()
    assert evaluate_curves.sample_motion(head, FIRST, ROWS, NAMES).values == pytest.approx(wanted.values, abs=1e-6)
    assert key_properties(head)[SMILE, 0] == kept[SMILE, 0]
    assert key_properties(head)["location", 0] == [(*first.keyframe_points[0].co, "KEYFRAME", "BEZIER")]
    for address, keys in kept.items():
        again = key_properties(head)[address]
        assert len(again) == len(keys)
        assert [key for key in again if not 20 <= key[0] <= 30] == [key for key in keys if not 20 <= key[0] <= 30]
    assert pins.find_pins(head) == []


@pytest.mark.slow
@pytest.mark.parametrize("rate", scenes.RATES)
@pytest.mark.parametrize("mode", MODES)
def test_edit_keeps_pins_exactly(scene, head, mode, rate) -> None:
    scenes.set_rate(scene, rate)
    head.rotation_mode = mode
    turn(head, Euler((0.4, -0.3, 2.9)).to_quaternion())
    write(head)
    path = head.animation_data.action and pins.pose_pins(head, ("head_rx",), 20)[0].path
    rng = np.random.default_rng(0)
    for frame in (16, 20.4, 31.75, 45):
        pins.set_values(head, frame, dict(zip(NAMES, rng.random(5).tolist(), strict=True)))
    key_at(head, 25).co.y = 0.123456789
    pinned = {(pin.address, pin.frame, pin.value) for pin in pins.find_pins(head)}
    assert len(pinned) == 4 * (2 + len(getattr(head, path))) + 1
    edit(head, regenerated_mask(14, 40))
    assert {(pin.address, pin.frame, pin.value) for pin in pins.find_pins(head)} == pinned
    assert pins.changed_pins(head) == []
    for address, frame, value in pinned:
        key = key_at(head, frame, *address[1:])
        assert (key.type, key.co.x, key.co.y) == ("EXTREME", frame, value)
    edit(head, regenerated_mask(12, 38))
    assert {(pin.address, pin.frame, pin.value) for pin in pins.find_pins(head)} == pinned


@pytest.mark.parametrize("mode", MODES)
def test_equivalent_rotation_values_of_a_pin_add_no_turn(scene, head, mode) -> None:
    head.rotation_mode = mode
    made = motion()
    made.values[:, -3:] *= 0.2
    write(head, made)
    pins.set_values(head, 25, dict.fromkeys(channels.HEAD, 0.05))
    path = pins.pose_pins(head, channels.HEAD, 25)[0].path
    keys = [key_at(head, 25, path, index) for index in range(len(getattr(head, path)))]
    for key in keys:
        key.co.y = key.co.y + 2 * np.pi if mode not in ("QUATERNION", "AXIS_ANGLE") else -key.co.y
    regenerated = np.zeros((ROWS, len(NAMES)), bool)
    regenerated[5:30] = True
    calm = types.Motion(made.values.copy(), NAMES, made.rate)
    calm.values[25 - FIRST, -3:] = 0.05
    write_motion(head, actions(head), calm, regenerated, pins.find_pins(head))
    turned = evaluate_curves.sample_motion(head, FIRST, ROWS, channels.HEAD).values
    away = [np.abs(np.sin((row - calm.values[n, -3:]) / 2)).max() for n, row in enumerate(turned)]
    assert max(away) < 0.02


@pytest.mark.parametrize("frame", [25, 25.5])
def test_regenerated_motion_is_warped_to_pins(scene, head, frame) -> None:
    write(head, types.Motion(np.full((ROWS, 5), 0.25, np.float32), NAMES, types.FrameRate(24)))
    pins.set_values(head, frame, {"jawOpen": 0.75})
    made = regenerated_mask(FIRST, FIRST + ROWS - 1)
    flat = types.Motion(np.full((ROWS, 5), 0.25, np.float32), NAMES, types.FrameRate(24))
    write_motion(head, actions(head), flat, made, pins.find_pins(head), falloff=6.0)
    fcurve = curve(head)
    shown = np.array([fcurve.evaluate(time) for time in np.arange(FIRST, FIRST + ROWS - 1, 0.25)])
    assert np.abs(np.diff(shown)).max() < 0.05
    assert fcurve.evaluate(frame) == pytest.approx(0.75)
    assert fcurve.evaluate(frame - 7) == fcurve.evaluate(frame + 7) == 0.25


def test_pin_outside_the_regenerated_range_is_only_marked(scene, head) -> None:
    write(head)
    key_at(head, 45).co.y = 0.9
    kept = key_properties(head)[JAW, 0]
    edit(head, regenerated_mask(20, 30))
    assert key_at(head, 45).type == "EXTREME"
    assert [key[:2] for key in key_properties(head)[JAW, 0] if key[0] > 30] == [key[:2] for key in kept if key[0] > 30]


def test_pins_left_out_of_an_edit_stay_changed(scene, head) -> None:
    write(head)
    key_at(head, 45).co.y = 0.9
    key_at(head, 25).co.y = 0.8
    found = pins.find_pins(head)
    edit(head, regenerated_mask(20, 30), found[:1])
    assert pins.changed_pins(head) == found[1:]
    assert pins.find_pins(head) == found


def test_unpin_restores_the_edited_motion(scene, head) -> None:
    write(head)
    edit(head, regenerated_mask(20, 30))
    before = key_properties(head)
    key_at(head, 24).co.y = 0.9
    key_at(head, 33).co.x = 33.5
    pins.unpin(head, pins.find_pins(head))
    assert key_properties(head) == before


def write_user_animation(obj) -> None:
    """Write a sparse animation with Bezier, muted, locked and noisy curves, some of them of other properties."""
    blocks = obj.data.shape_keys.key_blocks
    for frame, value in ((5, 0.1), (17.5, 0.9), (28, 0.2), (60, 0.7)):
        for name in ("jawOpen", "cheeky"):
            blocks[name].value = value
            blocks[name].keyframe_insert("value", frame=frame)
        obj.rotation_euler = (value / 2, 0, -value)
        obj.keyframe_insert("rotation_euler", frame=frame)
        obj.keyframe_insert("scale", frame=frame)


def test_edit_of_a_user_action_changes_no_frame_outside(scene, head) -> None:
    write_user_animation(head)
    old = actions(head)
    before, shown = (
        [action_contents(action) for action in old],
        evaluate_curves.sample_motion(head, 1, 80, NAMES).values,
    )
    cheeky = 'key_blocks["cheeky"].value'
    kept_keys = outside(curve(head), 22, 26), outside(curve(head, cheeky), 99, 99)
    made = regenerated_mask(22, 26)
    wanted = new_motion(head, made)
    written = edit(head, made)
    now = evaluate_curves.sample_motion(head, 1, 80, NAMES).values
    beside = np.ones(80, bool)
    beside[22 - 1 : 26] = False
    assert (now[beside][:, 0] == shown[beside][:, 0]).all()
    assert now[beside] == pytest.approx(shown[beside], abs=1e-6)
    assert now[21:26] == pytest.approx(wanted.values[22 - FIRST : 26 - FIRST + 1], abs=1e-6)
    table = KeyTable.read(curve(head)).outside(22, 26)
    user_keys = table[table.interpolation == enum_value("interpolation", "BEZIER")]
    user_keys.type[:] = enum_value("type", "KEYFRAME")
    assert [getattr(user_keys, field.name).tobytes() for field in fields(KeyTable)] == kept_keys[0]
    assert outside(curve(head, cheeky), 99, 99) == kept_keys[1]
    assert [action_contents(action) for action in old] == before
    assert {pin.frame for pin in pins.find_pins(head)} == {5, 17.5, 28, 60}
    assert stored_request.read_request(written.actions[0])["first_frame"] == FIRST


def test_locked_curve_is_kept_and_muted_one_is_written(scene, head) -> None:
    write(head)
    curve(head).lock = True
    curve(head, SMILE).mute = True
    kept = key_properties(head)
    made = regenerated_mask(20, 30)
    wanted = new_motion(head, made)
    written = edit(head, made)
    assert key_properties(head)[JAW, 0] == kept[JAW, 0]
    assert [key[1] for key in key_properties(head)[SMILE, 0]] == wanted.column("mouthSmileLeft").tolist()
    assert written.notes == ("Locked, so not changed: jawOpen.", "Muted, so it does not show: mouthSmileLeft.")
    assert (curve(head).lock, curve(head, SMILE).mute) == (True, True)


def test_regenerated_motion_is_clamped_and_pins_are_not(scene, head) -> None:
    write(head)
    head.data.shape_keys.key_blocks["jawOpen"].slider_max = 0.3
    key_at(head, 25).co.y = 0.9
    written = edit(head, regenerated_mask(20, 30))
    values = dict(key[:2] for key in key_properties(head)[JAW, 0])
    assert max(values[frame] for frame in range(20, 31) if frame != 25) <= np.float32(0.3)
    assert values[25] == np.float32(0.9)
    assert "Held within the slider's range: jawOpen." in written.notes


def test_edit_of_a_channel_without_animation(scene, head) -> None:
    write(head, motion(ROWS, ("jawOpen",)))
    head.data.shape_keys.key_blocks["mouthSmileLeft"].value = 0.75
    made = regenerated_mask(20, 30)
    wanted = new_motion(head, made)
    edit(head, made)
    assert evaluate_curves.sample_motion(head, FIRST, ROWS, NAMES).values == pytest.approx(wanted.values, abs=1e-6)
    assert [key[0] for key in key_properties(head)[SMILE, 0]] == [19, *range(20, 31), 31]
    assert pins.find_pins(head) == []


def test_edit_compensates_for_modifiers(scene, head) -> None:
    write(head)
    noise = curve(head).modifiers.new("NOISE")
    noise.strength, noise.scale = 0.3, 3.0
    made = regenerated_mask(20, 30, chosen=("jawOpen",))
    wanted = new_motion(head, made).column("jawOpen")
    edit(head, made)
    shown = evaluate_curves.sample_motion(head, FIRST, ROWS, NAMES).column("jawOpen")
    assert len(curve(head).modifiers) == 1
    clear = (wanted > 0.31) | (np.arange(ROWS) < 9) | (np.arange(ROWS) > 19)  # far from the slider's limits
    assert shown[clear] == pytest.approx(wanted[clear], abs=1e-5)


def with_layers(obj) -> types.Motion:
    made = motion(ROWS, ("jawOpen", "eyeBlinkLeft", "eyeBlinkRight"))
    write_take.write_take(obj, made, "T", {"first_frame": FIRST, "layers": {"blinks": 1, "gaze": None, "breath": None}})
    return made


def test_edit_copies_layers(scene) -> None:
    names = ("jawOpen", "eyeBlinkLeft", "eyeBlinkRight")
    obj = scenes.add_character(scene, names)
    made = with_layers(obj)
    keys = obj.data.shape_keys
    (old,) = [action for _track, action in layer_tracks.active_layers(keys)]
    before = action_contents(old)
    edit(obj, regenerated_mask(20, 30, names, ("jawOpen",)), names=names)
    ((track, layer),) = layer_tracks.active_layers(keys)
    assert layer != old
    assert action_contents(old) == before
    assert stored_request.read_request(layer)["take"] == stored_request.read_request(keys.animation_data.action)["take"]
    assert not track.mute
    assert (evaluate_curves.sample_motion(obj, FIRST, ROWS, names).values[:, 1:] == made.values[:, 1:]).all()
    keys.animation_data.nla_tracks[track.name].mute = True
    edit(obj, regenerated_mask(20, 30, names, ("jawOpen",)), names=names)
    assert [track.mute for track, _ in layer_tracks.active_layers(keys)] == [True]


def test_edit_of_a_layer_that_was_assigned_as_the_main_action(scene) -> None:
    obj = scenes.add_character(scene, (*NAMES[:3], "eyeBlinkLeft"))
    with_layers(obj)
    keys = obj.data.shape_keys
    ((track, layer),) = layer_tracks.active_layers(keys)
    keys.animation_data.nla_tracks.remove(track)
    compat.assign_action(keys, layer, "KEY")
    names = ("eyeBlinkLeft",)
    written = edit(obj, regenerated_mask(26, 34, names), names=names)
    assert keys.animation_data.action in written.actions
    assert layer_tracks.layer_name(keys.animation_data.action) is None
    assert layer_tracks.layer_name(layer) == "blinks"


def test_key_above_a_layer_becomes_the_layers_pin(scene) -> None:
    names = ("jawOpen", "eyeBlinkLeft", "eyeBlinkRight")
    obj = scenes.add_character(scene, names)
    made = with_layers(obj)
    keys = obj.data.shape_keys
    keys.key_blocks["eyeBlinkLeft"].value = 0.875
    keys.key_blocks["eyeBlinkLeft"].keyframe_insert("value", frame=25)
    (pin,) = pins.find_pins(obj)
    assert (pin.frame, pin.value) == (25, 0.875)
    edit(obj, regenerated_mask(20, 30, names, ("jawOpen",)), names=names, falloff=3.0)
    assert pins.find_pins(obj) == [pin]
    assert pins.changed_pins(obj) == []
    shown = evaluate_curves.sample_motion(obj, FIRST, ROWS, names).values
    assert shown[25 - FIRST, 1] == 0.875
    assert (shown[: 25 - FIRST - 6, 1] == made.values[: 25 - FIRST - 6, 1]).all()
    assert (shown[25 - FIRST + 7 :, 1] == made.values[25 - FIRST + 7 :, 1]).all()
    main = compat.active_channelbag(keys.animation_data)
    assert main.fcurves.find('key_blocks["eyeBlinkLeft"].value') is None


def test_key_above_a_layer_stays_there_if_the_edit_is_elsewhere(scene) -> None:
    """It holds the channel on all frames: below it, the layer would be seen again at frames that are not edited."""
    names = ("jawOpen", "eyeBlinkLeft", "eyeBlinkRight")
    obj = scenes.add_character(scene, names)
    with_layers(obj)
    obj.data.shape_keys.key_blocks["eyeBlinkLeft"].value = 0.875
    obj.data.shape_keys.key_blocks["eyeBlinkLeft"].keyframe_insert("value", frame=40)
    wanted, shown = pins.find_pins(obj), evaluate_curves.sample_motion(obj, FIRST, ROWS, names).values[:, 1:]
    edit(obj, regenerated_mask(20, 30, names, ("jawOpen",)), names=names, falloff=3.0)
    assert (evaluate_curves.sample_motion(obj, FIRST, ROWS, names).values[:, 1:] == shown).all()
    assert pins.find_pins(obj) == wanted


def test_edit_reactivates_an_inactive_take(scene, head) -> None:
    write(head)
    old, made = actions(head), regenerated_mask(20, 30)
    wanted = new_motion(head, made)
    write(head, motion(seed=3))
    write_motion(head, old, wanted, made, [])
    assert evaluate_curves.sample_motion(head, FIRST, ROWS, NAMES).values == pytest.approx(wanted.values, abs=1e-6)


def test_failed_edit_leaves_nothing(scene, head, monkeypatch) -> None:
    write(head)
    before, playing = set(bpy.data.actions), actions(head)
    monkeypatch.setattr(baseline, "store", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        edit(head, regenerated_mask(20, 30))
    assert set(bpy.data.actions) == before
    assert actions(head) == playing


def test_undo_leaves_no_action(scene, head) -> None:
    write(head)
    bpy.ops.ed.undo_push(message="before")
    before = sorted(action.name for action in bpy.data.actions)
    shown = evaluate_curves.sample_motion(head, FIRST, ROWS, NAMES).values
    edit(head, regenerated_mask(20, 30))
    bpy.ops.ed.undo_push(message="edit")
    bpy.ops.ed.undo()
    obj = bpy.data.objects["Character"]
    assert sorted(action.name for action in bpy.data.actions) == before
    assert (evaluate_curves.sample_motion(obj, FIRST, ROWS, NAMES).values == shown).all()
    bpy.ops.ed.redo()
    assert len(bpy.data.actions) == 2 * len(before)


def test_edit_of_a_take_of_one_part(scene, head) -> None:
    for names in (("jawOpen",), channels.HEAD):
        write(head, motion(ROWS, names))
        made = regenerated_mask(20, 30, names)
        wanted = new_motion(head, made, names)
        edit(head, made, names=names)
        assert evaluate_curves.sample_motion(head, FIRST, ROWS, names).values == pytest.approx(wanted.values, abs=1e-6)


@pytest.mark.parametrize("rows", [1, 2])
def test_takes_of_one_and_two_rows(scene, head, rows) -> None:
    write(head, motion(rows))
    made = np.ones((rows, len(NAMES)), bool)
    wanted = new_motion(head, made)
    edit(head, made)
    assert evaluate_curves.sample_motion(head, FIRST, rows, NAMES).values == pytest.approx(wanted.values, abs=1e-6)


@pytest.mark.parametrize("mode", ["XYZ", "ZYX", "QUATERNION", "AXIS_ANGLE"])
def test_edited_head_rotates_about_its_neck(scene, head, mode) -> None:
    head.rotation_mode = mode
    neck = np.array([0.1, -0.2, -1.0])
    placed = placement.Placement(1.0, placement.FROM_BLENDER, np.zeros(3), neck)
    base = motion(ROWS)
    write_take.write_take(head, base, "T", {"first_frame": FIRST}, placed)
    still = _world_position(head, FIRST, neck)
    pins.set_values(head, 25, {"head_rx": -0.4}, placed)
    pins.set_values(head, 28.5, {"head_rz": 0.6}, placed)
    made = regenerated_mask(20, 35)
    wanted = np.where(made, motion(ROWS, seed=7).values, base.values)
    wanted = types.Motion(wanted, NAMES, base.rate)
    write_motion(head, actions(head), wanted, made, pins.find_pins(head), falloff=3.0, placed=placed)
    assert len(pins.find_pins(head)) > 0
    for frame in (*range(FIRST, FIRST + ROWS), 28.5):
        assert _world_position(head, frame, neck) == pytest.approx(still, abs=2e-5)


def test_an_edit_leaves_the_neck_at_a_changed_key_outside_its_frames(scene, head) -> None:
    neck = np.array([0.1, -0.2, -1.0])
    placed = placement.Placement(1.0, placement.FROM_BLENDER, np.zeros(3), neck)
    write_take.write_take(head, motion(ROWS), "T", {"first_frame": FIRST}, placed)
    pins.set_values(head, 12, {"head_rx": -0.4}, placed)
    before = {index: key_at(head, 12, "delta_location", index).co.y for index in range(3)}
    pins.set_values(head, 25, {"head_rx": 0.4}, placed)
    edit(head, regenerated_mask(20, 35), placed=placed)
    assert {index: key_at(head, 12, "delta_location", index).co.y for index in range(3)} == before
    assert key_at(head, 25, "delta_location", 1).type == "EXTREME"


def _world_position(obj, frame: float, point) -> list[float]:
    """Return the world position of a point of the mesh."""
    bpy.context.scene.frame_set(int(frame), subframe=frame - int(frame))
    shown = obj.evaluated_get(bpy.context.evaluated_depsgraph_get())
    return list(shown.matrix_world @ Vector(point))


# More than one Action


def are_different(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.flatnonzero((a != b).any(axis=1)) + FIRST


def mixed(obj) -> None:
    """Assign the face of one take and the head of another; both takes have both parts."""
    first = write(obj, motion(seed=1))
    write(obj, motion(seed=2))
    use_take.assign(obj, {"OBJECT": obj}, first.actions)


def duplicated(obj) -> None:
    """Duplicate a take as Shift-D does: one copy for the object and one for the shape keys."""
    write(obj)
    for owner in (obj, obj.data.shape_keys):
        animation = owner.animation_data
        animation.action = animation.action.copy()


@pytest.mark.parametrize("two", [mixed, duplicated])
@pytest.mark.parametrize("path", [JAW, "rotation_euler"])
def test_edit_of_face_and_head_of_two_takes(scene, head, two, path) -> None:
    two(head)
    before = evaluate_curves.sample_motion(head, FIRST, ROWS, NAMES).values.copy()
    key_at(head, 30, path).co.y = 0.75
    (pin,) = pins.find_pins(head)
    old, kept = actions(head), [action_contents(action) for action in actions(head)]
    chosen = channels.HEAD if pin.kind == "OBJECT" else channels.FACE
    written = edit(head, regenerated_mask(26, 34, chosen=chosen))
    after = evaluate_curves.sample_motion(head, FIRST, ROWS, NAMES).values
    part = [name in chosen for name in NAMES]
    assert set(are_different(before[:, part], after[:, part])) == set(range(26, 35))
    assert not len(are_different(before[:, ~np.array(part)], after[:, ~np.array(part)]))
    assert key_at(head, 30, path).co.y == 0.75
    assert pins.find_pins(head) == [pin]
    assert [action_contents(action) for action in old] == kept
    assert set(written.actions) == set(actions(head))
    assert all(action.users > int(action.use_fake_user) for action in written.actions)
    other = write(head, motion(seed=3))
    use_take.use_take(head, list(written.actions))
    assert other.actions[0] not in actions(head)
    assert (evaluate_curves.sample_motion(head, FIRST, ROWS, NAMES).values == after).all()


def test_edit_reactivates_two_inactive_takes(scene, head) -> None:
    mixed(head)
    base, before = actions(head), evaluate_curves.sample_motion(head, FIRST, ROWS, NAMES).values
    made = regenerated_mask(26, 34, chosen=("jawOpen",))
    wanted = new_motion(head, made)
    write(head, motion(seed=3))
    write_motion(head, base, wanted, made, ())
    after = evaluate_curves.sample_motion(head, FIRST, ROWS, NAMES).values
    assert set(are_different(before, after)) == set(range(26, 35))
    assert (after[:, -3:] == before[:, -3:]).all()


def test_edit_leaves_an_unassigned_head(scene, head) -> None:
    write(head)
    head.animation_data.action = None
    edit(head, regenerated_mask(26, 34, chosen=("jawOpen",)))
    assert head.animation_data.action is None


@pytest.mark.skipif(not compat.HAS_ACTION_SLOTS, reason="This Blender has no slots.")
def test_action_without_channels_is_not_copied(scene, head) -> None:
    write(head)
    head.animation_data.action = bpy.data.actions.new("Nothing")
    count = len(bpy.data.actions)
    written = edit(head, regenerated_mask(26, 34, chosen=("jawOpen",)))
    assert [action.name for action in written.actions] == ["E"]
    assert len(bpy.data.actions) == count + 1
    assert head.animation_data.action.name == "Nothing"


@pytest.mark.parametrize("name", STRIPS)
def test_edit_above_nla_strips_changes_nothing_else(scene, head, name) -> None:
    add_strips(head, name)
    head.data.shape_keys.key_blocks["mouthSmileLeft"].keyframe_insert("value", frame=20)
    frames = np.arange(-20, 200)
    before, found = evaluated_jaw(scene, head, frames), pins.find_pins(head)
    old = {action: action_contents(action) for action in bpy.data.actions}
    edit(head, regenerated_mask(42, 45, chosen=("jawOpen",)))
    assert {action: action_contents(action) for action in old} == old
    after, inside = evaluated_jaw(scene, head, frames), (frames >= 42) & (frames <= 45)
    assert (after == before)[~inside].all()
    assert (after != before)[inside].any()
    again = {(*pin.address, round(pin.frame, 3)): pin.value for pin in pins.find_pins(head)}
    assert again == {(*pin.address, round(pin.frame, 3)): pin.value for pin in found}
    assert pins.changed_pins(head) == []


def test_keys_of_nla_strips_are_pins_where_they_are_visible(scene, head) -> None:
    add_strips(head, "end to end")
    assert [(pin.frame, round(pin.value, 6)) for pin in pins.find_pins(head)] == [
        (11, 0.0), (30, 0.9), (40, 0.1), (50, 0.6), (60, 0.1)
    ]  # fmt: skip


def test_locked_curve_on_a_strip_is_not_edited(scene, head) -> None:
    add_strips(head, "moved")
    head.data.shape_keys.key_blocks["mouthSmileLeft"].keyframe_insert("value", frame=20)
    active_curves.find_active_curves(head)["KEY", JAW, 0].fcurve.lock = True
    before = evaluated_jaw(scene, head, range(1, 100))
    written = edit(head, regenerated_mask(42, 45))
    assert written.notes == ("Locked, so not changed: jawOpen.",)
    assert (evaluated_jaw(scene, head, range(1, 100)) == before).all()


def test_edit_has_no_star(scene, head) -> None:
    take_list.set_favourite(write(head).actions[0], True)
    edit(head, regenerated_mask(26, 34))
    assert [(entry.name, entry.favourite) for entry in take_list.entries(head)] == [("T", True), ("E", False)]


# Extrapolated curves


def insert_user_keys(obj, keys: dict[float, float]) -> bpy.types.FCurve:
    obj.data.shape_keys.animation_data_create().action = scenes.keyed_action(obj.data.shape_keys, JAW, keys)
    if compat.HAS_ACTION_SLOTS:
        obj.data.shape_keys.animation_data.action_slot = obj.data.shape_keys.animation_data.action.slots[0]
    return curve(obj)


def evaluated(obj) -> np.ndarray:
    return np.array([curve(obj).evaluate(frame) for frame in range(-50, 200)], np.float32)


@pytest.mark.parametrize(("how", "first", "last"), [("CYCLES", 15, 18), ("CYCLES", 35, 45), ("LINEAR", 35, 45)])
def test_edit_of_an_endless_curve_is_refused(scene, head, how, first, last) -> None:
    fcurve = insert_user_keys(head, {11: 0.2, 20: 0.6, 30: 0.2})
    if how == "LINEAR":
        fcurve.extrapolation = "LINEAR"
    else:
        fcurve.modifiers.new("CYCLES")
    before, count = evaluated(head), len(bpy.data.actions)
    with pytest.raises(errors.SceneError, match=r"Going on beyond its keys .* so not changed: jawOpen") as refused:
        edit(head, regenerated_mask(first, last, chosen=("jawOpen",)))
    assert "Bake" in refused.value.hint
    assert (evaluated(head) == before).all()
    assert len(bpy.data.actions) == count
    head.data.shape_keys.key_blocks["mouthSmileLeft"].keyframe_insert("value", frame=20)
    written = edit(head, regenerated_mask(first, last, chosen=("jawOpen", "mouthSmileLeft")))
    assert [note for note in written.notes if note.startswith("Going on beyond its keys")]
    assert (evaluated(head) == before).all()


def test_edit_between_keys_of_a_linearly_extrapolated_curve(scene, head) -> None:
    fcurve = insert_user_keys(head, {11: 0.2, 30: 0.6, 50: 0.2})
    fcurve.extrapolation = "LINEAR"
    before = evaluated(head)
    edit(head, regenerated_mask(33, 45, chosen=("jawOpen",)))
    changed = np.flatnonzero(np.abs(evaluated(head) - before) > 1e-6) - 50
    assert set(changed) <= set(range(33, 46))
    assert len(changed) > 5
