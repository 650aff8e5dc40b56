"""Sculpts of shape-key animation: started, edited in any mode and pinned as keys; other data is unchanged."""

from __future__ import annotations

import bmesh
import bpy
import numpy as np
import pytest

from diface_addon.core import channels, errors, types
from diface_addon.jobs import pin_sculpt
from diface_addon.rig import binding
from diface_addon.rig.character import Character
from diface_addon.rig.discovery.discover import discover
from diface_addon.scene.characters import shape_keys
from diface_addon.scene.pins import pins, sculpt
from diface_addon.scene.takes import write_take
from tests.addon.characters import vocabulary_kinds
from tests.addon.scene import fingerprint, scenes

pytestmark = pytest.mark.slow

FIRST, ROWS, FRAME = 11, 40, 23
NAMES = ("jawOpen", "mouthSmileLeft", "mouthFunnel", "cheekPuff", "nose")


@pytest.fixture
def face(scene: bpy.types.Scene) -> bpy.types.Object:
    """Return a mesh with four channels, another shape key and a take, at FRAME."""
    obj = scenes.add_character(scene, NAMES)
    values = 0.4 + 0.3 * np.sin(np.arange(ROWS)[:, None] * 0.3 + np.arange(4))
    motion = types.Motion(values.astype(np.float32), NAMES[:4], types.FrameRate(24))
    write_take.write_take(obj, motion, "Take", {"first_frame": FIRST, "seed": 1})
    blocks(obj)["nose"].value = 0.5
    obj.active_shape_key_index = blocks(obj).find("mouthFunnel")
    scene.frame_set(FRAME)
    return obj


def blocks(obj: bpy.types.Object):
    return obj.data.shape_keys.key_blocks


def evaluated_vertices(obj: bpy.types.Object) -> np.ndarray:
    """Return the visible vertices (V, 3)."""
    bpy.context.view_layer.update()
    mesh = obj.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
    found = np.empty(3 * len(mesh.vertices), np.float32)
    mesh.vertices.foreach_get("co", found)
    return found.reshape(-1, 3)


def curve(obj: bpy.types.Object, name: str) -> np.ndarray:
    """Return the keys (K, 2) of a channel."""
    return scenes.curve_points(obj.data.shape_keys.animation_data.action, "KEY", f'key_blocks["{name}"].value')


def value_at(obj: bpy.types.Object, name: str, frame: float) -> float:
    keys = curve(obj, name)
    return float(keys[keys[:, 0] == frame, 1][0])


def move(obj: bpy.types.Object, change: dict[str, float], mode: str) -> None:
    """Sculpt by the given changes of shape-key values."""
    moved = sum(amount * shape_keys.shape_key_delta(obj, blocks(obj)[name]) for name, amount in change.items())
    bpy.ops.object.mode_set(mode=mode)
    if mode == "EDIT":
        mesh = bmesh.from_edit_mesh(obj.data)
        for vertex, offset in zip(mesh.verts, moved, strict=True):
            vertex.co = np.array(vertex.co) + offset
        bmesh.update_edit_mesh(obj.data)
        return
    key = blocks(obj)[sculpt.KEY]
    key.data.foreach_set("co", (shape_keys.positions(key) + moved).ravel())


OURS = ("objects[", "meshes[", "shape_keys[", "actions[")
MODES = ("OBJECT", "EDIT", "SCULPT")


@pytest.mark.parametrize("mode", MODES)
def test_sculpt_shows_the_pose_and_changes_nothing_else(face, mode) -> None:
    pose = evaluated_vertices(face)
    others = {key.name: shape_keys.positions(key) for key in blocks(face)}
    bpy.ops.diface.sculpt_pose()
    assert face.active_shape_key.name == sculpt.KEY
    np.testing.assert_array_equal(evaluated_vertices(face), pose)
    bpy.ops.object.mode_set(mode=mode)
    if mode == "EDIT":
        seen = np.array([vertex.co for vertex in bmesh.from_edit_mesh(face.data).verts])
        np.testing.assert_array_equal(seen, pose)
    bpy.ops.object.mode_set(mode="OBJECT")
    bpy.context.scene.frame_set(FRAME + 5)
    np.testing.assert_array_equal(evaluated_vertices(face), pose)
    for name, places in others.items():
        np.testing.assert_array_equal(shape_keys.positions(blocks(face)[name]), places)


