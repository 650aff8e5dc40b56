"""Rows of the mapping that the user set: what channels move then, and what keys on it mean for the channels."""

from __future__ import annotations

import bpy
import numpy as np
import pytest

from diface_addon import compat
from diface_addon.core import channels, types
from diface_addon.rig import binding
from diface_addon.rig.character import Bones, Character
from diface_addon.rig.mapping import hand_rows
from diface_addon.scene.animation import active_curves, evaluate_curves
from diface_addon.scene.animation.active_actions import active_actions
from diface_addon.scene.edits import curve_changes, write_edit
from diface_addon.scene.pins import pins
from diface_addon.scene.takes import write_take
from tests.addon.rig.small_characters import add_armature
from tests.addon.scene import scenes

RATE = types.FrameRate(24)
FIRST, ROWS = 1, 24
USED = ("jawOpen", "mouthFunnel", "mouthSmileLeft", "browInnerUp", "eyeBlinkLeft")
KINDS = ("shape", "rotation", "location", "property", "bone property")


@pytest.fixture
def puppet(scene) -> tuple[bpy.types.Object, bpy.types.Object]:
    """Return a face with an armature that is bound, and has custom properties."""
    face = scenes.add_character(scene, (*USED, "Wide"))
    rig = add_armature([("Head", "", (0, 0, 0), (0, 0, 1)), ("Jaw", "Head", (0, 0, 0), (0, -0.5, -0.2))])
    rig["jaw"], rig["mix"] = 0.0, 0.0
    rig.pose.bones["Jaw"]["control"] = 0.0
    bpy.context.view_layer.objects.active = face
    binding.bind(Character(face, (face,), armature=rig, bones=Bones(head="Head"), head_size=0.24))
    return face, rig


def add(face: bpy.types.Object, channel: str, kind: str, owner: bpy.types.Object, gain=1.0, offset=0.0, **fields):
    """Add a row of a kind of `KINDS`."""
    row = face.diface_mapping.rows.add()
    row.channel, row.owner, row.gain, row.offset = channel, owner, gain, offset
    row.kind = {"shape": "SHAPE_KEY", "rotation": "BONE_ROTATION", "location": "BONE_LOCATION"}.get(kind, "PROPERTY")
    defaults = {
        "shape": {"shape_key": "Wide"},
        "rotation": {"bone": "Jaw", "axis": "X"},
        "location": {"bone": "Jaw", "axis": "Y"},
        "property": {"property_name": "jaw"},
        "bone property": {"bone": "Jaw", "property_name": "control"},
    }
    for name, value in {**defaults[kind], **fields}.items():
        setattr(row, name, value)
    return row


def owner_of(kind: str, face: bpy.types.Object, rig: bpy.types.Object) -> bpy.types.Object:
    return face if kind == "shape" else rig


def motion(seed: int = 0) -> types.Motion:
    values = np.zeros((ROWS, len(channels.FACE)), np.float32)
    random = np.random.default_rng(seed)
    for name in USED:
        values[:, channels.FACE.index(name)] = random.random(ROWS, np.float32) * 0.5
    return types.Motion(values, channels.FACE, RATE)


def write(face: bpy.types.Object, generated: types.Motion | None = None) -> write_take.TakeResult:
    layers = {"blinks": 0, "gaze": 0, "breath": None}
    return write_take.write_take(face, generated or motion(), "T", {"first_frame": FIRST, "seed": 0, "layers": layers})


def sampled(face: bpy.types.Object, names: tuple[str, ...] = USED) -> np.ndarray:
    return evaluate_curves.sample_motion(face, FIRST, ROWS, names).values


def read(kind: str, face: bpy.types.Object, rig: bpy.types.Object, frame: int) -> float:
    """Return the value of the property of `add` at a frame."""
    bpy.context.scene.frame_set(frame)
    bone = rig.pose.bones["Jaw"]
    bone_angle = 2 * np.arctan2(bone.rotation_quaternion.x, bone.rotation_quaternion.w)
    values = {
        "shape": face.data.shape_keys.key_blocks["Wide"].value,
        "rotation": float(bone_angle),
        "location": bone.location.y,
        "property": rig["jaw"],
        "bone property": bone["control"],
    }
    return values[kind]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("gain", "offset"), [(1.0, 0.0), (0.5, 0.25), (-0.4, 0.6)])
def test_channel_moves_a_property_and_is_read_back(puppet, kind, gain, offset) -> None:
    face, rig = puppet
    add(face, "browInnerUp", kind, owner_of(kind, face, rig), gain, offset)
    write(face)
    column = motion().column("browInnerUp")
    for row in (0, 7, ROWS - 1):
        assert read(kind, face, rig, FIRST + row) == pytest.approx(offset + gain * column[row], abs=1e-5)
    assert np.abs(sampled(face) - motion().select(USED).values).max() < 1e-5


