"""Pins in a scene: finding, marking and removing them, and their values in the channels of a Motion."""

from __future__ import annotations

import numpy as np
import pytest
from mathutils import Euler

from diface_addon import compat
from diface_addon.core import channels
from diface_addon.scene.animation import evaluate_curves
from diface_addon.scene.pins import pins
from diface_addon.scene.provenance import baseline
from tests.addon.scene import scenes
from tests.addon.scene.rotations import MODES, turn
from tests.addon.scene.small_takes import (
    FIRST,
    JAW,
    NAMES,
    SMILE,
    curve,
    edit_keys,
    key_at,
    key_properties,
    motion,
    write,
)


def pin_addresses(found: list[pins.Pin]) -> list[tuple[str, int, float]]:
    return [(pin.path, pin.index, pin.frame) for pin in found]


def test_new_take_has_no_pins(scene, head) -> None:
    write(head)
    assert pins.find_pins(head) == pins.changed_pins(head) == []


EDITED = [(JAW, 0, 18), (JAW, 0, pytest.approx(20.4)), (SMILE, 0, 25.25), (SMILE, 0, 33), ("rotation_euler", 1, 40)]


@pytest.mark.parametrize("rate", scenes.RATES)
def test_pins_are_found_exactly_and_marked_extreme(scene, head, rate) -> None:
    scenes.set_rate(scene, rate)
    write(head)
    edit_keys(head)
    found = pins.find_pins(head)
    assert pin_addresses(found) == EDITED
    assert found == pins.changed_pins(head)
    assert found[0].value == float(np.float32(0.9))
    pins.mark_extreme(head, found)
    assert {key_at(head, pin.frame, pin.path, pin.index).type for pin in found} == {"EXTREME"}
    assert pins.find_pins(head) == found


def test_unpin_all_restores_the_generated_keys(scene, head) -> None:
    write(head)
    before = key_properties(head)
    edit_keys(head)
    pins.mark_extreme(head, pins.find_pins(head))
    pins.unpin(head, pins.find_pins(head))
    assert pins.find_pins(head) == []
    assert key_properties(head) == before


@pytest.mark.parametrize("number", range(5))
def test_unpin_of_one_pin(scene, head, number) -> None:
    write(head)
    before = key_properties(head)
    edit_keys(head)
    found = pins.find_pins(head)
    pins.unpin(head, [found[number]])
    assert pins.find_pins(head) == found[:number] + found[number + 1 :]
    for pin in found[:number] + found[number + 1 :]:
        pins.unpin(head, [pin])
    assert key_properties(head) == before


@pytest.mark.parametrize("seed", range(4))
def test_written_keys_are_read_back_exactly(scene, head, seed) -> None:
    write(head)
    before, rng = key_properties(head), np.random.default_rng(seed)
    for _ in range(12):
        fcurve = curve(head, *[(JAW, 0), (SMILE, 0), ("rotation_euler", 2)][rng.integers(3)])
        key = fcurve.keyframe_points[rng.integers(len(fcurve.keyframe_points))]
        match rng.integers(4):
            case 0:
                key.co.y += rng.normal()
            case 1:
                key.co.x += rng.random() * 4 - 2
                fcurve.update()
            case 2:
                fcurve.keyframe_points.insert(rng.random() * 60, rng.normal())
            case 3:
                key.type = "EXTREME"
    pins.unpin(head, pins.find_pins(head))
    assert pins.find_pins(head) == []
    assert {address: [key[:3] for key in keys] for address, keys in key_properties(head).items()} == {
        address: [key[:3] for key in keys] for address, keys in before.items()
    }


def test_key_on_a_channel_that_the_take_does_not_have(scene, head) -> None:
    write(head, motion(names=("jawOpen",)))
    keys = head.data.shape_keys.key_blocks
    keys["mouthSmileLeft"].value = 0.6
    keys["mouthSmileLeft"].keyframe_insert("value", frame=20)
    keys["cheeky"].keyframe_insert("value", frame=20)
    head.keyframe_insert("location", frame=20)
    assert pin_addresses(pins.find_pins(head)) == [(SMILE, 0, 20)]
    pins.unpin(head, pins.find_pins(head))
    assert curve(head, SMILE) is None


