"""How the face channels reach the shape keys of a character, by their names and by what they move."""

from __future__ import annotations

import json

import bpy
import numpy as np
import pytest

from diface_addon.core import channels, types
from diface_addon.rig import binding
from diface_addon.rig.character import Character
from diface_addon.rig.discovery.discover import discover
from diface_addon.rig.mapping import face_mapping, lip_closure
from diface_addon.scene.animation import active_curves, evaluate_curves
from diface_addon.scene.characters import bundled_head
from diface_addon.scene.pins import linked_pins, pins
from diface_addon.scene.takes import write_take
from tests.addon.scene import scenes

RATE = types.FrameRate(24)
VISEMES = ("viseme_PP", "viseme_FF", "viseme_TH", "viseme_DD", "viseme_kk", "viseme_CH", "viseme_SS", "viseme_nn",
           "viseme_RR", "viseme_aa", "viseme_E", "viseme_I", "viseme_O", "viseme_U")  # fmt: skip


@pytest.fixture
def bundled(scene) -> bpy.types.Object:
    """Return a mesh with the bundled head's shapes that is not known as the bundled head."""
    obj = bundled_head.add_head(bpy.context)
    del obj[bundled_head.MARK]
    return obj


def write(face: bpy.types.Object, columns: dict[str, list[float]]) -> write_take.TakeResult:
    """Write a take of the face whose other channels rest."""
    rows = len(next(iter(columns.values())))
    values = np.zeros((rows, len(channels.FACE)), np.float32)
    for name, column in columns.items():
        values[:, channels.FACE.index(name)] = column
    request = {"first_frame": 1, "layers": {"blinks": 0, "gaze": 0, "breath": None}, "seed": 0}
    return write_take.write_take(face, types.Motion(values, channels.FACE, RATE), "T", request)


def value(face: bpy.types.Object, name: str, frame: int) -> float:
    bpy.context.scene.frame_set(frame)
    return face.data.shape_keys.key_blocks[name].value


def test_halves_of_a_channel_both_move(scene) -> None:
    face = scenes.add_character(scene, ("jawOpen", "browInnerUp_L", "browInnerUp_R"))
    write(face, {"browInnerUp": [0.0, 0.5, 1.0]})
    assert value(face, "browInnerUp_L", 2) == value(face, "browInnerUp_R", 2) == pytest.approx(0.5)
    assert evaluate_curves.sample_motion(face, 1, 3, ("browInnerUp",)).values[:, 0] == pytest.approx([0.0, 0.5, 1.0])


def test_control_of_two_directions(scene) -> None:
    names = ("facs_ctrl_MouthLeft-Right", "facs_bs_JawOpen", "facs_bs_EyeBlinkLeft", "facs_bs_EyeBlinkRight",
             "facs_bs_BrowDownLeft", "facs_bs_BrowDownRight", "facs_bs_MouthFrownLeft")  # fmt: skip
    face = scenes.add_character(scene, names)
    face.data.shape_keys.key_blocks[names[0]].slider_min = -1.0
    write(face, {"mouthLeft": [0.6, 0.0, 0.0], "mouthRight": [0.0, 0.0, 0.4]})
    seen = [value(face, names[0], frame) for frame in (1, 2, 3)]
    assert abs(seen[0]) == pytest.approx(0.6)
    assert seen[1] == 0.0
    assert seen[2] == pytest.approx(-np.sign(seen[0]) * 0.4)
    sampled = evaluate_curves.sample_motion(face, 1, 3, ("mouthLeft", "mouthRight")).values
    assert sampled[:, 0] == pytest.approx([0.6, 0.0, 0.0])
    assert sampled[:, 1] == pytest.approx([0.0, 0.0, 0.4])


def test_visemes_are_solved_and_read_back(scene) -> None:
    face = scenes.add_character(scene, VISEMES)
    jaw = np.concatenate([np.linspace(0, 0.7, 20), np.linspace(0.7, 0, 20)])
    write(face, {"jawOpen": jaw.tolist()})
    opened = [sum(value(face, name, frame) for name in VISEMES) for frame in (1, 20, 40)]
    assert opened[0] < 0.1
    assert opened[1] > 0.3
    assert opened[2] < 0.1
    sampled = evaluate_curves.sample_motion(face, 1, 40, ("jawOpen",)).values[:, 0]
    assert np.corrcoef(sampled, jaw)[0, 1] > 0.95


def test_key_of_a_viseme_opens_the_jaw_channel(scene) -> None:
    face = scenes.add_character(scene, VISEMES)
    write(face, {"jawOpen": [0.0] * 30})
    key = face.data.shape_keys.key_blocks["viseme_aa"]
    key.value = 0.9
    key.keyframe_insert("value", frame=15)
    pinned = pins.to_channel_pins(face, pins.find_pins(face), channels.FACE, 1)
    by_name = {
        channels.FACE[column]: float(number) for column, number in zip(pinned.channel, pinned.value, strict=True)
    }
    assert by_name["jawOpen"] > 0.3
    assert set(pinned.row.tolist()) == {14.0}


def test_same_viseme_of_face_and_teeth_moves_together(scene) -> None:
    face, teeth = scenes.add_character(scene, VISEMES), scenes.add_character(scene, VISEMES[9:])
    binding.bind(Character(face, (face, teeth), head_object=None, head_size=0.24))
    write(face, {"jawOpen": np.linspace(0, 0.8, 30).tolist()})
    for name in VISEMES[9:]:
        assert [value(face, name, frame) for frame in (5, 20, 30)] == [
            value(teeth, name, frame) for frame in (5, 20, 30)
        ]


