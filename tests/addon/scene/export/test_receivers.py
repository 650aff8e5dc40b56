"""Exported files as others read them: OpenUSD, ufbx, and the Khronos validator find no error and the same vertices."""

from __future__ import annotations

import json
import struct
import zipfile
from pathlib import Path

import bpy
import numpy as np
import pytest

from diface_addon.core import channels
from tests.addon.scene.export.exports import animate, vertices
from tests.addon.scene.export.receivers import programs
from tests.addon.scene.export.reimport import TOLERANCE_MM, distance_mm
from tests.addon.scene.export.test_formats import FRAMES, perform, shown_meshes

pytestmark = pytest.mark.slow

LABELS = ("bundled", "custom body", "walking, with a jaw bone", "parts under empties", "Rocketbox")
BONES = {
    "bundled": {"Body", "Head"},
    "walking, with a jaw bone": {"Head", "Neck", "Jaw", "LeftEye", "RightEye"},
    "Rocketbox": {"Bip01 Head", "Bip01 Neck"},
}


@pytest.fixture(params=LABELS)
def performer(request, scene, shared) -> tuple[str, dict[str, np.ndarray]]:
    """Return a label, and the vertices (T, V, 3) of each mesh with shape keys by the names of object and mesh."""
    main, _armature = perform(request.param, shared)
    if request.param == "Rocketbox":
        remove_images()  # its file names images that are not there
    return request.param, seen(main)


def seen(main: bpy.types.Object) -> dict[str, np.ndarray]:
    meshes = shown_meshes(main)
    points: dict[str, list[np.ndarray]] = {obj.name: [] for obj in meshes}
    for frame in FRAMES:
        for obj in meshes:
            points[obj.name].append(vertices(obj, frame))
    stacked = {name: np.stack(rows) for name, rows in points.items()}
    return stacked | {obj.data.name: stacked[obj.name] for obj in meshes}


def remove_images() -> None:
    for material in bpy.data.materials:
        for node in [node for node in material.node_tree.nodes if node.type == "TEX_IMAGE"]:
            material.node_tree.nodes.remove(node)


def compare(found: dict[str, np.ndarray], wanted: dict[str, np.ndarray]) -> None:
    names = {name.replace(" ", "_"): points for name, points in wanted.items()} | wanted
    read = {name.removeprefix("mesh "): points for name, points in found.items() if name.startswith("mesh ")}
    assert read.keys() & names.keys()
    for name in read.keys() & names.keys():
        assert read[name].shape == names[name].shape
        assert distance_mm(names[name], read[name]) < TOLERANCE_MM, name


def test_ufbx_reads_the_skeleton_the_shapes_and_the_same_vertices(performer, tmp_path) -> None:
    label, wanted = performer
    path = tmp_path / "line.fbx"
    bpy.ops.diface.export_fbx(filepath=str(path), names="ARKIT")
    found = programs.read_fbx(path, len(FRAMES), 24)
    assert BONES.get(label, set()) <= set(found["nodes"])
    assert found["clips"].tolist() == ["line"]
    if label in ("bundled", "Rocketbox"):
        assert set(channels.FACE) <= set(found["channels"])
    compare(found, wanted)


def test_openusd_finds_no_error_and_reads_the_same_vertices(performer, tmp_path) -> None:
    label, wanted = performer
    path = tmp_path / "line.usdc"
    bpy.ops.diface.export_usd(filepath=str(path), names="ARKIT")
    found = programs.check_usd(path)
    assert found["messages"].tolist() == []
    assert (found["frames"].tolist(), found["rate"], found["scale"]) == ([FRAMES[0], FRAMES[-1]], 24, 1)
    assert {name.replace(" ", "_") for name in BONES.get(label, ())} <= set(found["joints"])
    if label in ("bundled", "Rocketbox"):
        assert set(channels.FACE) <= set(found["shapes"])
    compare(found, wanted)


def test_usd_as_text_is_the_same(scene, head, tmp_path) -> None:
    animate(head)
    for suffix in (".usda", ".usdc", ".usd", ".usdz"):
        assert bpy.ops.diface.export_usd(filepath=str(tmp_path / f"line{suffix}")) == {"FINISHED"}
    assert {path.suffix for path in tmp_path.iterdir()} == {".usda", ".usdc", ".usd", ".usdz"}
    text, binary, package = (programs.check_usd(tmp_path / f"line{suffix}") for suffix in (".usda", ".usdc", ".usdz"))
    assert np.array_equal(text["mesh Character"], binary["mesh Character"])
    assert np.array_equal(text["mesh Character"], package["mesh Character"])
    assert package["messages"].tolist() == []


def test_a_usd_package_is_one_file_with_the_scene_stored_at_a_multiple_of_64_bytes(scene, head, tmp_path) -> None:
    """As the specification of usdz has it, so that readers can map it into memory."""
    animate(head)
    path = tmp_path / "line.usdz"
    assert bpy.ops.diface.export_usd(filepath=str(path)) == {"FINISHED"}
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    with zipfile.ZipFile(path) as package:
        (entry,) = package.infolist()
        assert (entry.filename, entry.compress_type) == ("scene.usdc", zipfile.ZIP_STORED)
        data = package.read(entry)
    assert path.read_bytes().index(data) % 64 == 0


@pytest.mark.parametrize("rate", [(24, 1.0), (30, 1.001), (60, 1.0)])
def test_the_khronos_validator_finds_no_error_and_times_are_exact(scene, tmp_path, rate) -> None:
    perform("bundled", Path())
    scene = bpy.context.scene
    scene.render.fps, scene.render.fps_base = rate
    path = tmp_path / "line.glb"
    bpy.ops.diface.export_gltf(filepath=str(path))
    report = programs.validate_gltf(path)
    assert report["issues"]["numErrors"] == 0, report["issues"]["messages"]
    assert report["info"]["animationCount"] == 1
    content = glb_json(path)
    assert content["animations"][0]["name"] == "line"
    inputs = {sampler["input"] for sampler in content["animations"][0]["samplers"]}
    for accessor in (content["accessors"][index] for index in inputs):
        assert accessor["count"] == len(FRAMES)
        assert accessor["min"][0] == 0
        assert accessor["max"][0] == pytest.approx((len(FRAMES) - 1) * rate[1] / rate[0], abs=1e-5)


def test_the_khronos_validator_finds_no_error_in_characters(performer, tmp_path) -> None:
    path = tmp_path / "line.glb"
    bpy.ops.diface.export_gltf(filepath=str(path), names="ARKIT")
    report = programs.validate_gltf(path)
    assert report["issues"]["numErrors"] == 0, report["issues"]["messages"]
    label, _wanted = performer
    names = {node.get("name") for node in glb_json(path)["nodes"]}
    assert BONES.get(label, set()) <= names


def glb_json(path: Path) -> dict:
    """Return the JSON of a GLB file."""
    content = path.read_bytes()
    (length,) = struct.unpack("<I", content[12:16])
    return json.loads(content[20 : 20 + length])