@pytest.mark.parametrize("kind", ["shape", "rotation", "location", "property"])
def test_several_properties_of_a_channel(puppet, kind) -> None:
    face, rig = puppet
    add(face, "jawOpen", "shape", face, shape_key="jawOpen")
    add(face, "jawOpen", kind, owner_of(kind, face, rig), 0.7, 0.1)
    write(face)
    column = motion().column("jawOpen")
    assert read(kind, face, rig, FIRST + 4) == pytest.approx(0.1 + 0.7 * column[4], abs=1e-5)
    assert face.data.shape_keys.key_blocks["jawOpen"].value == pytest.approx(column[4])
    assert np.abs(sampled(face) - motion().select(USED).values).max() < 1e-5


def test_two_channels_in_two_properties_are_read_back_exactly(puppet) -> None:
    face, rig = puppet
    for channel, gains in {"jawOpen": (0.6, 0.3), "mouthFunnel": (0.3, -0.5)}.items():
        add(face, channel, "property", rig, gains[0], property_name="mix")
        add(face, channel, "location", rig, gains[1])
    write(face)
    assert np.abs(sampled(face) - motion().select(USED).values).max() < 1e-5


def test_channel_that_another_property_tells_is_not_shared(puppet) -> None:
    face, rig = puppet
    add(face, "jawOpen", "shape", face, shape_key="jawOpen")
    add(face, "jawOpen", "property", rig, 0.5, property_name="mix")
    add(face, "mouthFunnel", "property", rig, 0.5, property_name="mix")
    write(face)
    assert np.abs(sampled(face) - motion().select(USED).values).max() < 1e-5


def test_channel_of_a_row_has_no_other_properties(puppet) -> None:
    face, _rig = puppet
    row = add(face, "jawOpen", "shape", face)
    assert {t.name for t in active_curves.face_targets(face) if "jawOpen" in t.channels} == {"Wide"}
    row.use = False
    assert "jawOpen" not in active_curves.reached_channels(face)
    face.diface_mapping.rows.clear()
    assert {t.name for t in active_curves.face_targets(face) if "jawOpen" in t.channels} == {"jawOpen"}


@pytest.mark.parametrize("kind", KINDS)
def test_key_on_a_property_is_a_pin_of_its_channel(puppet, kind) -> None:
    face, rig = puppet
    add(face, "browInnerUp", kind, owner_of(kind, face, rig), 0.5, 0.1)
    write(face)
    bone = rig.pose.bones["Jaw"]
    value = 0.1 + 0.5 * 0.9
    if kind == "shape":
        face.data.shape_keys.key_blocks["Wide"].value = value
        face.data.shape_keys.key_blocks["Wide"].keyframe_insert("value", frame=9)
    elif kind == "rotation":
        bone.rotation_quaternion = (np.cos(value / 2), np.sin(value / 2), 0, 0)
        bone.keyframe_insert("rotation_quaternion", frame=9)
    elif kind == "location":
        bone.location.y = value
        bone.keyframe_insert("location", index=1, frame=9)
    elif kind == "property":
        rig["jaw"] = value
        rig.keyframe_insert('["jaw"]', frame=9)
    else:
        bone["control"] = value
        bone.keyframe_insert('["control"]', frame=9)
    found = pins.find_pins(face)
    assert found
    assert {pin.frame for pin in found} == {9.0}
    pinned = pins.to_channel_pins(face, found, channels.FACE, FIRST)
    assert [channels.FACE[number] for number in pinned.channel] == ["browInnerUp"]
    assert pinned.value[0] == pytest.approx(0.9, abs=1e-5)
    assert pinned.row.tolist() == [8.0]


@pytest.mark.parametrize("kind", KINDS)
def test_edit_keeps_a_pin_to_the_last_bit(puppet, kind) -> None:
    face, rig = puppet
    add(face, "browInnerUp", kind, owner_of(kind, face, rig), -0.5, 0.6)
    write(face)
    pins.set_values(face, 9.0, {"browInnerUp": 0.913})
    before = {pin.address: pin.value for pin in pins.find_pins(face)}
    assert before
    base = [*{curve.action for curve in active_curves.find_active_curves(face).values() if not curve.in_nla}]
    mask = np.zeros((ROWS, len(channels.FACE)), bool)
    mask[4:16, channels.FACE.index("browInnerUp")] = True
    edit = curve_changes.MotionEdit(motion(1), mask, tuple(pins.find_pins(face)), FIRST)
    actions = [a for a in base if "layer" not in write_edit.stored_request.require_request(a)]
    write_edit.write_edit(face, actions, edit, "E", {"first_frame": FIRST, "seed": 0})
    after = {pin.address: pin.value for pin in pins.find_pins(face)}
    assert before == after
    read_back = sampled(face, ("browInnerUp",))[:, 0]
    assert read_back[8] == pytest.approx(0.913, abs=1e-5)
    assert read_back[0] == pytest.approx(motion().column("browInnerUp")[0], abs=1e-5)