@pytest.mark.parametrize("mode", MODES)
def test_sculpt_is_pinned_at_its_frame(face, worker, mode) -> None:
    before = {name: curve(face, name) for name in NAMES[:4]}
    bpy.ops.diface.sculpt_pose()
    jaw, smile = value_at(face, "jawOpen", FRAME), value_at(face, "mouthSmileLeft", FRAME)
    move(face, {"jawOpen": 0.8 - jaw, "mouthSmileLeft": 0.1 - smile}, mode)
    bpy.context.scene.frame_set(FRAME + 4)
    assert bpy.ops.diface.pin_sculpt() == {"FINISHED"}

    assert value_at(face, "jawOpen", FRAME) == pytest.approx(0.8, abs=1e-4)
    assert value_at(face, "mouthSmileLeft", FRAME) == pytest.approx(0.1, abs=1e-4)
    for name in ("mouthFunnel", "cheekPuff"):
        np.testing.assert_array_equal(curve(face, name), before[name])
    for name in ("jawOpen", "mouthSmileLeft"):
        elsewhere = before[name][:, 0] != FRAME
        np.testing.assert_array_equal(curve(face, name)[elsewhere], before[name][elsewhere])
    assert face.mode == "OBJECT"
    assert [key.name for key in blocks(face)] == ["Basis", *NAMES]
    assert (face.active_shape_key.name, face.show_only_shape_key) == ("mouthFunnel", False)
    assert not sculpt.is_running(face)


def test_message_states_the_solve_error(face, worker, capfd) -> None:
    bpy.ops.diface.sculpt_pose()
    move(face, {"jawOpen": 0.2}, "OBJECT")
    blocks(face)[sculpt.KEY].data[7].co.x += 0.004
    face.scale = (0.5, 0.5, 0.5)
    bpy.context.view_layer.update()
    assert bpy.ops.diface.pin_sculpt() == {"FINISHED"}
    assert f"1 channel is pinned at frame {FRAME}. Error 1.4 mm, at most 2.0 mm." in capfd.readouterr().out


@pytest.mark.parametrize("mode", MODES)
def test_discarded_sculpt_leaves_nothing(face, mode) -> None:
    face.show_only_shape_key = True
    before = fingerprint.of_file()
    bpy.ops.diface.sculpt_pose()
    move(face, {"jawOpen": 0.3}, mode)
    assert bpy.ops.diface.discard_sculpt() == {"FINISHED"}
    changed = fingerprint.difference(before, fingerprint.of_file())
    # Sculpt Mode loads brushes, and Edit Mode puts the mesh's attributes in another order and may select edges.
    of_blender = ("attributes", ".select: ")
    assert [line for line in changed if line.startswith(OURS) and not any(word in line for word in of_blender)] == []


def test_bad_input(face, worker) -> None:
    with pytest.raises(RuntimeError, match="No sculpt is in progress"):
        bpy.ops.diface.pin_sculpt()
    with pytest.raises(RuntimeError, match="No sculpt is in progress"):
        bpy.ops.diface.discard_sculpt()
    bpy.ops.diface.sculpt_pose()
    with pytest.raises(RuntimeError, match=f"is being sculpted for frame {FRAME}"):
        bpy.ops.diface.sculpt_pose()
    with pytest.raises(RuntimeError, match="Nothing was sculpted"):
        bpy.ops.diface.pin_sculpt()
    blocks(face)[sculpt.KEY].data[7].co.x += 0.1
    with pytest.raises(RuntimeError, match="cannot reproduce this sculpt"):
        bpy.ops.diface.pin_sculpt()
    assert sculpt.is_running(face)


def test_changed_vertex_count_is_refused(face) -> None:
    bpy.ops.diface.sculpt_pose()
    bpy.ops.object.mode_set(mode="EDIT")
    mesh = bmesh.from_edit_mesh(face.data)
    mesh.verts.new((0, 0, 0))
    bmesh.update_edit_mesh(face.data)
    with pytest.raises(RuntimeError, match="vertices when the sculpt began"):
        bpy.ops.diface.pin_sculpt()
    assert bpy.ops.diface.discard_sculpt() == {"FINISHED"}
    assert sculpt.KEY not in blocks(face)


