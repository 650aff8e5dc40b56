"""Sampling of the active animation: exactly what was written, from any Action, in any rotation mode."""

from __future__ import annotations

import numpy as np
import pytest
from mathutils import Euler, Quaternion

from diface_addon import compat
from diface_addon.core import channels, placement
from diface_addon.scene.animation import evaluate_curves
from diface_addon.scene.takes import write_take
from tests.addon.scene import scenes
from tests.addon.scene.rotations import MODES, turn
from tests.addon.scene.small_takes import NAMES, STRIPS, add_strips, evaluated_jaw, motion


@pytest.mark.parametrize("rate", scenes.RATES)
@pytest.mark.parametrize("mode", MODES)
def test_written_motion_is_sampled_exactly(scene, head, mode, rate) -> None:
    scenes.set_rate(scene, rate)
    head.rotation_mode = mode
    turn(head, Euler((0.4, -0.3, 2.9)).to_quaternion())
    made = motion()
    write_take.write_take(head, made, "T", {"first_frame": 11})
    scene.frame_set(30)  # wherever the playhead stands
    found = evaluate_curves.sample_motion(head, 11, 40, NAMES)
    assert found.rate.value == pytest.approx(scenes.RATES[rate][0] / scenes.RATES[rate][1])
    assert found.column("jawOpen").tolist() == made.column("jawOpen").tolist()
    assert found.values == pytest.approx(made.values, abs=1e-6)


def test_sampling_of_a_rotated_flame_mesh(scene, head) -> None:
    spin = np.array(Euler((1.5, 0.2, 0.1)).to_matrix()) * -1
    placed = placement.Placement(1.0, spin, np.zeros(3), np.array([0.0, 0.1, 0.2]))
    made = motion()
    write_take.write_take(head, made, "T", {"first_frame": 1}, placed)
    assert evaluate_curves.sample_motion(head, 1, 40, NAMES, placed).values == pytest.approx(made.values, abs=1e-6)


def test_sampling_beyond_the_ends_of_a_take(scene, head) -> None:
    made = motion(5)
    write_take.write_take(head, made, "T", {"first_frame": 11})
    found = evaluate_curves.sample_motion(head, 9, 9, NAMES)
    assert found.values == pytest.approx(made.values[np.clip(np.arange(9) - 2, 0, 4)], abs=1e-6)


def test_sampling_of_a_user_action(scene, head) -> None:
    block = head.data.shape_keys.key_blocks["jawOpen"]
    for frame, value in ((3, 0.1), (9.5, 0.9), (20, 0.3)):
        block.value = value
        block.keyframe_insert("value", frame=frame)
    head.data.shape_keys.key_blocks["mouthSmileLeft"].value = 0.25
    found = evaluate_curves.sample_motion(head, 1, 24, NAMES)
    curve = compat.active_channelbag(head.data.shape_keys.animation_data).fcurves[0]
    assert found.column("jawOpen").tolist() == pytest.approx([curve.evaluate(frame) for frame in range(1, 25)])
    assert found.column("mouthSmileLeft").tolist() == [0.25] * 24
    assert not found.select(channels.HEAD).values.any()


@pytest.mark.parametrize("mode", MODES)
def test_rest_of_a_user_action_does_not_depend_on_the_frame(scene, head, mode) -> None:
    head.rotation_mode = mode
    path = {"QUATERNION": "rotation_quaternion", "AXIS_ANGLE": "rotation_axis_angle"}.get(mode, "rotation_euler")
    turns = {5: (0.1, 0.2, 0.3), 15: (0.4, -0.2, 0.5)}
    for frame, angles in turns.items():
        turn(head, Euler(angles).to_quaternion())
        head.keyframe_insert(path, frame=frame)
    found = []
    for frame in (1, 10, 20):
        scene.frame_set(frame)
        found.append(evaluate_curves.sample_motion(head, 5, 11, channels.HEAD).values)
    assert all((values == found[0]).all() for values in found)
    expected = Euler(turns[5]).to_quaternion().inverted() @ Euler(turns[15]).to_quaternion()
    assert found[0][0] == pytest.approx([0, 0, 0], abs=1e-6)
    assert found[0][-1] == pytest.approx(list(expected.to_exponential_map()), abs=1e-6)


def test_sampling_of_a_strip_below_an_action_without_its_curve(scene, head) -> None:
    keys = head.data.shape_keys
    for frame in range(10, 20):
        keys.key_blocks["jawOpen"].value = frame / 20
        keys.key_blocks["jawOpen"].keyframe_insert("value", frame=frame)
    compat.push_down(keys)
    keys.animation_data.nla_tracks[0].strips[0].frame_start_ui += 5
    keys.key_blocks["mouthSmileLeft"].value = 0.5
    keys.key_blocks["mouthSmileLeft"].keyframe_insert("value", frame=1)
    found = evaluate_curves.sample_motion(head, 15, 10, NAMES)
    assert found.column("jawOpen") == pytest.approx(np.arange(10, 20) / 20)
    assert found.column("mouthSmileLeft") == pytest.approx(0.5)


@pytest.mark.parametrize("name", STRIPS)
def test_sampling_of_nla_strips(scene, head, name) -> None:
    add_strips(head, name)
    head.data.shape_keys.key_blocks["jawOpen"].value = 0.37
    shown = evaluated_jaw(scene, head, range(1, 200))
    read = evaluate_curves.sample_motion(head, 1, 199, NAMES).column("jawOpen")
    assert (np.clip(read, 0, 1) == shown).all()


def test_rotation_past_half_a_turn(scene, head) -> None:
    for frame, angle in ((1, 0.0), (11, 1.8 * np.pi)):
        head.rotation_euler.z = angle
        head.keyframe_insert("rotation_euler", index=2, frame=frame)
    found = evaluate_curves.sample_motion(head, 1, 11, channels.HEAD).column("head_rz")
    assert (np.diff(found) > 0).all()
    assert found[-1] == pytest.approx(1.8 * np.pi, abs=1e-5)
    assert Quaternion((0, 0, 1), float(found[-1])).angle > 0
