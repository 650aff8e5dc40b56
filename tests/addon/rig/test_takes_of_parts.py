"""Takes of a character of several meshes with an armature: one take, whose parts move together."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
from mathutils import Euler, Quaternion

from diface_addon import compat
from diface_addon.core import channels, types
from diface_addon.rig import binding
from diface_addon.rig.character import Bones, Character
from diface_addon.scene.animation import active_actions, evaluate_curves
from diface_addon.scene.comparison import ghost
from diface_addon.scene.edits import curve_changes, write_edit, write_edit_in_place
from diface_addon.scene.pins import pins
from diface_addon.scene.takes import delete_take, take_copies, take_index, use_take, write_take
from tests.addon.scene import scenes

NAMES = ("jawOpen", "mouthSmileLeft", "eyeBlinkLeft", *channels.HEAD)
LAYERS = {"blinks": 0, "gaze": None, "breath": None}
FIRST, ROWS = 11, 40
JAW = 'key_blocks["jawOpen"].value'


def motion(seed: int = 0) -> types.Motion:
    values = np.random.default_rng(seed).random((ROWS, len(NAMES)), np.float32) * 0.4
    return types.Motion(values, NAMES, types.FrameRate(24))


def write(face: bpy.types.Object, name: str = "T", seed: int = 0) -> write_take.TakeResult:
    request = {"first_frame": FIRST, "layers": LAYERS, "seed": seed}
    return write_take.write_take(face, motion(seed), name, request)


@pytest.fixture(params=["QUATERNION", "XYZ", "AXIS_ANGLE"])
def avatar(scene, request) -> tuple[bpy.types.Object, bpy.types.Object, bpy.types.Object]:
    """Return face, lashes and armature of a character whose body turns."""
    face = scenes.add_character(scene, ("jawOpen", "mouthSmileLeft", "eyeBlinkLeft"))
    lashes = scenes.add_character(scene, ("eyeBlinkLeft", "jawOpen"))
    rig = bpy.data.objects.new("Rig", bpy.data.armatures.new("Rig"))
    scene.collection.objects.link(rig)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    spine, head = rig.data.edit_bones.new("Spine"), rig.data.edit_bones.new("Head")
    spine.head, spine.tail, head.head, head.tail = (0, 0, -1), (0, 0, 0), (0, 0, 0), (0, 0.1, 1)
    head.parent, head.roll = spine, 0.4
    bpy.ops.object.mode_set(mode="OBJECT")
    rig.pose.bones["Head"].rotation_mode = request.param
    pose = rig.pose.bones["Spine"]
    pose.rotation_mode = "XYZ"
    for frame, angle in ((1, 0.0), (20, 0.5), (40, -0.3)):
        pose.rotation_euler.z = angle
        pose.keyframe_insert("rotation_euler", frame=frame)
    bpy.context.view_layer.objects.active = face
    binding.bind(Character(face, (face, lashes), armature=rig, bones=Bones(head="Head")))
    return face, lashes, rig


def head_pose_of(rig: bpy.types.Object, frame: int) -> np.ndarray:
    """Return the rotation of the head against the spine (3, 3) at a frame."""
    bpy.context.scene.frame_set(frame)
    bones = rig.pose.bones
    rest = rig.data.bones["Spine"].matrix_local.inverted() @ rig.data.bones["Head"].matrix_local
    return np.array((rest.inverted() @ bones["Spine"].matrix.inverted() @ bones["Head"].matrix).to_3x3())


def assert_head_as_generated(face: bpy.types.Object, rig: bpy.types.Object, generated: types.Motion) -> None:
    for row in (0, 7, ROWS - 1):
        turned = head_pose_of(rig, FIRST + row)
        bone = np.array(rig.data.bones["Head"].matrix_local.to_3x3())
        vector = generated.select(channels.HEAD).values[row]
        angle = np.linalg.norm(vector)
        wanted = np.array(Quaternion((vector / angle).tolist(), angle).to_matrix())
        assert np.abs(bone @ turned @ bone.T - wanted).max() < 1e-5
    assert face.rotation_euler[:] == (0, 0, 0)


def keys_at(rig: bpy.types.Object, path: str, frame: int) -> list[float]:
    """Return the values of the head's keys at a frame, exactly."""
    curves = compat.active_channelbag(rig.animation_data).fcurves
    found = [curve for curve in curves if curve.data_path == f'pose.bones["Head"].{path}']
    return [key.co.y for curve in found for key in curve.keyframe_points if key.co.x == frame]