def test_key_of_one_property_moves_the_others_of_its_channel(puppet) -> None:
    face, rig = puppet
    add(face, "browInnerUp", "shape", face, 0.5)
    add(face, "browInnerUp", "property", rig, -1.0, 1.0)
    write(face)
    face.data.shape_keys.key_blocks["Wide"].value = 0.4
    face.data.shape_keys.key_blocks["Wide"].keyframe_insert("value", frame=9)
    linked = curve_changes.on_all_properties(face, pins.find_pins(face), (1, 24))
    (other,) = [pin for pin in linked if pin.path == '["jaw"]']
    assert other.value == pytest.approx(1.0 - 0.8, abs=1e-6)


def test_blink_by_hand_stays_in_its_layer(puppet) -> None:
    face, _rig = puppet
    add(face, "eyeBlinkLeft", "shape", face, 0.8)
    result = write(face)
    in_layer = [a for a in result.actions if "blinks" in a.name]
    assert len(in_layer) == 1
    curves = compat.find_channelbag(in_layer[0], "KEY").fcurves
    assert [curve.data_path for curve in curves] == ['key_blocks["Wide"].value']


def test_values_stay_within_the_range_of_a_custom_property(puppet) -> None:
    face, rig = puppet
    rig.id_properties_ui("jaw").update(min=0.0, max=0.3)
    add(face, "browInnerUp", "property", rig, 2.0)
    write(face)
    values = [read("property", face, rig, FIRST + row) for row in range(ROWS)]
    assert max(values) == pytest.approx(0.3)


def test_controls_stay_within_the_range_of_a_custom_property(puppet) -> None:
    face, rig = puppet
    add(face, "jawOpen", "property", rig)
    write(face)
    plain = [read("property", face, rig, FIRST + row) for row in range(ROWS)]
    limit = 1.2 * max(plain)
    rig.id_properties_ui("jaw").update(min=0.0, max=limit)
    face.diface.articulation.jaw = 2.0
    curves = [c for a in active_actions(face) for k in compat.action_kinds(a) for c in scenes.fcurves(a, k)]
    (jaw,) = (curve for curve in curves if curve.data_path == '["jaw"]')
    assert max(key.co.y for key in jaw.keyframe_points) == pytest.approx(limit)
    face.diface.articulation.jaw = 1.0
    assert [read("property", face, rig, FIRST + row) for row in range(ROWS)] == plain


def test_row_of_a_renamed_shape_key_is_said(puppet) -> None:
    face, _rig = puppet
    add(face, "browInnerUp", "shape", face)
    assert hand_rows.problems(face) == []
    face.data.shape_keys.key_blocks["Wide"].name = "Wider"
    (problem,) = hand_rows.problems(face)
    assert "Wide" in problem
    assert "browInnerUp" in problem
    assert any("Wide" in note for note in write(face).notes)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"property_name": "none"}, "no custom property none"),
        ({"property_name": "count"}, "not a single Float"),
        ({"bone": "Ear", "property_name": "control"}, "no bone Ear"),
    ],
)
def test_property_that_cannot_be_moved_is_said(puppet, fields, words) -> None:
    face, rig = puppet
    rig["count"] = 3
    add(face, "browInnerUp", "property", rig, **fields)
    assert words in hand_rows.problems(face)[0]
    write(face)


def test_row_on_a_bone_of_the_neck_is_said(scene) -> None:
    face = scenes.add_character(scene, USED)
    joints = [("Neck", "", (0, 0, -1), (0, 0, 0)), ("Head", "Neck", (0, 0, 0), (0, 0, 1))]
    rig = add_armature(joints)
    binding.bind(Character(face, (face,), armature=rig, bones=Bones(head="Head", neck=("Neck",)), head_size=0.24))
    add(face, "browInnerUp", "rotation", rig, bone="Neck")
    assert "Neck takes a share of the head's rotation" in hand_rows.problems(face)[0]
    assert any("Neck" in note for note in write(face).notes)


def test_rows_survive_saving_renaming_and_appending(puppet, tmp_path) -> None:
    face, rig = puppet
    add(face, "browInnerUp", "property", rig, 0.5, 0.25)
    face.name, rig.name = "Anna", "Anna Rig"
    path = str(tmp_path / "character.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    assert_row_works(bpy.data.objects["Anna"], bpy.data.objects["Anna Rig"])
    scenes.new_file()
    with bpy.data.libraries.load(path) as (_source, wanted):
        wanted.objects = ["Anna"]
    face = wanted.objects[0]
    bpy.context.scene.collection.objects.link(face)
    rig = face.diface_mapping.rows[0].owner
    bpy.context.scene.collection.objects.link(rig)
    assert_row_works(face, rig)


def assert_row_works(face: bpy.types.Object, rig: bpy.types.Object) -> None:
    write(face)
    bpy.context.scene.frame_set(FIRST + 5)
    assert rig["jaw"] == pytest.approx(0.25 + 0.5 * motion().column("browInnerUp")[5], abs=1e-6)