def test_pin_of_a_viseme_is_copied_to_the_teeth_within_the_edit_alone(scene) -> None:
    face, teeth = scenes.add_character(scene, VISEMES), scenes.add_character(scene, VISEMES[9:])
    binding.bind(Character(face, (face, teeth), head_object=None, head_size=0.24))
    write(face, {"jawOpen": [0.0] * 30})
    for frame in (5, 20):
        key = teeth.data.shape_keys.key_blocks["viseme_aa"]
        key.value = 0.8
        key.keyframe_insert("value", frame=frame)
    found = linked_pins.on_all_properties(face, pins.find_pins(face), (10, 30))
    assert sorted((pin.kind, pin.frame) for pin in found) == [("KEY", 20.0), ("KEY:1", 5.0), ("KEY:1", 20.0)]


def test_blink_of_both_eyes_is_a_layer(scene) -> None:
    names = ("Fcl_EYE_Close", "Fcl_MTH_A", "Fcl_MTH_I", "Fcl_MTH_U", "Fcl_MTH_E", "Fcl_MTH_O", "Fcl_BRW_Angry",
             "Fcl_BRW_Surprised", "Fcl_ALL_Joy")  # fmt: skip
    face = scenes.add_character(scene, names)
    written = write(face, {"eyeBlinkLeft": [0.0, 1.0, 0.0], "eyeBlinkRight": [0.0, 1.0, 0.0]})
    assert value(face, "Fcl_EYE_Close", 2) == pytest.approx(1.0)
    assert len(written.actions) == 2  # the main Action, and the blinks


def test_shape_that_moves_nothing_is_no_target(scene) -> None:
    face = scenes.add_character(scene, ("jawOpen", "mouthSmileLeft", "mouthPucker"))
    keys = face.data.shape_keys.key_blocks
    rest = np.empty(3 * len(keys[0].data), np.float32)
    keys[0].data.foreach_get("co", rest)
    keys["jawOpen"].data.foreach_set("co", rest)
    binding.bind(Character(face, (face,), head_object=face))
    assert face_mapping.empty_shapes(face) == {"jawOpen"}
    assert {target.channel for target in active_curves.face_targets(face)} == {"mouthSmileLeft", "mouthPucker"}


def test_empty_shapes_are_stored_in_the_same_order_in_every_session(scene) -> None:
    obj = bpy.data.objects.new("Face", bpy.data.meshes.new("Face"))
    names = [f"shape {number}" for number in range(20)]
    face_mapping.store_empty_shapes(obj, frozenset(names))
    assert json.loads(obj[face_mapping.EMPTY_SHAPES]) == sorted(names)


def test_lips_of_the_bundled_head_need_no_correction(scene, bundled) -> None:
    found = discover(bundled)
    assert found is not None
    binding.bind(found)
    apertures = lip_closure.lip_apertures(bundled)
    assert apertures is not None
    by_name = dict(zip(channels.FACE, apertures, strict=True))
    assert by_name["jawOpen"] == pytest.approx(-by_name["mouthClose"], rel=0.25)
    closed = {"jawOpen": np.array([0.2]), "mouthClose": np.array([0.2])}
    lips = active_curves.mapping(bundled).lips
    assert lips is not None
    assert lips.solve(closed, RATE)[0, 0] == pytest.approx(0.2, abs=0.03)


def test_weak_mouth_close_is_raised_until_the_lips_meet(scene, bundled) -> None:
    keys = bundled.data.shape_keys.key_blocks
    rest, closed = (np.empty(3 * len(keys[0].data), np.float32) for _ in range(2))
    keys[0].data.foreach_get("co", rest)
    keys["mouthClose"].data.foreach_get("co", closed)
    keys["mouthClose"].data.foreach_set("co", rest + 0.5 * (closed - rest))
    binding.bind(discover(bundled))
    lips = active_curves.mapping(bundled).lips
    both = {"jawOpen": np.array([0.2, 0.2]), "mouthClose": np.array([0.2, 0.0])}
    solved = lips.solve(both, RATE)[:, 0]
    assert solved[0] == pytest.approx(0.4, abs=0.05)
    assert solved[1] == pytest.approx(0.0, abs=0.01)  # an open mouth stays open
    again = lips.solve({**both, "mouthClose": solved}, RATE)[:, 0]
    assert again[0] == pytest.approx(solved[0], abs=0.02)


CHARACTER_CREATOR = (
    "Jaw_Open", "Mouth_Close", "Mouth_Smile_L", "Mouth_Smile_R", "Mouth_Press_L", "Mouth_Press_R", "Mouth_Up_Upper_L",
    "Mouth_Up_Upper_R", "Mouth_Down_Lower_L", "Mouth_Down_Lower_R", "Brow_Raise_Inner_L", "Brow_Raise_Inner_R",
    "V_Open", "V_Explosive", "V_Dental_Lip", "V_Tight_O", "V_Tight", "V_Wide", "V_Affricate", "V_Lip_Open",
)  # fmt: skip
"""Some shapes of Character Creator 4; nothing else has the lower lip rolled in by V_Dental_Lip."""


def test_poses_do_not_imitate_what_a_shape_of_one_channel_shows(scene) -> None:
    group = active_curves.mapping(scenes.add_character(scene, CHARACTER_CREATOR)).group
    assert group is not None
    open_mouth = {"jawOpen": np.linspace(0, 0.5, 30)}
    still = group.solve(open_mouth, RATE)
    smiling = group.solve({**open_mouth, "mouthSmileLeft": np.full(30, 0.6), "mouthSmileRight": np.full(30, 0.6)}, RATE)
    assert smiling == pytest.approx(still, abs=1e-4)
