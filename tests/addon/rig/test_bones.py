"""Bones that channels turn: jaw and eyes with the face, the neck with the head."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
from mathutils import Euler

from diface_addon.core import channels, types
from diface_addon.rig import binding, bones, head_target, parts, stored_bones
from diface_addon.rig.character import Bones, Character
from diface_addon.rig.mapping.bone_group import BoneGroup
from diface_addon.scene.animation import active_actions, evaluate_curves
from diface_addon.scene.edits import curve_changes, write_edit
from diface_addon.scene.pins import pins
from diface_addon.scene.takes import write_take
from tests.addon.scene import scenes

NAMES = (
    "jawOpen", "jawLeft", "jawRight", "mouthSmileLeft", "eyeLookDownLeft", "eyeLookUpLeft", "eyeLookInLeft",
    "eyeLookOutLeft", *channels.HEAD,
)  # fmt: skip
FIRST, ROWS = 1, 24
JOINTS = {"Neck": ((0, 0, -0.3), (0, 0, 0)), "Head": ((0, 0, 0), (0, 0, 0.4)), "Jaw": ((0, 0.02, 0), (0, -0.3, -0.1))}
OPPOSED = (("jawLeft", "jawRight"), ("eyeLookDownLeft", "eyeLookUpLeft"), ("eyeLookInLeft", "eyeLookOutLeft"))
MODES = ["QUATERNION", "XYZ", "ZYX", "AXIS_ANGLE"]


def motion(seed: int = 0) -> types.Motion:
    """Return a motion in which channels that oppose each other are not above 0 at once."""
    values = np.random.default_rng(seed).random((ROWS, len(NAMES)), np.float32) * 0.4
    for first, second in (
        ("jawLeft", "jawRight"),
        ("eyeLookDownLeft", "eyeLookUpLeft"),
        ("eyeLookInLeft", "eyeLookOutLeft"),
    ):
        values[::2, NAMES.index(first)] = 0.0
        values[1::2, NAMES.index(second)] = 0.0
    return types.Motion(values, NAMES, types.FrameRate(24))


@pytest.fixture(params=MODES)
def puppet(scene, request) -> tuple[bpy.types.Object, bpy.types.Object]:
    """Return face and armature: the face has one shape, the bones do the rest."""
    face = scenes.add_character(scene, ("mouthSmileLeft",))
    rig = bpy.data.objects.new("Rig", bpy.data.armatures.new("Rig"))
    scene.collection.objects.link(rig)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    for name, (start, end) in {**JOINTS, "LeftEye": ((0.03, -0.08, 0.1), (0.03, -0.12, 0.1))}.items():
        bone = rig.data.edit_bones.new(name)
        bone.head, bone.tail, bone.roll = start, end, 0.3
    for name, parent in {"Head": "Neck", "Jaw": "Head", "LeftEye": "Head"}.items():
        rig.data.edit_bones[name].parent = rig.data.edit_bones[parent]
    bpy.ops.object.mode_set(mode="OBJECT")
    for bone in rig.pose.bones:
        bone.rotation_mode = request.param
    bpy.context.view_layer.objects.active = face
    found = Bones(head="Head", neck=("Neck",), jaw="Jaw", left_eye="LeftEye")
    binding.bind(Character(face, (face,), armature=rig, bones=found, head_size=0.24))
    return face, rig


def write(face: bpy.types.Object, seed: int = 0) -> write_take.TakeResult:
    return write_take.write_take(face, motion(seed), "T", {"first_frame": FIRST, "seed": seed})


def turned(rig: bpy.types.Object, name: str, frame: int) -> np.ndarray:
    """Return the rotation (3, 3) that a bone has in world axes, against its rest, without its parent's."""
    bpy.context.scene.frame_set(frame)
    bone = rig.pose.bones[name]
    rest = np.array(bone.bone.matrix_local.to_3x3())
    return rest @ np.array(bone.matrix_basis.to_3x3()) @ rest.T


