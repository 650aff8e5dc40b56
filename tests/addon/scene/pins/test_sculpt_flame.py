"""Sculpts of 3DiFACE takes: pins of vertices, with shape keys and with a vertex cache."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
import pytest

from diface_addon.scene.characters import flame_mesh, shape_keys
from diface_addon.scene.pins import sculpt, vertex_pins
from diface_addon.scene.takes import delete_take, take_index
from diface_addon.scene.vertex_animation import motion_shape_keys, vertex_cache
from tests.addon.scene import fingerprint, flame_scenes
from tests.addon.scene.flame_scenes import FIRST, ORIENTATIONS, ROWS, add_flame, evaluated_vertices, write

pytestmark = pytest.mark.slow

FRAME = FIRST + 9
KINDS = pytest.mark.parametrize("as_cache", [False, True], ids=["shape keys", "vertex animation"])


@pytest.fixture(scope="session")
def flame(shared) -> Path:
    return shared / "flame2023open.npz"


@pytest.fixture
def saved(scene, tmp_path) -> Path:
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    return tmp_path


@pytest.fixture
def face(saved, flame) -> bpy.types.Object:
    return add_flame(flame)


def actions(obj: bpy.types.Object) -> list[bpy.types.Action]:
    return vertex_pins.take_actions(vertex_pins.find_take(obj))


def sculpted(obj: bpy.types.Object, frame: float = FRAME, by: float = 0.003) -> np.ndarray:
    """Pin the face at a frame with random displacements. Return the vertices."""
    bpy.context.scene.frame_set(int(frame), subframe=frame % 1)
    assert bpy.ops.diface.sculpt_pose() == {"FINISHED"}
    key = obj.data.shape_keys.key_blocks[sculpt.KEY]
    places = shape_keys.positions(key) + np.random.default_rng(3).normal(0, by, (5023, 3)).astype(np.float32)
    key.data.foreach_set("co", places.ravel())
    assert bpy.ops.diface.pin_sculpt() == {"FINISHED"}
    return places


@KINDS
def test_sculpt_starts_from_the_visible_pose(face, flame, as_cache) -> None:
    write(face, flame, as_cache)
    pose = evaluated_vertices(face, FRAME)
    assert bpy.ops.diface.sculpt_pose() == {"FINISHED"}
    np.testing.assert_array_equal(evaluated_vertices(face, FRAME), pose)
    np.testing.assert_array_equal(evaluated_vertices(face, FRAME + 3), pose)
    assert bpy.ops.diface.discard_sculpt() == {"FINISHED"}
    np.testing.assert_array_equal(evaluated_vertices(face, FRAME), pose)


@KINDS
def test_discarded_sculpt_leaves_nothing(face, flame, as_cache) -> None:
    write(face, flame, as_cache)
    bpy.context.scene.frame_set(FRAME)
    before = fingerprint.of_file()
    bpy.ops.diface.sculpt_pose()
    bpy.ops.diface.discard_sculpt()
    changed = fingerprint.difference(before, fingerprint.of_file())
    assert [line for line in changed if "attributes" not in line] == []


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_pin_is_in_flame_coordinates(saved, flame, orientation) -> None:
    face = add_flame(flame, orientation, identity=0.004)
    write(face, flame, as_cache=True)
    scale, rotation, _shift = ORIENTATIONS[orientation]
    places = sculpted(face, by=0.003 / scale)
    found = vertex_pins.to_vertex_pins(face, actions(face), FIRST)
    assert found.row.tolist() == [FRAME - FIRST]
    moved = scale * (places.astype(np.float64) - flame_mesh.rest_vertices(face)) @ np.array(rotation).T
    assert np.abs(found.vertices[0] - moved).max() < 1e-7


@KINDS
def test_several_pins_and_pins_between_frames(face, flame, as_cache) -> None:
    write(face, flame, as_cache)
    sculpted(face, FRAME + 2)
    sculpted(face, FRAME + 0.25)
    sculpted(face, FRAME + 2)
    assert vertex_pins.pin_frames(actions(face)) == [FRAME + 0.25, FRAME + 2]
    vertex_pins.remove_pin(actions(face), FRAME + 2)
    assert vertex_pins.pin_frames(actions(face)) == [FRAME + 0.25]
    vertex_pins.remove_pin(actions(face), FRAME + 0.25)
    assert vertex_pins.to_vertex_pins(face, actions(face), FIRST) is None


@KINDS
def test_kept_frames_equal_the_motion(face, flame, as_cache) -> None:
    write(face, flame, as_cache)
    kept = range(FIRST - 3, FIRST + ROWS + 3)
    found = vertex_pins.to_vertex_pins(face, actions(face), FIRST, kept)
    assert found.row.tolist() == list(range(ROWS))
    made, shapes = flame_scenes.motion()
    wanted = np.tensordot(made.select(shapes.names).values, shapes.deltas, 1)
    assert np.abs(found.vertices - wanted).max() < 1e-6


def test_regenerated_cache_contains_pins_exactly(face, flame) -> None:
    write(face, flame, as_cache=True)
    old = actions(face)
    before = {frame: evaluated_vertices(face, frame) for frame in range(FIRST, FIRST + 6)}
    places = sculpted(face)
    written = write(face, flame, as_cache=True, seed=5)
    vertex_pins.copy_pins(face, old, list(written.actions), known_frames=before)
    bpy.context.scene.frame_set(0)
    np.testing.assert_array_equal(evaluated_vertices(face, FRAME), places)
    for frame, pose in before.items():
        np.testing.assert_array_equal(evaluated_vertices(face, frame), pose)
    assert vertex_pins.pin_frames(list(written.actions)) == [FRAME]


def test_users_shape_keys_are_not_part_of_the_pin(face, flame) -> None:
    nose = shape_keys.add_shape_keys(face, ("nose",), np.full((1, 5023, 3), 0.01, np.float32), (0, 1))[0]
    face.data.shape_keys.key_blocks[nose].value = 0.5
    write(face, flame, as_cache=True)
    places = sculpted(face)
    found = vertex_pins.to_vertex_pins(face, actions(face), FIRST)
    offset = places - flame_mesh.rest_vertices(face) - 0.005
    assert np.abs(np.linalg.norm(found.vertices[0], axis=1) - np.linalg.norm(offset, axis=1)).max() < 1e-6
    assert np.abs(motion_shape_keys.neutral_vertices(face) - flame_mesh.rest_vertices(face) - 0.005).max() < 1e-7


def test_mesh_without_keys_has_none_afterwards(face, flame) -> None:
    write(face, flame, as_cache=True)
    assert face.data.shape_keys is None
    sculpted(face)
    assert face.data.shape_keys is None
    assert vertex_cache.active_take(face)


def test_pins_survive_saving(face, flame, saved) -> None:
    write(face, flame, as_cache=True)
    sculpted(face)
    wanted = vertex_pins.to_vertex_pins(face, actions(face), FIRST).vertices
    bpy.ops.wm.save_as_mainfile(filepath=str(saved / "shot.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(saved / "shot.blend"))
    face = bpy.data.objects["Face"]
    np.testing.assert_array_equal(vertex_pins.to_vertex_pins(face, actions(face), FIRST).vertices, wanted)


def test_bad_input(face, flame) -> None:
    write(face, flame, as_cache=True)
    bpy.context.scene.frame_set(FRAME)
    bpy.ops.diface.sculpt_pose()
    face.data.shape_keys.key_blocks[sculpt.KEY].data[0].co.x += 0.01
    delete_take.delete_take(face, next(iter(take_index.all_takes().values())))
    with pytest.raises(RuntimeError, match="The take that was sculpted is gone"):
        bpy.ops.diface.pin_sculpt()
    assert bpy.ops.diface.discard_sculpt() == {"FINISHED"}


def test_missing_cache_is_reported(face, flame) -> None:
    write(face, flame, as_cache=True)
    for path in Path(bpy.data.filepath).parent.glob("*_diface/*.pc2"):
        path.unlink()
    with pytest.raises(RuntimeError, match="cannot be read"):
        bpy.ops.diface.sculpt_pose()
    assert face.data.shape_keys is None
