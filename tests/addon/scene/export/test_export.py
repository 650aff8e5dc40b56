"""Exported files re-import with the same vertices on every frame, and are complete or do not exist."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import bpy
import numpy as np
import pytest

from diface_addon import compat
from diface_addon.core import channels, errors, head_file
from diface_addon.scene.characters import bundled_head
from diface_addon.scene.files import atomic_write
from tests.addon.scene import fingerprint, scenes
from tests.addon.scene.export.exports import FIRST, LAST, animate, imported, load_alembic, load_fbx, vertices

pytestmark = pytest.mark.slow

TOLERANCE = 1e-4  # metres


SUFFIXES = {
    "export_fbx": ".fbx",
    "export_gltf": ".glb",
    "export_usd": ".usdc",
    "export_alembic": ".abc",
    "export_csv": ".csv",
}
EVERY = [*SUFFIXES, "playblast"]
PLACED_HEAD = "the head of DiFACE, placed, turned and with quaternions"


@pytest.fixture(params=["the head of DiFACE", PLACED_HEAD, "another character, placed and turned"])
def animated(request, scene) -> bpy.types.Object:
    """Return a character in an animated scene at 24 frames per second."""
    if request.param.startswith("the head"):
        obj = bundled_head.add_head(bpy.context)
        if request.param == PLACED_HEAD:
            place(obj)
    else:
        obj = scenes.add_character(scene)
        parent = bpy.data.objects.new("Walk", None)
        scene.collection.objects.link(parent)
        obj.parent = parent
        parent.location, parent.rotation_euler = (0.3, 2, 1), (0.1, 0.2, 0.5)
        obj.rotation_euler, obj.scale = (0.2, 0.1, -0.4), (1.5, 1.5, 1.5)
    scene.frame_start, scene.frame_end = FIRST, LAST
    animate(obj)
    return obj


def place(obj: bpy.types.Object) -> None:
    """Move, turn and scale a head by its Empty, and the object itself."""
    body = obj.parent
    body.location, body.rotation_euler, body.scale = (0.3, 2, 1), (0.1, 0.2, 2.5), (3, 3, 3)
    obj.rotation_mode, obj.rotation_quaternion = "QUATERNION", (0.98, 0.1, 0.05, 0.15)
    obj.location.x += 0.1


@pytest.mark.parametrize("kind", ["fbx", "abc"])
def test_reimport_has_the_same_vertices_on_every_frame(scene, animated, tmp_path, kind) -> None:
    expected = {frame: vertices(animated, frame) for frame in range(FIRST, LAST + 1)}
    path = tmp_path / f"out.{kind}"
    export, load = {
        "fbx": (bpy.ops.diface.export_fbx, load_fbx),
        "abc": (bpy.ops.diface.export_alembic, load_alembic),
    }[kind]
    assert export(filepath=str(path)) == {"FINISHED"}

    back = imported(lambda: load(path))
    assert len(back.data.uv_layers) == len(animated.data.uv_layers)
    for frame, wanted in expected.items():
        assert np.abs(vertices(back, frame) - wanted).max() < TOLERANCE, frame
    assert np.abs(expected[FIRST] - expected[FIRST + 9]).max() > 0.001


def test_fbx_of_the_head_has_a_skeleton_and_still_shoulders(scene, tmp_path) -> None:
    obj = bundled_head.add_head(bpy.context)
    scene.frame_start, scene.frame_end = FIRST, LAST
    animate(obj)
    rotations = []
    for frame in range(FIRST, LAST + 1):
        scene.frame_set(frame)
        rotations.append(obj.rotation_euler.to_quaternion())
    path = tmp_path / "out.fbx"
    bpy.ops.diface.export_fbx(filepath=str(path))

    scenes.new_file()
    scene = bpy.context.scene
    scene.render.fps = 24
    load_fbx(path)
    skin, skeleton = bpy.data.objects["DiFACE Head"], bpy.data.objects["DiFACE Armature"]
    assert {bone.name: bone.parent and bone.parent.name for bone in skeleton.data.bones} == {
        "Body": None,
        "Head": "Body",
    }
    assert tuple(skin.data.shape_keys.key_blocks.keys()[1:]) == channels.SHAPES
    shirt = head_file.load_head().landmarks["shirt"]
    rest = vertices(skin, FIRST)
    for frame, rotation in zip(range(FIRST, LAST + 1), rotations, strict=True):
        found = vertices(skin, frame)
        assert np.abs(found[shirt] - rest[shirt]).max() < TOLERANCE
        bone = skeleton.pose.bones["Head"].matrix_basis.to_quaternion()
        assert abs(bone.dot(rotation)) > 1 - 1e-6
    assert max(rotations[0].rotation_difference(rotation).angle for rotation in rotations) > 0.1


@pytest.mark.parametrize("bundled", [False, True])
def test_newer_fbx_importer_is_one_frame_late(scene, head, tmp_path, bundled) -> None:
    if "fbx_import" not in dir(bpy.ops.wm):
        pytest.skip("This Blender has only the one FBX importer.")
    if bundled:
        head = bundled_head.add_head(bpy.context)
        scene.diface.character = head
    scene.frame_start, scene.frame_end = FIRST, LAST
    animate(head)
    expected = {frame: vertices(head, frame) for frame in range(FIRST, LAST + 1)}
    bpy.ops.diface.export_fbx(filepath=str(tmp_path / "out.fbx"))
    back = imported(lambda: bpy.ops.wm.fbx_import(filepath=str(tmp_path / "out.fbx")))
    for frame, wanted in expected.items():
        assert np.abs(vertices(back, frame + 1) - wanted).max() < TOLERANCE, frame


@pytest.mark.parametrize("export", ["export_fbx", "export_alembic"])
def test_only_the_character_and_the_preview_range_are_exported(scene, head, tmp_path, export) -> None:
    animate(head)
    other = scenes.add_character(scene)
    other.name = "Other"
    scene.diface.character = head
    scene.use_preview_range, scene.frame_preview_start, scene.frame_preview_end = True, FIRST + 3, FIRST + 9
    expected = {frame: vertices(head, frame) for frame in range(FIRST + 3, FIRST + 10)}
    path = tmp_path / ("out.fbx" if "fbx" in export else "out.abc")
    getattr(bpy.ops.diface, export)(filepath=str(path))

    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.scene.render.fps = 24
    (load_fbx if "fbx" in export else load_alembic)(path)
    meshes = [obj for obj in bpy.data.objects if obj.type == "MESH"]
    assert len(meshes) == 1
    for frame, wanted in expected.items():
        assert np.abs(vertices(meshes[0], frame) - wanted).max() < TOLERANCE
    held = vertices(meshes[0], FIRST + 9)
    assert np.abs(vertices(meshes[0], FIRST + 20) - held).max() < TOLERANCE


@pytest.mark.parametrize("export", SUFFIXES)
def test_scene_is_unchanged(scene, head, tmp_path, export) -> None:
    animate(head)
    other = scenes.add_character(scene)
    head.select_set(False)
    scene.diface.character = head
    head.hide_set(True)
    scene.frame_set(9)
    before = fingerprint.of_file()
    assert getattr(bpy.ops.diface, export)(filepath=str(tmp_path / "out")) == {"FINISHED"}
    assert [path.suffix for path in tmp_path.iterdir()] == [SUFFIXES[export]]
    assert fingerprint.difference(before, fingerprint.of_file()) == []
    assert bpy.context.view_layer.objects.active == other
    assert (other.select_get(), head.select_get(), head.hide_get()) == (True, False, True)


def test_fbx_of_the_head_leaves_no_skeleton_behind(scene, tmp_path) -> None:
    obj = bundled_head.add_head(bpy.context)
    animate(obj)

    def state() -> list[object]:
        used = (bpy.data.meshes, bpy.data.armatures, bpy.data.shape_keys, bpy.data.actions)
        blocks = [(block.name, block.users) for collection in used for block in collection]
        animations = obj.animation_data, obj.data.shape_keys.animation_data
        actions = [animation.action for animation in animations]
        return [bpy.data.objects.keys(), blocks, actions, obj.name, obj.data.name, obj.parent]

    before = state()
    assert bpy.ops.diface.export_fbx(filepath=str(tmp_path / "out.fbx")) == {"FINISHED"}
    assert state() == before
    (tmp_path / "folder.fbx").mkdir()
    with pytest.raises(RuntimeError):
        bpy.ops.diface.export_fbx(filepath=str(tmp_path / "folder.fbx"))
    assert state() == before


@pytest.mark.parametrize("export", EVERY)
def test_export_needs_a_character(scene, tmp_path, export) -> None:
    with pytest.raises(RuntimeError, match="There is no character"):
        getattr(bpy.ops.diface, export)(filepath=str(tmp_path / "out"))
    assert list(tmp_path.iterdir()) == []


def test_missing_formats_are_reported(scene, head, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(compat, "HAS_ALEMBIC", False)
    with pytest.raises(RuntimeError, match="without Alembic"):
        bpy.ops.diface.export_alembic(filepath=str(tmp_path / "out.abc"))
    monkeypatch.setattr(compat, "HAS_USD", False)
    with pytest.raises(RuntimeError, match="without USD"):
        bpy.ops.diface.export_usd(filepath=str(tmp_path / "out.usdc"))
    for add_on, export, name in (("io_scene_fbx", "fbx", "FBX"), ("io_scene_gltf2", "gltf", "glTF 2.0")):
        bpy.ops.preferences.addon_disable(module=add_on)
        try:
            with pytest.raises(RuntimeError, match=f"{name} add-on is off"):
                getattr(bpy.ops.diface, f"export_{export}")(filepath=str(tmp_path / "out"))
        finally:
            bpy.ops.preferences.addon_enable(module=add_on)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("export", ["export_fbx", "export_alembic"])
@pytest.mark.parametrize("how", ["object", "collection hidden", "collection not selectable"])
def test_unselectable_character_is_refused(scene, head, tmp_path, export, how) -> None:
    if how == "object":
        head.hide_select = True
    else:
        collection = bpy.data.collections.new("Cast")
        scene.collection.children.link(collection)
        scene.collection.objects.unlink(head)
        collection.objects.link(head)
        scene.diface.character = head
        collection.hide_viewport, collection.hide_select = how.endswith("hidden"), how.endswith("selectable")
    before = fingerprint.of_file()
    with pytest.raises(RuntimeError, match=r"Character is hidden, or cannot be selected.*Outliner"):
        getattr(bpy.ops.diface, export)(filepath=str(tmp_path / "out"))
    assert list(tmp_path.iterdir()) == []
    assert fingerprint.difference(before, fingerprint.of_file()) == []


@pytest.mark.parametrize("export", [export for export in SUFFIXES if export != "export_csv"])
def test_edit_mode_is_refused_and_other_modes_are_kept(scene, head, tmp_path, export) -> None:
    animate(head)
    scene.frame_end = 2
    path = str(tmp_path / "out")
    for mode in ("SCULPT", "EDIT"):
        bpy.ops.object.mode_set(mode=mode)
        if mode == "SCULPT":
            assert getattr(bpy.ops.diface, export)(filepath=path) == {"FINISHED"}
        else:
            with pytest.raises(RuntimeError, match="Character is in Edit Mode"):
                getattr(bpy.ops.diface, export)(filepath=path)
        assert head.mode == mode
        bpy.ops.object.mode_set(mode="OBJECT")


@pytest.mark.parametrize("export", EVERY)
def test_file_without_a_name_is_refused(scene, head, tmp_path, monkeypatch, export) -> None:
    monkeypatch.chdir(tmp_path)
    for nameless in ("", f"{tmp_path}{os.sep}"):
        with pytest.raises(RuntimeError, match="The file has no name"):
            getattr(bpy.ops.diface, export)(filepath=nameless)
    assert list(tmp_path.iterdir()) == []


def test_atomic_write_refuses_a_folder() -> None:
    with pytest.raises(errors.SceneError, match="is not a file"), atomic_write.replacing(Path("/")):
        pass


@pytest.mark.skipif(sys.platform != "linux", reason="/proc, where nobody can make a file, is Linux'.")
@pytest.mark.parametrize("export", EVERY)
def test_unwritable_folder_is_reported(scene, head, export) -> None:
    before = fingerprint.of_file()
    with pytest.raises(RuntimeError, match=r"cannot be written: .*Choose another folder"):
        getattr(bpy.ops.diface, export)(filepath="/proc/out.file")
    assert fingerprint.difference(before, fingerprint.of_file()) == []


FULL_DISK = """
import resource, signal, sys
import bpy
sys.path.insert(0, sys.argv[1])
import diface_addon
from tests.addon.scene import scenes
from tests.addon.scene.export import exports
bpy.ops.wm.read_factory_settings(use_empty=True)
diface_addon.register()
obj = scenes.add_character(bpy.context.scene)
exports.animate(obj)
scene = bpy.context.scene
scene.frame_end, scene.render.resolution_x, scene.render.resolution_y = 6, 64, 48
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (500, 500))
try:
    getattr(bpy.ops.diface, sys.argv[2])(filepath=sys.argv[3])
except RuntimeError as error:
    message = str(error)
else:
    message = "no exception was raised"
sys.stderr.write("SAID " + message.replace(chr(10), " ") + chr(10))
diface_addon.unregister()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of a process's files.")
@pytest.mark.parametrize("export", EVERY)
def test_full_disk_keeps_the_earlier_file(root, tmp_path, export) -> None:
    """Run in a separate process whose files are limited to 500 bytes."""
    target = tmp_path / ("out" + SUFFIXES.get(export, ".mp4"))
    target.write_text("an earlier export")
    command = [sys.executable, "-c", FULL_DISK, str(root), export, str(target)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env={**os.environ, "PYTHONPATH": ""})
    output = next((line for line in done.stderr.splitlines() if line.startswith("SAID ")), done.stderr)
    assert "cannot be written" in output
    assert "disk is not full" in output
    assert [path.name for path in tmp_path.iterdir()] == [target.name]
    assert target.read_text() == "an earlier export"