def test_head_and_neck_share_the_rotation(puppet) -> None:
    face, rig = puppet
    write(face)
    share = head_target.head_target(face).share
    assert 0 < share < 1
    vector = motion().select(channels.HEAD).values[5]
    for name, part in (("Head", share), ("Neck", 1 - share)):
        angle = part * np.linalg.norm(vector)
        found = turned(rig, name, FIRST + 5)
        assert np.arccos((np.trace(found) - 1) / 2) == pytest.approx(angle, abs=1e-4)
    whole = turned(rig, "Neck", FIRST + 5) @ turned(rig, "Head", FIRST + 5)
    assert np.arccos((np.trace(whole) - 1) / 2) == pytest.approx(np.linalg.norm(vector), abs=1e-4)
    axis = np.array([whole[2, 1] - whole[1, 2], whole[0, 2] - whole[2, 0], whole[1, 0] - whole[0, 1]])
    assert axis / np.linalg.norm(axis) == pytest.approx(vector / np.linalg.norm(vector), abs=1e-4)


def test_jaw_opens_downwards_and_eyes_look_where_they_should(puppet) -> None:
    face, rig = puppet
    values = np.zeros((4, len(NAMES)), np.float32)
    for row, name in enumerate(("jawOpen", "eyeLookDownLeft", "eyeLookOutLeft", "jawLeft")):
        values[row, NAMES.index(name)] = 1.0
    write_take.write_take(face, types.Motion(values, NAMES, types.FrameRate(24)), "T", {"first_frame": 1})
    forward = np.array([0.0, -1.0, 0.0])
    assert (turned(rig, "Jaw", 1) @ forward)[2] < -0.1
    assert (turned(rig, "LeftEye", 2) @ forward)[2] == pytest.approx(-np.sin(np.radians(20)), abs=1e-3)
    assert (turned(rig, "LeftEye", 3) @ forward)[0] == pytest.approx(np.sin(np.radians(26)), abs=1e-3)
    assert (turned(rig, "Jaw", 4) @ forward)[0] > 0.05


def test_motion_is_read_back_from_bones(puppet) -> None:
    face, _rig = puppet
    write(face)
    sampled = evaluate_curves.sample_motion(face, FIRST, ROWS, NAMES).values
    assert np.abs(sampled - motion().values).max() < 2e-3


def test_key_of_the_jaw_bone_is_a_pin_of_the_jaw(puppet) -> None:
    face, rig = puppet
    write(face)
    (group,) = [group for group in bones.bone_groups(face) if group.bone == "Jaw"]
    wanted = {**{name: np.zeros(1) for name in group.channels}, "jawOpen": np.array([0.9])}
    values = group.solve(wanted, types.FrameRate(24))[0]
    name = group.path.rpartition(".")[2]
    setattr(rig.pose.bones["Jaw"], name, values.tolist())
    rig.pose.bones["Jaw"].keyframe_insert(name, frame=12)
    found = pins.find_pins(face)
    assert {pin.name for pin in found} == {"Jaw"}
    assert not any(pins.is_head(pin) for pin in found)
    pinned = pins.to_channel_pins(face, found, NAMES, FIRST)
    by_name = {NAMES[column]: value for column, value in zip(pinned.channel, pinned.value, strict=True)}
    assert by_name["jawOpen"] == pytest.approx(0.9, abs=1e-3)
    assert set(by_name) <= {"jawOpen", "jawLeft", "jawRight"}
    mask = np.zeros((ROWS, len(NAMES)), bool)
    mask[6:20, :8] = True
    edit = curve_changes.MotionEdit(motion(3), mask, tuple(found), FIRST)
    write_edit.write_edit(face, active_actions.active_actions(face), edit, "E", {"first_frame": FIRST, "seed": 0})
    sampled = evaluate_curves.sample_motion(face, 12, 1, NAMES).values[0]
    assert sampled[0] == pytest.approx(0.9, abs=1e-3)