def values_of(obj: bpy.types.Object, name: str) -> list[float]:
    found = []
    for frame in range(FIRST, FIRST + ROWS):
        bpy.context.scene.frame_set(frame)
        found.append(obj.data.shape_keys.key_blocks[name].value)
    return found


def test_all_parts_move_in_one_take(avatar) -> None:
    face, lashes, rig = avatar
    walk = rig.animation_data.action
    written = write(face)
    assert len(take_index.all_takes()) == 1
    assert set(active_actions.active_actions(face)) <= set(written.actions)
    assert_head_as_generated(face, rig, motion())
    for name in ("jawOpen", "eyeBlinkLeft"):
        assert values_of(lashes, name) == values_of(face, name)
    assert np.allclose(values_of(face, "jawOpen"), motion().column("jawOpen"), atol=1e-6)
    assert [strip.action for track in rig.animation_data.nla_tracks for strip in track.strips] == [walk]
    count = 1 if compat.HAS_ACTION_SLOTS else 3
    assert len([action for action in written.actions if "layer" not in action["diface_request"]]) <= count + 2


def test_body_animation_goes_on_below(avatar) -> None:
    face, _lashes, rig = avatar
    spine = rig.pose.bones["Spine"]

    def turned() -> list[float]:
        found = []
        for frame in range(1, 45):
            bpy.context.scene.frame_set(frame)
            found.append(spine.matrix.to_euler().z)
        return found

    before = turned()
    write(face)
    assert np.allclose(turned(), before, atol=1e-6)


def test_take_adds_to_the_head_of_the_body_animation(avatar) -> None:
    face, _lashes, rig = avatar
    head = rig.pose.bones["Head"]
    path = {"QUATERNION": "rotation_quaternion", "AXIS_ANGLE": "rotation_axis_angle"}.get(
        head.rotation_mode, "rotation_euler"
    )
    if head.rotation_mode == "AXIS_ANGLE":
        pytest.skip("Blender's NLA adds the values of axis and angle, which is no rotation.")
    held = Euler((0.0, 0.3, 0.0))
    setattr(head, path, held.to_quaternion() if head.rotation_mode == "QUATERNION" else held)
    head.keyframe_insert(path, frame=1)
    before = head_pose_of(rig, FIRST + 7)
    write(face)
    after = head_pose_of(rig, FIRST + 7)
    turned = Quaternion(np.array([1.0, 0, 0, 0]))
    vector = motion().select(channels.HEAD).values[7]
    bone = np.array(rig.data.bones["Head"].matrix_local.to_3x3())
    angle = np.linalg.norm(vector)
    turned = np.array(Quaternion((vector / angle).tolist(), angle).to_matrix())
    wanted = before @ (bone.T @ turned @ bone)
    tolerance = 1e-5 if head.rotation_mode == "QUATERNION" else 0.1  # Blender adds Euler angles
    assert np.abs(after - wanted).max() < tolerance


def test_other_take_moves_every_part(avatar) -> None:
    face, lashes, rig = avatar
    write(face, "A", 1)
    write(face, "B", 2)
    takes = {actions[0].name: actions for actions in take_index.all_takes().values()}
    use_take.use_take(face, takes["A"])
    assert values_of(lashes, "jawOpen") == values_of(face, "jawOpen")
    assert np.allclose(values_of(face, "jawOpen"), motion(1).column("jawOpen"), atol=1e-6)
    assert_head_as_generated(face, rig, motion(1))
    delete_take.delete_take(face, takes["A"])
    assert values_of(lashes, "jawOpen") == values_of(face, "jawOpen") == [0.0] * ROWS