def test_all_keys_of_a_sparse_user_action_are_pins(scene, head) -> None:
    block = head.data.shape_keys.key_blocks["jawOpen"]
    for frame in (3, 9.5, 20):
        block.value = frame / 20
        block.keyframe_insert("value", frame=frame)
    smile = head.data.shape_keys.key_blocks["mouthSmileLeft"]
    for frame in range(1, 30):
        smile.keyframe_insert("value", frame=frame)
    assert pin_addresses(pins.find_pins(head)) == [(JAW, 0, 3), (JAW, 0, 9.5), (JAW, 0, 20)]
    pins.unpin(head, pins.find_pins(head)[1:2])
    assert pin_addresses(pins.find_pins(head)) == [(JAW, 0, 3), (JAW, 0, 20)]
    key_at(head, 7, SMILE).type = "EXTREME"
    assert pin_addresses(pins.find_pins(head)) == [(SMILE, 0, 7)]


@pytest.mark.parametrize("frame", [20, 20.25])
@pytest.mark.parametrize("mode", MODES)
def test_set_values_are_read_back_as_pins(scene, head, mode, frame) -> None:
    head.rotation_mode = mode
    turn(head, Euler((0.4, -0.3, 0.9)).to_quaternion())
    write(head)
    wanted = {"jawOpen": 0.125, "mouthSmileLeft": 1.75, "head_rx": 0.3, "head_rz": -0.4}
    before = evaluate_curves.sample_motion(head, 1, 60, NAMES).values
    assert pins.set_values(head, frame, wanted).notes == []
    read = dict(zip(NAMES, _pose(head, frame), strict=True))
    assert [read[name] for name in wanted] == pytest.approx(list(wanted.values()), abs=1e-6)
    found = pins.find_pins(head)
    assert {pin.frame for pin in found} == {frame}
    assert [pin.value for pin in found if pin.kind == "KEY"] == [0.125, 1.75]
    channel_pins = pins.to_channel_pins(head, found, NAMES, FIRST)
    assert set(channel_pins.row) == {frame - FIRST}
    by_name = {NAMES[c]: value for c, value in zip(channel_pins.channel, channel_pins.value, strict=True)}
    assert wanted.keys() <= by_name.keys()
    assert [by_name[name] for name in wanted] == pytest.approx(list(wanted.values()), abs=1e-6)
    pins.unpin(head, found)
    assert (evaluate_curves.sample_motion(head, 1, 60, NAMES).values == before).all()


def _pose(obj, frame: float) -> np.ndarray:
    if frame == int(frame):
        return evaluate_curves.sample_motion(obj, int(frame), 1, NAMES).values[0]
    curves = pins.pose_pins(obj, NAMES, frame)
    face = [pin.value for pin in curves if pin.kind == "KEY"]
    turned = np.array([[pin.value for pin in curves if pin.kind == "OBJECT"]])
    return np.array([*face, *evaluate_curves.head_vectors(obj, turned)[0]])


@pytest.mark.parametrize("mode", MODES)
def test_pin_pose_keeps_values_exactly(scene, head, mode) -> None:
    head.rotation_mode = mode
    write(head)
    before = key_properties(head)
    values = dict(zip(NAMES, evaluate_curves.sample_motion(head, 20, 1, NAMES).values[0].tolist(), strict=True))
    pins.set_values(head, 20, values)
    assert pins.changed_pins(head) == []
    assert {pin.frame for pin in pins.find_pins(head)} == {20}
    assert {NAMES[c] for c in pins.to_channel_pins(head, pins.find_pins(head), NAMES, FIRST).channel} == set(NAMES)
    pins.unpin(head, pins.find_pins(head))
    assert key_properties(head) == before


@pytest.mark.parametrize("index", range(3))
def test_one_axis_of_euler_angles_pins_one_axis_of_the_head(scene, head, index) -> None:
    made = motion()
    made.values[:, -3:] *= 0.1
    write(head, made)
    key_at(head, 20, "rotation_euler", index).type = "EXTREME"
    channel_pins = pins.to_channel_pins(head, pins.find_pins(head), NAMES, FIRST)
    assert [NAMES[c] for c in channel_pins.channel] == [channels.HEAD[index]]
    assert channel_pins.value == pytest.approx(made.values[20 - FIRST, 2 + index], abs=1e-6)


def test_later_of_two_pins_at_the_same_time_counts(scene, head) -> None:
    write(head)
    two = [
        pins.Pin("KEY", JAW, 0, 20.0, 0.1),
        pins.Pin("KEY", JAW, 0, 20.0005, 0.2),
        pins.Pin("KEY", SMILE, 0, 20, 0.5),
    ]
    channel_pins = pins.to_channel_pins(head, two, NAMES, FIRST)
    assert channel_pins.channel.tolist() == [0, 1]
    assert channel_pins.row.tolist() == pytest.approx([9.0005, 9])
    assert channel_pins.value.tolist() == pytest.approx([0.2, 0.5])
    assert len(pins.to_channel_pins(head, two, ("head_rx",), FIRST)) == 0