def test_eye_shapes_are_preferred_to_eye_bones(scene) -> None:
    face = scenes.add_character(scene, ("eyeLookDownLeft", "eyeLookUpLeft", "eyeLookInLeft", "eyeLookOutLeft"))
    rig = bpy.data.objects.new("Rig", bpy.data.armatures.new("Rig"))
    scene.collection.objects.link(rig)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    bone = rig.data.edit_bones.new("LeftEye")
    bone.tail = (0, -0.1, 0)
    bpy.ops.object.mode_set(mode="OBJECT")
    binding.bind(Character(face, (face,), armature=rig, bones=Bones(left_eye="LeftEye"), head_size=0.24))
    assert not bones.bone_groups(face)


@pytest.mark.parametrize("stored", ["", "[", "[1]", '[{"part": 1}]', "7"])
def test_damaged_storage_means_no_bones(scene, stored) -> None:
    face = scenes.add_character(scene)
    face[stored_bones.STORED] = stored
    face[head_target.STORED] = stored
    assert bones.bone_groups(face) == []
    assert head_target.head_target(face).owner == face


def test_deleted_armature_leaves_the_face(puppet) -> None:
    face, rig = puppet
    bpy.data.objects.remove(rig)
    assert parts.part_objects(face) == {}
    assert bones.bone_groups(face) == []
    assert head_target.head_target(face).owner == face
    write(face)


@pytest.mark.parametrize("mode", MODES)
def test_bone_channels_round_trip(scene, mode) -> None:
    rig = bpy.data.objects.new("Rig", bpy.data.armatures.new("Rig"))
    scene.collection.objects.link(rig)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    rig.data.edit_bones.new("Jaw").tail = (0, 0, 1)
    bpy.ops.object.mode_set(mode="OBJECT")
    rig.pose.bones["Jaw"].rotation_mode = mode
    turn = np.array(Euler((0.2, 0.1, 0.0)).to_matrix())
    axes = {"jawOpen": 0.4 * turn[:, 0], "jawLeft": 0.1 * turn[:, 2], "jawRight": -0.1 * turn[:, 2]}
    group = BoneGroup("OBJECT:1", rig, "Jaw", axes)
    columns = {"jawOpen": np.linspace(0, 1, 9), "jawLeft": np.zeros(9), "jawRight": np.linspace(1, 0, 9)}
    found = group.columns(group.solve(columns, types.FrameRate(24)))
    assert all(np.abs(found[name] - column).max() < 1e-4 for name, column in columns.items())


def test_splice_takes_the_bones_of_the_other_take(puppet) -> None:
    """Jaw, eyes and neck are bones: inside the frames they are the other take's, elsewhere the active one's."""
    face, _rig = puppet
    other = write(face, 1)
    write(face, 2)
    bpy.context.scene.diface.character = face
    bpy.ops.diface.splice_take(other=other.name, first=FIRST + 8, last=FIRST + 16, blend=0)
    sampled = evaluate_curves.sample_motion(face, FIRST, ROWS, NAMES).values
    wanted = motion(2).values.copy()
    wanted[8:17] = motion(1).values[8:17]
    assert np.abs(sampled - wanted).max() < 2e-3


def test_splice_of_lips_and_jaw_leaves_eyes_and_head(puppet) -> None:
    face, _rig = puppet
    other = write(face, 1)
    write(face, 2)
    bpy.context.scene.diface.character = face
    bpy.ops.diface.splice_take(other=other.name, first=FIRST + 8, last=FIRST + 16, blend=0, regions={"LIPS", "JAW"})
    sampled = evaluate_curves.sample_motion(face, FIRST, ROWS, NAMES).values
    wanted = motion(2).values.copy()
    wanted[8:17, :4] = motion(1).values[8:17, :4]
    assert np.abs(sampled - wanted).max() < 2e-3