def test_deleted_sculpt_key_is_reported(face) -> None:
    bpy.ops.diface.sculpt_pose()
    face.shape_key_remove(blocks(face)[sculpt.KEY])
    with pytest.raises(RuntimeError, match="is gone"):
        bpy.ops.diface.pin_sculpt()
    assert bpy.ops.diface.discard_sculpt() == {"FINISHED"}
    assert (face.active_shape_key.name, face.show_only_shape_key) == ("mouthFunnel", False)


def test_deleted_shape_keys_are_reported(face) -> None:
    bpy.ops.diface.sculpt_pose()
    face.shape_key_clear()
    assert bpy.ops.diface.discard_sculpt() == {"FINISHED"}
    assert not sculpt.is_running(face)


def test_mesh_without_shape_keys_is_refused(scene) -> None:
    scenes.add_character(scene, ())
    with pytest.raises(RuntimeError, match="has no shape keys"):
        bpy.ops.diface.sculpt_pose()


def test_each_operator_is_one_undo_step(face, worker) -> None:
    bpy.ops.ed.undo_push(message="Before")
    states = [fingerprint.of_file()]
    assert bpy.ops.diface.sculpt_pose("EXEC_DEFAULT", True) == {"FINISHED"}
    states.append(fingerprint.of_file())
    move(face, {"jawOpen": 0.2}, "OBJECT")
    bpy.ops.ed.undo_push(message="Moved")
    states.append(fingerprint.of_file())
    assert bpy.ops.diface.pin_sculpt("EXEC_DEFAULT", True) == {"FINISHED"}
    states.append(fingerprint.of_file())
    for state in reversed(states[:-1]):
        bpy.ops.ed.undo()
        assert fingerprint.difference(state, fingerprint.of_file()) == []
    for state in states[1:]:
        bpy.ops.ed.redo()
        assert fingerprint.difference(state, fingerprint.of_file()) == []


def test_undo_during_a_sculpt(face, worker) -> None:
    bpy.ops.ed.undo_push(message="Before")
    bpy.ops.diface.sculpt_pose("EXEC_DEFAULT", True)
    move(face, {"jawOpen": 0.2}, "OBJECT")
    bpy.ops.ed.undo_push(message="Moved")
    bpy.ops.ed.undo()
    with pytest.raises(RuntimeError, match="Nothing was sculpted"):
        bpy.ops.diface.pin_sculpt()
    bpy.ops.ed.undo()
    with pytest.raises(RuntimeError, match="No sculpt is in progress"):
        bpy.ops.diface.pin_sculpt()
    bpy.ops.ed.redo()
    move(bpy.data.objects["Character"], {"jawOpen": 0.2}, "OBJECT")
    assert bpy.ops.diface.pin_sculpt() == {"FINISHED"}


def test_sculpt_survives_saving(face, worker, tmp_path) -> None:
    bpy.ops.diface.sculpt_pose()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "sculpt.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "sculpt.blend"))
    face = bpy.data.objects["Character"]
    move(face, {"jawOpen": 0.1}, "OBJECT")
    assert bpy.ops.diface.pin_sculpt() == {"FINISHED"}


def test_muted_and_driven_keys_are_left_out(face, worker) -> None:
    blocks(face)["jawOpen"].mute = True
    blocks(face)["mouthSmileLeft"].driver_add("value")
    bpy.ops.diface.sculpt_pose()
    addresses, _request = sculpt.make_solve_request(face, face, sculpt.read(face))
    names = [path.split('"')[1] for _kind, path, _index in addresses]
    assert sorted(names) == ["cheekPuff", "mouthFunnel"]


def test_vertex_groups_of_shape_keys_are_applied(face, worker) -> None:
    group = face.vertex_groups.new(name="half")
    group.add(range(8), 0.5, "REPLACE")
    blocks(face)["jawOpen"].vertex_group = "half"
    full_delta = shape_keys.positions(blocks(face)["jawOpen"]) - shape_keys.positions(blocks(face)["Basis"])
    np.testing.assert_allclose(shape_keys.shape_key_delta(face, blocks(face)["jawOpen"]), full_delta / 2, atol=1e-7)
    pose = evaluated_vertices(face)
    bpy.ops.diface.sculpt_pose()
    np.testing.assert_array_equal(evaluated_vertices(face), pose)