def test_key_of_a_part_is_a_pin_of_the_channel(avatar) -> None:
    face, lashes, _rig = avatar
    written = write(face)
    key = lashes.data.shape_keys.key_blocks["jawOpen"]
    key.value = 0.77
    key.keyframe_insert("value", frame=30)
    found = pins.find_pins(face)
    assert [(pin.kind, pin.path, pin.frame) for pin in found] == [("KEY:1", JAW, 30.0)]
    names = ("jawOpen", "mouthSmileLeft")
    assert pins.to_channel_pins(face, found, names, FIRST).value.tolist() == [np.float32(0.77)]
    mask = np.zeros((ROWS, len(NAMES)), bool)
    mask[10:30, :2] = True
    edit = curve_changes.MotionEdit(motion(5), mask, tuple(found), FIRST)
    base = active_actions.active_actions(face)
    write_edit.write_edit(face, base, edit, "Edited", {"first_frame": FIRST, "seed": 0})
    assert values_of(lashes, "jawOpen") == values_of(face, "jawOpen")
    bpy.context.scene.frame_set(30)
    assert face.data.shape_keys.key_blocks["jawOpen"].value == np.float32(0.77)
    assert written.name == "T"


def test_key_of_the_head_bone_is_a_pin(avatar) -> None:
    face, _lashes, rig = avatar
    write(face)
    head = rig.pose.bones["Head"]
    path = {"QUATERNION": "rotation_quaternion", "AXIS_ANGLE": "rotation_axis_angle"}.get(
        head.rotation_mode, "rotation_euler"
    )
    bpy.context.scene.frame_set(30)
    posed = Euler((0.3, 0.1, 0.0)).to_quaternion()
    values = {"rotation_quaternion": posed, "rotation_euler": posed.to_euler()}
    axis, angle = posed.to_axis_angle()
    setattr(head, path, values.get(path, (angle, *axis)))
    head.keyframe_insert(path, frame=30)
    kept = keys_at(rig, path, 30)
    found = pins.find_pins(face)
    assert found
    assert all(pins.is_head(pin) for pin in found)
    mask = np.zeros((ROWS, len(NAMES)), bool)
    mask[10:30, 3:] = True
    edit = curve_changes.MotionEdit(motion(5), mask, tuple(found), FIRST)
    write_edit.write_edit(face, active_actions.active_actions(face), edit, "E", {"first_frame": FIRST, "seed": 0})
    assert keys_at(rig, path, 30) == kept


def test_edit_in_place_moves_every_part(avatar) -> None:
    face, lashes, _rig = avatar
    write(face)
    mask = np.ones((ROWS, len(NAMES)), bool)
    mask[:, NAMES.index("eyeBlinkLeft")] = False
    edit = curve_changes.MotionEdit(motion(9), mask, (), FIRST)
    write_edit_in_place.write_in_place(face, active_actions.active_actions(face), edit, {})
    assert values_of(lashes, "jawOpen") == values_of(face, "jawOpen")
    assert np.allclose(values_of(face, "jawOpen"), motion(9).column("jawOpen"), atol=1e-6)
    sampled = evaluate_curves.sample_motion(face, FIRST, ROWS, channels.HEAD).values
    assert np.abs(sampled - motion(9).select(channels.HEAD).values).max() < 1e-5


def test_bake_has_every_part(avatar) -> None:
    face, lashes, rig = avatar
    write(face)
    before = values_of(lashes, "eyeBlinkLeft"), head_pose_of(rig, FIRST + 5)
    (actions,) = take_index.all_takes().values()
    take_copies.bake(face, actions)
    assert values_of(lashes, "eyeBlinkLeft") == values_of(face, "eyeBlinkLeft") == before[0]
    assert np.abs(head_pose_of(rig, FIRST + 5) - before[1]).max() < 1e-6


