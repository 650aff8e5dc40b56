"""Motion of a FLAME mesh as shape keys and as vertex animation: error within the stated bound, and use as takes."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
import pytest
from mathutils import Matrix, Vector

from diface_addon import compat
from diface_addon.core import channels, errors, types
from diface_addon.scene.animation import character_checks
from diface_addon.scene.characters import flame_mesh
from diface_addon.scene.provenance import stored_request
from diface_addon.scene.takes import take_index, write_take
from diface_addon.scene.vertex_animation import vertex_cache
from diface_addon.settings import preferences
from tests.addon.scene import flame_scenes
from tests.addon.scene.export.exports import imported, load_alembic, load_fbx, vertices
from tests.addon.scene.flame_scenes import FIRST, ORIENTATIONS, ROWS, add_flame, evaluated_vertices, expected, write

pytestmark = pytest.mark.slow

BOUND = 1e-5  # metres: 0.01 mm
FRAMES = range(FIRST, FIRST + ROWS)


@pytest.fixture(scope="session")
def flame(shared) -> Path:
    """A FLAME file."""
    return shared / "flame2023open.npz"


@pytest.fixture
def saved(scene, tmp_path) -> Path:
    """Save the scene. Returns the path."""
    path = tmp_path / "shot.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    return path


@pytest.fixture
def face(saved, flame) -> bpy.types.Object:
    return add_flame(flame)


@pytest.mark.parametrize("as_cache", [False, True], ids=["shape keys", "vertex animation"])
@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_vertices_of_every_frame_are_within_the_bound(saved, flame, orientation, as_cache) -> None:
    obj = add_flame(flame, orientation, identity=0.004)
    wanted = expected(obj, orientation)
    write(obj, flame, as_cache)
    error = max(
        np.linalg.norm(evaluated_vertices(obj, frame) - wanted[row], axis=1).max() for row, frame in enumerate(FRAMES)
    )
    assert error * ORIENTATIONS[orientation][0] < BOUND
    assert np.abs(wanted[0] - flame_mesh.rest_vertices(obj)).max() * ORIENTATIONS[orientation][0] > 0.005


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("mode", ["XYZ", "ZXY", "QUATERNION", "AXIS_ANGLE"])
def test_head_rotates_about_the_neck_joint(scene, flame, orientation, mode) -> None:
    obj = add_flame(flame, orientation)
    obj.rotation_mode, obj.location, obj.scale = mode, (1.0, 2.0, 3.0), (1.5, 1.5, 1.5)
    if mode == "QUATERNION":
        obj.rotation_quaternion = (0.9, 0.1, -0.3, 0.2)
    elif mode == "AXIS_ANGLE":
        obj.rotation_axis_angle = (0.5, 0.2, 1.0, 0.3)
    else:
        obj.rotation_euler, obj.delta_rotation_euler = (0.3, -0.2, 0.7), (0.1, 0.2, 0.0)
    bpy.context.view_layer.update()
    rest = obj.matrix_world.copy()
    scale, rotation, shift = ORIENTATIONS[orientation]
    with np.load(flame) as arrays:
        joint = Vector(((arrays["J_regressor"][1] @ arrays["v_template"] - shift) @ rotation / scale).tolist())
    made = flame_scenes.motion()[0].select(channels.HEAD)
    write_take.write_take(obj, made, "T", {"first_frame": FIRST}, flame_mesh.estimate_placement(obj, flame))

    # In FLAME's coordinates: Y up, the face looks along +Z.
    to_flame = Matrix(rotation.tolist()).to_4x4()
    for row in (0, 7, 23):
        scene.frame_set(FIRST + row)
        x, y, z = made.values[row].tolist()
        vector = Vector((x, z, -y))
        turned = Matrix.Rotation(vector.length, 4, vector)
        about = Matrix.Translation(joint) @ to_flame.inverted() @ turned @ to_flame @ Matrix.Translation(-joint)
        assert np.abs(np.array(obj.matrix_world) - np.array(rest @ about)).max() < 1e-4
    assert (np.array(obj.location) == (1.0, 2.0, 3.0)).all()


def test_nod_lowers_the_face(scene, flame) -> None:
    obj = add_flame(flame, "Y up in centimetres")
    values = np.tile(np.array([[0.3, 0.0, 0.0]], np.float32), (2, 1))
    write_take.write_take(
        obj,
        types.Motion(values, channels.HEAD, types.FrameRate(24)),
        "T",
        {"first_frame": 1},
        flame_mesh.estimate_placement(obj, None),
    )
    nose = int(np.argmax(flame_mesh.rest_vertices(obj)[:, 2]))
    before = obj.data.vertices[nose].co
    scene.frame_set(1)
    after = obj.matrix_world @ before
    assert after.y < before.y - 1.0  # centimetres, Y up


def test_flame_mesh_is_placed_without_a_flame_file(scene, flame) -> None:
    for orientation in ORIENTATIONS:
        obj = add_flame(flame, orientation, identity=0.003)
        with_file, without = flame_mesh.estimate_placement(obj, flame), flame_mesh.estimate_placement(obj, None)
        scale, rotation, _shift = ORIENTATIONS[orientation]
        for found in (with_file, without):
            assert found.scale == pytest.approx(scale)
            assert np.abs(found.rotation - rotation).max() < 1e-9
        assert np.linalg.norm(with_file.neck - without.neck) * scale < 0.01


def test_second_take_replaces_the_first(face, flame) -> None:
    for seed, as_cache in ((0, True), (1, False), (2, True), (3, False)):
        write(face, flame, as_cache, seed)
        frame = FIRST + 11
        assert np.abs(evaluated_vertices(face, frame) - expected(face, "Z up", seed)[11]).max() < BOUND
    turned = face.matrix_world.copy()
    write(face, flame, False, 3)
    bpy.context.scene.frame_set(FIRST + 11)
    assert np.abs(np.array(face.matrix_world) - np.array(turned)).max() < 1e-5


def test_switching_back_restores_a_take(face, flame) -> None:
    made = [write(face, flame, as_cache, seed) for seed, as_cache in enumerate((True, False, True, False))]
    by_name = {actions[0].name: (take, actions) for take, actions in take_index.all_takes().items()}
    for seed in (0, 3, 2, 1, 0):
        take, _actions = by_name[made[seed].name]
        assert bpy.ops.diface.use_take(take=take) == {"FINISHED"}
        assert np.abs(evaluated_vertices(face, FIRST + 7) - expected(face, "Z up", seed)[7]).max() < BOUND
        assert take_index.active_takes(face, take_index.all_takes()) == {take}


def test_earlier_takes_are_unchanged(face, flame) -> None:
    first, second = write(face, flame, False), write(face, flame, True, 1)
    cache = next(Path(bpy.data.filepath).parent.glob("*_diface/*.pc2"))
    kept = cache.read_bytes()
    places = [shape_key(face, p) for p in paths(first)]
    write(face, flame, False, 2)
    write(face, flame, True, 3)
    assert cache.read_bytes() == kept
    again = [shape_key(face, p) for p in paths(first)]
    assert len(places) == flame_scenes.SHAPES
    assert all((a == b).all() for a, b in zip(places, again, strict=True))
    assert stored_request.read_request(second.actions[0])["cache"].startswith("//shot_diface")


def paths(take: write_take.TakeResult) -> list[str]:
    """Return the F-curves of the shape keys of a take."""
    action = next(action for action in take.actions if compat.find_channelbag(action, "KEY"))
    return [curve.data_path for curve in compat.find_channelbag(action, "KEY").fcurves]


def shape_key(obj, path: str) -> np.ndarray:
    key = obj.data.shape_keys.path_resolve(path.removesuffix(".value"))
    found = np.empty(3 * len(key.data), np.float32)
    key.data.foreach_get("co", found)
    return found


def test_sliders_have_the_maximum_range(face, flame) -> None:
    write(face, flame, False)
    made = [key for key in face.data.shape_keys.key_blocks if key.name.startswith("3DiFACE")]
    assert len(made) == flame_scenes.SHAPES
    assert {(key.slider_min, key.slider_max) for key in made} == {(-10.0, 10.0)}
    assert face.data.shape_keys.key_blocks[0].name == "Basis"


def test_note_states_the_error_bound(face, flame) -> None:
    assert write(face, flame, False).notes == ("9 shape keys reproduce the face to within 0.0010 mm.",)


def test_face_take_keeps_the_head_take(face, flame) -> None:
    write(face, flame, False, 0)
    turning = face.animation_data.action
    for as_cache in (True, False):
        write(face, flame, as_cache, 1, head=False)
        assert face.animation_data.action == turning
        assert len(take_index.active_takes(face, take_index.all_takes())) == 2


def test_switching_between_diface_and_3diface_takes(face, flame) -> None:
    face.shape_key_add(name="Basis")
    jaw = face.shape_key_add(name="jawOpen", from_mix=False)
    jaw.data[3000].co.z -= 0.02
    values = np.full((ROWS, 1), 0.5, np.float32)
    write_take.write_take(face, types.Motion(values, ("jawOpen",), types.FrameRate(24)), "T", {"first_frame": FIRST})
    evaluated_vertices(face, FIRST)
    for as_cache in (False, True):
        write(face, flame, as_cache)
        assert np.abs(evaluated_vertices(face, FIRST + 5) - expected(face, "Z up")[5]).max() < BOUND
    (own,) = [take for take, actions in take_index.all_takes().items() if actions[0].name == "T"]
    bpy.ops.diface.use_take(take=own)
    moved = evaluated_vertices(face, FIRST + 5) - flame_mesh.rest_vertices(face)
    assert moved[3000, 2] == pytest.approx(-0.01, abs=1e-6)
    assert np.abs(np.delete(moved, 3000, axis=0)).max() < 1e-7


@pytest.mark.parametrize("as_cache", [False, True])
def test_users_shape_keys_are_kept(face, flame, as_cache) -> None:
    face.shape_key_add(name="Basis")
    nose = face.shape_key_add(name="Nose", from_mix=False)
    nose.data[3000].co.y -= 0.02
    nose.value = 0.5
    for seed in range(2):
        write(face, flame, as_cache, seed)
        wanted = expected(face, "Z up", seed)[5]
        wanted[3000, 1] -= 0.01
        assert np.abs(evaluated_vertices(face, FIRST + 5) - wanted).max() < BOUND


def test_cache_path_follows_the_blend(face, flame, tmp_path) -> None:
    write(face, flame, True)
    wanted = evaluated_vertices(face, FIRST + 3)
    (tmp_path / "elsewhere").mkdir()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "elsewhere" / "other.blend"))
    assert (evaluated_vertices(bpy.data.objects["Face"], FIRST + 3) == wanted).all()
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "elsewhere" / "other.blend"))
    assert (evaluated_vertices(bpy.data.objects["Face"], FIRST + 3) == wanted).all()


def test_packed_cache_is_restored(face, flame, saved) -> None:
    write(face, flame, True)
    wanted = evaluated_vertices(face, FIRST + 3)
    for _again in range(2):
        assert bpy.ops.diface.pack_cache() == {"FINISHED"}
    bpy.ops.wm.save_mainfile()
    file = next(saved.parent.glob("*_diface/*.pc2"))
    before = file.read_bytes()
    file.unlink()
    file.parent.rmdir()
    bpy.ops.wm.open_mainfile(filepath=str(saved))
    obj = bpy.data.objects["Face"]
    bpy.context.view_layer.objects.active = obj
    assert vertex_cache.is_file_missing(obj)
    assert bpy.ops.diface.restore_cache() == {"FINISHED"}
    assert file.read_bytes() == before
    assert (evaluated_vertices(obj, FIRST + 3) == wanted).all()


def test_missing_cache_is_reported(face, flame, saved) -> None:
    write(face, flame, True)
    write(face, flame, False, 1)
    next(saved.parent.glob("*_diface/*.pc2")).unlink()
    take = next(
        take for take, actions in take_index.all_takes().items() if "cache" in stored_request.read_request(actions[0])
    )
    with pytest.raises(RuntimeError, match=r"is missing, and was not packed\. Put the file back"):
        bpy.ops.diface.use_take(take=take)
    assert np.abs(evaluated_vertices(face, FIRST + 7) - expected(face, "Z up", 1)[7]).max() < BOUND


def test_unsaved_file_refuses_a_cache(scene, flame) -> None:
    obj = add_flame(flame)
    with pytest.raises(errors.SceneError, match=r"never saved\. Save the \.blend first"):
        character_checks.check_custom_shapes(obj, ("face",), as_cache=True)
    character_checks.check_custom_shapes(obj, ("face",), as_cache=False)
    with pytest.raises(errors.SceneError):
        write(obj, flame, True)
    assert not obj.modifiers
    assert not bpy.data.actions


def test_deleting_a_take_deletes_its_shape_keys_and_modifier(face, flame, saved) -> None:
    write(face, flame, False)
    write(face, flame, True, 1)
    for _ in range(2):
        take = next(iter(take_index.all_takes()))
        assert bpy.ops.diface.delete_take(take=take) == {"FINISHED"}
    assert not bpy.data.actions
    assert [key.name for key in face.data.shape_keys.key_blocks] == ["Basis"]
    assert not face.modifiers
    assert (evaluated_vertices(face, FIRST + 3) == flame_mesh.rest_vertices(face)).all()
    assert len(list(saved.parent.glob("*_diface/*.pc2"))) == 1  # for Undo


def test_deleting_a_take_keeps_the_active_one(face, flame) -> None:
    old = write(face, flame, False)
    write(face, flame, False, 1)
    take = next(take for take, actions in take_index.all_takes().items() if actions[0].name == old.name)
    bpy.ops.diface.delete_take(take=take)
    assert np.abs(evaluated_vertices(face, FIRST + 7) - expected(face, "Z up", 1)[7]).max() < BOUND


@pytest.mark.parametrize(("kind", "as_cache"), [("fbx", False), ("abc", False), ("abc", True)])
def test_exports_contain_the_motion(face, flame, tmp_path, kind, as_cache) -> None:
    scene = bpy.context.scene
    scene.frame_start, scene.frame_end = FIRST, FIRST + ROWS - 1
    write(face, flame, as_cache)
    expected_vertices = {frame: vertices(face, frame) for frame in FRAMES}
    path = tmp_path / f"out.{kind}"
    export, load = {"fbx": (bpy.ops.diface.export_fbx, load_fbx), "abc": (bpy.ops.diface.export_alembic, load_alembic)}[
        kind
    ]
    assert export(filepath=str(path)) == {"FINISHED"}
    back = imported(lambda: load(path))
    if kind == "fbx":  # Blender's importer limits sliders to 0 to 1; the file does not
        for key in back.data.shape_keys.key_blocks[1:]:
            key.slider_min, key.slider_max = -10.0, 10.0
    error = max(np.abs(vertices(back, frame) - wanted).max() for frame, wanted in expected_vertices.items())
    assert error < BOUND


def test_fbx_of_a_vertex_animation_is_refused(face, flame, tmp_path) -> None:
    write(face, flame, True)
    with pytest.raises(RuntimeError, match=r"which has no keys\. Set Motion As to Shape Keys"):
        bpy.ops.diface.export_fbx(filepath=str(tmp_path / "out.fbx"))
    assert not (tmp_path / "out.fbx").exists()


def test_other_meshes_are_not_flame(scene, flame, head) -> None:
    assert not flame_mesh.is_flame(head)
    with pytest.raises(errors.SceneError, match=r"Character is not a FLAME mesh: it has 8 vertices"):
        character_checks.check_custom_shapes(head, ("face",), as_cache=False)
    character_checks.check_custom_shapes(head, ("head",), as_cache=False)
    obj = add_flame(flame)
    assert flame_mesh.is_flame(obj)
    grid = bpy.data.meshes.new("Grid")
    grid.from_pydata([(i, 0, 0) for i in range(5023)], [], [(i, i + 1, i + 2) for i in range(5021)])
    obj.data = grid
    with pytest.raises(errors.SceneError, match="5,023 vertices, but its faces are not FLAME's"):
        character_checks.check_custom_shapes(obj, ("face",), as_cache=False)


def test_edit_mode_is_refused(scene, flame) -> None:
    obj = add_flame(flame)
    bpy.ops.object.mode_set(mode="EDIT")
    with pytest.raises(errors.SceneError, match="Edit Mode"):
        character_checks.check_custom_shapes(obj, ("face",), as_cache=False)
    bpy.ops.object.mode_set(mode="OBJECT")


def test_mesh_with_reordered_vertices_is_not_flame(scene, flame) -> None:
    obj = add_flame(flame)
    assert flame_mesh.is_flame(obj)
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.ops.mesh.select_all(action="SELECT")
    bpy.ops.mesh.sort_elements(type="RANDOMIZE", elements={"VERT"})
    bpy.ops.object.mode_set(mode="OBJECT")
    assert not flame_mesh.is_flame(obj)
    with pytest.raises(errors.SceneError, match=r"not FLAME's|another order"):
        flame_mesh.check(obj)


def test_head_with_origin_in_the_neck_only_rotates(scene, flame, monkeypatch) -> None:
    monkeypatch.setattr(preferences, "flame_file", lambda: flame)
    bpy.ops.diface.add_flame_head()
    obj = bpy.context.active_object
    write(obj, flame, False)
    curves = compat.find_channelbag(obj.animation_data.action, "OBJECT").fcurves
    assert {curve.data_path for curve in curves} == {"rotation_euler"}