def test_sculpt_between_frames(face, worker) -> None:
    bpy.context.scene.frame_set(FRAME, subframe=0.25)
    bpy.ops.diface.sculpt_pose()
    jaw = blocks(face)["jawOpen"].value
    move(face, {"jawOpen": 0.15}, "OBJECT")
    assert bpy.ops.diface.pin_sculpt() == {"FINISHED"}
    bpy.context.scene.frame_set(FRAME, subframe=0.25)
    assert blocks(face)["jawOpen"].value == pytest.approx(jaw + 0.15, abs=1e-4)


def test_sculpt_changed_during_the_solve_is_solved_again(face, worker) -> None:
    bpy.ops.diface.sculpt_pose()
    jaw = value_at(face, "jawOpen", FRAME)
    move(face, {"jawOpen": 0.5 - jaw}, "OBJECT")
    job = pin_sculpt.begin(bpy.context)
    move(face, {"jawOpen": 0.3}, "OBJECT")
    try:
        job.wait()
        job = job.restart_if_stale(bpy.context)
        job.wait()
        assert job.restart_if_stale(bpy.context) is None
        job.write_result()
    finally:
        job.end()
    assert value_at(face, "jawOpen", FRAME) == pytest.approx(0.8, abs=1e-4)


def test_sculpt_discarded_during_the_solve_is_reported(face, worker) -> None:
    bpy.ops.diface.sculpt_pose()
    move(face, {"jawOpen": 0.3}, "OBJECT")
    job = pin_sculpt.begin(bpy.context)
    bpy.ops.diface.discard_sculpt()
    try:
        job.wait()
        with pytest.raises(errors.SceneError, match="No sculpt is in progress"):
            job.restart_if_stale(bpy.context)
    finally:
        job.end()


def test_sculpt_of_a_part_is_pinned_on_every_mesh(face, worker) -> None:
    teeth = scenes.add_character(bpy.context.scene, ("jawOpen", "cheekPuff"))
    binding.bind(Character(face, (face, teeth)))
    motion = types.Motion(np.full((ROWS, 2), 0.3, np.float32), ("jawOpen", "cheekPuff"), types.FrameRate(24))
    write_take.write_take(face, motion, "Take", {"first_frame": FIRST, "seed": 1})
    bpy.context.scene.diface.character = face
    bpy.context.view_layer.objects.active = teeth
    bpy.context.scene.frame_set(FRAME)
    assert bpy.ops.diface.sculpt_pose() == {"FINISHED"}
    assert sculpt.is_running(teeth)
    assert not sculpt.is_running(face)
    move(teeth, {"jawOpen": 0.5}, "OBJECT")
    bpy.context.view_layer.objects.active = face
    assert bpy.ops.diface.pin_sculpt() == {"FINISHED"}
    bpy.context.scene.frame_set(FRAME)
    for obj in (face, teeth):
        assert blocks(obj)["jawOpen"].value == pytest.approx(0.8, abs=1e-4)
    assert {pin.frame for pin in pins.find_pins(face)} == {FRAME}


def test_sculpt_of_visemes_is_pinned_on_the_visemes(scene, worker) -> None:
    built = vocabulary_kinds.build_visemes()
    binding.bind(discover(built.main))
    motion = np.zeros((ROWS, len(channels.FACE)), np.float32)
    write_take.write_take(
        built.main, types.Motion(motion, channels.FACE, types.FrameRate(24)), "T", {"first_frame": FIRST, "seed": 1}
    )
    bpy.context.view_layer.objects.active = built.main
    scene.frame_set(FRAME)
    assert bpy.ops.diface.sculpt_pose() == {"FINISHED"}
    move(built.main, {"viseme_aa": 0.6}, "OBJECT")
    assert bpy.ops.diface.pin_sculpt() == {"FINISHED"}
    assert value_at(built.main, "viseme_aa", FRAME) == pytest.approx(0.6, abs=1e-2)
    names = tuple(channels.FACE)
    pinned = pins.to_channel_pins(built.main, pins.find_pins(built.main), names, FIRST)
    by_name = {names[column]: value for column, value in zip(pinned.channel, pinned.value, strict=True)}
    assert by_name["jawOpen"] > 0.2