@pytest.mark.parametrize("place", ["BESIDE", "THROUGH"])
def test_ghost_has_every_part_and_its_own_head(avatar, place) -> None:
    face, lashes, rig = avatar
    hair = scenes.add_character(bpy.context.scene, ())
    hair.parent, hair.parent_type, hair.parent_bone = rig, "BONE", "Head"
    first, _second = write(face, "A", 1), write(face, "B", 2)
    objects, meshes = len(bpy.data.objects), len(bpy.data.meshes)
    shown = ghost.add_ghost(face, "A", place, (hair,))
    use_take.use_take(shown, list(first.actions))
    copies = {obj.name.removesuffix(" ghost"): obj for obj in bpy.data.objects if ghost.MARK in obj}
    assert set(copies) == {face.name, lashes.name, rig.name, hair.name}
    assert copies[hair.name].parent == copies[rig.name] != rig
    assert np.allclose(values_of(copies[lashes.name], "jawOpen"), motion(1).column("jawOpen"), atol=1e-6)
    assert np.allclose(values_of(lashes, "jawOpen"), motion(2).column("jawOpen"), atol=1e-6)
    assert_head_as_generated(face, copies[rig.name], motion(1))
    assert_head_as_generated(face, rig, motion(2))
    ghost.remove_ghosts()
    assert (len(bpy.data.objects), len(bpy.data.meshes)) == (objects, meshes)
    assert_head_as_generated(face, rig, motion(2))


def test_lashes_that_only_blink_move_with_the_layer(scene) -> None:
    face = scenes.add_character(scene, ("jawOpen", "eyeBlinkLeft"))
    lashes = scenes.add_character(scene, ("eyeBlinkLeft",))
    binding.bind(Character(face, (face, lashes)))
    write(face)
    assert values_of(lashes, "eyeBlinkLeft") == values_of(face, "eyeBlinkLeft")
    assert max(values_of(lashes, "eyeBlinkLeft")) > 0
    write(face, "B", 2)
    use_take.use_take(face, next(iter(take_index.all_takes().values())))
    assert values_of(lashes, "eyeBlinkLeft") == values_of(face, "eyeBlinkLeft")
    (track,) = face.data.shape_keys.animation_data.nla_tracks
    track.mute = True
    for actions in list(take_index.all_takes().values())[::-1]:
        use_take.use_take(face, actions)
    assert [track.mute for track in lashes.data.shape_keys.animation_data.nla_tracks] == [True]


def test_edit_in_place_moves_lashes_that_only_blink(scene) -> None:
    face = scenes.add_character(scene, ("jawOpen", "eyeBlinkLeft"))
    lashes = scenes.add_character(scene, ("eyeBlinkLeft",))
    binding.bind(Character(face, (face, lashes)))
    write(face)
    before = values_of(face, "eyeBlinkLeft")
    edit = curve_changes.MotionEdit(motion(9), np.ones((ROWS, len(NAMES)), bool), (), FIRST)
    write_edit_in_place.write_in_place(face, active_actions.active_actions(face), edit, {})
    assert values_of(face, "eyeBlinkLeft") != before
    assert values_of(lashes, "eyeBlinkLeft") == values_of(face, "eyeBlinkLeft")


def test_failed_take_changes_no_part(avatar, monkeypatch) -> None:
    face, lashes, rig = avatar
    walk = rig.animation_data.action
    monkeypatch.setattr(use_take.body_rotation, "blend", lambda *_arguments: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write(face)
    assert rig.animation_data.action == walk
    assert not len(rig.animation_data.nla_tracks)
    assert lashes.data.shape_keys.animation_data is None or lashes.data.shape_keys.animation_data.action is None
    assert not take_index.all_takes()


def test_binding_survives_renaming_and_saving(avatar, tmp_path) -> None:
    face, lashes, rig = avatar
    write(face)
    face.name, lashes.name, rig.name = "F", "L", "R"
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "avatar.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "avatar.blend"))
    face, lashes, rig = (bpy.data.objects[name] for name in "FLR")
    write(face, "B", 3)
    assert values_of(lashes, "jawOpen") == values_of(face, "jawOpen")
    assert_head_as_generated(face, rig, motion(3))