def test_pose_pins_of_another_frame(scene, head) -> None:
    write(head)
    moved = pins.pose_pins(head, NAMES, 15, source_frame=30)
    assert {pin.frame for pin in moved} == {15}
    read = evaluate_curves.sample_motion(head, 30, 1, NAMES).values[0]
    assert [pin.value for pin in moved if pin.kind == "KEY"] == read[:2].tolist()
    assert pins.find_pins(head) == []


def test_locked_curve_is_not_keyed(scene, head) -> None:
    write(head)
    curve(head).lock = True
    keyed = pins.set_values(head, 20, {"jawOpen": 0.9, "mouthSmileLeft": 0.9})
    assert keyed == pins.KeyedChannels(("mouthSmileLeft",), ["Locked, so not changed: jawOpen."])
    assert pin_addresses(pins.find_pins(head)) == [(SMILE, 0, 20)]


@pytest.mark.parametrize(
    ("mode", "locked", "names"),
    [("XYZ", [2], "head Z"), ("XYZ", [0, 1, 2], "head"), ("QUATERNION", [0, 3], "head W, head Z")],
)
def test_note_names_locked_axes_of_the_head(scene, head, mode, locked, names) -> None:
    head.rotation_mode = mode
    write(head)
    before = key_properties(head)
    path = "rotation_euler" if mode == "XYZ" else "rotation_quaternion"
    for index in locked:
        curve(head, path, index).lock = True
    keyed = pins.set_values(head, 20, {"head_rx": 0.3, "head_rz": 0.2})
    assert keyed.notes == [f"Locked, so not changed: {names}."]
    assert keyed.channels == (() if len(locked) == 3 else ("head_rx", "head_rz"))
    assert all(key_properties(head)[path, index] == before[path, index] for index in locked)


@pytest.mark.parametrize("group", [False, True])
def test_pins_on_a_locked_curve_are_neither_marked_nor_removed(scene, head, group) -> None:
    write(head)
    edit_keys(head)
    curve(head, SMILE).group = curve(head).group
    (curve(head).group if group else curve(head)).lock = True
    before, found = key_properties(head), pins.find_pins(head)
    pins.mark_extreme(head, found)
    assert key_properties(head)[JAW, 0] == before[JAW, 0]
    removed = pins.unpin(head, found)
    assert key_properties(head)[JAW, 0] == before[JAW, 0]
    names = "jawOpen, mouthSmileLeft" if group else "jawOpen"
    assert (removed.count, removed.notes) == (1 if group else 3, [f"Locked, so not changed: {names}."])
    assert [pin.path for pin in pins.find_pins(head)] == [JAW, JAW, SMILE, SMILE] if group else [JAW, JAW]


@pytest.mark.parametrize("name", ["JawOpen", "jaw_open", "ARKit.jawOpen", 'a"b.jawOpen'])
def test_edits_are_found_after_a_shape_key_is_renamed(scene, head, name) -> None:
    write(head)
    before = key_properties(head)
    block = head.data.shape_keys.key_blocks["jawOpen"]
    block.name = name
    path = block.path_from_id("value")
    assert pins.find_pins(head) == pins.changed_pins(head) == []
    key_at(head, 18, path).co.y = 0.9
    assert pin_addresses(pins.find_pins(head)) == pin_addresses(pins.changed_pins(head)) == [(path, 0, 18)]
    assert {curve.path for curve in baseline.read_samples(curve(head, path).id_data)["KEY"]} == {path, SMILE}
    pins.unpin(head, pins.find_pins(head))
    assert key_properties(head)[path, 0] == before[JAW, 0]


def test_renamed_shape_keys_are_matched_by_channel(scene, head) -> None:
    write(head, motion(names=("jawOpen",)))
    keys = head.data.shape_keys.key_blocks
    compat.active_channelbag(head.data.shape_keys.animation_data).fcurves.remove(curve(head))
    keys["mouthSmileLeft"].keyframe_insert("value", frame=20)
    assert pin_addresses(pins.find_pins(head)) == [(SMILE, 0, 20)]


def test_face_channel_of_a_pin(scene, head) -> None:
    assert pins.face_channel(pins.Pin("KEY", JAW, 0, 1, 0)) == "jawOpen"
    assert pins.face_channel(pins.Pin("KEY", r'key_blocks["A\"b.jaw_open"].value', 0, 1, 0)) == "jawOpen"
    assert pins.face_channel(pins.Pin("OBJECT", "rotation_euler", 0, 1, 0)) is None
